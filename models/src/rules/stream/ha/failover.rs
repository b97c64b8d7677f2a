//! Somebody leads after the heal.

use crate::case::Case;
use crate::rules::stream::{is_finished, is_over};
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "ha.failover",
    law: "At the end of the healing phase a master leads, or had led until all was done.",
    source: "catalogue, HA-FAILOVER",
    footing: Footing::Durability,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let Some(stream) = &case.stream else { return };
    if !is_over(case) {
        finding.waive();
        return;
    }
    let leads = stream.grants.iter().any(|grant| grant.over.is_none());
    let is_done = is_finished(case) && !stream.grants.is_empty();
    finding.judge(leads || is_done, || {
        let all: Vec<String> = stream.grants.iter().map(|grant| format!("{} by {}", grant.leader, grant.machine)).collect();
        format!("no master leads; there were {}", all.join(", "))
    });
}
