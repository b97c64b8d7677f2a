//! What can be seen grows checkpoint by checkpoint: a committer asks for the older transactions first and leaves none out. How fast the ledger answers is not its affair.

use std::collections::{BTreeMap, BTreeSet};

use vocab::stream::WorkerFact;
use vocab::stream::ids::{AttemptId, CheckpointId, JobId};

use crate::case::Case;
use crate::case::stream::Said;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "txn.visible",
    law: "A committer first asks for the transactions of a subtask in the order of their checkpoints, and for none of a checkpoint before all that its snapshot has of older ones.",
    source: "catalogue, TXN-VISIBLE; Flink: CommittableCollector.getCheckpointCommittablesUpTo (headMap, inclusive)",
    footing: Footing::Firm,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let Some(stream) = &case.stream else { return };
    let mut asked: BTreeSet<(AttemptId, &str)> = BTreeSet::new();
    let mut last: BTreeMap<(AttemptId, &str), (JobId, CheckpointId)> = BTreeMap::new();
    for spoken in &stream.spoken {
        let Said::Worker(WorkerFact::Committing { attempt, txn, checkpoint, .. }) = spoken.said else { continue };
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
            let is_done = || stream.ledger.txns[&***other].committed.first().is_some_and(|(note, ..)| *note < spoken.note);
            is_older && !asked.contains(&(*attempt, &***other)) && !is_done()
        });
        finding.judge(before.is_none_or(|before| before <= of) && skipped.is_none(), || {
            format!("{attempt} asks at {} for {txn} of {checkpoint}, after {before:?}, and has not asked for {skipped:?}", case.when(spoken.note))
        });
    }
}
