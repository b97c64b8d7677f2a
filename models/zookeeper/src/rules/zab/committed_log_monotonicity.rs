//! CommittedLogMonotonicity: what one server has committed or delivered only grows; after a restart it delivers the same again, and more. Never a comparison of two servers.

use judging::{Finding, Footing, Rule, Side};

use crate::Zookeeper;
use crate::evidence::Evidence;
use crate::evidence::replication::histories::History;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "zab.committed-log-monotonicity",
    law: "What a server commits begins with all that it had committed; what it delivers grows by each delivery, and in all its lives is of one history.",
    source: "Remix MSPEC: monotonicRead (CommittedLogMonotonicity); ZOOKEEPER-3911, 3023",
    scope: "zab",
    side: Side::Safety,
    footing: Footing::Durability,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let histories = &evidence.replication.histories;
    for commit in &evidence.replication.commits {
        let Some(history) = commit.history else { continue };
        finding.judge(histories.is_prefix(commit.own_before, history), || {
            format!("{} at {} commits {} after {}", commit.machine, evidence.when(commit.note), histories.name(history), histories.name(commit.own_before))
        });
    }
    let mut longest = vec![History::EMPTY; evidence.replication.replicas.len()];
    for delivery in &evidence.replication.deliveries {
        let most = &mut longest[delivery.machine.index()];
        let grows = histories.is_prefix(delivery.before, delivery.history) && delivery.before != delivery.history;
        finding.judge(grows && histories.are_comparable(*most, delivery.history), || {
            format!(
                "{} at {} delivers {} after {}; it had delivered {} in its lives",
                delivery.machine,
                evidence.when(delivery.note),
                histories.name(delivery.history),
                histories.name(delivery.before),
                histories.name(*most)
            )
        });
        if histories.length(delivery.history) > histories.length(*most) {
            *most = delivery.history;
        }
    }
}
