//! Commits follow checkpoints: none before its checkpoint is durable, and none left out.

use judging::NoteIndex;
use judging::{Finding, Footing, Side};
use outside_words::ids::{AttemptId, CheckpointId, JobId};

use crate::evidence::Evidence;
use crate::evidence::stream::Stream;
use crate::law::Rule;
use crate::rules::witness::name;

pub const ONLY_COMPLETED: Rule = Rule {
    id: "txn.commit-only-completed",
    law: "A commit is asked for only after a durable checkpoint that has the transaction, which was prepared in that one or before; and the ledger commits nothing that its committer had not asked for.",
    source: "Flink: CommitterOperator.notifyCheckpointComplete",
    scope: "sink",
    side: Side::Safety,
    footing: Footing::Chain,
    check: check_only,
};

pub const ALL: Rule = Rule {
    id: "txn.commit-all",
    law: "When the job has finished, every transaction of every durable checkpoint is committed, unless the ledger gave it up for its age.",
    source: "Flink: CommitterOperator.commitAndEmitCheckpoints; FLINK-28758 and others",
    scope: "sink",
    side: Side::Safety,
    footing: Footing::Chain,
    check: check_all,
};

/// When the checkpoint that lets a commit was durable: one of the committer's own job, or the one of another with which
/// it began.
fn lets(stream: &Stream<'_>, attempt: AttemptId, by: CheckpointId, prepared: (JobId, CheckpointId)) -> Option<NoteIndex> {
    let origin = stream.task(attempt).and_then(|task| stream.origin(task)).filter(|origin| origin.id == by).map(|origin| origin.job);
    let jobs = std::iter::once(attempt.job).chain(origin);
    let is_after = |job: &JobId| prepared <= (*job, by);
    jobs.filter(is_after).filter_map(|job| stream.durable(job, by)).min()
}

fn check_only(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    for (id, txn) in &stream.ledger.txns {
        let prepared = stream.prepared_in(id);
        for (note, attempt, checkpoint, by) in &txn.asked {
            let durable = prepared.and_then(|prepared| lets(stream, *attempt, *by, prepared));
            let is_prepared = prepared.is_some_and(|(_, prepared)| prepared == *checkpoint);
            finding.judge(is_prepared && durable.is_some_and(|durable| durable < *note), || {
                format!(
                    "{attempt} asks at {} for the commit of {id}, prepared in {prepared:?}, by {by}, durable: {:?}",
                    evidence.when(*note),
                    durable.map(|durable| evidence.when(durable))
                )
            });
        }
        for (note, attempt, _) in &txn.committed {
            let is_asked = txn.asked.iter().any(|(asked, by, ..)| asked < note && by == attempt);
            finding.judge(is_asked, || format!("{id} is committed at {} for {attempt}, which had not asked for it", evidence.when(*note)));
        }
    }
}

fn check_all(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    if !evidence.is_all_there() {
        finding.waive();
        return;
    }
    for (id, txn) in stream.ledger.txns.iter() {
        let Some((durable, (job, checkpoint))) = txn.durable else { continue };
        if txn.committed.is_empty() && txn.aborted.iter().any(|(_, timed_out, _)| *timed_out) {
            finding.waive();
            continue;
        }
        finding.judge(!txn.committed.is_empty(), || {
            format!("{id} is in {}, durable at {}, and was never committed", name(job, checkpoint), evidence.when(durable))
        });
    }
}
