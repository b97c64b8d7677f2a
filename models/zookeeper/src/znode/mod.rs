//! The reference: what a ZooKeeper 3.8.0 or 3.9.3 is after a sequence of transactions, as a znode tree with its sessions. Written from ZooKeeper's behaviour alone; never from the service under judgement, with which it shares no code.
//!
//! It decides every outcome itself from the request; what a leader recorded is compared with that by the rules, never believed here.

pub mod acl;
mod java;
mod node;
pub mod path;
mod read;
mod secret;
pub mod watches;
mod write;

use std::collections::BTreeMap;
use std::sync::Arc;

use zookeeper_words::digest;
use zookeeper_words::ensemble::Ensemble;
use zookeeper_words::fact::StateDigest;
use zookeeper_words::ids::{SessionId, Zxid};
use zookeeper_words::service::{Acl, Acls, CreateMode, ErrorCode, EventKind, Op, Path, Perms, Reply, Request, Stat, Transaction};
use zookeeper_words::settings::{Compat, Coordination};

use crate::quorums::{self, Set};
pub(crate) use java::{JavaSet, hash as java_hash};
pub(crate) use node::Kind;
use node::Node;
use write::{Asker, Undo};

/// How a server is set up, as far as clients see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Which version it is.
    pub compat: Compat,
    /// Whether nodes may have a time to live.
    pub extended_types: bool,
    /// Whether reconfig is allowed.
    pub reconfig_enabled: bool,
    /// Whether a reconfig is spared the look at the ACL of `/zookeeper/config`.
    pub skip_reconfig_acl: bool,
}

impl Settings {
    /// A version with everything that it can do.
    pub fn of(compat: Compat) -> Settings {
        Settings { compat, extended_types: true, reconfig_enabled: true, skip_reconfig_acl: true }
    }
}

impl From<&Coordination> for Settings {
    fn from(plan: &Coordination) -> Settings {
        let Coordination { compat, extended_types, reconfig_enabled, skip_reconfig_acl, .. } = *plan;
        Settings { compat, extended_types, reconfig_enabled, skip_reconfig_acl }
    }
}

/// A change that watches see, in the order in which ZooKeeper triggers them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fired {
    /// What happened: a creation, deletion or change of data is for data watches, a deletion or change of children for child watches.
    pub kind: EventKind,
    /// Where.
    pub path: Path,
    /// What the node allows: whoever may not read it is not told (CVE-2024-23944).
    pub acl: Acls,
}

/// A znode tree with its sessions.
#[derive(Clone, Debug)]
pub struct Reference {
    settings: Settings,
    /// The configuration of an ensemble; none of a server that is alone.
    config: Option<Ensemble>,
    /// The servers that there are.
    known: Set,
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
    ephemerals: JavaSet<Path>,
}

/// A node that goes by itself, as its reaper sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mortal {
    /// What becomes of it by itself.
    pub kind: Kind,
    /// How many children it has.
    pub children: usize,
    /// Whether it ever had one.
    pub had_children: bool,
    /// When its data were last set, by a leader's clock.
    pub mtime_ms: i64,
}

/// Where the ensemble's configuration stands.
const CONFIG: &str = "/zookeeper/config";
/// Nodes that no client can delete.
const SPECIAL: [&str; 4] = ["/", "/zookeeper", "/zookeeper/quota", "/zookeeper/config"];

/// Whether a fresh tree has this node.
pub fn is_initial(path: &str) -> bool {
    SPECIAL.contains(&path)
}

/// What `/zookeeper/config` allows: everybody may read it, nobody may write it (ZOOKEEPER-2014).
fn read_only() -> Acls {
    Arc::from([Acl::new(Perms::READ, "world", "anyone")])
}

/// What a node of a fresh tree allows; for one that was never created, everything.
pub fn initial_acl(path: &str) -> Acls {
    if path == "/zookeeper/config" { read_only() } else { zookeeper_words::service::acl::open() }
}

impl Reference {
    /// The tree of a fresh ensemble: the root and ZooKeeper's own nodes, made by no transaction.
    pub fn new(settings: Settings) -> Reference {
        let mut nodes = BTreeMap::new();
        for path in SPECIAL {
            let mut node = Node::new(Some(Arc::from([])), initial_acl(path), Kind::Persistent, Zxid::ZERO, 0);
            node.children =
                SPECIAL.iter().filter(|other| **other != "/" && path::parent(other) == Some(path)).map(|other| Arc::from(path::name(other))).collect();
            if path == "/zookeeper/config" {
                node.aversion = -1; // Its ACL was set with version -1 (DataTree.addConfigNode), and a real server shows it.
            }
            nodes.insert(Path::from(path), node);
        }
        let dirty = nodes.keys().cloned().collect();
        let mut tree = Reference {
            settings,
            config: None,
            known: Set::new(),
            nodes,
            sessions: BTreeMap::new(),
            digest: 0,
            fired: vec![],
            dirty,
            undo: vec![],
            buffer: vec![],
        };
        tree.settle();
        tree
    }

    /// The tree of a fresh ensemble with its first configuration, which is there without a transaction; a server that is alone, or is never reconfigured, has none.
    pub fn of_ensemble(settings: Settings, first: &Ensemble) -> Reference {
        let mut tree = Reference::new(settings);
        tree.known = quorums::known(first);
        if tree.known.len() > 1 {
            tree.config = Some(first.clone());
            if settings.reconfig_enabled {
                tree.configure(first.clone());
                tree.settle();
            }
        }
        tree
    }

    fn configure(&mut self, config: Ensemble) {
        if let Some(node) = self.nodes.get_mut(CONFIG) {
            (node.data, node.version) = (Some(quorums::text(&config).into_bytes().into()), -1);
            self.dirty.push(CONFIG.into());
        }
        self.config = Some(config);
    }

    /// What the transaction comes to, and the tree after it. The recorded error has no say.
    pub fn apply(&mut self, txn: &Transaction) -> Result<Reply, ErrorCode> {
        self.fired.clear();
        let result = match &txn.request {
            Request::CreateSession { timeout_ms } => {
                self.open(txn.session, *timeout_ms);
                Ok(Reply::Done)
            }
            Request::Op(op) | Request::Local(op) => {
                let is_local = matches!(txn.request, Request::Local(_));
                self.write(op, &Asker { session: txn.session, is_local, ids: &txn.ids, zxid: txn.zxid, time_ms: txn.time_ms })
            }
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

    /// Whom a node allows what.
    pub fn acl(&self, path: &str) -> Option<&Acls> {
        self.nodes.get(path::key(path)).map(|node| &node.acl)
    }

    /// A node as its reaper sees it.
    pub(crate) fn mortal(&self, path: &str) -> Option<Mortal> {
        let node = self.nodes.get(path)?;
        Some(Mortal { kind: node.kind, children: node.children.len(), had_children: node.creates != 0, mtime_ms: node.mtime_ms })
    }

    /// The names of a node's children, sorted; none for a node that is not there.
    pub fn children(&self, path: &str) -> impl Iterator<Item = &Arc<str>> {
        self.nodes.get(path::key(path)).into_iter().flat_map(|node| &node.children)
    }

    fn write(&mut self, op: &Op, asker: &Asker<'_>) -> Result<Reply, ErrorCode> {
        match op {
            Op::Multi(ops) => self.multi(ops, asker),
            Op::CloseSession => self.close(asker),
            Op::DeleteContainer { path } if asker.session == SessionId::NONE => self.reap(path, asker),
            Op::DeleteContainer { .. } => Err(ErrorCode::Unimplemented), // Real servers carry it out for whoever asks, past every list of who may do what.
            Op::Reconfig { .. } => self.reconfig(op, asker),
            Op::Create { .. } | Op::Delete { .. } | Op::SetData { .. } | Op::SetAcl { .. } => self.single(op, asker),
            Op::Check { .. } => Err(ErrorCode::Unimplemented), // Outside a multi, as ZooKeeper 3.9 answers; 3.8.0 ruins its log (ZOOKEEPER-2623).
            Op::Exists { .. } | Op::GetData { .. } | Op::GetChildren { .. } | Op::GetAcl { .. } | Op::GetEphemerals { .. } => Err(ErrorCode::Unimplemented),
            Op::GetAllChildrenNumber { .. } | Op::MultiRead(_) | Op::Sync { .. } | Op::WhoAmI | Op::Auth { .. } => Err(ErrorCode::Unimplemented),
            Op::SetWatches { .. } | Op::AddWatch { .. } | Op::RemoveWatches { .. } => Err(ErrorCode::Unimplemented),
        }
    }

    /// All or nothing; later operations see what earlier ones did.
    fn multi(&mut self, ops: &[Op], asker: &Asker<'_>) -> Result<Reply, ErrorCode> {
        if !ops.iter().all(|op| matches!(op, Op::Create { .. } | Op::Delete { .. } | Op::SetData { .. } | Op::Check { .. })) {
            return Err(ErrorCode::MarshallingError);
        }
        let mut results = Vec::with_capacity(ops.len());
        for op in ops {
            let result = self.single(op, asker).map(|reply| within_multi(self.settings.compat, op, reply));
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

    /// The next configuration, as far as the tree can tell. A server that is alone has nothing to reconfigure.
    fn reconfig(&mut self, op: &Op, asker: &Asker<'_>) -> Result<Reply, ErrorCode> {
        if !self.settings.reconfig_enabled {
            return Err(ErrorCode::ReconfigDisabled);
        }
        self.check_session(asker)?;
        let before = self.config.as_ref().ok_or(ErrorCode::Unimplemented)?;
        let next = quorums::next(before, op, &self.known, asker.zxid)?;
        let node = self.nodes.get_mut(CONFIG).ok_or(ErrorCode::NoNode)?;
        if !self.settings.skip_reconfig_acl && !acl::allows(&node.acl, Perms::WRITE, asker.ids) {
            return Err(ErrorCode::NoAuth);
        }
        (node.mzxid, node.mtime_ms) = (asker.zxid, asker.time_ms);
        let acl = node.acl.clone();
        self.configure(next);
        self.fired.push(Fired { kind: EventKind::NodeDataChanged, path: CONFIG.into(), acl });
        let node = &self.nodes[CONFIG];
        Ok(Reply::Data { data: node.data.clone(), stat: node.stat() })
    }

    /// Whether a reconfig may be refused because no quorum of its configuration is in step: all that is looked at before is in order.
    pub fn may_lack_a_quorum(&self, txn: &Transaction) -> bool {
        let Some(op) = txn.request.op() else { return false };
        let next = self.config.as_ref().map(|before| quorums::next(before, op, &self.known, txn.zxid));
        self.settings.reconfig_enabled && (self.is_open(txn.session) || matches!(txn.request, Request::Local(_))) && matches!(next, Some(Ok(_)))
    }

    fn open(&mut self, session: SessionId, timeout_ms: u32) {
        let before = self.sessions.insert(session, Session { timeout_ms, ephemerals: JavaSet::default() });
        if let Some(before) = before {
            // Opened twice, which a rule reports. Its nodes stay its own.
            self.digest = self.digest.wrapping_sub(digest::session(session, before.timeout_ms));
            self.sessions.entry(session).and_modify(|opened| opened.ephemerals = before.ephemerals);
        }
        self.digest = self.digest.wrapping_add(digest::session(session, timeout_ms));
    }

    fn close(&mut self, asker: &Asker<'_>) -> Result<Reply, ErrorCode> {
        let session = asker.session;
        let ephemerals: Vec<Path> = self.sessions.get(&session).ok_or(ErrorCode::SessionExpired)?.ephemerals.copied().cloned().collect();
        for path in ephemerals {
            self.remove(&path, asker.zxid);
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

/// A create2 within a multi answers without its stat in ZooKeeper 3.8; a container and a TTL node come with theirs in any version.
fn within_multi(compat: Compat, op: &Op, reply: Reply) -> Reply {
    match (compat, op, reply) {
        (Compat::V3_8, Op::Create { mode, .. }, Reply::Created { path, .. }) if !comes_with_stat(*mode) => Reply::Created { path, stat: None },
        (_, _, reply) => reply,
    }
}

/// Whether a create of this mode is an operation of its own (createContainer, createTTL), which always answers with a stat.
fn comes_with_stat(mode: CreateMode) -> bool {
    match mode {
        CreateMode::Container | CreateMode::PersistentWithTtl(_) | CreateMode::PersistentSequentialWithTtl(_) => true,
        CreateMode::Persistent | CreateMode::Ephemeral | CreateMode::PersistentSequential | CreateMode::EphemeralSequential | CreateMode::Unknown(_) => false,
    }
}
