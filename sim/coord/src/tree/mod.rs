//! The znode tree and session table of one replica: what the transactions up to `last` made of it. Applying is idempotent, as a replay over a fuzzy snapshot needs; never a decision, which is `prep`'s.

pub mod node;
pub mod path;
pub mod prep;
pub mod read;
pub mod state;

use std::collections::{BTreeMap, BTreeSet};

use vocab::digest;
use vocab::fact::StateDigest;
use vocab::ids::{SessionId, Zxid};
use vocab::service::{ErrorCode, EventKind, Path, Reply};

use crate::txn::{Body, Head, NodeKind, Txn};
use node::Node;

/// A change that watches may wait for, in ZooKeeper's order of triggering.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What happened.
    pub kind: EventKind,
    /// Where.
    pub path: Path,
}

/// A node with its part of the digest.
#[derive(Clone, Debug)]
struct Slot {
    node: Node,
    sum: u64,
}

/// What an aborted multi must put back: nodes as they were, latest first.
type Undo = Vec<(Path, Option<Node>)>;

/// The tree.
#[derive(Clone, Debug)]
pub struct Tree {
    nodes: BTreeMap<Path, Slot>,
    sessions: BTreeMap<SessionId, u32>,
    ephemerals: BTreeMap<SessionId, BTreeSet<Path>>,
    /// The last transaction applied.
    pub last: Zxid,
    digest: u64,
    digesting: bool,
    undo: Option<Undo>,
    buffer: Vec<u8>,
}

impl Default for Tree {
    fn default() -> Self {
        Self::new()
    }
}

impl Tree {
    /// The tree of a fresh ZooKeeper: the root, `/zookeeper` and what it reserves below it.
    pub fn new() -> Tree {
        let mut tree = Tree::empty();
        tree.put("/".into(), Node::initial(0, &["zookeeper"]));
        tree.put("/zookeeper".into(), Node::initial(0, &["config", "quota"]));
        tree.put("/zookeeper/config".into(), Node::initial(-1, &[]));
        tree.put("/zookeeper/quota".into(), Node::initial(0, &[]));
        tree
    }

    /// A tree without even a root, to read a state into.
    fn empty() -> Tree {
        Tree {
            nodes: BTreeMap::new(),
            sessions: BTreeMap::new(),
            ephemerals: BTreeMap::new(),
            last: Zxid::ZERO,
            digest: 0,
            digesting: true,
            undo: None,
            buffer: Vec::new(),
        }
    }

    /// A copy that runs ahead of what is committed, for a leader to validate against. It keeps no digest.
    pub fn ahead(&self) -> Tree {
        Tree { digesting: false, ..self.clone() }
    }

    /// The checksum of nodes and sessions; `vocab::digest` says of what exactly.
    pub fn digest(&self) -> StateDigest {
        assert!(self.digesting, "only a tree of committed transactions is compared");
        StateDigest(self.digest)
    }

    /// The node at `path`; the empty path is the root, as in ZooKeeper.
    pub fn node(&self, path: &str) -> Option<&Node> {
        self.nodes.get(if path.is_empty() { "/" } else { path }).map(|slot| &slot.node)
    }

    /// The open sessions with their timeouts in ms.
    pub fn sessions(&self) -> &BTreeMap<SessionId, u32> {
        &self.sessions
    }

    /// The ephemerals of a session, sorted.
    pub fn ephemerals(&self, session: SessionId) -> impl Iterator<Item = &Path> {
        self.ephemerals.get(&session).into_iter().flatten()
    }

    /// How many nodes.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is not even a root.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Applies a transaction. The changes go to `changes`; the reply is made only if `wanted`, since one replica in many has the client.
    pub fn apply(&mut self, txn: &Txn, wanted: bool, changes: &mut Vec<Change>) -> Option<Result<Reply, ErrorCode>> {
        let reply = self.apply_body(&txn.head, &txn.body, wanted, changes);
        self.last = self.last.max(txn.head.zxid);
        reply
    }

    fn apply_body(&mut self, head: &Head, body: &Body, wanted: bool, changes: &mut Vec<Change>) -> Option<Result<Reply, ErrorCode>> {
        match body {
            Body::CreateSession { timeout_ms } => {
                self.open_session(head.session, *timeout_ms);
                wanted.then_some(Ok(Reply::Done))
            }
            Body::CloseSession { paths } => {
                paths.iter().for_each(|path| self.delete(path, head.zxid, changes));
                self.close_session(head.session);
                wanted.then_some(Ok(Reply::Done))
            }
            Body::Create { path, data, kind, parent_creates, stat } => {
                let node = Node {
                    data: data.clone(),
                    kind: *kind,
                    owner: if *kind == NodeKind::Ephemeral { head.session } else { SessionId::NONE },
                    czxid: head.zxid,
                    mzxid: head.zxid,
                    pzxid: head.zxid,
                    ctime_ms: head.time_ms,
                    mtime_ms: head.time_ms,
                    version: 0,
                    aversion: 0,
                    creates: 0,
                    children: BTreeSet::new(),
                };
                let reply = wanted.then(|| Ok(Reply::Created { path: path.clone(), stat: stat.then(|| node.stat()) }));
                self.create(path, node, *parent_creates, changes);
                reply
            }
            Body::Delete { path } => {
                self.delete(path, head.zxid, changes);
                wanted.then_some(Ok(Reply::Done))
            }
            Body::SetData { path, data, version } => {
                let found = self.change(path, |node| {
                    node.data = data.clone();
                    node.version = *version;
                    node.mzxid = head.zxid;
                    node.mtime_ms = head.time_ms;
                });
                if found {
                    changes.push(Change { kind: EventKind::NodeDataChanged, path: path.clone() });
                }
                wanted.then(|| self.node(path).map(|node| Reply::Stat(node.stat())).ok_or(ErrorCode::NoNode))
            }
            Body::Check => wanted.then_some(Ok(Reply::Done)),
            Body::Multi(bodies) => {
                let failed = bodies.iter().any(|body| matches!(body, Body::Error(_)));
                let mut results = Vec::with_capacity(if wanted { bodies.len() } else { 0 });
                for body in bodies {
                    let result = match body {
                        Body::Error(code) => wanted.then_some(Err(*code)),
                        _ if failed => None,
                        _ => self.apply_body(head, body, wanted, changes),
                    };
                    results.extend(result);
                }
                wanted.then_some(Ok(Reply::Multi(results)))
            }
            Body::Error(code) => wanted.then_some(Err(*code)),
        }
    }

    fn create(&mut self, path: &Path, node: Node, parent_creates: i32, changes: &mut Vec<Change>) {
        let zxid = node.czxid;
        self.put(path.clone(), node);
        changes.push(Change { kind: EventKind::NodeCreated, path: path.clone() });
        let Some(above) = path::parent(path) else { return };
        self.change(above, |parent| {
            parent.children.insert(path::name(path).into());
            // Only ever raised: a replay must not take a count back (ZOOKEEPER-3249), and a count that overflowed stays at its maximum.
            parent.creates = parent.creates.max(parent_creates);
            parent.pzxid = parent.pzxid.max(zxid);
        });
        changes.push(Change { kind: EventKind::NodeChildrenChanged, path: above.into() });
    }

    fn delete(&mut self, path: &Path, zxid: Zxid, changes: &mut Vec<Change>) {
        if self.take(path) {
            changes.push(Change { kind: EventKind::NodeDeleted, path: path.clone() });
        }
        let Some(above) = path::parent(path) else { return };
        // Also where a fuzzy snapshot lacks the node already: its parent's pzxid must not stay behind (ZOOKEEPER-3125, 3145).
        let found = self.change(above, |parent| {
            parent.children.remove(path::name(path));
            parent.pzxid = parent.pzxid.max(zxid);
        });
        if found {
            changes.push(Change { kind: EventKind::NodeChildrenChanged, path: above.into() });
        }
    }

    /// Begins to remember what changes, for [`Tree::rollback`].
    pub fn begin(&mut self) {
        self.undo = Some(Vec::new());
    }

    /// Forgets what was remembered.
    pub fn keep(&mut self) {
        self.undo = None;
    }

    /// Puts all nodes back as they were at [`Tree::begin`], counts of creations included (ZOOKEEPER-1624).
    pub fn rollback(&mut self) {
        for (path, node) in self.undo.take().into_iter().flatten().rev() {
            match node {
                Some(node) => self.put(path, node),
                None => {
                    self.take(&path);
                }
            }
        }
    }

    // The four ways in which state changes; ephemerals and digest follow here and nowhere else.

    fn put(&mut self, path: Path, node: Node) {
        let sum = if self.digesting { node.sum(&path, &mut self.buffer) } else { 0 };
        self.digest = self.digest.wrapping_add(sum);
        if node.kind == NodeKind::Ephemeral {
            self.ephemerals.entry(node.owner).or_default().insert(path.clone());
        }
        let before = self.nodes.insert(path.clone(), Slot { node, sum });
        self.forget(&path, before.as_ref());
        if let Some(undo) = &mut self.undo {
            undo.push((path, before.map(|slot| slot.node)));
        }
    }

    fn take(&mut self, path: &str) -> bool {
        let Some((path, before)) = self.nodes.remove_entry(path) else { return false };
        let owner = (before.node.kind == NodeKind::Ephemeral).then_some(before.node.owner);
        self.digest = self.digest.wrapping_sub(before.sum);
        if let Some(owner) = owner {
            self.disown(owner, &path);
        }
        if let Some(undo) = &mut self.undo {
            undo.push((path, Some(before.node)));
        }
        true
    }

    fn forget(&mut self, path: &Path, before: Option<&Slot>) {
        let Some(slot) = before else { return };
        self.digest = self.digest.wrapping_sub(slot.sum);
        let still = self.nodes.get(path).is_some_and(|now| now.node.kind == NodeKind::Ephemeral && now.node.owner == slot.node.owner);
        if slot.node.kind == NodeKind::Ephemeral && !still {
            self.disown(slot.node.owner, path);
        }
    }

    fn disown(&mut self, owner: SessionId, path: &str) {
        if let Some(paths) = self.ephemerals.get_mut(&owner) {
            paths.remove(path);
            if paths.is_empty() {
                self.ephemerals.remove(&owner);
            }
        }
    }

    /// Changes a node's own fields; never its kind or owner.
    fn change(&mut self, path: &str, change: impl FnOnce(&mut Node)) -> bool {
        let Some(slot) = self.nodes.get_mut(path) else { return false };
        if let Some(undo) = &mut self.undo {
            undo.push((path.into(), Some(slot.node.clone())));
        }
        change(&mut slot.node);
        if self.digesting {
            let sum = slot.node.sum(path, &mut self.buffer);
            self.digest = self.digest.wrapping_sub(slot.sum).wrapping_add(sum);
            slot.sum = sum;
        }
        true
    }

    fn open_session(&mut self, session: SessionId, timeout_ms: u32) {
        let before = self.sessions.insert(session, timeout_ms);
        if let Some(before) = before {
            self.digest = self.digest.wrapping_sub(digest::session(session, before));
        }
        self.digest = self.digest.wrapping_add(digest::session(session, timeout_ms));
    }

    fn close_session(&mut self, session: SessionId) {
        if let Some(timeout_ms) = self.sessions.remove(&session) {
            self.digest = self.digest.wrapping_sub(digest::session(session, timeout_ms));
        }
    }
}
