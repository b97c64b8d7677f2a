//! All is done within the bound. Whoever drives a run knows what it waits for, and says so.

use vocab::recording::Ending;

use crate::case::Case;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "live.finish",
    law: "After the heal, all that the plan wants is done within its bound.",
    source: "DESIGN.md, section 3: two phases",
    footing: Footing::Durability,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    match &case.recording.ending {
        Ending::Finished => finding.held(1),
        Ending::Deadline { waiting } => {
            finding.judge(false, || format!("after {} ms of healing, {} things are not done", case.recording.plan.heal.bound_ms, waiting.len()))
        }
        Ending::Crashed { .. } | Ending::Inconsistent { .. } | Ending::Runaway { .. } => finding.waive(),
    }
}
