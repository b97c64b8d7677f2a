//! PrefixConsistency: there is one committed sequence. It compares what leaders commit; what replicas deliver is compared by the rules on order.

use judging::{Finding, Footing, Rule, Side};

use crate::Zookeeper;
use crate::evidence::Evidence;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "zab.prefix-consistency",
    law: "Of what any two servers have committed, one is a prefix of the other.",
    source: "Zab.tla, ZkV3_7_0.tla: PrefixConsistency; ZOOKEEPER-335, 962",
    scope: "zab",
    side: Side::Safety,
    footing: Footing::Durability,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let histories = &evidence.replication.histories;
    for commit in &evidence.replication.commits {
        let Some(history) = commit.history else { continue };
        finding.judge(histories.are_comparable(commit.committed_before, history), || {
            format!(
                "{} at {} commits {}, but {} was committed; they part after {}",
                commit.machine,
                evidence.when(commit.note),
                histories.name(history),
                histories.name(commit.committed_before),
                histories.name(histories.fork(history, commit.committed_before))
            )
        });
    }
}
