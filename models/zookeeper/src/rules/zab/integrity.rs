//! Integrity: nothing is delivered out of nowhere. The mark tells transactions with equal zxids apart.

use judging::{Finding, Footing, Rule, Side};

use crate::Zookeeper;
use crate::evidence::Evidence;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "zab.integrity",
    law: "Every transaction that a server delivers was broadcast before by some primary.",
    source: "Zab.tla, ZkV3_7_0.tla: Integrity; Remix I-2",
    scope: "zab",
    side: Side::Safety,
    footing: Footing::Durability,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let histories = &evidence.replication.histories;
    for delivery in &evidence.replication.deliveries {
        let proposed = histories.proposal(delivery.history);
        finding.judge(proposed.is_some_and(|(_, note)| note < delivery.note), || {
            format!(
                "{} at {} delivers {} with mark {:x}, which nobody proposed",
                delivery.machine,
                evidence.when(delivery.note),
                delivery.zxid,
                delivery.mark.0
            )
        });
    }
}
