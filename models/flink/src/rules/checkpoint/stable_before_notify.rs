//! Nobody hears of a checkpoint before it is stable. The chain says when it was: its node was committed.

use flink_words::fact::WorkerFact;
use judging::{Finding, Footing, Side};

use crate::evidence::Evidence;
use crate::evidence::statement::Said;
use crate::law::Rule;
use crate::rules::witness::name;

pub const RULE: Rule = Rule {
    id: "ck.stable-before-notify",
    law: "Tasks are told of a checkpoint after its node is committed and its master knows; of a savepoint that stops the job after its metadata are durable; and no task hears of one that nobody tells.",
    source: "FLINK-32347",
    scope: "checkpoint",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    for checkpoint in &stream.checkpoints {
        let Some(told) = checkpoint.notifying.first().copied() else { continue };
        let is_known = if checkpoint.kind.is_savepoint() { checkpoint.finalized.map(|(note, ..)| note) } else { checkpoint.stored() };
        let holds = |stable: Option<u32>| stable.is_some_and(|note| note < told);
        let durable = if checkpoint.kind.is_savepoint() { is_known } else { checkpoint.durable };
        finding.judge(holds(is_known) && holds(durable), || {
            let (what, when) = (name(checkpoint.job, checkpoint.id), |note: Option<u32>| note.map(|note| evidence.when(note)));
            format!("{what} is told at {}; it was durable at {:?}, and known to be at {:?}", evidence.when(told), when(durable), when(is_known))
        });
    }
    for statement in &stream.statements {
        let Said::Worker(WorkerFact::Notified { attempt, checkpoint: id }) = statement.said else { continue };
        let told = stream.under(attempt.leader, attempt.job, *id).and_then(|checkpoint| checkpoint.notifying.first());
        finding.judge(told.is_some_and(|told| *told < statement.note), || {
            format!("{attempt} hears at {} that {} is complete, and nobody told", evidence.when(statement.note), name(attempt.job, *id))
        });
    }
}
