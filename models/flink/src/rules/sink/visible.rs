//! What can be seen grows checkpoint by checkpoint: a committer asks for the older transactions first and leaves none
//! out. How fast the ledger answers is not its affair.

use std::collections::{BTreeMap, BTreeSet};

use flink_words::fact::WorkerFact;
use judging::{Finding, Footing, Side};
use outside_words::ids::{AttemptId, CheckpointId, JobId};

use crate::evidence::Evidence;
use crate::evidence::statement::Said;
use crate::law::Rule;

pub const RULE: Rule = Rule {
    id: "txn.visible",
    law: "A committer first asks for the transactions of a subtask in the order of their checkpoints, and for none of a checkpoint before all that its snapshot has of older ones.",
    source: "Flink: CommittableCollector.getCheckpointCommittablesUpTo (headMap, inclusive)",
    scope: "sink",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let mut asked: BTreeSet<(AttemptId, &str)> = BTreeSet::new();
    let mut last: BTreeMap<(AttemptId, &str), (JobId, CheckpointId)> = BTreeMap::new();
    for statement in &stream.statements {
        let Said::Worker(WorkerFact::Committing { attempt, txn, checkpoint, .. }) = statement.said else { continue };
        if !asked.insert((*attempt, txn)) {
            continue; // Again, since no answer came.
        }
        // Those of the job with whose savepoint this one began come first.
        let of = (stream.prepared_in(txn).map_or(attempt.job, |(job, _)| job), *checkpoint);
        // With another parallelism it may have to commit what several subtasks had prepared.
        let writer = txn.rsplit_once('-').map_or(&**txn, |(writer, _)| writer);
        let before = last.insert((*attempt, writer), of);
        let known = stream.snapshot(*attempt, *checkpoint).map_or(&[][..], |snapshot| &snapshot.state.committables);
        let skipped = known.iter().find(|other| {
            let is_older = stream.prepared_in(other).is_some_and(|prepared| prepared < of);
            let is_done = || stream.ledger.txns[&***other].committed.first().is_some_and(|(note, ..)| *note < statement.note);
            is_older && !asked.contains(&(*attempt, &***other)) && !is_done()
        });
        finding.judge(before.is_none_or(|before| before <= of) && skipped.is_none(), || {
            format!("{attempt} asks at {} for {txn} of {checkpoint}, after {before:?}, and has not asked for {skipped:?}", evidence.when(statement.note))
        });
    }
}
