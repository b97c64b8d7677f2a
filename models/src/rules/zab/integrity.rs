//! Integrity: nothing is delivered out of nowhere. The mark tells transactions with equal zxids apart.

use crate::case::Case;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "zab.integrity",
    law: "Every transaction that a server delivers was broadcast before by some primary.",
    source: "Zab.tla, ZkV3_7_0.tla: Integrity; Remix I-2",
    footing: Footing::Durability,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let histories = &case.ensemble.histories;
    for delivery in &case.ensemble.deliveries {
        let proposed = histories.proposal(delivery.history);
        finding.judge(proposed.is_some_and(|(_, note)| note < delivery.note), || {
            format!("{} at {} delivers {} with mark {:x}, which nobody proposed", delivery.machine, case.when(delivery.note), delivery.zxid, delivery.mark.0)
        });
    }
}
