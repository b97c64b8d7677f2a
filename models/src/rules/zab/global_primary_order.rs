//! GlobalPrimaryOrder: epochs are delivered one after another. It compares epochs only; the order within one is `local_primary_order`'s.

use crate::case::Case;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "zab.global-primary-order",
    law: "If a server delivers a of epoch e and b of epoch e', and e < e', it delivers a before b.",
    source: "Zab.tla, ZkV3_7_0.tla: GlobalPrimaryOrder; Remix I-6",
    footing: Footing::Durability,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let histories = &case.ensemble.histories;
    for delivery in &case.ensemble.deliveries {
        let before = histories.last(delivery.before).epoch();
        finding.judge(before <= delivery.zxid.epoch(), || {
            format!("{} at {} delivers {} after {}", delivery.machine, case.when(delivery.note), delivery.zxid, histories.name(delivery.before))
        });
    }
}
