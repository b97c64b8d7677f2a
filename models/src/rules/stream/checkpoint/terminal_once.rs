//! A checkpoint comes to one end. A master may be deposed before it comes to any.

use std::collections::BTreeSet;

use vocab::stream::WorkerFact;
use vocab::stream::master::AckOutcome;

use crate::case::Case;
use crate::case::stream::Said;
use crate::rules::stream::name;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "ck.terminal-once",
    law: "A checkpoint is completed once or aborted once, never both, and nothing is counted for it after that; and a task that gave it up does not acknowledge it.",
    source: "catalogue, CK-TERMINAL-ONCE; Flink: PendingCheckpoint.abort, CheckpointCoordinator.receiveAcknowledgeMessage",
    footing: Footing::Firm,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let Some(stream) = &case.stream else { return };
    for checkpoint in &stream.checkpoints {
        let Some(over) = checkpoint.over() else { continue };
        let late = checkpoint.acks.iter().find(|(note, _, outcome)| *note > over && *outcome == AckOutcome::Success);
        let ends = checkpoint.completed.len() + checkpoint.aborted.len();
        finding.judge(ends == 1 && late.is_none(), || {
            let (completed, aborted) = (checkpoint.completed.len(), &checkpoint.aborted);
            let what = name(checkpoint.job, checkpoint.id);
            format!("{what} is over at {}: completed {completed} times, aborted {aborted:?}, counted later {late:?}", case.when(over))
        });
    }
    let mut given_up = BTreeSet::new();
    for spoken in &stream.spoken {
        match spoken.said {
            Said::Worker(WorkerFact::SnapshotAborted { attempt, checkpoint, .. }) => drop(given_up.insert((*attempt, *checkpoint))),
            Said::Worker(WorkerFact::Acknowledged { attempt, checkpoint, .. }) => {
                finding.judge(!given_up.contains(&(*attempt, *checkpoint)), || {
                    format!("{attempt} acknowledges {checkpoint} at {}, and had given it up", case.when(spoken.note))
                });
            }
            Said::Worker(_) | Said::Master(_) | Said::Outside(_) | Said::Gone | Said::Frozen(_) | Said::Session(_) => {}
        }
    }
}
