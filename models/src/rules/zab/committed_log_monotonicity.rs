//! CommittedLogMonotonicity: what one server has committed or delivered in service only grows, over its restarts too. Never a comparison of two servers.

use crate::case::Case;
use crate::case::histories::History;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "zab.committed-log-monotonicity",
    law: "What a server committed, or delivered while it served, is a prefix of what it commits or delivers later.",
    source: "Remix MSPEC: monotonicRead (CommittedLogMonotonicity); ZOOKEEPER-3911, 3023",
    footing: Footing::Durability,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let histories = &case.ensemble.histories;
    for commit in &case.ensemble.commits {
        let Some(history) = commit.history else { continue };
        finding.judge(histories.is_prefix(commit.own_before, history), || {
            format!("{} at {} commits {} after {}", commit.machine, case.when(commit.note), histories.name(history), histories.name(commit.own_before))
        });
    }
    let mut delivered = vec![History::EMPTY; case.ensemble.replicas.len()];
    for delivery in case.ensemble.deliveries.iter().filter(|delivery| delivery.serving.is_some()) {
        let before = std::mem::replace(&mut delivered[delivery.machine.index()], delivery.history);
        finding.judge(before != delivery.history && histories.is_prefix(before, delivery.history), || {
            format!(
                "{} at {} delivers {} after it had delivered {}",
                delivery.machine,
                case.when(delivery.note),
                histories.name(delivery.history),
                histories.name(before)
            )
        });
    }
}
