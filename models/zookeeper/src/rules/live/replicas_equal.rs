//! Replicas come to be equal. What they were before the heal, and those that are left out of it, are not looked at.

use contract::ids::MachineId;
use judging::{Finding, Footing, Rule, Side};

use super::{is_over, present};
use crate::Zookeeper;
use crate::evidence::Evidence;
use crate::evidence::replication::replica::Replica;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "live.replicas-equal",
    law: "At the end of the healing phase all replicas that take part serve, and have delivered the same.",
    source: "issue 2, item 5: replicas equal; Zab (DSN 2011), section 3",
    scope: "live",
    side: Side::Liveness,
    footing: Footing::Durability,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    if !is_over(evidence) {
        finding.waive();
        return;
    }
    let replication = &evidence.replication;
    let mut first: Option<(MachineId, &Replica)> = None;
    for machine in present(evidence, 0, evidence.view.plan.settings.replicas()) {
        let replica = &replication.replicas[machine.index()];
        finding.judge(replica.up && replica.serving.is_some(), || format!("{machine} does not serve"));
        let Some((other, equal)) = first else {
            first = Some((machine, replica));
            continue;
        };
        finding.judge(replica.delivered == equal.delivered, || {
            let name = |replica: &Replica| replication.histories.name(replica.delivered);
            format!("{machine} has delivered {}, and {other} {}", name(replica), name(equal))
        });
        if let (Some((at, digest)), Some((same, other_digest))) = (replica.shown, equal.shown)
            && at == same
        {
            finding.judge(digest == other_digest, || format!("{machine} and {other} differ in their state at {}", replication.histories.name(at)));
        }
    }
}
