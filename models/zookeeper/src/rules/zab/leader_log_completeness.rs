//! leaderLogCompleteness: who becomes the primary of an epoch has all that primaries of earlier epochs had committed. It looks when the leader is established.
//!
//! A leader that was frozen can learn of its quorum after a later epoch has committed more. It is established then, for the record, and commits nothing ever after: what later
//! epochs committed is no part of its law.

use std::collections::BTreeMap;

use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::ids::Epoch;

use crate::Zookeeper;
use crate::evidence::Evidence;
use crate::evidence::replication::histories::History;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "zab.leader-log-completeness",
    law: "A leader's initial history contains all that primaries of earlier epochs had committed before the leader was established.",
    source: "Remix MSPEC: leaderLogCompleteness; ZOOKEEPER-3911, 4643",
    scope: "zab",
    side: Side::Safety,
    footing: Footing::Durability,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let histories = &evidence.replication.histories;
    // The longest history that a primary of each epoch has committed so far.
    let mut committed: BTreeMap<Epoch, History> = BTreeMap::new();
    for commit in &evidence.replication.commits {
        let (Some(leadership), Some(history)) = (commit.leadership, commit.history) else { continue };
        let epoch = evidence.replication.leaderships[leadership].epoch;
        if commit.establishes {
            let missing = committed.range(..epoch).find(|(_, committed)| !histories.is_prefix(**committed, history));
            finding.judge(missing.is_none(), || {
                let (earlier, committed) = missing.expect("judged not to be none");
                format!(
                    "{} is established in {epoch} at {} with the initial history {}, but {} had been committed in {earlier}",
                    commit.machine,
                    evidence.when(commit.note),
                    histories.name(history),
                    histories.name(*committed)
                )
            });
        }
        let longest = committed.entry(epoch).or_insert(history);
        if histories.length(history) > histories.length(*longest) {
            *longest = history;
        }
    }
}
