//! One znode, and the tree's own checksum of it. Never its place in the tree.

use std::collections::BTreeSet;
use std::sync::Arc;

use zookeeper_words::ids::{SessionId, Zxid};
use zookeeper_words::service::{Acls, Data, Stat};
use zookeeper_words::txn::NodeKind;

/// A znode. `creates` is ZooKeeper's internal cversion: it counts creations of children only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The content.
    pub data: Data,
    /// Whom it allows what.
    pub acl: Acls,
    /// What kind.
    pub kind: NodeKind,
    /// The owning session of an ephemeral.
    pub owner: SessionId,
    /// Created by.
    pub czxid: Zxid,
    /// Data last set by.
    pub mzxid: Zxid,
    /// Children last changed by.
    pub pzxid: Zxid,
    /// Wall clock at creation, ms.
    pub ctime_ms: i64,
    /// Wall clock at the last set, ms.
    pub mtime_ms: i64,
    /// Data version.
    pub version: i32,
    /// ACL version.
    pub aversion: i32,
    /// Creations of children.
    pub creates: i32,
    /// Names of the children.
    pub children: BTreeSet<Arc<str>>,
}

impl Node {
    /// A node of the initial tree.
    pub fn initial(acl: Acls, aversion: i32, children: &[&str]) -> Node {
        Node {
            data: Some(Arc::from([])),
            acl,
            kind: NodeKind::Persistent,
            owner: SessionId::NONE,
            czxid: Zxid::ZERO,
            mzxid: Zxid::ZERO,
            pzxid: Zxid::ZERO,
            ctime_ms: 0,
            mtime_ms: 0,
            version: 0,
            aversion,
            creates: 0,
            children: children.iter().map(|name| Arc::from(*name)).collect(),
        }
    }

    /// The stat as clients see it: cversion counts creations and deletions, which is twice the creations less what is
    /// still there.
    pub fn stat(&self) -> Stat {
        let num_children = self.children.len() as i32;
        Stat {
            czxid: self.czxid,
            mzxid: self.mzxid,
            ctime_ms: self.ctime_ms,
            mtime_ms: self.mtime_ms,
            version: self.version,
            cversion: self.creates.wrapping_mul(2).wrapping_sub(num_children),
            aversion: self.aversion,
            ephemeral_owner: self.owner,
            data_length: self.data.as_ref().map_or(0, |data| data.len() as i32),
            num_children,
            pzxid: self.pzxid,
        }
    }

    /// The node's part of the state digest.
    pub fn sum(&self, path: &str, buffer: &mut Vec<u8>) -> u64 {
        let (kind, ttl_ms) = match self.kind {
            NodeKind::Persistent => (0, 0),
            NodeKind::Ephemeral => (1, 0),
            NodeKind::Container => (2, 0),
            NodeKind::Ttl(ms) => (3, ms),
        };
        zookeeper_words::digest::znode(path, self.data.as_deref(), &self.acl, &self.stat(), kind, ttl_ms, buffer)
    }
}
