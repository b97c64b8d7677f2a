//! What rules on the engine look at one by one, in the order of the run. Data; never what it adds up to.

use contract::ids::MachineId;
use flink_words::fact::{MasterFact, WorkerFact};
use judging::NoteIndex;
use outside_words::fact::OutsideFact;
use zookeeper_words::fact::ConnectionState;

/// Something that was said, or that befell a process.
#[derive(Clone, Copy, Debug)]
pub enum Said<'r> {
    /// A process ended, or begins another life: whatever ran there runs no more.
    Gone,
    /// The process is frozen, or goes on.
    Frozen(bool),
    /// How the session of a machine's Curator stands.
    Session(ConnectionState),
    /// A master says so.
    Master(&'r MasterFact),
    /// A worker says so.
    Worker(&'r WorkerFact),
    /// The log, the ledger or the blob store says so.
    Outside(&'r OutsideFact),
}

/// One of these, with its place.
#[derive(Clone, Copy, Debug)]
pub struct Statement<'r> {
    /// Its place in the recording.
    pub note: NoteIndex,
    /// World time in ns.
    pub at_ns: u64,
    /// Who said it, or whom it befell.
    pub machine: MachineId,
    /// What was said, or what happened.
    pub said: Said<'r>,
}
