//! What is committed is on the disks of a quorum and stays there, over every crash, cut and recovery that the budget allows.

use crate::case::Case;
use crate::case::histories::History;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "zab.committed-durable",
    law: "After every recovery and every change of a log other than at its end, all that is committed is in the durable logs of a quorum; where quorums are no majorities, or change, every quorum has one of them.",
    source: "Zab (DSN 2011), section 3; issue 2, item 5: committed is durable across crashes",
    footing: Footing::Durability,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    for holding in case.ensemble.holdings.iter().filter(|holding| holding.committed != History::EMPTY) {
        finding.judge(holding.enough, || {
            format!(
                "{} at {}: {} was committed, and {} of {} replicas still have it on disk",
                holding.machine,
                case.when(holding.note),
                case.ensemble.histories.name(holding.committed),
                holding.holders,
                case.ensemble.replicas.len()
            )
        });
    }
}
