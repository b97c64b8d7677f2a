//! A recording: all that is left of a run, for the judge and for whoever reads it later. Data with a format version;
//! never the running of it.

use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};

use crate::happening::Happening;
use crate::ids::MachineId;
use crate::plan::Plan;

/// The format of recordings that this build reads and writes.
pub const RECORDING_FORMAT: u32 = 2;

/// What was noted, with its place in the run.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Note<F> {
    /// World time in ns.
    pub at_ns: u64,
    /// Who said it, or whom it befell.
    pub machine: MachineId,
    /// What happened, or what was said.
    pub what: Noted<F>,
}

/// What a note says. The world notes what it did; a process notes what it says of itself, and cannot speak for the
/// world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Noted<F> {
    /// The world did it.
    World(Happening),
    /// The machine's process says so.
    Said(F),
}

/// A fact is hashed as it is, whoever contains its system: so a system that is run within another one has the hash that
/// it has alone. A happening is marked as one.
impl<F: Hash> Hash for Noted<F> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Noted::World(happening) => {
                state.write_isize(0);
                happening.hash(state);
            }
            Noted::Said(fact) => fact.hash(state),
        }
    }
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
    /// The world itself panicked, between the steps of processes: our bug, and nobody's of theirs.
    Failed {
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

/// Plan, history and facts in the order of the run, ending, and the running hash. `X` are the settings of its system,
/// `F` the facts of its processes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recording<X, F> {
    /// [`RECORDING_FORMAT`].
    pub format: u32,
    /// What was to happen.
    pub plan: Plan<X>,
    /// What happened, and what was said to have happened, in one order, so that a rule can compare them in time.
    pub notes: Vec<Note<F>>,
    /// How it ended.
    pub ending: Ending,
    /// Events that reached a process.
    pub events: u64,
    /// Virtual time at the end, in ns.
    pub end_ns: u64,
    /// The 128-bit running hash over every event, as 32 hex digits.
    pub hash: String,
}
