//! The counter is ahead of every number that is used.

use std::collections::BTreeMap;

use judging::{Finding, Footing, Side};
use outside_words::ids::JobId;

use crate::evidence::Evidence;
use crate::law::Rule;
use crate::rules::witness::name;

pub const RULE: Rule = Rule {
    id: "ha.counter-first",
    law: "When a checkpoint is triggered, a value of the job's counter above its number is committed.",
    source: "Flink: ZooKeeperCheckpointIDCounter.getAndIncrement",
    scope: "ha",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let mut highest: BTreeMap<JobId, (usize, i64)> = BTreeMap::new();
    for checkpoint in &stream.checkpoints {
        let values = stream.nodes.counters.get(&checkpoint.job).map_or(&[][..], Vec::as_slice);
        let (next, most) = highest.entry(checkpoint.job).or_insert((0, -1));
        while let Some((_, value)) = values.get(*next).filter(|(committed, _)| *committed < checkpoint.triggered) {
            (*next, *most) = (*next + 1, (*most).max(*value));
        }
        finding.judge(u64::try_from(*most).is_ok_and(|most| most > checkpoint.id.0), || {
            format!("{} is triggered at {}, when the counter is at {most}", name(checkpoint.job, checkpoint.id), evidence.when(checkpoint.triggered))
        });
    }
}
