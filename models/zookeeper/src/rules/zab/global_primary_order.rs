//! GlobalPrimaryOrder: epochs are delivered one after another. It compares epochs only; the order within one is `local_primary_order`'s.

use judging::{Finding, Footing, Rule, Side};

use crate::Zookeeper;
use crate::evidence::Evidence;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "zab.global-primary-order",
    law: "If a server delivers a of epoch e and b of epoch e', and e < e', it delivers a before b.",
    source: "Zab.tla, ZkV3_7_0.tla: GlobalPrimaryOrder; Remix I-6",
    scope: "zab",
    side: Side::Safety,
    footing: Footing::Durability,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let histories = &evidence.replication.histories;
    for delivery in &evidence.replication.deliveries {
        let before = histories.last(delivery.before).epoch();
        finding.judge(before <= delivery.zxid.epoch(), || {
            format!("{} at {} delivers {} after {}", delivery.machine, evidence.when(delivery.note), delivery.zxid, histories.name(delivery.before))
        });
    }
}
