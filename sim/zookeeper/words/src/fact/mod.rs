//! Facts: typed things that the processes of the coordination service say happened, and the history that its clients
//! saw. The judge sees nothing else.

mod client;
mod local;
mod replica;

use serde::{Deserialize, Serialize};

pub use crate::curator::{Belief, Conclusion, ConnectionState, Mirror, RequestId, Retry};
use crate::files::FilesFact;
pub use crate::recipe::RecipeFact;
pub use client::ClientFact;
pub use local::LocalFact;
pub use replica::ReplicaFact;

/// A transaction's identity beyond its zxid: a checksum of its logged content. Two transactions with equal zxid and
/// different marks are different transactions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mark(pub u64);

/// A checksum of the whole znode tree and session table; `digest.rs` of this crate says of what exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StateDigest(pub u64);

/// How a leader brings a learner up to its own history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SyncMode {
    /// The missing transactions.
    Diff,
    /// Cut the log back first.
    Trunc,
    /// The whole state.
    Snap,
}

/// The four kinds of steps that ZooKeeper's TLA+ specifications forbid (ShouldNotBeTriggered; I-11 to I-14 of Remix).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Illegal {
    /// A packet that the receiver's state does not allow.
    State,
    /// An acknowledgement of what was never proposed, or out of order.
    Ack,
    /// A proposal that does not follow the one before.
    Proposal,
    /// A commit of what is not the first uncommitted transaction.
    Commit,
}

/// What a process of the service says happened. The numbers go into a run's hash and never change; 0 marks what the
/// world did.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(isize)]
pub enum Fact {
    /// What a replica did.
    Replica(ReplicaFact) = 1,
    /// What a client saw.
    Client(ClientFact) = 2,
}

impl From<ReplicaFact> for Fact {
    fn from(fact: ReplicaFact) -> Fact {
        Fact::Replica(fact)
    }
}
impl From<FilesFact> for Fact {
    fn from(fact: FilesFact) -> Fact {
        Fact::Replica(ReplicaFact::Files(fact))
    }
}
impl From<LocalFact> for Fact {
    fn from(fact: LocalFact) -> Fact {
        Fact::Replica(ReplicaFact::Local(fact))
    }
}
impl From<ClientFact> for Fact {
    fn from(fact: ClientFact) -> Fact {
        Fact::Client(fact)
    }
}
