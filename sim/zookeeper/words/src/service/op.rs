//! What a client may ask: ZooKeeper's operations with their arguments. Never their meaning.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::acl::Acls;
use super::{Data, Path};
use crate::ids::Zxid;

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
    /// Any other flag, or one that does not belong to the operation: such a create is refused.
    Unknown(i32),
}

impl CreateMode {
    /// What `flags` mean with create and create2.
    pub fn of_create(flags: i32) -> CreateMode {
        match flags {
            0 => CreateMode::Persistent,
            1 => CreateMode::Ephemeral,
            2 => CreateMode::PersistentSequential,
            3 => CreateMode::EphemeralSequential,
            other => CreateMode::Unknown(other),
        }
    }

    /// What `flags` mean with createContainer.
    pub fn of_container(flags: i32) -> CreateMode {
        if flags == 4 { CreateMode::Container } else { CreateMode::Unknown(flags) }
    }

    /// What `flags` mean with createTTL.
    pub fn of_ttl(flags: i32, ttl_ms: i64) -> CreateMode {
        match flags {
            5 => CreateMode::PersistentWithTtl(ttl_ms),
            6 => CreateMode::PersistentSequentialWithTtl(ttl_ms),
            other => CreateMode::Unknown(other),
        }
    }

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
        /// Whom it allows what.
        acl: Acls,
        /// Whether the reply carries the new node's stat (create2).
        stat: bool,
    },
    /// delete (2).
    Delete {
        /// The node.
        path: Path,
        /// The data version that it must have.
        version: i32,
    },
    /// setData (5).
    SetData {
        /// The node.
        path: Path,
        /// The new content.
        data: Data,
        /// The data version that it must have.
        version: i32,
    },
    /// exists (3).
    Exists {
        /// The node.
        path: Path,
        /// Whether to leave a data watch, on a missing node too.
        watch: bool,
    },
    /// getData (4).
    GetData {
        /// The node.
        path: Path,
        /// Whether to leave a data watch.
        watch: bool,
    },
    /// getChildren (8), getChildren2 (12, when `stat`).
    GetChildren {
        /// Their parent.
        path: Path,
        /// Whether to leave a child watch.
        watch: bool,
        /// Whether the reply carries the parent's stat.
        stat: bool,
    },
    /// getACL (6).
    GetAcl {
        /// The node.
        path: Path,
    },
    /// setACL (7).
    SetAcl {
        /// The node.
        path: Path,
        /// The new list.
        acl: Acls,
        /// The ACL version that it must have.
        version: i32,
    },
    /// getEphemerals (103): those of the asking session.
    GetEphemerals {
        /// What their paths must begin with, as text.
        prefix: Path,
    },
    /// getAllChildrenNumber (104): how many nodes are below one.
    GetAllChildrenNumber {
        /// The node.
        path: Path,
    },
    /// check (13); inside a multi only.
    Check {
        /// The node.
        path: Path,
        /// The data version that it must have.
        version: i32,
    },
    /// multi (14) of creates, deletes, setDatas and checks.
    Multi(Vec<Op>),
    /// multiRead (22) of getDatas and getChildrens.
    MultiRead(Vec<Op>),
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
        /// Persistent watches (setWatches2, 105): armed again, what they missed is lost.
        persistent: Vec<Path>,
        /// Persistent recursive watches.
        recursive: Vec<Path>,
    },
    /// addWatch (106).
    AddWatch {
        /// The node that is watched.
        path: Path,
        /// What kind of watch.
        mode: AddWatchMode,
    },
    /// checkWatches (17, when `only_ask`), removeWatches (18): of the asking connection.
    RemoveWatches {
        /// The node that is watched.
        path: Path,
        /// Which kinds.
        kind: WatcherType,
        /// Nothing is removed.
        only_ask: bool,
    },
    /// auth (100): who the connection is, from now on, as well. Answered at once, out of turn, with xid -4 and zxid 0.
    Auth {
        /// The scheme.
        scheme: Arc<str>,
        /// What it asks for: `user:password` for digest.
        auth: Arc<str>,
    },
    /// whoAmI (107).
    WhoAmI,
    /// reconfig (16). Of the first three, either the third is given or one of the others.
    Reconfig {
        /// Servers that join or change their role, as `server.N=…` lines with commas between them.
        joining: Option<Arc<str>>,
        /// Numbers of servers that leave, with commas between them.
        leaving: Option<Arc<str>>,
        /// All servers, in place of those that there are.
        members: Option<Arc<str>>,
        /// The version that the present configuration must have; -1 for any.
        from: i64,
    },
    /// deleteContainer (20): the leader's own word, when a container or a node with a time to live is due. No client's.
    DeleteContainer {
        /// The node.
        path: Path,
    },
    /// closeSession (-11).
    CloseSession,
}

/// What kind of lasting watch addWatch leaves (AddWatchMode, by its number on the wire).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AddWatchMode {
    /// 0: data and children of one node, and it stays when it fires.
    Persistent,
    /// 1: the same for all nodes below too, without changes of children.
    PersistentRecursive,
}

/// Which watches a removeWatches means (WatcherType, by its number on the wire).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WatcherType {
    /// 1: child watches.
    Children,
    /// 2: data watches.
    Data,
    /// 3: all.
    Any,
    /// 4, from 3.9 on: persistent ones.
    Persistent,
    /// 5, from 3.9 on: persistent recursive ones.
    PersistentRecursive,
}

impl WatcherType {
    /// All of them, in the order of their numbers.
    pub const ALL: [WatcherType; 5] = [WatcherType::Children, WatcherType::Data, WatcherType::Any, WatcherType::Persistent, WatcherType::PersistentRecursive];
}

impl Op {
    /// A create of a node that is open to everybody, answered without a stat.
    pub fn create(path: Path, data: Data, mode: CreateMode) -> Op {
        Op::Create { path, data, mode, acl: super::acl::open(), stat: false }
    }

    /// Whether the request takes a zxid.
    pub fn is_write(&self) -> bool {
        match self {
            Op::Create { .. } | Op::Delete { .. } | Op::SetData { .. } | Op::SetAcl { .. } | Op::Check { .. } | Op::Multi(_) => true,
            Op::Reconfig { .. } | Op::DeleteContainer { .. } | Op::CloseSession => true,
            Op::Exists { .. } | Op::GetData { .. } | Op::GetAcl { .. } | Op::GetChildren { .. } | Op::MultiRead(_) | Op::Sync { .. } => false,
            Op::GetEphemerals { .. } | Op::GetAllChildrenNumber { .. } | Op::WhoAmI | Op::Auth { .. } => false,
            Op::SetWatches { .. } | Op::AddWatch { .. } | Op::RemoveWatches { .. } => false,
        }
    }

    /// Whether it makes a node that dies with its session, as a part of a multi too.
    pub fn makes_ephemeral(&self) -> bool {
        match self {
            Op::Create { mode, .. } => mode.is_ephemeral(),
            Op::Multi(ops) => ops.iter().any(Op::makes_ephemeral),
            _ => false,
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
            Op::GetAcl { .. } => "getACL",
            Op::SetAcl { .. } => "setACL",
            Op::GetEphemerals { .. } => "getEphemerals",
            Op::GetAllChildrenNumber { .. } => "getAllChildrenNumber",
            Op::Check { .. } => "check",
            Op::Multi(_) => "multi",
            Op::MultiRead(_) => "multiRead",
            Op::Sync { .. } => "sync",
            Op::SetWatches { persistent, recursive, .. } if !persistent.is_empty() || !recursive.is_empty() => "setWatches2",
            Op::SetWatches { .. } => "setWatches",
            Op::AddWatch { .. } => "addWatch",
            Op::RemoveWatches { only_ask: true, .. } => "checkWatches",
            Op::RemoveWatches { .. } => "removeWatches",
            Op::Auth { .. } => "auth",
            Op::WhoAmI => "whoAmI",
            Op::Reconfig { .. } => "reconfig",
            Op::DeleteContainer { .. } => "deleteContainer",
            Op::CloseSession => "closeSession",
        }
    }
}
