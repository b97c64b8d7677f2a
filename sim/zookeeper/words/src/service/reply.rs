//! What a client is answered: ZooKeeper's reply records. Never how an answer is found.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::acl::{Acls, Id};
use super::{Data, ErrorCode, Path};
use crate::ids::{SessionId, Zxid};

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
    /// delete, setWatches, addWatch, removeWatches, auth, closeSession, and a check within a multi.
    Done,
    /// create: the node's real path.
    Created {
        /// The path, sequence number included.
        path: Path,
        /// The new node's stat, for create2 and its kin.
        stat: Option<Stat>,
    },
    /// exists, setData, setACL.
    Stat(Stat),
    /// getData; reconfig, with the new configuration.
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
    /// The answer to getACL.
    Acl {
        /// The list; the hash of a digest is hidden from whoever may not administer the node.
        acl: Acls,
        /// The stat.
        stat: Stat,
    },
    /// getEphemerals: sorted.
    Ephemerals(Vec<Path>),
    /// The answer to getAllChildrenNumber.
    Count(i32),
    /// whoAmI: scheme and user, in the order in which the connection got them.
    Ids(Vec<Id>),
    /// sync: the path as it came.
    Synced {
        /// The path.
        path: Path,
    },
    /// multiRead: one result an operation, whatever became of the others. multi: one result an operation. When one
    /// fails all are errors: `Ok` before it, its own code, `RuntimeInconsistency` after it.
    Multi(Vec<Result<Reply, ErrorCode>>),
}
