//! A checkpoint that waits for a task is given up before that task is started again.

use std::collections::{BTreeMap, BTreeSet};

use vocab::stream::MasterFact;
use vocab::stream::ids::{CheckpointId, JobId, LeaderId, Subtask};

use crate::case::Case;
use crate::case::stream::Said;
use crate::rules::stream::name;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "fo.pending-abort",
    law: "When tasks are started again, no checkpoint is pending under that grant that waits for an earlier execution of theirs.",
    source: "catalogue, FO-PENDING-ABORT; Flink: CheckpointCoordinator.abortPendingCheckpoints, DefaultScheduler.restartTasks",
    footing: Footing::Firm,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let Some(stream) = &case.stream else { return };
    let mut pending: BTreeMap<(LeaderId, JobId), BTreeSet<CheckpointId>> = BTreeMap::new();
    for spoken in &stream.spoken {
        match spoken.said {
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
                    format!("{leader} starts tasks again at {}, and {left:?} still waits for them", case.when(spoken.note))
                });
            }
            Said::Master(_) | Said::Worker(_) | Said::Outside(_) | Said::Gone | Said::Frozen(_) | Said::Session(_) => {}
        }
    }
}
