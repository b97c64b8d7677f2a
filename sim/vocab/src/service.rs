//! The coordination service as its clients see it: requests, replies, stats, error codes, watch events. ZooKeeper's records, field for field; never their meaning.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::{SessionId, Zxid};

/// A znode's path.
pub type Path = Arc<str>;
/// A znode's data; `None` is ZooKeeper's null buffer, which reads back as null.
pub type Data = Option<Arc<[u8]>>;

/// What kind of znode a create makes (ZooKeeper's CreateMode, by its flag on the wire).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CreateMode {
    /// Flag 0.
    Persistent,
    /// Flag 1: dies with its session.
    Ephemeral,
    /// Flag 2: the parent's create counter is appended to the name.
    PersistentSequential,
    /// Flag 3.
    EphemeralSequential,
    /// Flag 4: may be removed once its last child is gone.
    Container,
    /// Flag 5: may be removed once childless and unchanged for this many ms.
    PersistentWithTtl(i64),
    /// Flag 6.
    PersistentSequentialWithTtl(i64),
}

impl CreateMode {
    /// Whether the name gets a sequence number.
    pub fn is_sequential(self) -> bool {
        matches!(self, Self::PersistentSequential | Self::EphemeralSequential | Self::PersistentSequentialWithTtl(_))
    }

    /// Whether the node dies with its session.
    pub fn is_ephemeral(self) -> bool {
        matches!(self, Self::Ephemeral | Self::EphemeralSequential)
    }
}

/// A request of a client. Versions of -1 match any.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Op {
    /// create (1), create2 (15, when `stat`), createContainer (19), createTTL (21).
    Create {
        /// Where; a sequential name gets ten digits appended.
        path: Path,
        /// The content.
        data: Data,
        /// What kind of node.
        mode: CreateMode,
        /// Whether the reply carries the new node's stat (create2).
        stat: bool,
    },
    /// delete (2).
    Delete {
        /// Which.
        path: Path,
        /// The data version that it must have.
        version: i32,
    },
    /// setData (5).
    SetData {
        /// Which.
        path: Path,
        /// The new content.
        data: Data,
        /// The data version that it must have.
        version: i32,
    },
    /// exists (3).
    Exists {
        /// Which.
        path: Path,
        /// Whether to leave a data watch, on a missing node too.
        watch: bool,
    },
    /// getData (4).
    GetData {
        /// Which.
        path: Path,
        /// Whether to leave a data watch.
        watch: bool,
    },
    /// getChildren (8), getChildren2 (12, when `stat`).
    GetChildren {
        /// Whose.
        path: Path,
        /// Whether to leave a child watch.
        watch: bool,
        /// Whether the reply carries the parent's stat.
        stat: bool,
    },
    /// check (13); inside a multi only.
    Check {
        /// Which.
        path: Path,
        /// The data version that it must have.
        version: i32,
    },
    /// multi (14) of creates, deletes, setDatas and checks.
    Multi(Vec<Op>),
    /// sync (9).
    Sync {
        /// Ignored by the service, returned as it came.
        path: Path,
    },
    /// setWatches (101): what a client sends after re-attaching, to have its watches again or their events.
    SetWatches {
        /// The last zxid that the client had seen.
        relative: Zxid,
        /// Data watches on nodes that existed.
        data: Vec<Path>,
        /// Data watches on nodes that did not exist.
        exist: Vec<Path>,
        /// Child watches.
        child: Vec<Path>,
    },
    /// closeSession (-11).
    CloseSession,
}

impl Op {
    /// Whether the request takes a zxid.
    pub fn is_write(&self) -> bool {
        match self {
            Op::Create { .. } | Op::Delete { .. } | Op::SetData { .. } | Op::Check { .. } | Op::Multi(_) | Op::CloseSession => true,
            Op::Exists { .. } | Op::GetData { .. } | Op::GetChildren { .. } | Op::Sync { .. } | Op::SetWatches { .. } => false,
        }
    }

    /// The operation's plain name, as in ZooKeeper's documentation.
    pub fn name(&self) -> &'static str {
        match self {
            Op::Create { mode: CreateMode::Container, .. } => "createContainer",
            Op::Create { mode: CreateMode::PersistentWithTtl(_) | CreateMode::PersistentSequentialWithTtl(_), .. } => "createTTL",
            Op::Create { stat: true, .. } => "create2",
            Op::Create { .. } => "create",
            Op::Delete { .. } => "delete",
            Op::SetData { .. } => "setData",
            Op::Exists { .. } => "exists",
            Op::GetData { .. } => "getData",
            Op::GetChildren { stat: true, .. } => "getChildren2",
            Op::GetChildren { .. } => "getChildren",
            Op::Check { .. } => "check",
            Op::Multi(_) => "multi",
            Op::Sync { .. } => "sync",
            Op::SetWatches { .. } => "setWatches",
            Op::CloseSession => "closeSession",
        }
    }
}

/// A znode's stat (ZooKeeper's Stat record).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Stat {
    /// The transaction that created the node.
    pub czxid: Zxid,
    /// The last transaction that set its data.
    pub mzxid: Zxid,
    /// The leader's wall clock at creation, in ms.
    pub ctime_ms: i64,
    /// The leader's wall clock at the last set, in ms.
    pub mtime_ms: i64,
    /// Data version: how often the data were set.
    pub version: i32,
    /// Child version: creations and deletions of children.
    pub cversion: i32,
    /// ACL version.
    pub aversion: i32,
    /// The owning session of an ephemeral, else none.
    pub ephemeral_owner: SessionId,
    /// Length of the data in bytes.
    pub data_length: i32,
    /// How many children.
    pub num_children: i32,
    /// The last transaction that created or deleted a child.
    pub pzxid: Zxid,
}

/// A successful reply's body.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// delete, setWatches, closeSession, and a check within a multi.
    Done,
    /// create: the node's real path.
    Created {
        /// The path, sequence number included.
        path: Path,
        /// The new node's stat, for create2 and its kin.
        stat: Option<Stat>,
    },
    /// exists, setData.
    Stat(Stat),
    /// getData.
    Data {
        /// The content.
        data: Data,
        /// The stat.
        stat: Stat,
    },
    /// getChildren, getChildren2.
    Children {
        /// The names, sorted.
        names: Vec<Arc<str>>,
        /// The parent's stat, for getChildren2.
        stat: Option<Stat>,
    },
    /// sync: the path as it came.
    Synced {
        /// The path.
        path: Path,
    },
    /// multi: one result an operation. When one fails all are errors: `Ok` before it, its own code, `RuntimeInconsistency` after it.
    Multi(Vec<Result<Reply, ErrorCode>>),
}

/// ZooKeeper's error codes, as far as this service gives them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorCode {
    /// 0, only in a failed multi's results: the operation before the failing one.
    Ok,
    /// -2, only in a failed multi's results: an operation after the failing one.
    RuntimeInconsistency,
    /// -5.
    MarshallingError,
    /// -6.
    Unimplemented,
    /// -8.
    BadArguments,
    /// -101.
    NoNode,
    /// -103.
    BadVersion,
    /// -108.
    NoChildrenForEphemerals,
    /// -110.
    NodeExists,
    /// -111.
    NotEmpty,
    /// -112.
    SessionExpired,
    /// -118.
    SessionMoved,
}

impl ErrorCode {
    /// The code on the wire.
    pub fn code(self) -> i32 {
        match self {
            Self::Ok => 0,
            Self::RuntimeInconsistency => -2,
            Self::MarshallingError => -5,
            Self::Unimplemented => -6,
            Self::BadArguments => -8,
            Self::NoNode => -101,
            Self::BadVersion => -103,
            Self::NoChildrenForEphemerals => -108,
            Self::NodeExists => -110,
            Self::NotEmpty => -111,
            Self::SessionExpired => -112,
            Self::SessionMoved => -118,
        }
    }
}

/// What a watch saw (ZooKeeper's EventType).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// 1.
    NodeCreated,
    /// 2.
    NodeDeleted,
    /// 3.
    NodeDataChanged,
    /// 4.
    NodeChildrenChanged,
}

/// A watch event (ZooKeeper's WatcherEvent; from 3.9 on its header carries the zxid of the change).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WatchEvent {
    /// What happened.
    pub kind: EventKind,
    /// Where.
    pub path: Path,
}

/// What a transaction was asked to do: a client's write, or the opening of a session.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// A new session with this negotiated timeout.
    CreateSession {
        /// In ms.
        timeout_ms: u32,
    },
    /// A client's write, or, with xid 0, the leader's own closing of an expired session.
    Op(Op),
}

/// A transaction as its leader proposed it: who asked for what, when, and how it came out. What it did to the tree is for the reference to say.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Transaction {
    /// Its number.
    pub zxid: Zxid,
    /// The session that asked.
    pub session: SessionId,
    /// The request's number in the session; 0 for the opening of a session and for an expiry by the leader.
    pub xid: crate::ids::Xid,
    /// The leader's wall clock at the proposal, in ms.
    pub time_ms: i64,
    /// What was asked.
    pub request: Request,
    /// The error, for a write that failed; a failing write takes a zxid too. A failed multi has `None` here: its header says Ok.
    pub error: Option<ErrorCode>,
}
