//! The reads of the reference; they validate no path and change nothing.

use zookeeper_words::ids::SessionId;
use zookeeper_words::service::{ErrorCode, Id, Op, Path, Perms, Reply};
use zookeeper_words::settings::Compat;

use super::node::Node;
use super::{Reference, acl, path};

impl Reference {
    /// What a session with these identities reads in this state, or is told of its sync, its setWatches or its addWatch. `None` for what is not answered from a state alone: a write, an auth, a removeWatches.
    pub fn read(&self, op: &Op, session: SessionId, ids: &[Id]) -> Option<Result<Reply, ErrorCode>> {
        Some(match op {
            Op::Exists { path, .. } => self.exists(path, ids),
            Op::GetData { path, .. } => self.data(path, ids),
            Op::GetChildren { path, stat, .. } => self.readable(path, Perms::READ, ids).map(|node| names(node, *stat)),
            Op::GetAcl { path } => self.readable(path, Perms(Perms::READ.0 | Perms::ADMIN.0), ids).map(|node| {
                let list = if acl::allows(&node.acl, Perms::ADMIN, ids) { node.acl.clone() } else { acl::hidden(&node.acl) };
                Reply::Acl { acl: list, stat: node.stat() }
            }),
            Op::GetAllChildrenNumber { path } => self.readable(path, Perms::READ, ids).map(|_| Reply::Count(self.below(path))),
            Op::GetEphemerals { prefix } => Ok(Reply::Ephemerals(self.ephemerals(session, prefix))),
            Op::MultiRead(ops) => self.several(ops, ids),
            Op::WhoAmI => Ok(Reply::Ids(ids.iter().filter_map(acl::told).collect())),
            Op::Sync { path } => Ok(Reply::Synced { path: path.clone() }),
            Op::SetWatches { .. } | Op::AddWatch { .. } => Ok(Reply::Done),
            Op::RemoveWatches { .. } | Op::Auth { .. } => return None,
            Op::Create { .. } | Op::Delete { .. } | Op::SetData { .. } | Op::SetAcl { .. } | Op::Check { .. } | Op::Multi(_) => return None,
            Op::Reconfig { .. } | Op::DeleteContainer { .. } | Op::CloseSession => return None,
        })
    }

    /// Asks for no permission up to ZooKeeper 3.8.
    fn exists(&self, path: &str, ids: &[Id]) -> Result<Reply, ErrorCode> {
        if path.contains('\0') {
            return Err(ErrorCode::BadArguments);
        }
        let wanted = match self.settings.compat {
            Compat::V3_8 => None,
            Compat::V3_9 => Some(Perms::READ),
        };
        let node = self.nodes.get(path::key(path)).ok_or(ErrorCode::NoNode)?;
        if wanted.is_some_and(|wanted| !acl::allows(&node.acl, wanted, ids)) { Err(ErrorCode::NoAuth) } else { Ok(Reply::Stat(node.stat())) }
    }

    fn data(&self, path: &str, ids: &[Id]) -> Result<Reply, ErrorCode> {
        self.readable(path, Perms::READ, ids).map(|node| Reply::Data { data: node.data.clone(), stat: node.stat() })
    }

    /// Each by itself, whatever becomes of the others.
    fn several(&self, ops: &[Op], ids: &[Id]) -> Result<Reply, ErrorCode> {
        let result = |op: &Op| match op {
            Op::GetData { path, .. } => Some(self.data(path, ids)),
            Op::GetChildren { path, stat: false, .. } => Some(self.readable(path, Perms::READ, ids).map(|node| names(node, false))),
            _ => None,
        };
        // ZooKeeper cannot read a request of anything else (MultiOperationRecord).
        ops.iter().map(result).collect::<Option<_>>().map(Reply::Multi).ok_or(ErrorCode::MarshallingError)
    }

    fn readable(&self, path: &str, wanted: Perms, ids: &[Id]) -> Result<&Node, ErrorCode> {
        let node = self.nodes.get(path::key(path)).ok_or(ErrorCode::NoNode)?;
        if acl::allows(&node.acl, wanted, ids) { Ok(node) } else { Err(ErrorCode::NoAuth) }
    }

    /// How many nodes are below one. ZooKeeper compares texts, and keeps the root under the empty path too: below that one is the root.
    fn below(&self, path: &str) -> i32 {
        if path == "/" {
            return self.nodes.len() as i32 - 1;
        }
        let prefix = format!("{path}/");
        self.nodes.range(Path::from(prefix.as_str())..).take_while(|(path, _)| path.starts_with(&prefix)).count() as i32
    }

    /// A session's ephemerals that begin so, sorted. A prefix of blanks, or the root, is none.
    fn ephemerals(&self, session: SessionId, prefix: &str) -> Vec<Path> {
        let all = matches!(prefix.trim_matches(|c| c <= ' '), "" | "/");
        let owned = self.sessions.get(&session).into_iter().flat_map(|session| session.ephemerals.iter());
        let mut found: Vec<Path> = owned.filter(|path| all || path.starts_with(prefix)).cloned().collect();
        found.sort();
        found
    }
}

fn names(node: &Node, stat: bool) -> Reply {
    Reply::Children { names: node.children.iter().cloned().collect(), stat: stat.then(|| node.stat()) }
}
