//! Identities of the coordination service: epochs, transactions, sessions, requests. Newtypes, so that no two of them
//! can be confused; never arithmetic beyond their own order.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The epoch of a leader: the high 32 bits of its zxids (Zab, discovery phase).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub u32);

impl Epoch {
    /// The epoch after this one. Panics when 32 bits are used up: no run lives that long.
    pub fn next(self) -> Epoch {
        Epoch(self.0.checked_add(1).expect("an epoch has 32 bits and a run elects far fewer leaders"))
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "epoch {}", self.0)
    }
}

/// A transaction's number: epoch in the high 32 bits, counter in the low ones (Zab, section 2).
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Zxid(pub u64);

impl Zxid {
    /// Before every transaction.
    pub const ZERO: Zxid = Zxid(0);

    /// The `counter`-th transaction of `epoch`; counter 0 stands for the epoch's NEWLEADER.
    pub fn new(epoch: Epoch, counter: u32) -> Zxid {
        Zxid(u64::from(epoch.0) << 32 | u64::from(counter))
    }

    /// The epoch in which the transaction was first proposed.
    pub fn epoch(self) -> Epoch {
        Epoch((self.0 >> 32) as u32)
    }

    /// The place within the epoch, from 1.
    pub fn counter(self) -> u32 {
        self.0 as u32
    }

    /// The next transaction of the same epoch. Panics on a full counter, which must force an election first
    /// (ZOOKEEPER-1277).
    pub fn next(self) -> Zxid {
        assert!(self.counter() != u32::MAX, "{self}: the counter is full, the leader must have stepped down");
        Zxid(self.0 + 1)
    }
}

impl fmt::Display for Zxid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.epoch().0, self.counter())
    }
}

impl fmt::Debug for Zxid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A client's session, as the service numbered it: the server id in the top byte, as in ZooKeeper. 0 is no session.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(pub i64);

impl SessionId {
    /// No session: what a connect request carries for a new one, and what a refusal answers.
    pub const NONE: SessionId = SessionId(0);
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "session {:#x}", self.0)
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A request's number within its session, given by the client when it queues the request (ZooKeeper's xid; cxid in a
/// transaction's header). Positive for requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Xid(pub i32);

impl Xid {
    /// The xid of every ping (ZooKeeper's wire).
    pub const PING: Xid = Xid(-2);
    /// The xid of every auth (ZooKeeper's wire).
    pub const AUTH: Xid = Xid(-4);
    /// The xid of every setWatches (ZooKeeper's wire).
    pub const SET_WATCHES: Xid = Xid(-8);
}
