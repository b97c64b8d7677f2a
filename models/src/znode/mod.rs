//! The reference: what a ZooKeeper 3.8.0 is after a sequence of transactions, as a znode tree with its sessions. Written from ZooKeeper's behaviour alone; never from the service under judgement, with which it shares no code.
//!
//! It decides every outcome itself from the request; what a leader recorded is compared with that by the rules, never believed here.

mod node;
pub mod path;
mod read;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use vocab::digest;
use vocab::fact::StateDigest;
use vocab::ids::{SessionId, Zxid};
use vocab::service::{CreateMode, ErrorCode, EventKind, Op, Path, Reply, Request, Stat, Transaction};

use node::{Kind, Node};
use write::Undo;

/// A change that watches see, in the order in which ZooKeeper triggers them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fired {
    /// What happened: a creation, deletion or change of data is for data watches, a deletion or change of children for child watches.
    pub kind: EventKind,
    /// Where.
    pub path: Path,
}

/// A znode tree with its sessions.
#[derive(Clone, Debug)]
pub struct Reference {
    nodes: BTreeMap<Path, Node>,
    sessions: BTreeMap<SessionId, Session>,
    digest: u64,
    fired: Vec<Fired>,
    /// Nodes whose part of the digest is out of date.
    dirty: Vec<Path>,
    undo: Vec<Undo>,
    buffer: Vec<u8>,
}

#[derive(Clone, Debug)]
struct Session {
    timeout_ms: u32,
    ephemerals: BTreeSet<Path>,
}

/// Nodes that no client can delete.
const SPECIAL: [&str; 4] = ["/", "/zookeeper", "/zookeeper/quota", "/zookeeper/config"];

/// Whether a fresh tree has this node.
pub fn is_initial(path: &str) -> bool {
    SPECIAL.contains(&path)
}

impl Default for Reference {
    fn default() -> Reference {
        Reference::new()
    }
}

impl Reference {
    /// The tree of a fresh ensemble: the root and ZooKeeper's own nodes, made by no transaction.
    pub fn new() -> Reference {
        let mut nodes = BTreeMap::new();
        for path in SPECIAL {
            let mut node = Node::new(Some(Arc::from([])), Kind::Persistent, Zxid::ZERO, 0);
            node.children =
                SPECIAL.iter().filter(|other| **other != "/" && path::parent(other) == Some(path)).map(|other| Arc::from(path::name(other))).collect();
            if path == "/zookeeper/config" {
                node.aversion = -1; // Its ACL was set with version -1 (DataTree.addConfigNode), and a real server shows it.
            }
            nodes.insert(Path::from(path), node);
        }
        let dirty = nodes.keys().cloned().collect();
        let mut tree = Reference { nodes, sessions: BTreeMap::new(), digest: 0, fired: vec![], dirty, undo: vec![], buffer: vec![] };
        tree.settle();
        tree
    }

    /// What the transaction comes to, and the tree after it. The recorded error has no say.
    pub fn apply(&mut self, txn: &Transaction) -> Result<Reply, ErrorCode> {
        self.fired.clear();
        let result = match &txn.request {
            Request::CreateSession { timeout_ms } => {
                self.open(txn.session, *timeout_ms);
                Ok(Reply::Done)
            }
            Request::Op(op) => self.write(op, txn.session, txn.zxid, txn.time_ms),
        };
        self.undo.clear();
        self.settle();
        result
    }

    /// A transaction that takes its zxid and does nothing else.
    pub fn skip(&mut self) {
        self.fired.clear();
    }

    /// What the last transaction triggered.
    pub fn fired(&self) -> &[Fired] {
        &self.fired
    }

    /// The digest of tree and sessions.
    pub fn digest(&self) -> StateDigest {
        StateDigest(self.digest)
    }

    /// Whether the session is open.
    pub fn is_open(&self, session: SessionId) -> bool {
        self.sessions.contains_key(&session)
    }

    /// A node's stat as a client sees it.
    pub fn stat(&self, path: &str) -> Option<Stat> {
        self.nodes.get(path::key(path)).map(Node::stat)
    }

    /// The names of a node's children, sorted; none for a node that is not there.
    pub fn children(&self, path: &str) -> impl Iterator<Item = &Arc<str>> {
        self.nodes.get(path::key(path)).into_iter().flat_map(|node| &node.children)
    }

    fn write(&mut self, op: &Op, session: SessionId, zxid: Zxid, time_ms: i64) -> Result<Reply, ErrorCode> {
        match op {
            Op::Multi(ops) => self.multi(ops, session, zxid, time_ms),
            Op::CloseSession => self.close(session, zxid),
            Op::Create { .. } | Op::Delete { .. } | Op::SetData { .. } => self.single(op, session, zxid, time_ms),
            Op::Check { .. } => Err(ErrorCode::Unimplemented), // Outside a multi, as ZooKeeper 3.9 answers; 3.8.0 ruins its log (ZOOKEEPER-2623).
            Op::Exists { .. } | Op::GetData { .. } | Op::GetChildren { .. } | Op::Sync { .. } | Op::SetWatches { .. } => Err(ErrorCode::Unimplemented),
        }
    }

    /// All or nothing; later operations see what earlier ones did.
    fn multi(&mut self, ops: &[Op], session: SessionId, zxid: Zxid, time_ms: i64) -> Result<Reply, ErrorCode> {
        if !ops.iter().all(|op| matches!(op, Op::Create { .. } | Op::Delete { .. } | Op::SetData { .. } | Op::Check { .. })) {
            return Err(ErrorCode::MarshallingError);
        }
        let mut results = Vec::with_capacity(ops.len());
        for op in ops {
            let result = self.single(op, session, zxid, time_ms).map(without_create_stat(op));
            let failed = result.is_err();
            results.push(result);
            if failed {
                break;
            }
        }
        if results.last().is_some_and(Result::is_err) {
            self.roll_back();
            let failing = results.len() - 1;
            for before in &mut results[..failing] {
                *before = Err(ErrorCode::Ok);
            }
            results.resize(ops.len(), Err(ErrorCode::RuntimeInconsistency));
        }
        Ok(Reply::Multi(results))
    }

    fn open(&mut self, session: SessionId, timeout_ms: u32) {
        let before = self.sessions.insert(session, Session { timeout_ms, ephemerals: BTreeSet::new() });
        if let Some(before) = before {
            // Opened twice, which a rule reports. Its nodes stay its own.
            self.digest = self.digest.wrapping_sub(digest::session(session, before.timeout_ms));
            self.sessions.entry(session).and_modify(|opened| opened.ephemerals = before.ephemerals);
        }
        self.digest = self.digest.wrapping_add(digest::session(session, timeout_ms));
    }

    fn close(&mut self, session: SessionId, zxid: Zxid) -> Result<Reply, ErrorCode> {
        let ephemerals = self.sessions.get(&session).ok_or(ErrorCode::SessionExpired)?.ephemerals.clone();
        for path in ephemerals {
            self.remove(&path, zxid);
        }
        if let Some(closed) = self.sessions.remove(&session) {
            self.digest = self.digest.wrapping_sub(digest::session(session, closed.timeout_ms));
        }
        Ok(Reply::Done)
    }

    /// Brings the digest up to date.
    fn settle(&mut self) {
        for path in self.dirty.drain(..) {
            if let Some(node) = self.nodes.get_mut(&path) {
                let now = node.checksum(&path, &mut self.buffer);
                self.digest = self.digest.wrapping_sub(node.digest).wrapping_add(now);
                node.digest = now;
            }
        }
    }
}

/// A create2 within a multi answers without its stat in ZooKeeper 3.8 (3.9 gives it); a container and a TTL node come with theirs in both.
fn without_create_stat(op: &Op) -> impl Fn(Reply) -> Reply {
    let plain = matches!(op, Op::Create { mode, .. } if !comes_with_stat(*mode));
    move |reply| match reply {
        Reply::Created { path, .. } if plain => Reply::Created { path, stat: None },
        other => other,
    }
}

/// Whether a create of this mode is an operation of its own (createContainer, createTTL), which always answers with a stat.
fn comes_with_stat(mode: CreateMode) -> bool {
    match mode {
        CreateMode::Container | CreateMode::PersistentWithTtl(_) | CreateMode::PersistentSequentialWithTtl(_) => true,
        CreateMode::Persistent | CreateMode::Ephemeral | CreateMode::PersistentSequential | CreateMode::EphemeralSequential => false,
    }
}
