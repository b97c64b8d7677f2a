//! A checkpoint comes to one end. A master may be deposed before it comes to any.

use std::collections::BTreeSet;

use flink_words::fact::WorkerFact;
use flink_words::master::AckOutcome;
use judging::{Finding, Footing, Side};

use crate::evidence::Evidence;
use crate::evidence::statement::Said;
use crate::law::Rule;
use crate::rules::witness::name;

pub const RULE: Rule = Rule {
    id: "ck.terminal-once",
    law: "A checkpoint is completed once or aborted once, never both, and nothing is counted for it after that; and a task that gave it up does not acknowledge it.",
    source: "Flink: PendingCheckpoint.abort, CheckpointCoordinator.receiveAcknowledgeMessage",
    scope: "checkpoint",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    for checkpoint in &stream.checkpoints {
        let Some(over) = checkpoint.over() else { continue };
        let late = checkpoint.acks.iter().find(|(note, _, outcome)| *note > over && *outcome == AckOutcome::Success);
        let ends = checkpoint.completed.len() + checkpoint.aborted.len();
        finding.judge(ends == 1 && late.is_none(), || {
            let (completed, aborted) = (checkpoint.completed.len(), &checkpoint.aborted);
            let what = name(checkpoint.job, checkpoint.id);
            format!("{what} is over at {}: completed {completed} times, aborted {aborted:?}, counted later {late:?}", evidence.when(over))
        });
    }
    let mut given_up = BTreeSet::new();
    for statement in &stream.statements {
        match statement.said {
            Said::Worker(WorkerFact::SnapshotAborted { attempt, checkpoint, .. }) => drop(given_up.insert((*attempt, *checkpoint))),
            Said::Worker(WorkerFact::Acknowledged { attempt, checkpoint, .. }) => {
                finding.judge(!given_up.contains(&(*attempt, *checkpoint)), || {
                    format!("{attempt} acknowledges {checkpoint} at {}, and had given it up", evidence.when(statement.note))
                });
            }
            Said::Worker(_) | Said::Master(_) | Said::Outside(_) | Said::Gone | Said::Frozen(_) | Said::Session(_) => {}
        }
    }
}
