//! What a process says of itself: the invariant that it states for its own state holds after every step. The world looks; this only reports.

use vocab::recording::Ending;

use super::{Finding, Footing, Rule};
use crate::case::Case;

pub const INVARIANT: Rule = Rule {
    id: "process.invariant",
    law: "A process' own invariant holds after every step.",
    source: "DESIGN.md, section 6; each process' invariant.rs",
    footing: Footing::Firm,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    match &case.recording.ending {
        Ending::Inconsistent { machine, what } => finding.judge(false, || format!("{machine}: {what}")),
        Ending::Finished | Ending::Deadline { .. } | Ending::Crashed { .. } | Ending::Runaway { .. } => finding.held(case.recording.events.max(1)),
    }
}
