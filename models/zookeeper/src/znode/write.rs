//! The single writes of the reference, with ZooKeeper's order of errors (PrepRequestProcessor) and a way back for a multi that fails; never a decision on more than one operation.

use std::sync::Arc;

use zookeeper_words::ids::{SessionId, Zxid};
use zookeeper_words::service::{Acls, CreateMode, Data, ErrorCode, EventKind, Id, Op, Path, Perms, Reply};
use zookeeper_words::settings::Compat;

use super::node::{Kind, Node};
use super::{Fired, Reference, SPECIAL, acl, comes_with_stat, java_hash, path};

/// The longest time to live that ZooKeeper takes: 40 bits of ms.
const TTL_MS_MAX: i64 = (1 << 40) - 1;

/// Who asks, as which transaction, and when by the leader's clock.
pub struct Asker<'t> {
    pub session: SessionId,
    /// One replica alone knows the session, and vouches for it.
    pub is_local: bool,
    pub ids: &'t [Id],
    pub zxid: Zxid,
    pub time_ms: i64,
}

/// How to take back one change. setACL has none: it cannot be part of a multi.
#[derive(Clone, Debug)]
pub enum Undo {
    /// The node was created; its parent had this counter and pzxid.
    Created { path: Path, creates: i32, pzxid: Zxid },
    /// The node was deleted; its parent had this pzxid.
    Deleted { path: Path, node: Box<Node>, pzxid: Zxid },
    /// The node's data were set.
    Set { path: Path, data: Data, mzxid: Zxid, mtime_ms: i64, version: i32 },
}

impl Reference {
    /// A create, delete, setData, setACL or check.
    pub(super) fn single(&mut self, op: &Op, asker: &Asker<'_>) -> Result<Reply, ErrorCode> {
        match op {
            Op::Create { path, data, mode, acl, stat } => {
                if let CreateMode::Unknown(_) = mode {
                    return Err(ErrorCode::BadArguments);
                }
                if let CreateMode::PersistentWithTtl(ttl) | CreateMode::PersistentSequentialWithTtl(ttl) = mode {
                    if !self.settings.extended_types {
                        return Err(ErrorCode::Unimplemented);
                    }
                    if !(1..=TTL_MS_MAX).contains(ttl) {
                        return Err(ErrorCode::BadArguments);
                    }
                }
                self.check_session(asker)?;
                if asker.is_local && mode.is_ephemeral() {
                    return Err(ErrorCode::EphemeralOnLocalSession);
                }
                let path = self.create(path, data, *mode, acl, asker)?;
                let stat = if *stat || comes_with_stat(*mode) { self.stat(&path) } else { None };
                Ok(Reply::Created { path, stat })
            }
            Op::Delete { path, version } => {
                self.check_session(asker)?;
                self.delete(path, *version, asker)?;
                Ok(Reply::Done)
            }
            Op::SetData { path, data, version } => {
                self.check_session(asker)?;
                self.set(path, data, *version, asker)
            }
            Op::SetAcl { path, acl, version } => {
                self.check_session(asker)?;
                self.set_acl(path, acl, *version, asker)
            }
            Op::Check { path, version } => {
                self.check_session(asker)?;
                checked(self.permitted(path, Perms::READ, asker)?.version, *version)?;
                Ok(Reply::Done)
            }
            Op::Exists { .. } | Op::GetData { .. } | Op::GetChildren { .. } | Op::GetAcl { .. } | Op::GetEphemerals { .. } => Err(ErrorCode::MarshallingError),
            Op::GetAllChildrenNumber { .. } | Op::MultiRead(_) | Op::Sync { .. } | Op::WhoAmI | Op::Auth { .. } => Err(ErrorCode::MarshallingError),
            Op::SetWatches { .. } | Op::AddWatch { .. } | Op::RemoveWatches { .. } => Err(ErrorCode::MarshallingError),
            Op::Multi(_) | Op::Reconfig { .. } | Op::DeleteContainer { .. } | Op::CloseSession => Err(ErrorCode::MarshallingError),
        }
    }

    pub(super) fn check_session(&self, asker: &Asker<'_>) -> Result<(), ErrorCode> {
        if asker.is_local || self.is_open(asker.session) { Ok(()) } else { Err(ErrorCode::SessionExpired) }
    }

    fn create(&mut self, asked: &Path, data: &Data, mode: CreateMode, acl: &Acls, asker: &Asker<'_>) -> Result<Path, ErrorCode> {
        let parent_path = path::parent(asked).ok_or(ErrorCode::BadArguments)?;
        let acl = acl::kept(acl, asker.ids)?;
        let parent = self.nodes.get(parent_path).ok_or(ErrorCode::NoNode)?;
        if !acl::allows(&parent.acl, Perms::CREATE, asker.ids) {
            return Err(ErrorCode::NoAuth);
        }
        let path: Path = if mode.is_sequential() { path::sequential(asked, parent.creates).into() } else { Arc::clone(asked) };
        if !path::is_valid(&path) {
            return Err(ErrorCode::BadArguments);
        }
        if self.nodes.contains_key(&path) {
            return Err(ErrorCode::NodeExists);
        }
        if let Kind::Ephemeral(_) = parent.kind {
            return Err(ErrorCode::NoChildrenForEphemerals);
        }
        let kind = Kind::of(mode, asker.session);
        let (creates, pzxid) = (parent.creates, parent.pzxid);
        self.attach(&path, Node::new(data.clone(), Acls::clone(&acl), kind, asker.zxid, asker.time_ms));
        self.change_parent(&path, |parent| {
            // DataTree only ever raises the counter, so it stays at its greatest value, and pzxid with it.
            let next = creates.wrapping_add(1);
            if next > parent.creates {
                parent.creates = next;
                parent.pzxid = asker.zxid;
            }
        });
        self.undo.push(Undo::Created { path: Arc::clone(&path), creates, pzxid });
        self.fire(EventKind::NodeCreated, &path, acl);
        self.fire_parent(&path);
        Ok(path)
    }

    fn delete(&mut self, path: &Path, version: i32, asker: &Asker<'_>) -> Result<(), ErrorCode> {
        let parent = path::parent(path).filter(|_| !SPECIAL.contains(&&**path)).ok_or(ErrorCode::BadArguments)?;
        let parent = self.nodes.get(parent).ok_or(ErrorCode::NoNode)?;
        if !acl::allows(&parent.acl, Perms::DELETE, asker.ids) {
            return Err(ErrorCode::NoAuth);
        }
        let node = self.nodes.get(path).ok_or(ErrorCode::NoNode)?;
        checked(node.version, version)?;
        if !node.children.is_empty() {
            return Err(ErrorCode::NotEmpty);
        }
        self.remove(path, asker.zxid);
        Ok(())
    }

    /// The leader's own deletion of a container or TTL node that was due when it looked. What is no ephemeral goes, whatever it is by now.
    pub(super) fn reap(&mut self, path: &Path, asker: &Asker<'_>) -> Result<Reply, ErrorCode> {
        path::parent(path).filter(|_| !SPECIAL.contains(&&**path)).ok_or(ErrorCode::BadArguments)?;
        let node = self.nodes.get(path).ok_or(ErrorCode::NoNode)?;
        if !node.children.is_empty() {
            return Err(ErrorCode::NotEmpty);
        }
        if let Kind::Ephemeral(_) = node.kind {
            return Err(ErrorCode::BadVersion);
        }
        self.remove(path, asker.zxid);
        Ok(Reply::Done)
    }

    fn set(&mut self, path: &Path, data: &Data, version: i32, asker: &Asker<'_>) -> Result<Reply, ErrorCode> {
        let compat = self.settings.compat;
        let node = self.permitted(path, Perms::WRITE, asker)?;
        checked(node.version, version)?;
        let undo = Undo::Set {
            path: Arc::clone(path),
            data: std::mem::replace(&mut node.data, data.clone()),
            mzxid: std::mem::replace(&mut node.mzxid, asker.zxid),
            mtime_ms: std::mem::replace(&mut node.mtime_ms, asker.time_ms),
            version: node.version,
        };
        node.version = next_version(compat, node.version);
        let (stat, acl) = (node.stat(), Acls::clone(&node.acl));
        self.undo.push(undo);
        self.dirty.push(Arc::clone(path));
        self.fire(EventKind::NodeDataChanged, path, acl);
        Ok(Reply::Stat(stat))
    }

    fn set_acl(&mut self, path: &Path, acl: &Acls, version: i32, asker: &Asker<'_>) -> Result<Reply, ErrorCode> {
        if !path::is_valid(path) {
            return Err(ErrorCode::BadArguments);
        }
        let acl = acl::kept(acl, asker.ids)?;
        let compat = self.settings.compat;
        let node = self.permitted(path, Perms::ADMIN, asker)?;
        checked(node.aversion, version)?;
        node.acl = acl;
        node.aversion = next_version(compat, node.aversion);
        let stat = node.stat();
        self.dirty.push(Arc::clone(path));
        Ok(Reply::Stat(stat))
    }

    /// The node, if the path may be written to and its list allows this to the asker.
    fn permitted(&mut self, path: &str, wanted: Perms, asker: &Asker<'_>) -> Result<&mut Node, ErrorCode> {
        if !path::is_valid(path) {
            return Err(ErrorCode::BadArguments);
        }
        let node = self.nodes.get_mut(path).ok_or(ErrorCode::NoNode)?;
        if acl::allows(&node.acl, wanted, asker.ids) { Ok(node) } else { Err(ErrorCode::NoAuth) }
    }

    /// Takes a node away that may go, and fires what its deletion fires: one NodeDeleted for data and child watches together.
    pub(super) fn remove(&mut self, path: &Path, zxid: Zxid) {
        let Some(node) = self.detach(path) else { return };
        let mut before = Zxid::ZERO;
        self.change_parent(path, |parent| {
            before = parent.pzxid;
            parent.pzxid = parent.pzxid.max(zxid);
        });
        let acl = Acls::clone(&node.acl);
        self.undo.push(Undo::Deleted { path: Arc::clone(path), node: Box::new(node), pzxid: before });
        self.fire(EventKind::NodeDeleted, path, acl);
        self.fire_parent(path);
    }

    /// Takes back all changes of this transaction, the last first.
    pub(super) fn roll_back(&mut self) {
        while let Some(undo) = self.undo.pop() {
            match undo {
                Undo::Created { path, creates, pzxid } => {
                    self.detach(&path);
                    self.change_parent(&path, |parent| {
                        parent.creates = creates;
                        parent.pzxid = pzxid;
                    });
                }
                Undo::Deleted { path, node, pzxid } => {
                    self.attach(&path, *node);
                    self.change_parent(&path, |parent| parent.pzxid = pzxid);
                }
                Undo::Set { path, data, mzxid, mtime_ms, version } => {
                    if let Some(node) = self.nodes.get_mut(&path) {
                        (node.data, node.mzxid, node.mtime_ms, node.version) = (data, mzxid, mtime_ms, version);
                        self.dirty.push(path);
                    }
                }
            }
        }
        self.fired.clear();
    }

    fn attach(&mut self, path: &Path, mut node: Node) {
        node.digest = 0;
        if let Kind::Ephemeral(session) = node.kind
            && let Some(owner) = self.sessions.get_mut(&session)
        {
            owner.ephemerals.insert(java_hash(path), Arc::clone(path));
        }
        self.nodes.insert(Arc::clone(path), node);
        self.dirty.push(Arc::clone(path));
        self.change_parent(path, |parent| {
            parent.children.insert(Arc::from(path::name(path)));
        });
    }

    fn detach(&mut self, path: &Path) -> Option<Node> {
        let node = self.nodes.remove(path)?;
        self.digest = self.digest.wrapping_sub(node.digest);
        if let Kind::Ephemeral(session) = node.kind
            && let Some(owner) = self.sessions.get_mut(&session)
        {
            owner.ephemerals.remove(path);
        }
        self.change_parent(path, |parent| {
            parent.children.remove(path::name(path));
        });
        Some(node)
    }

    fn change_parent(&mut self, path: &str, change: impl FnOnce(&mut Node)) {
        let Some((key, _)) = path::parent(path).and_then(|parent| self.nodes.get_key_value(parent)) else { return };
        let key = Arc::clone(key);
        if let Some(parent) = self.nodes.get_mut(&key) {
            change(parent);
        }
        if self.dirty.last() != Some(&key) {
            self.dirty.push(key);
        }
    }

    fn fire(&mut self, kind: EventKind, path: &Path, acl: Acls) {
        self.fired.push(Fired { kind, path: Arc::clone(path), acl });
    }

    fn fire_parent(&mut self, path: &str) {
        if let Some((parent, node)) = path::parent(path).and_then(|parent| self.nodes.get_key_value(parent)) {
            self.fired.push(Fired { kind: EventKind::NodeChildrenChanged, path: Arc::clone(parent), acl: Acls::clone(&node.acl) });
        }
    }
}

fn checked(version: i32, expected: i32) -> Result<(), ErrorCode> {
    if expected == -1 || expected == version { Ok(()) } else { Err(ErrorCode::BadVersion) }
}

/// The version after this one. It wraps; -1, which nobody could ask for, is passed over from 3.9 on (ZOOKEEPER-4743).
fn next_version(compat: Compat, version: i32) -> i32 {
    match (compat, version.wrapping_add(1)) {
        (Compat::V3_9, -1) => 0,
        (Compat::V3_8 | Compat::V3_9, next) => next,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_wrap() {
        let check = |compat, version, next| assert_eq!(next_version(compat, version), next, "{compat:?}, {version}");
        check(Compat::V3_8, 0, 1);
        check(Compat::V3_8, i32::MAX, i32::MIN);
        check(Compat::V3_8, -2, -1);
        check(Compat::V3_9, i32::MAX, i32::MIN);
        check(Compat::V3_9, -2, 0);
    }
}
