//! What the processes of a run with the stream engine note: those of the coordination service as they do alone, and those of the engine and of what it talks to.

use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};
use zookeeper_words::fact::{ClientFact, ReplicaFact};

pub use crate::master::MasterFact;
pub use crate::worker::WorkerFact;
pub use outside_words::fact::OutsideFact;

/// What a process says happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fact {
    /// What the coordination service did, or a client of it: a master's or a worker's too.
    Service(zookeeper_words::fact::Fact),
    /// What the stream engine did, or what it talks to.
    Stream(StreamFact),
}

/// What the service notes is hashed as it is without an engine; 3 marks the engine's own, beside the service's 1 and 2.
impl Hash for Fact {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Fact::Service(fact) => fact.hash(state),
            Fact::Stream(fact) => {
                state.write_isize(3);
                fact.hash(state);
            }
        }
    }
}

/// What a process of the stream engine, or of what it talks to, says happened. The noting machine is the process'.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StreamFact {
    /// What a master did.
    Master(MasterFact),
    /// What a worker, or a task on it, did.
    Worker(WorkerFact),
    /// What the log, the ledger or the blob store did.
    Outside(OutsideFact),
}

impl From<zookeeper_words::fact::Fact> for Fact {
    fn from(fact: zookeeper_words::fact::Fact) -> Fact {
        Fact::Service(fact)
    }
}
impl From<ReplicaFact> for Fact {
    fn from(fact: ReplicaFact) -> Fact {
        Fact::Service(fact.into())
    }
}
impl From<ClientFact> for Fact {
    fn from(fact: ClientFact) -> Fact {
        Fact::Service(fact.into())
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
