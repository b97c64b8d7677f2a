//! A checkpoint that waits for a task is given up before that task is started again.

use std::collections::{BTreeMap, BTreeSet};

use flink_words::fact::MasterFact;
use judging::{Finding, Footing, Side};
use outside_words::ids::{CheckpointId, JobId, LeaderId, Subtask};

use crate::evidence::Evidence;
use crate::evidence::statement::Said;
use crate::law::Rule;
use crate::rules::witness::name;

pub const RULE: Rule = Rule {
    id: "fo.pending-abort",
    law: "When tasks are started again, no checkpoint is pending under that grant that waits for an earlier execution of theirs.",
    source: "Flink: CheckpointCoordinator.abortPendingCheckpoints, DefaultScheduler.restartTasks",
    scope: "failover",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let mut pending: BTreeMap<(LeaderId, JobId), BTreeSet<CheckpointId>> = BTreeMap::new();
    for statement in &stream.statements {
        match statement.said {
            Said::Master(MasterFact::Triggered { leader, job, checkpoint, .. }) => drop(pending.entry((*leader, *job)).or_default().insert(*checkpoint)),
            Said::Master(MasterFact::Completed { leader, job, checkpoint, .. } | MasterFact::Aborted { leader, job, checkpoint, .. }) => {
                pending.entry((*leader, *job)).or_default().remove(checkpoint);
            }
            Said::Master(MasterFact::Restoring { leader, job, tasks, .. }) => {
                let again: BTreeSet<Subtask> = tasks.iter().map(|task| task.subtask).collect();
                let left =
                    pending.get(&(*leader, *job)).into_iter().flatten().find(|id| {
                        stream.under(*leader, *job, **id).is_some_and(|checkpoint| checkpoint.tasks.iter().any(|task| again.contains(&task.subtask)))
                    });
                finding.judge(left.is_none(), || {
                    let left = left.map(|id| name(*job, *id));
                    format!("{leader} starts tasks again at {}, and {left:?} still waits for them", evidence.when(statement.note))
                });
            }
            Said::Master(_) | Said::Worker(_) | Said::Outside(_) | Said::Gone | Said::Frozen(_) | Said::Session(_) => {}
        }
    }
}
