//! One znode of the reference: its data, kind and numbers, and the stat that a client sees of it; never the tree around it.

use std::collections::BTreeSet;
use std::sync::Arc;

use zookeeper_words::digest;
use zookeeper_words::ids::{SessionId, Zxid};
use zookeeper_words::service::{Acls, CreateMode, Data, Stat};

/// What becomes of a node by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Stays.
    Persistent,
    /// Dies with its session.
    Ephemeral(SessionId),
    /// May go when its last child has gone.
    Container,
    /// May go when it is childless and this many ms old.
    Ttl(i64),
}

impl Kind {
    /// What a create of this mode by this session makes.
    pub fn of(mode: CreateMode, session: SessionId) -> Kind {
        match mode {
            CreateMode::Persistent | CreateMode::PersistentSequential => Kind::Persistent,
            CreateMode::Ephemeral | CreateMode::EphemeralSequential => Kind::Ephemeral(session),
            CreateMode::Container => Kind::Container,
            CreateMode::PersistentWithTtl(ttl) | CreateMode::PersistentSequentialWithTtl(ttl) => Kind::Ttl(ttl),
            CreateMode::Unknown(flags) => unreachable!("a create with flags {flags} is refused first"),
        }
    }
}

/// A znode.
#[derive(Clone, Debug)]
pub struct Node {
    pub data: Data,
    /// Whom it allows what.
    pub acl: Acls,
    pub kind: Kind,
    pub czxid: Zxid,
    pub mzxid: Zxid,
    pub pzxid: Zxid,
    pub ctime_ms: i64,
    pub mtime_ms: i64,
    pub version: i32,
    pub aversion: i32,
    /// Children ever created: ZooKeeper's internal cversion, and the next sequence number.
    pub creates: i32,
    pub children: BTreeSet<Arc<str>>,
    /// What the node adds to its tree's digest at the moment.
    pub digest: u64,
}

impl Node {
    /// A node as a create makes it.
    pub fn new(data: Data, acl: Acls, kind: Kind, zxid: Zxid, time_ms: i64) -> Node {
        Node {
            data,
            acl,
            kind,
            czxid: zxid,
            mzxid: zxid,
            pzxid: zxid,
            ctime_ms: time_ms,
            mtime_ms: time_ms,
            version: 0,
            aversion: 0,
            creates: 0,
            children: BTreeSet::new(),
            digest: 0,
        }
    }

    /// What a client sees. ZooKeeper keeps a count of creations and shows creations and deletions (DataNode.copyStat); containers and TTL nodes show no owner.
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
            ephemeral_owner: match self.kind {
                Kind::Ephemeral(session) => session,
                Kind::Persistent | Kind::Container | Kind::Ttl(_) => SessionId::NONE,
            },
            data_length: self.data.as_ref().map_or(0, |data| data.len() as i32),
            num_children,
            pzxid: self.pzxid,
        }
    }

    /// The checksum of the node at this path.
    pub fn checksum(&self, path: &str, buffer: &mut Vec<u8>) -> u64 {
        let (kind, ttl_ms) = match self.kind {
            Kind::Persistent => (0, 0),
            Kind::Ephemeral(_) => (1, 0),
            Kind::Container => (2, 0),
            Kind::Ttl(ttl) => (3, ttl),
        };
        digest::znode(path, self.data.as_deref(), &self.acl, &self.stat(), kind, ttl_ms, buffer)
    }
}
