//! The rules that every system has: they judge how a run ended, and need no evidence but that. The world and the driver
//! look; these only report.

use contract::recording::Ending;

use crate::rule::{Finding, Footing, RuleAbout, Side};

/// How a run came out, as far as the rules of every system need to know.
#[derive(Clone, Copy, Debug)]
pub struct Outcome<'r> {
    /// How it ended.
    pub ending: &'r Ending,
    /// Events that reached a process.
    pub events: u64,
    /// How long after the heal everything had to be done, in ms.
    pub bound_ms: u64,
}

/// A process' own invariant holds after every step.
pub(crate) const INVARIANT: RuleAbout = RuleAbout {
    id: "process.invariant",
    law: "A process' own invariant holds after every step.",
    source: "ARCHITECTURE.md, The judge; each process' check",
    scope: "process",
    side: Side::Safety,
    footing: Footing::Firm,
};

/// A run comes to an end by itself.
pub(crate) const RUNAWAY: RuleAbout = RuleAbout {
    id: "live.runaway",
    law: "No run needs more events than its world allows.",
    source: "ARCHITECTURE.md, Two phases of a run",
    scope: "live",
    side: Side::Liveness,
    footing: Footing::Firm,
};

/// All is done within the bound.
pub(crate) const FINISH: RuleAbout = RuleAbout {
    id: "live.finish",
    law: "After the heal, all that the plan wants is done within its bound.",
    source: "ARCHITECTURE.md, Two phases of a run",
    scope: "live",
    side: Side::Liveness,
    footing: Footing::Durability,
};

pub(crate) fn invariant(outcome: &Outcome<'_>) -> Finding {
    let mut finding = Finding::default();
    match outcome.ending {
        Ending::Inconsistent { machine, what } => finding.judge(false, || format!("{machine}: {what}")),
        Ending::Finished | Ending::Deadline { .. } | Ending::Crashed { .. } | Ending::Failed { .. } | Ending::Runaway { .. } => {
            finding.held(outcome.events.max(1));
        }
    }
    finding
}

pub(crate) fn runaway(outcome: &Outcome<'_>) -> Finding {
    let mut finding = Finding::default();
    match outcome.ending {
        Ending::Runaway { events } => finding.judge(false, || format!("{events} events and no end: something spins")),
        Ending::Finished | Ending::Deadline { .. } | Ending::Crashed { .. } | Ending::Failed { .. } | Ending::Inconsistent { .. } => finding.held(1),
    }
    finding
}

pub(crate) fn finish(outcome: &Outcome<'_>) -> Finding {
    let mut finding = Finding::default();
    match outcome.ending {
        Ending::Finished => finding.held(1),
        Ending::Deadline { waiting } => {
            finding.judge(false, || format!("after {} ms of healing, {} things are not done", outcome.bound_ms, waiting.len()));
        }
        Ending::Crashed { .. } | Ending::Failed { .. } | Ending::Inconsistent { .. } | Ending::Runaway { .. } => finding.waive(),
    }
    finding
}
