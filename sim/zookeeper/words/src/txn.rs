//! Transactions as they are logged and proposed: ZooKeeper's TxnHeader and txn records, resolved by the leader so that
//! applying them needs no decision. Never the request they came from.

use crate::fact::Mark;
use crate::ids::{SessionId, Xid, Zxid};
use crate::service::{Acls, Data, ErrorCode, Path};

/// The head of a transaction: who asked, and its place in the order (TxnHeader).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Head {
    /// clientId: the session that asked.
    pub session: SessionId,
    /// cxid: its request; 0 for the opening of a session and for an expiry.
    pub xid: Xid,
    /// The transaction's number.
    pub zxid: Zxid,
    /// The leader's wall clock at the proposal, in ms.
    pub time_ms: i64,
}

/// A transaction with its header and the checksum of both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Txn {
    /// Who asked, and its place in the order.
    pub head: Head,
    /// What it does.
    pub body: Body,
    /// The checksum of the encoded header and body.
    pub mark: Mark,
}

/// What kind of node a create makes, once its name is resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeKind {
    /// Lives until deleted.
    Persistent,
    /// Dies with its session.
    Ephemeral,
    /// Is taken away by the leader once it has lost its last child (CreateContainerTxn).
    Container,
    /// CreateTTLTxn, with the time to live in ms.
    Ttl(i64),
}

/// What a transaction does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Body {
    /// Opens a session (CreateSessionTxn).
    CreateSession {
        /// The negotiated timeout in ms.
        timeout_ms: u32,
    },
    /// CloseSessionTxn, with the ephemerals that die (paths2Delete).
    CloseSession {
        /// The paths.
        paths: Vec<Path>,
    },
    /// CreateTxn and its kin.
    Create {
        /// The resolved path.
        path: Path,
        /// The content.
        data: Data,
        /// Whom it allows what, as it was after the fixup.
        acl: Acls,
        /// What kind of node.
        kind: NodeKind,
        /// The parent's create counter after it.
        parent_creates: i32,
        /// The reply carries a stat (create2); not part of what it does, but of the reply.
        stat: bool,
    },
    /// Takes a node away (DeleteTxn).
    Delete {
        /// The path.
        path: Path,
    },
    /// Replaces the content of a node (SetDataTxn).
    SetData {
        /// The path.
        path: Path,
        /// The content.
        data: Data,
        /// The version after it.
        version: i32,
    },
    /// Replaces a node's list of who may do what (SetACLTxn).
    SetAcl {
        /// The path.
        path: Path,
        /// The list, as it was after the fixup.
        acl: Acls,
        /// The ACL version after it.
        version: i32,
    },
    /// A reconfig: SetDataTxn of `/zookeeper/config`, whose version it makes -1.
    Reconfig {
        /// The new configuration, as text.
        data: Data,
    },
    /// CheckVersionTxn, within a multi.
    Check,
    /// MultiTxn: all or, with an error among them, nothing.
    Multi(Vec<Body>),
    /// ErrorTxn: a write that failed; it takes a zxid and does nothing.
    Error(ErrorCode),
}
