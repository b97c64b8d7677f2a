//! The znode tree and session table of one replica: what the transactions up to `last` made of it. Applying is
//! idempotent, as a replay over a fuzzy snapshot needs; never a decision, which is `prep`'s.

mod change;
pub mod node;
pub mod path;
pub mod prep;
pub mod read;
pub mod state;

use std::collections::{BTreeMap, BTreeSet};

use zookeeper_words::fact::StateDigest;
use zookeeper_words::ids::{SessionId, Zxid};
use zookeeper_words::service::{Acl, Acls, ErrorCode, EventKind, Path, Perms, Reply};
use zookeeper_words::txn::{Body, Head, NodeKind, Txn};

use node::Node;

/// A change that watches may wait for, in ZooKeeper's order of triggering.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What happened.
    pub kind: EventKind,
    /// The node that changed.
    pub path: Path,
    /// Whom the node allows what; of a deleted one, allowed. Only those who may read it are told (CVE-2024-23944).
    pub acl: Acls,
}

/// Where an application puts its changes; a leader that only tries a request wants none.
pub type Changes<'a> = Option<&'a mut Vec<Change>>;

/// A node with its part of the digest.
#[derive(Clone, Debug)]
struct Slot {
    node: Node,
    sum: u64,
}

/// What an aborted multi must put back: nodes as they were, latest first.
type Undo = Vec<(Path, Option<Node>)>;

/// Where the ensemble's configuration stands.
pub const CONFIG: &str = "/zookeeper/config";

/// The tree.
#[derive(Clone, Debug)]
pub struct Tree {
    nodes: BTreeMap<Path, Slot>,
    sessions: BTreeMap<SessionId, u32>,
    ephemerals: BTreeMap<SessionId, BTreeSet<Path>>,
    /// Containers and nodes with a time to live, whether due or not.
    mortal: BTreeSet<Path>,
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
        tree.put("/".into(), Node::initial(zookeeper_words::service::acl::open(), 0, &["zookeeper"]));
        tree.put("/zookeeper".into(), Node::initial(zookeeper_words::service::acl::open(), 0, &["config", "quota"]));
        tree.put("/zookeeper/config".into(), Node::initial([Acl::new(Perms::READ, "world", "anyone")].into(), -1, &[]));
        tree.put("/zookeeper/quota".into(), Node::initial(zookeeper_words::service::acl::open(), 0, &[]));
        tree
    }

    /// The tree of a fresh ensemble: its first configuration is there without a transaction
    /// (ZKDatabase.initConfigInZKDatabase; there the time is each server's own).
    pub fn configured(text: &str) -> Tree {
        let mut tree = Tree::new();
        tree.change(CONFIG, |node| {
            node.data = Some(text.as_bytes().into());
            node.version = -1;
        });
        tree
    }

    /// A tree without even a root, to read a state into.
    fn empty() -> Tree {
        Tree {
            nodes: BTreeMap::new(),
            sessions: BTreeMap::new(),
            ephemerals: BTreeMap::new(),
            mortal: BTreeSet::new(),
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

    /// The checksum of nodes and sessions; `zookeeper_words::digest` says of what exactly.
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

    /// Containers that have lost their last child, and childless nodes that have outlived their time, at this wall
    /// clock (ContainerManager.getCandidates). With `early`, which only a plant wants, half of the time is enough.
    pub fn due(&self, wall_ms: i64, early: bool) -> impl Iterator<Item = &Path> {
        self.mortal.iter().filter(move |path| {
            self.node(path).filter(|node| node.children.is_empty()).is_some_and(|node| match node.kind {
                NodeKind::Container => node.creates > 0,
                NodeKind::Ttl(ms) => wall_ms.saturating_sub(node.mtime_ms) > if early { ms / 2 } else { ms },
                NodeKind::Persistent | NodeKind::Ephemeral => false,
            })
        })
    }

    /// How many nodes.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is not even a root.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Applies a transaction. The changes go to `changes`; the reply is made only if `wanted`, since one replica in
    /// many has the client.
    pub fn apply(&mut self, txn: &Txn, wanted: bool, mut changes: Changes<'_>) -> Option<Result<Reply, ErrorCode>> {
        let reply = self.apply_body(&txn.head, &txn.body, wanted, &mut changes);
        self.last = self.last.max(txn.head.zxid);
        reply
    }

    fn apply_body(&mut self, head: &Head, body: &Body, wanted: bool, changes: &mut Changes<'_>) -> Option<Result<Reply, ErrorCode>> {
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
            Body::Create { path, data, acl, kind, parent_creates, stat } => {
                let node = Node {
                    data: data.clone(),
                    acl: acl.clone(),
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
                let acl = self.change(path, |node| {
                    node.data = data.clone();
                    node.version = *version;
                    node.mzxid = head.zxid;
                    node.mtime_ms = head.time_ms;
                    node.acl.clone()
                });
                tell(changes, EventKind::NodeDataChanged, path, acl);
                wanted.then(|| self.node(path).map(|node| Reply::Stat(node.stat())).ok_or(ErrorCode::NoNode))
            }
            Body::SetAcl { path, acl, version } => {
                self.change(path, |node| {
                    node.acl = acl.clone();
                    node.aversion = *version;
                });
                wanted.then(|| self.node(path).map(|node| Reply::Stat(node.stat())).ok_or(ErrorCode::NoNode))
            }
            Body::Reconfig { data } => {
                let acl = self.change(CONFIG, |node| {
                    node.data = data.clone();
                    node.version = -1;
                    node.mzxid = head.zxid;
                    node.mtime_ms = head.time_ms;
                    node.acl.clone()
                });
                tell(changes, EventKind::NodeDataChanged, CONFIG, acl);
                wanted.then(|| self.node(CONFIG).map(|node| Reply::Data { data: data.clone(), stat: node.stat() }).ok_or(ErrorCode::NoNode))
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

    fn create(&mut self, path: &Path, node: Node, parent_creates: i32, changes: &mut Changes<'_>) {
        let (zxid, acl) = (node.czxid, node.acl.clone());
        self.put(path.clone(), node);
        tell(changes, EventKind::NodeCreated, path, Some(acl));
        let Some(above) = path::parent(path) else { return };
        let acl = self.change(above, |parent| {
            parent.children.insert(path::name(path).into());
            // Only ever raised: a replay must not take a count back (ZOOKEEPER-3249), and a count that overflowed stays
            // at its maximum.
            if parent_creates > parent.creates {
                parent.creates = parent_creates;
                parent.pzxid = parent.pzxid.max(zxid);
            }
            parent.acl.clone()
        });
        tell(changes, EventKind::NodeChildrenChanged, above, acl);
    }

    fn delete(&mut self, path: &Path, zxid: Zxid, changes: &mut Changes<'_>) {
        let acl = self.take(path);
        tell(changes, EventKind::NodeDeleted, path, acl);
        let Some(above) = path::parent(path) else { return };
        // Also where a fuzzy snapshot lacks the node already: its parent's pzxid must not stay behind (ZOOKEEPER-3125,
        // 3145).
        let acl = self.change(above, |parent| {
            parent.children.remove(path::name(path));
            parent.pzxid = parent.pzxid.max(zxid);
            parent.acl.clone()
        });
        tell(changes, EventKind::NodeChildrenChanged, above, acl);
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
}

/// Notes a change, if there is a node that it is about and somebody who wants to know.
fn tell(changes: &mut Changes<'_>, kind: EventKind, path: &str, acl: Option<Acls>) {
    if let (Some(changes), Some(acl)) = (changes, acl) {
        changes.push(Change { kind, path: path.into(), acl });
    }
}
