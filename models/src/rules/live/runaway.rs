//! A run comes to an end by itself. The world counts; this only reports.

use vocab::recording::Ending;

use crate::case::Case;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "live.runaway",
    law: "No run needs more events than its world allows.",
    source: "DESIGN.md, section 3: two phases",
    footing: Footing::Firm,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    match case.recording.ending {
        Ending::Runaway { events } => finding.judge(false, || format!("{events} events and no end: something spins")),
        Ending::Finished | Ending::Deadline { .. } | Ending::Crashed { .. } | Ending::Inconsistent { .. } => finding.held(1),
    }
}
