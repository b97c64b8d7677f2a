//! leaderLogCompleteness: who becomes the primary has all that anybody had committed. It looks when the leader is established.

use crate::case::Case;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "zab.leader-log-completeness",
    law: "A leader's initial history contains all that any server had committed before the leader was established.",
    source: "Remix MSPEC: leaderLogCompleteness; ZOOKEEPER-3911, 4643",
    footing: Footing::Durability,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let histories = &case.ensemble.histories;
    for commit in case.ensemble.commits.iter().filter(|commit| commit.establishes) {
        let Some(initial) = commit.history else { continue };
        finding.judge(histories.is_prefix(commit.committed_before, initial), || {
            format!(
                "{} is established at {} with the initial history {}, but {} had been committed",
                commit.machine,
                case.when(commit.note),
                histories.name(initial),
                histories.name(commit.committed_before)
            )
        });
    }
}
