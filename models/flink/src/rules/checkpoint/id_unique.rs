//! Numbers of checkpoints. A deposed leader may use a number late that it had been given in time, so the order is that
//! of the counter and of each grant.

use std::collections::BTreeMap;

use judging::{Finding, Footing, Side};
use outside_words::ids::{CheckpointId, JobId, LeaderId};

use crate::evidence::Evidence;
use crate::law::Rule;
use crate::rules::witness::name;

pub const RULE: Rule = Rule {
    id: "ck.id-unique",
    law: "No number is handed out twice in a job's history, to checkpoint or savepoint, by any leader; under one grant they rise, and so does the counter in the chain. A job that begins from a savepoint goes on from its number.",
    source: "Flink 2.3.0: ZooKeeperCheckpointIDCounter.getAndIncrement; CheckpointCoordinator.restoreSavepoint",
    scope: "checkpoint",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let mut given: BTreeMap<(JobId, CheckpointId), LeaderId> = BTreeMap::new();
    let mut last: BTreeMap<(LeaderId, JobId), CheckpointId> = BTreeMap::new();
    for checkpoint in &stream.checkpoints {
        let other = given.insert((checkpoint.job, checkpoint.id), checkpoint.leader);
        let before = last.insert((checkpoint.leader, checkpoint.job), checkpoint.id);
        let first = stream.jobs.get(&checkpoint.job).and_then(|job| job.from).map(|(_, savepoint)| savepoint);
        finding.judge(first.is_none_or(|first| first < checkpoint.id), || {
            format!("{} is triggered at {}; the job began from {first:?}", name(checkpoint.job, checkpoint.id), evidence.when(checkpoint.triggered))
        });
        finding.judge(other.is_none() && before.is_none_or(|before| before < checkpoint.id), || {
            let what = name(checkpoint.job, checkpoint.id);
            format!(
                "{} triggers {what} at {}; it had been {other:?}'s, and its own last was {before:?}",
                checkpoint.leader,
                evidence.when(checkpoint.triggered)
            )
        });
    }
    for (job, values) in &stream.nodes.counters {
        for pair in values.windows(2) {
            let ((_, before), (note, after)) = (pair[0], pair[1]);
            finding.judge(before <= after, || format!("the counter of job {} goes from {before} to {after} (committed at {})", job.0, evidence.when(note)));
        }
    }
}
