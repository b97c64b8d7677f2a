//! Every grant has a token of its own, and nobody speaks under another's.

use std::collections::BTreeSet;

use flink_words::fact::{MasterFact, WorkerFact};
use judging::{Finding, Footing, Side};
use outside_words::ids::LeaderId;

use crate::evidence::Evidence;
use crate::evidence::statement::Said;
use crate::law::Rule;

pub const RULE: Rule = Rule {
    id: "ha.epoch-unique",
    law: "No token is granted twice; a worker registers with one that was granted before, and heeds no call under another; a master restores, triggers and completes under its own grant, after it.",
    source: "Flink: FencedRpcEndpoint",
    scope: "ha",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let mut granted: BTreeSet<LeaderId> = BTreeSet::new();
    for statement in &stream.statements {
        let (leader, is_own) = match statement.said {
            Said::Master(MasterFact::Granted { leader, .. }) => {
                finding.judge(granted.insert(*leader), || format!("{leader} is granted again at {}", evidence.when(statement.note)));
                continue;
            }
            Said::Master(MasterFact::Restoring { leader, .. } | MasterFact::Triggered { leader, .. } | MasterFact::Completed { leader, .. }) => {
                (leader, stream.grant(*leader).is_some_and(|grant| grant.machine == statement.machine))
            }
            Said::Worker(WorkerFact::Registered { leader, .. }) => (leader, true),
            Said::Master(_) | Said::Worker(_) | Said::Outside(_) | Said::Gone | Said::Frozen(_) | Said::Session(_) => continue,
        };
        finding.judge(is_own && granted.contains(leader), || {
            format!(
                "{} acts under {leader} at {}; granted before: {}, its own: {is_own}",
                statement.machine,
                evidence.when(statement.note),
                granted.contains(leader)
            )
        });
    }
}
