//! ShouldNotBeTriggered: no replica takes a step that the specifications forbid. Four rules, one for each kind of step; a replica notes the step itself, these only look for the note.

use std::collections::BTreeSet;

use vocab::fact::Illegal;

use crate::case::Case;
use crate::rules::{Finding, Footing, Rule};

pub const STATE: Rule = Rule {
    id: "zab.bad-state",
    law: "No packet reaches a replica whose state does not allow it.",
    source: "Zab.tla, ZkV3_7_0.tla: ShouldNotBeTriggered, stateInconsistent and messageIllegal; Remix I-11",
    footing: Footing::Firm,
    check: |case, finding| check(case, finding, Illegal::State, case.ensemble.adoptions.len() + case.ensemble.servings.len() + case.ensemble.leaderships.len()),
};

pub const ACK: Rule = Rule {
    id: "zab.bad-ack",
    law: "No acknowledgement is of what was never proposed, or out of order.",
    source: "Zab.tla, ZkV3_7_0.tla: ShouldNotBeTriggered, ackInconsistent; Remix I-12",
    footing: Footing::Firm,
    check: |case, finding| check(case, finding, Illegal::Ack, case.ensemble.claims.len()),
};

pub const PROPOSAL: Rule = Rule {
    id: "zab.bad-proposal",
    law: "Every proposal follows the one before it.",
    source: "Zab.tla, ZkV3_7_0.tla: ShouldNotBeTriggered, proposalInconsistent; Remix I-13",
    footing: Footing::Firm,
    check: |case, finding| check(case, finding, Illegal::Proposal, case.ensemble.logged.len()),
};

pub const COMMIT: Rule = Rule {
    id: "zab.bad-commit",
    law: "Every commit is of the first transaction that is not committed.",
    source: "Zab.tla, ZkV3_7_0.tla: ShouldNotBeTriggered, commitInconsistent; Remix I-14",
    footing: Footing::Firm,
    check: |case, finding| check(case, finding, Illegal::Commit, case.ensemble.deliveries.len()),
};

fn check(case: &Case<'_>, finding: &mut Finding, kind: Illegal, steps: usize) {
    finding.held(steps as u64);
    // Where promises were lost two may lead in one epoch, and what one of them proposed looks like what the other did: nobody can tell a wrong step from that.
    let is_doubtful = case.ensemble.lossy && has_twins(case);
    for (note, machine, _, what) in case.ensemble.illegal.iter().filter(|(_, _, noted, _)| *noted == kind) {
        if is_doubtful {
            finding.waive();
            continue;
        }
        finding.judge(false, || format!("{machine} at {}: {what}", case.when(*note)));
    }
}

/// Whether some epoch had more than one leader.
fn has_twins(case: &Case<'_>) -> bool {
    let mut epochs = BTreeSet::new();
    case.ensemble.leaderships.iter().any(|leadership| !epochs.insert(leadership.epoch))
}
