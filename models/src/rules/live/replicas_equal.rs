//! Replicas come to be equal. What they were before the heal, and those that are left out of it, are not looked at.

use vocab::ids::MachineId;

use super::{is_over, present};
use crate::case::Case;
use crate::case::replica::Replica;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "live.replicas-equal",
    law: "At the end of the healing phase all replicas that take part serve, and have delivered the same.",
    source: "issue 2, item 5: replicas equal; Zab (DSN 2011), section 3",
    footing: Footing::Durability,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    if !is_over(case) {
        finding.waive();
        return;
    }
    let ensemble = &case.ensemble;
    let mut first: Option<(MachineId, &Replica)> = None;
    for machine in present(case, 0, case.recording.plan.replicas()) {
        let replica = &ensemble.replicas[machine.index()];
        finding.judge(replica.up && replica.serving.is_some(), || format!("{machine} does not serve"));
        let Some((other, equal)) = first else {
            first = Some((machine, replica));
            continue;
        };
        finding.judge(replica.delivered == equal.delivered, || {
            let name = |replica: &Replica| ensemble.histories.name(replica.delivered);
            format!("{machine} has delivered {}, and {other} {}", name(replica), name(equal))
        });
        if let (Some((at, digest)), Some((same, other_digest))) = (replica.shown, equal.shown)
            && at == same
        {
            finding.judge(digest == other_digest, || format!("{machine} and {other} differ in their state at {}", ensemble.histories.name(at)));
        }
    }
}
