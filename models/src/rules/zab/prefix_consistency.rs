//! PrefixConsistency: there is one committed sequence. It compares what leaders commit; what replicas deliver is compared by the rules on order.

use crate::case::Case;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "zab.prefix-consistency",
    law: "Of what any two servers have committed, one is a prefix of the other.",
    source: "Zab.tla, ZkV3_7_0.tla: PrefixConsistency; ZOOKEEPER-335, 962",
    footing: Footing::Durability,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let histories = &case.ensemble.histories;
    for commit in &case.ensemble.commits {
        let Some(history) = commit.history else { continue };
        finding.judge(histories.are_comparable(commit.committed_before, history), || {
            format!(
                "{} at {} commits {}, but {} was committed; they part after {}",
                commit.machine,
                case.when(commit.note),
                histories.name(history),
                histories.name(commit.committed_before),
                histories.name(histories.fork(history, commit.committed_before))
            )
        });
    }
}
