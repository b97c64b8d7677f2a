//! A recording: all that is left of a run, for the judge and for whoever reads it later. Data with a format version; never the running of it.

use serde::{Deserialize, Serialize};

use crate::fact::{ClientFact, Fact, ReplicaFact};
use crate::ids::MachineId;
use crate::plan::Plan;

/// The format of recordings that this build reads and writes.
pub const RECORDING_FORMAT: u32 = 1;

/// A fact with its place in the run.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Note<F> {
    /// World time in ns.
    pub at_ns: u64,
    /// Who noted it, or whom it befell.
    pub machine: MachineId,
    /// What.
    pub fact: F,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// All that the plan wants was done.
    Finished,
    /// The bound after the heal passed first.
    Deadline {
        /// What waits for what, a line each.
        waiting: Vec<String>,
    },
    /// A process panicked.
    Crashed {
        /// On which machine.
        machine: MachineId,
        /// File, line and column.
        place: String,
        /// What the panic said.
        message: String,
    },
    /// A process' own invariant did not hold after a step.
    Inconsistent {
        /// On which machine.
        machine: MachineId,
        /// What should have been true.
        what: String,
    },
    /// More events than any run of this kind needs: something spins.
    Runaway {
        /// How many.
        events: u64,
    },
}

/// Plan, history and facts in the order of the run, ending, and the running hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recording {
    /// [`RECORDING_FORMAT`].
    pub format: u32,
    /// What was to happen.
    pub plan: Plan,
    /// What was said to have happened: facts and history in one order, so that a rule can compare them in time.
    pub notes: Vec<Note<Fact>>,
    /// How it ended.
    pub ending: Ending,
    /// Events that reached a process.
    pub events: u64,
    /// Virtual time at the end, in ns.
    pub end_ns: u64,
    /// The 128-bit running hash over every event, as 32 hex digits.
    pub hash: String,
}

impl Recording {
    /// What the clients saw, in order.
    pub fn history(&self) -> impl Iterator<Item = (u64, MachineId, &ClientFact)> {
        self.notes.iter().filter_map(|note| match &note.fact {
            Fact::Client(fact) => Some((note.at_ns, note.machine, fact)),
            Fact::World(_) | Fact::Replica(_) | Fact::Stream(_) => None,
        })
    }

    /// What the replicas said, in order.
    pub fn replica_facts(&self) -> impl Iterator<Item = (u64, MachineId, &ReplicaFact)> {
        self.notes.iter().filter_map(|note| match &note.fact {
            Fact::Replica(fact) => Some((note.at_ns, note.machine, fact)),
            Fact::World(_) | Fact::Client(_) | Fact::Stream(_) => None,
        })
    }
}
