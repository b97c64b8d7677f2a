//! Liveness: what must come about after the heal. A breach is not a wrong answer but none, so the verdict is *stuck*, with what waits for what. Never judged for a run that crashed.

pub mod leader;
pub mod clients;
pub mod replicas_equal;
pub mod session_ends;

use contract::ids::MachineId;
use contract::recording::Ending;

use crate::evidence::Evidence;

/// Whether the run got as far as its healing phase's end, well or badly.
fn is_over(evidence: &Evidence<'_>) -> bool {
    match evidence.view.ending {
        Ending::Finished | Ending::Deadline { .. } => true,
        Ending::Crashed { .. } | Ending::Failed { .. } | Ending::Inconsistent { .. } | Ending::Runaway { .. } => false,
    }
}

/// The machines from `from` up to `until` that take part in the healing phase.
fn present(evidence: &Evidence<'_>, from: u16, until: u16) -> impl Iterator<Item = MachineId> {
    // Those that the plan would leave out take part where they are needed.
    let left_out = &evidence.replication.left_out;
    (from..until).map(MachineId).filter(|machine| !left_out.contains(machine))
}
