//! Somebody leads after the heal.

use judging::{Finding, Footing, Side};

use crate::evidence::Evidence;
use crate::law::Rule;

pub const RULE: Rule = Rule {
    id: "ha.failover",
    law: "At the end of the healing phase a master leads, or had led until all was done.",
    source: "Flink documentation, High Availability",
    scope: "ha",
    side: Side::Liveness,
    footing: Footing::Durability,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    if !evidence.is_over() {
        finding.waive();
        return;
    }
    let leads = stream.grants.iter().any(|grant| grant.over.is_none());
    let is_done = evidence.is_finished() && !stream.grants.is_empty();
    finding.judge(leads || is_done, || {
        let all: Vec<String> = stream.grants.iter().map(|grant| format!("{} by {}", grant.leader, grant.machine)).collect();
        format!("no master leads; there were {}", all.join(", "))
    });
}
