//! Facts: typed things that the processes of the coordination service say happened, and the history that its clients saw. The judge sees nothing else.

mod client;
mod local;
mod replica;

use serde::{Deserialize, Serialize};

pub use crate::curator::{Belief, Conclusion, ConnectionState, Mirror, RequestId, Retry};
use crate::files::FilesFact;
use crate::happening::Happening;
pub use crate::recipe::RecipeFact;
use crate::stream::{MasterFact, OutsideFact, StreamFact, WorkerFact};
pub use client::ClientFact;
pub use local::LocalFact;
pub use replica::ReplicaFact;

/// A transaction's identity beyond its zxid: a checksum of its logged content. Two transactions with equal zxid and different marks are different transactions.
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

/// What a process says happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fact {
    /// What the world did.
    World(Happening),
    /// What a replica did.
    Replica(ReplicaFact),
    /// What a client saw.
    Client(ClientFact),
    /// What the stream engine did, or what it talks to.
    Stream(StreamFact),
}

impl From<Happening> for Fact {
    fn from(happening: Happening) -> Fact {
        Fact::World(happening)
    }
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
impl From<StreamFact> for Fact {
    fn from(fact: StreamFact) -> Fact {
        Fact::Stream(fact)
    }
}
impl From<MasterFact> for Fact {
    fn from(fact: MasterFact) -> Fact {
        Fact::Stream(StreamFact::Master(fact))
    }
}
impl From<WorkerFact> for Fact {
    fn from(fact: WorkerFact) -> Fact {
        Fact::Stream(StreamFact::Worker(fact))
    }
}
impl From<OutsideFact> for Fact {
    fn from(fact: OutsideFact) -> Fact {
        Fact::Stream(StreamFact::Outside(fact))
    }
}
impl From<ClientFact> for Fact {
    fn from(fact: ClientFact) -> Fact {
        Fact::Client(fact)
    }
}
