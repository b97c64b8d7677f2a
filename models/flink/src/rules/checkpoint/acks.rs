//! Whose acknowledgements make a checkpoint complete. An acknowledgement may be late by any time, and its task be gone
//! by then; so it is judged by what the master knew of the task.

use std::collections::BTreeMap;

use flink_words::fact::MasterFact;
use flink_words::master::AckOutcome;
use judging::{Finding, Footing, Side};
use outside_words::ids::{AttemptId, JobId, LeaderId, Subtask};

use crate::evidence::Evidence;
use crate::evidence::statement::Said;
use crate::evidence::stream::Stream;
use crate::law::Rule;
use crate::rules::witness::name;

pub const ALL: Rule = Rule {
    id: "ck.complete-all-acks",
    law: "A checkpoint is complete only after each task that was to acknowledge it had done so, after its own word that its snapshot is durable, and was counted once.",
    source: "Flink: PendingCheckpoint.acknowledgeTask, isFullyAcknowledged",
    scope: "checkpoint",
    side: Side::Safety,
    footing: Footing::Firm,
    check: check_all,
};

pub const NO_MIX: Rule = Rule {
    id: "ck.no-ack-mix",
    law: "A checkpoint waits for the executions that are current when it is triggered, and no acknowledgement of another one, or of one that its master knows to be over, is counted.",
    source: "Flink: PendingCheckpoint.acknowledgeTask (UNKNOWN), FLINK-15152",
    scope: "checkpoint",
    side: Side::Safety,
    footing: Footing::Firm,
    check: check_mix,
};

fn check_all(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    for statement in &stream.statements {
        let Said::Master(MasterFact::Completed { leader, job, checkpoint: id, .. }) = statement.said else { continue };
        let Some(checkpoint) = stream.under(*leader, *job, *id) else {
            finding.judge(false, || format!("{leader} completes {} at {}, and has not triggered it", name(*job, *id), evidence.when(statement.note)));
            continue;
        };
        let mut counts: BTreeMap<AttemptId, u32> = checkpoint.tasks.iter().map(|task| (*task, 0)).collect();
        for (note, attempt, outcome) in &checkpoint.acks {
            if *outcome == AckOutcome::Success && *note < statement.note {
                *counts.entry(*attempt).or_default() += u32::from(is_said(stream, *attempt, *id, *note));
            }
        }
        let wrong = counts.iter().find(|(_, count)| **count != 1);
        finding.judge(wrong.is_none(), || {
            let (task, count) = wrong.expect("there is one that is wrong");
            format!("{} is complete at {}, with {count} acknowledgements of {task}", name(*job, *id), evidence.when(statement.note))
        });
    }
}

/// Whether the task itself had said by then that its snapshot is durable.
fn is_said(stream: &Stream<'_>, attempt: AttemptId, id: outside_words::ids::CheckpointId, by: u32) -> bool {
    stream.snapshot(attempt, id).and_then(|snapshot| snapshot.acknowledged).is_some_and(|(note, _)| note < by)
}

fn check_mix(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let mut current: BTreeMap<(LeaderId, JobId, Subtask), AttemptId> = BTreeMap::new();
    for statement in &stream.statements {
        match statement.said {
            Said::Master(MasterFact::Restoring { leader, job, tasks, .. }) => {
                current.extend(tasks.iter().map(|task| ((*leader, *job, task.subtask), *task)));
            }
            Said::Master(MasterFact::Triggered { leader, job, checkpoint, tasks, .. }) => {
                let other = tasks.iter().find(|task| current.get(&(*leader, *job, task.subtask)) != Some(task));
                finding.judge(other.is_none(), || {
                    format!("{} is triggered at {} for {other:?}, which is not current", name(*job, *checkpoint), evidence.when(statement.note))
                });
            }
            Said::Master(MasterFact::AckReceived { leader, checkpoint: id, attempt, outcome: AckOutcome::Success }) => {
                let is_current = current.get(&(*leader, attempt.job, attempt.subtask)) == Some(attempt);
                let is_over = stream.task(*attempt).and_then(|task| task.failed).is_some_and(|failed| failed < statement.note);
                let is_asked = stream.under(*leader, attempt.job, *id).is_some_and(|checkpoint| checkpoint.tasks.contains(attempt));
                finding.judge(is_current && !is_over && is_asked, || {
                    format!(
                        "{leader} counts {attempt} for {id} at {}; current: {is_current}, known to be over: {is_over}, waited for: {is_asked}",
                        evidence.when(statement.note)
                    )
                });
            }
            Said::Master(_) | Said::Worker(_) | Said::Outside(_) | Said::Gone | Said::Frozen(_) | Said::Session(_) => {}
        }
    }
}
