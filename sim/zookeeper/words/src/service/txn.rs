//! Transactions as their leader proposed them. Data; never what they do to a tree.

use serde::{Deserialize, Serialize};

use super::acl::Ids;
use super::{ErrorCode, Op};
use crate::ids::{SessionId, Xid, Zxid};

/// What a transaction was asked to do: a client's write, or the opening of a session.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// A new session with this negotiated timeout.
    CreateSession {
        /// In ms.
        timeout_ms: u32,
    },
    /// A client's write, or, with xid 0, the leader's own: the closing of an expired session, or the deletion of a
    /// container or TTL node that is due.
    Op(Op),
    /// A client's write in a session that only the replica knows by which it came, and vouches for
    /// (localSessionsEnabled).
    Local(Op),
}

impl Request {
    /// The operation, whoever knows its session; none of the opening of one.
    pub fn op(&self) -> Option<&Op> {
        match self {
            Request::CreateSession { .. } => None,
            Request::Op(op) | Request::Local(op) => Some(op),
        }
    }
}

/// A transaction as its leader proposed it: who asked for what, when, and how it came out. What it did to the tree is
/// for the reference to say.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Transaction {
    /// Its number.
    pub zxid: Zxid,
    /// The session that asked; none for a deletion of the leader's own.
    pub session: SessionId,
    /// The request's number in the session; 0 for the opening of a session and for an expiry by the leader.
    pub xid: Xid,
    /// Who the asking connection was when its replica took the request (Request.authInfo); nobody for what is a
    /// leader's own.
    pub ids: Ids,
    /// The leader's wall clock at the proposal, in ms.
    pub time_ms: i64,
    /// What was asked.
    pub request: Request,
    /// The error, for a write that failed; a failing write takes a zxid too. A failed multi has `None` here: its header
    /// says Ok.
    pub error: Option<ErrorCode>,
}
