//! Happenings: what the world itself did, for the judge, the probes and people. The world writes them; never a process.

use serde::{Deserialize, Serialize};

use crate::ids::MachineId;

/// Something that the world did to its machines. Noted with the machine it befell; for what befalls links, with the
/// first one named.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Happening {
    /// The plan's fault number `fault` struck (again, for a fault that was deferred).
    Struck {
        /// Its place in the plan's list.
        fault: u32,
        /// Its plain name (`partition`, `crash`, …).
        kind: String,
    },
    /// The fault budget did not permit the fault, even after waiting; it was left out.
    Spared {
        /// Its place in the plan's list.
        fault: u32,
        /// Its plain name.
        kind: String,
    },
    /// A fault that lasts is over.
    Ended {
        /// Its place in the plan's list.
        fault: u32,
    },
    /// The process started on what its disk holds.
    Booted {
        /// How many lives it had before.
        life: u32,
    },
    /// The machine went down.
    Crashed {
        /// Power was lost too: what was not synced is lost in part or whole.
        power: bool,
        /// The disk is gone.
        disk_lost: bool,
        /// Bytes that were written but not durable, and are lost.
        lost_bytes: u64,
        /// Bytes that a sync had promised and that are lost all the same (a lying sync).
        lied_bytes: u64,
    },
    /// The process left by itself.
    Exited {
        /// What it said.
        why: String,
        /// It called its disk damaged.
        damaged: bool,
    },
    /// An operator wiped the disk of a machine that had called it damaged.
    Wiped,
    /// The process is frozen.
    Paused,
    /// The process goes on; its inbox held so many events.
    Resumed {
        /// Events that waited.
        inbox: u32,
    },
    /// The wall clock was stepped.
    ClockStepped {
        /// By how much, in ms.
        by_ms: i64,
    },
    /// Bytes of a file changed under it.
    Rotted {
        /// The file.
        file: String,
    },
    /// The storm is over: every fault is lifted, except on the machines that the plan leaves out.
    Healed,
    /// The machine takes no part in the healing phase.
    LeftOut {
        /// The machine.
        machine: MachineId,
    },
}
