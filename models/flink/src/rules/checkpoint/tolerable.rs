//! Failures of checkpointing in a row, and the job that fails of too many.

use std::collections::{BTreeMap, BTreeSet};

use flink_words::fact::MasterFact;
use flink_words::master::JobStatus;
use judging::{Finding, Footing, Side};
use outside_words::ids::{CheckpointId, JobId, LeaderId};

use crate::evidence::Evidence;
use crate::evidence::statement::Said;
use crate::law::Rule;
use crate::rules::witness::name;

pub const RULE: Rule = Rule {
    id: "ck.tolerable",
    law: "A checkpoint counts as a failure once, after it was aborted, and not behind a newer one that is complete; the job fails exactly when more failed in a row than are tolerable, and then it triggers nothing before it restarts.",
    source: "Flink: CheckpointFailureManager.checkFailureAgainstCounter",
    scope: "checkpoint",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

/// Of one job under one grant.
#[derive(Debug, Default)]
struct Count {
    counted: BTreeSet<CheckpointId>,
    in_a_row: u32,
    succeeded: CheckpointId,
    must_restart: bool,
}

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let tolerable = stream.plan.checkpoints.tolerable_failures;
    let mut counts: BTreeMap<(LeaderId, JobId), Count> = BTreeMap::new();
    for statement in &stream.statements {
        let Said::Master(fact) = statement.said else { continue };
        match fact {
            MasterFact::FailureCounted { leader, job, checkpoint: id, failures, fails_job } => {
                let count = counts.entry((*leader, *job)).or_default();
                count.in_a_row += 1;
                let is_aborted = stream.under(*leader, *job, *id).is_some_and(|checkpoint| !checkpoint.aborted.is_empty());
                let is_first = count.counted.insert(*id) && *id >= count.succeeded && is_aborted;
                let is_right = *failures >= 1 && *failures <= count.in_a_row && *fails_job == (*failures > tolerable);
                finding.judge(is_first && is_right, || {
                    format!(
                        "{} counts at {} as failure {failures} of {tolerable}, of which the job fails: {fails_job}; {count:?}",
                        name(*job, *id),
                        evidence.when(statement.note)
                    )
                });
                count.must_restart |= fails_job;
            }
            MasterFact::Completed { leader, job, checkpoint, .. } => {
                let count = counts.entry((*leader, *job)).or_default();
                if *checkpoint > count.succeeded {
                    (count.succeeded, count.in_a_row) = (*checkpoint, 0);
                }
            }
            MasterFact::RestartDecided { leader, job, .. }
            | MasterFact::Restoring { leader, job, .. }
            | MasterFact::Status { leader, job, status: JobStatus::Restarting | JobStatus::Failed | JobStatus::Suspended } => {
                counts.entry((*leader, *job)).or_default().must_restart = false;
            }
            MasterFact::Triggered { leader, job, checkpoint, .. } => {
                let late = counts.get(&(*leader, *job)).is_some_and(|count| count.must_restart);
                finding
                    .judge(!late, || format!("{} is triggered at {}, when the job should have failed", name(*job, *checkpoint), evidence.when(statement.note)));
            }
            _ => {}
        }
    }
}
