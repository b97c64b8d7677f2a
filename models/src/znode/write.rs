//! The single writes of the reference, with ZooKeeper's order of errors (PrepRequestProcessor) and a way back for a multi that fails; never a decision on more than one operation.

use std::sync::Arc;

use vocab::ids::{SessionId, Zxid};
use vocab::service::{CreateMode, Data, ErrorCode, EventKind, Op, Path, Reply};

use super::node::{Kind, Node};
use super::{Fired, Reference, SPECIAL, comes_with_stat, path};

/// The longest time to live that ZooKeeper takes: 40 bits of ms.
const TTL_MS_MAX: i64 = (1 << 40) - 1;

/// How to take back one change.
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
    /// A create, delete, setData or check.
    pub(super) fn single(&mut self, op: &Op, session: SessionId, zxid: Zxid, time_ms: i64) -> Result<Reply, ErrorCode> {
        match op {
            Op::Create { path, data, mode, stat } => {
                if let CreateMode::PersistentWithTtl(ttl) | CreateMode::PersistentSequentialWithTtl(ttl) = mode
                    && !(1..=TTL_MS_MAX).contains(ttl)
                {
                    return Err(ErrorCode::BadArguments);
                }
                self.check_session(session)?;
                let path = self.create(path, data, *mode, session, zxid, time_ms)?;
                let stat = if *stat || comes_with_stat(*mode) { self.stat(&path) } else { None };
                Ok(Reply::Created { path, stat })
            }
            Op::Delete { path, version } => {
                self.check_session(session)?;
                self.delete(path, *version, zxid)?;
                Ok(Reply::Done)
            }
            Op::SetData { path, data, version } => {
                self.check_session(session)?;
                self.set(path, data, *version, zxid, time_ms)
            }
            Op::Check { path, version } => {
                self.check_session(session)?;
                self.writable(path, *version)?;
                Ok(Reply::Done)
            }
            Op::Exists { .. } | Op::GetData { .. } | Op::GetChildren { .. } | Op::Multi(_) | Op::Sync { .. } | Op::SetWatches { .. } | Op::CloseSession => {
                Err(ErrorCode::MarshallingError)
            }
        }
    }

    fn check_session(&self, session: SessionId) -> Result<(), ErrorCode> {
        if self.is_open(session) { Ok(()) } else { Err(ErrorCode::SessionExpired) }
    }

    fn create(&mut self, asked: &Path, data: &Data, mode: CreateMode, session: SessionId, zxid: Zxid, time_ms: i64) -> Result<Path, ErrorCode> {
        let parent_path = path::parent(asked).ok_or(ErrorCode::BadArguments)?;
        let parent = self.nodes.get(parent_path).ok_or(ErrorCode::NoNode)?;
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
        let kind = Kind::of(mode, session);
        let (creates, pzxid) = (parent.creates, parent.pzxid);
        self.attach(&path, Node::new(data.clone(), kind, zxid, time_ms));
        self.change_parent(&path, |parent| {
            // DataTree only ever raises the counter, so it stays at its greatest value, and pzxid with it.
            let next = creates.wrapping_add(1);
            if next > parent.creates {
                parent.creates = next;
                parent.pzxid = zxid;
            }
        });
        self.undo.push(Undo::Created { path: Arc::clone(&path), creates, pzxid });
        self.fire(EventKind::NodeCreated, &path);
        self.fire_parent(&path);
        Ok(path)
    }

    fn delete(&mut self, path: &Path, version: i32, zxid: Zxid) -> Result<(), ErrorCode> {
        let parent = path::parent(path).filter(|_| !SPECIAL.contains(&&**path)).ok_or(ErrorCode::BadArguments)?;
        if !self.nodes.contains_key(parent) {
            return Err(ErrorCode::NoNode);
        }
        let node = self.nodes.get(path).ok_or(ErrorCode::NoNode)?;
        if version != -1 && version != node.version {
            return Err(ErrorCode::BadVersion);
        }
        if !node.children.is_empty() {
            return Err(ErrorCode::NotEmpty);
        }
        self.remove(path, zxid);
        Ok(())
    }

    fn set(&mut self, path: &Path, data: &Data, version: i32, zxid: Zxid, time_ms: i64) -> Result<Reply, ErrorCode> {
        let node = self.writable(path, version)?;
        let undo = Undo::Set {
            path: Arc::clone(path),
            data: std::mem::replace(&mut node.data, data.clone()),
            mzxid: std::mem::replace(&mut node.mzxid, zxid),
            mtime_ms: std::mem::replace(&mut node.mtime_ms, time_ms),
            version: node.version,
        };
        node.version = node.version.wrapping_add(1);
        let stat = node.stat();
        self.undo.push(undo);
        self.dirty.push(Arc::clone(path));
        self.fire(EventKind::NodeDataChanged, path);
        Ok(Reply::Stat(stat))
    }

    /// The node, if the path may be written to and its version is the one asked for.
    fn writable(&mut self, path: &str, version: i32) -> Result<&mut Node, ErrorCode> {
        if !path::is_valid(path) {
            return Err(ErrorCode::BadArguments);
        }
        let node = self.nodes.get_mut(path).ok_or(ErrorCode::NoNode)?;
        if version != -1 && version != node.version { Err(ErrorCode::BadVersion) } else { Ok(node) }
    }

    /// Takes a node away that may go, and fires what its deletion fires: one NodeDeleted for data and child watches together.
    pub(super) fn remove(&mut self, path: &Path, zxid: Zxid) {
        let Some(node) = self.detach(path) else { return };
        let mut before = Zxid::ZERO;
        self.change_parent(path, |parent| {
            before = parent.pzxid;
            parent.pzxid = parent.pzxid.max(zxid);
        });
        self.undo.push(Undo::Deleted { path: Arc::clone(path), node: Box::new(node), pzxid: before });
        self.fire(EventKind::NodeDeleted, path);
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
            owner.ephemerals.insert(Arc::clone(path));
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

    fn fire(&mut self, kind: EventKind, path: &Path) {
        self.fired.push(Fired { kind, path: Arc::clone(path) });
    }

    fn fire_parent(&mut self, path: &str) {
        if let Some((parent, _)) = path::parent(path).and_then(|parent| self.nodes.get_key_value(parent)) {
            let parent = Arc::clone(parent);
            self.fired.push(Fired { kind: EventKind::NodeChildrenChanged, path: parent });
        }
    }
}
