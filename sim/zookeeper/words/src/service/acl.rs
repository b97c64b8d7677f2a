//! Access control as ZooKeeper has it: who a connection is (scheme and id), and what whom a node allows. Data; never a
//! decision about a request.

use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};

/// A scheme with an id in it: `world:anyone`, `ip:10.0.0.1`, `digest:user:hash`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Id {
    /// `world`, `auth`, `digest`, `ip`, …
    pub scheme: Arc<str>,
    /// What the scheme knows.
    pub id: Arc<str>,
}

impl Id {
    /// The id `id` of a scheme.
    pub fn new(scheme: &str, id: &str) -> Id {
        Id { scheme: scheme.into(), id: id.into() }
    }
}

/// What may be done to a node, as ZooKeeper's bits (ZooDefs.Perms). A request can carry any number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Perms(pub i32);

impl Perms {
    /// getData, getChildren; from 3.9 on exists.
    pub const READ: Perms = Perms(1);
    /// The content may be set (setData).
    pub const WRITE: Perms = Perms(2);
    /// A create below the node.
    pub const CREATE: Perms = Perms(4);
    /// A delete below the node.
    pub const DELETE: Perms = Perms(8);
    /// setACL, and getACL in full.
    pub const ADMIN: Perms = Perms(16);
    /// All of them.
    pub const ALL: Perms = Perms(31);

    /// Whether any of `wanted` is allowed.
    pub fn any_of(self, wanted: Perms) -> bool {
        self.0 & wanted.0 != 0
    }
}

/// One entry of a node's access control list: ZooKeeper's ACL record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Acl {
    /// What is allowed.
    pub perms: Perms,
    /// To whom.
    pub id: Id,
}

impl Acl {
    /// Allows `perms` to the id `id` of a scheme.
    pub fn new(perms: Perms, scheme: &str, id: &str) -> Acl {
        Acl { perms, id: Id::new(scheme, id) }
    }
}

/// A list of them, shared by all that name it.
pub type Acls = Arc<[Acl]>;

static OPEN: LazyLock<Acls> = LazyLock::new(|| Arc::from([Acl::new(Perms::ALL, "world", "anyone")]));

/// Everything to everybody (ZooDefs.Ids.OPEN_ACL_UNSAFE).
pub fn open() -> Acls {
    OPEN.clone()
}

/// Who a connection is, in the order in which it said so; its address comes first.
pub type Ids = Arc<[Id]>;
