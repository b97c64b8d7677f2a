//! ShouldNotBeTriggered: no replica takes a step that the specifications forbid. Four rules, one for each kind of step; a replica notes the step itself, these only look for the note.

use std::collections::BTreeSet;

use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::fact::Illegal;

use crate::Zookeeper;
use crate::evidence::Evidence;

pub const STATE: Rule<Zookeeper> = Rule {
    id: "zab.bad-state",
    law: "No packet reaches a replica whose state does not allow it.",
    source: "Zab.tla, ZkV3_7_0.tla: ShouldNotBeTriggered, stateInconsistent and messageIllegal; Remix I-11",
    scope: "zab",
    side: Side::Safety,
    footing: Footing::Firm,
    check: |evidence, finding| {
        check(
            evidence,
            finding,
            Illegal::State,
            evidence.replication.adoptions.len() + evidence.replication.servings.len() + evidence.replication.leaderships.len(),
        )
    },
};

pub const ACK: Rule<Zookeeper> = Rule {
    id: "zab.bad-ack",
    law: "No acknowledgement is of what was never proposed, or out of order.",
    source: "Zab.tla, ZkV3_7_0.tla: ShouldNotBeTriggered, ackInconsistent; Remix I-12",
    scope: "zab",
    side: Side::Safety,
    footing: Footing::Firm,
    check: |evidence, finding| check(evidence, finding, Illegal::Ack, evidence.replication.claims.len()),
};

pub const PROPOSAL: Rule<Zookeeper> = Rule {
    id: "zab.bad-proposal",
    law: "Every proposal follows the one before it.",
    source: "Zab.tla, ZkV3_7_0.tla: ShouldNotBeTriggered, proposalInconsistent; Remix I-13",
    scope: "zab",
    side: Side::Safety,
    footing: Footing::Firm,
    check: |evidence, finding| check(evidence, finding, Illegal::Proposal, evidence.replication.logged.len()),
};

pub const COMMIT: Rule<Zookeeper> = Rule {
    id: "zab.bad-commit",
    law: "Every commit is of the first transaction that is not committed.",
    source: "Zab.tla, ZkV3_7_0.tla: ShouldNotBeTriggered, commitInconsistent; Remix I-14",
    scope: "zab",
    side: Side::Safety,
    footing: Footing::Firm,
    check: |evidence, finding| check(evidence, finding, Illegal::Commit, evidence.replication.deliveries.len()),
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding, kind: Illegal, steps: usize) {
    finding.held(steps as u64);
    // Where promises were lost two may lead in one epoch, and what one of them proposed looks like what the other did: nobody can tell a wrong step from that.
    let is_doubtful = evidence.replication.lossy && has_twins(evidence);
    for (note, machine, _, what) in evidence.replication.illegal.iter().filter(|(_, _, noted, _)| *noted == kind) {
        if is_doubtful {
            finding.waive();
            continue;
        }
        finding.judge(false, || format!("{machine} at {}: {what}", evidence.when(*note)));
    }
}

/// Whether some epoch had more than one leader.
fn has_twins(evidence: &Evidence<'_>) -> bool {
    let mut epochs = BTreeSet::new();
    evidence.replication.leaderships.iter().any(|leadership| !epochs.insert(leadership.epoch))
}
