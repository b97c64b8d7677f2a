//! The judge with all rules of a system, without probes and accounts: what is timed as judging. Never a run.

use contract::verdict::Verdict;
use harness::System;
use harness::judging::{Outcome, Rules, judge};
use harness::system::Recording;

/// Judges a recording by these rules.
pub fn verdict<S: System>(rules: &Rules<S::Law>, recording: &Recording<S>) -> Verdict {
    let outcome = Outcome { ending: &recording.ending, events: recording.events, bound_ms: recording.plan.heal.bound_ms };
    judge(rules, &S::evidence(recording), outcome).verdict
}
