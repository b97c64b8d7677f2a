//! The words of the stream engine, in reading order: who and which, what flows, which jobs there are, what masters, workers and the outside say happened. Data; never an operator, a coordinator or a rule.

pub mod ids;
pub mod data;
pub mod job;
pub mod state;
pub mod master;
pub mod worker;
pub mod outside;

use serde::{Deserialize, Serialize};

pub use master::MasterFact;
pub use outside::OutsideFact;
pub use worker::WorkerFact;

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
