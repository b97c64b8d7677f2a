//! Liveness: what must come about after the heal. A breach is not a wrong answer but none, so the verdict is *stuck*, with what waits for what. Never judged for a run that crashed.

pub mod runaway;
pub mod leader;
pub mod clients;
pub mod replicas_equal;
pub mod session_ends;
pub mod finish;

use vocab::ids::MachineId;
use vocab::recording::Ending;

use crate::case::Case;

/// Whether the run got as far as its healing phase's end, well or badly.
fn is_over(case: &Case<'_>) -> bool {
    match case.recording.ending {
        Ending::Finished | Ending::Deadline { .. } => true,
        Ending::Crashed { .. } | Ending::Inconsistent { .. } | Ending::Runaway { .. } => false,
    }
}

/// The machines from `from` up to `until` that take part in the healing phase.
fn present(case: &Case<'_>, from: u16, until: u16) -> impl Iterator<Item = MachineId> {
    // Those that the plan would leave out take part where they are needed.
    let left_out = &case.ensemble.left_out;
    (from..until).map(MachineId).filter(|machine| !left_out.contains(machine))
}
