//! Reads: what a replica answers from its own tree, to whom (FinalRequestProcessor). Never a change of it, nor of a
//! watch table.

use std::ops::Bound::{Included, Unbounded};

use zookeeper_words::ids::{SessionId, Zxid};
use zookeeper_words::service::{ErrorCode, EventKind, Id, Op, Path, Perms, Reply};
use zookeeper_words::settings::Compat;

use super::Tree;
use super::node::Node;
use crate::acl;

/// Who reads.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    /// His session.
    pub session: SessionId,
    /// Who his connection was when it took the request.
    pub ids: &'a [Id],
    /// Which ZooKeeper answers.
    pub compat: Compat,
}

/// What a watch was left for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaited {
    /// Changes of a node.
    Data,
    /// The creation of one that was not there.
    Existence,
    /// Changes of a node's children.
    Children,
}

impl Tree {
    /// Answers a read. Paths are looked up as they are: a malformed one names no node, and the empty one the root.
    /// Panics on what is not answered from a tree.
    pub fn read(&self, op: &Op, reader: Reader<'_>) -> Result<Reply, ErrorCode> {
        match op {
            Op::Exists { path, .. } if path.contains('\0') => Err(ErrorCode::BadArguments),
            Op::Exists { path, .. } => {
                let node = self.node(path).ok_or(ErrorCode::NoNode)?;
                if reader.compat == Compat::V3_9 {
                    acl::check(&node.acl, Perms::READ, reader.ids)?;
                }
                Ok(Reply::Stat(node.stat()))
            }
            Op::GetData { path, .. } => {
                let node = self.readable(path, Perms::READ, reader)?;
                Ok(Reply::Data { data: node.data.clone(), stat: node.stat() })
            }
            Op::GetChildren { path, stat, .. } => {
                let node = self.readable(path, Perms::READ, reader)?;
                Ok(Reply::Children { names: node.children.iter().cloned().collect(), stat: stat.then(|| node.stat()) })
            }
            Op::GetAcl { path } => {
                let node = self.readable(path, READ_OR_ADMIN, reader)?;
                let is_admin = acl::allows(&node.acl, Perms::ADMIN, reader.ids);
                let acl = if is_admin { node.acl.clone() } else { acl::hide_hashes(&node.acl) };
                Ok(Reply::Acl { acl, stat: node.stat() })
            }
            Op::GetAllChildrenNumber { path } => {
                self.readable(path, Perms::READ, reader)?;
                Ok(Reply::Count(self.below(path)))
            }
            Op::GetEphemerals { prefix } => {
                // What Java's trim takes off.
                let all = matches!(prefix.trim_matches(|c| c <= ' '), "" | "/");
                let named = |path: &&Path| all || path.starts_with(&**prefix);
                Ok(Reply::Ephemerals(self.ephemerals(reader.session).filter(named).cloned().collect()))
            }
            Op::MultiRead(ops) => ops.iter().map(|op| self.read_one(op, reader)).collect::<Result<_, _>>().map(Reply::Multi),
            Op::WhoAmI => Ok(Reply::Ids(reader.ids.iter().filter_map(acl::user).collect())),
            Op::Create { .. } | Op::Delete { .. } | Op::SetData { .. } | Op::SetAcl { .. } | Op::Check { .. } | Op::Multi(_) => not_from_a_tree(op),
            Op::Reconfig { .. } | Op::DeleteContainer { .. } | Op::CloseSession | Op::Sync { .. } | Op::Auth { .. } => not_from_a_tree(op),
            Op::SetWatches { .. } | Op::AddWatch { .. } | Op::RemoveWatches { .. } => not_from_a_tree(op),
        }
    }

    /// One of several reads. Whatever becomes of it, the others are answered; only what is no read there fails them
    /// all.
    fn read_one(&self, op: &Op, reader: Reader<'_>) -> Result<Result<Reply, ErrorCode>, ErrorCode> {
        let permitted = matches!(op, Op::GetData { .. } | Op::GetChildren { stat: false, .. });
        if permitted { Ok(self.read(op, reader)) } else { Err(ErrorCode::MarshallingError) }
    }

    fn readable(&self, path: &str, perms: Perms, reader: Reader<'_>) -> Result<&Node, ErrorCode> {
        let node = self.node(path).ok_or(ErrorCode::NoNode)?;
        acl::check(&node.acl, perms, reader.ids)?;
        Ok(node)
    }

    /// How many nodes are below one, at any depth. The empty path has all below it, the root itself among them.
    fn below(&self, path: &str) -> i32 {
        if path == "/" {
            return self.nodes.len() as i32 - 1;
        }
        let prefix = format!("{path}/");
        self.nodes.range::<str, _>((Included(prefix.as_str()), Unbounded)).take_while(|(path, _)| path.starts_with(&prefix)).count() as i32
    }

    /// What has happened at `path` since `relative` that a watch would have told, if anything.
    pub fn missed(&self, relative: Zxid, awaited: Awaited, path: &str) -> Option<EventKind> {
        match (awaited, self.node(path)) {
            (Awaited::Data | Awaited::Children, None) => Some(EventKind::NodeDeleted),
            (Awaited::Data, Some(node)) => (node.mzxid > relative).then_some(EventKind::NodeDataChanged),
            (Awaited::Children, Some(node)) => (node.pzxid > relative).then_some(EventKind::NodeChildrenChanged),
            (Awaited::Existence, node) => node.map(|_| EventKind::NodeCreated),
        }
    }
}

/// Either of them lets a list be seen.
const READ_OR_ADMIN: Perms = Perms(Perms::READ.0 | Perms::ADMIN.0);

fn not_from_a_tree(op: &Op) -> ! {
    unreachable!("{} is not answered from a tree", op.name())
}
