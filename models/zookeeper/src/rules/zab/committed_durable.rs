//! What is committed is on the disks of a quorum and stays there, over every crash, cut and recovery that the budget allows.

use judging::{Finding, Footing, Rule, Side};

use crate::Zookeeper;
use crate::evidence::Evidence;
use crate::evidence::replication::histories::History;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "zab.committed-durable",
    law: "After every recovery and every change of a log other than at its end, all that is committed is in the durable logs of a quorum; where quorums are no majorities, or change, every quorum has one of them.",
    source: "Zab (DSN 2011), section 3; issue 2, item 5: committed is durable across crashes",
    scope: "zab",
    side: Side::Safety,
    footing: Footing::Durability,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    for holding in evidence.replication.holdings.iter().filter(|holding| holding.committed != History::EMPTY) {
        finding.judge(holding.enough, || {
            format!(
                "{} at {}: {} was committed, and {} of {} replicas still have it on disk",
                holding.machine,
                evidence.when(holding.note),
                evidence.replication.histories.name(holding.committed),
                holding.holders,
                evidence.replication.replicas.len()
            )
        });
    }
}
