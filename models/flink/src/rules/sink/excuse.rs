//! Why the output may be other than the reference with nobody at fault: another rule answers for what is missing, or
//! idle partitions made time itself uncertain.
//!
//! A partition that is idle does not hold the watermark. What it has afterwards comes behind it, and how far behind
//! differs from attempt to attempt: Flink's documents promise nothing for it (WatermarkStrategy.withIdleness).

use std::collections::{BTreeMap, BTreeSet};

use flink_words::fact::WorkerFact;
use flink_words::job::JobKind;
use flink_words::worker::TaskEnd;
use judging::NoteIndex;
use outside_words::data::{EARLIEST, EventTime, Input, Row};
use outside_words::ids::{AttemptId, SplitId, VertexId};

use crate::batch::keyed;
use crate::evidence::entries::Checkpoint;
use crate::evidence::outside::Txn;
use crate::evidence::statement::Said;
use crate::evidence::stream::Stream;

/// Whether the output as a whole cannot be compared.
pub(super) fn is_excused(stream: &Stream<'_>) -> bool {
    let is_dropped = |said: &Said<'_>, since| matches!(said, Said::Worker(WorkerFact::DroppedLate { attempt, .. }) if is_kept(stream, attempt, since));
    // Its rows will never be there.
    let is_lost = |txn: &Txn<'_>| txn.durable.is_some() && txn.committed.is_empty() && txn.aborted.iter().any(|(_, timed_out, _)| *timed_out);
    stream.statements.iter().any(|statement| is_dropped(&statement.said, statement.note)) || stream.ledger.txns.values().any(is_lost) || is_torn(stream)
}

/// Rows of an idempotent sink that the reference lacks, that were written by attempts of which nothing was kept, and
/// that nothing has replaced: an idle partition let a window close early, and after the failure it closed with other
/// results.
pub(super) fn strays(stream: &Stream<'_>, found: &[Row], expected: &[Row]) -> BTreeSet<Row> {
    if !was_idle(stream) {
        return BTreeSet::new();
    }
    let kept = stream.ledger.upserts.iter().filter(|(note, by, _)| is_kept(stream, by, *note)).map(|(.., row)| (*row).clone()).collect();
    let kept = keyed(stream.plan.job, kept);
    found.iter().filter(|row| expected.binary_search(row).is_err() && kept.binary_search(row).is_err()).cloned().collect()
}

/// Whether what an attempt did then is part of what was kept: it finished, or a durable checkpoint has it.
fn is_kept(stream: &Stream<'_>, attempt: &AttemptId, since: NoteIndex) -> bool {
    let Some(task) = stream.task(*attempt) else { return true };
    let is_in = |at: &usize| {
        let snapshot = &stream.snapshots[*at];
        snapshot.note > since && stream.under(attempt.leader, attempt.job, snapshot.checkpoint).is_some_and(|checkpoint| checkpoint.durable.is_some())
    };
    matches!(task.ended, Some((_, Some(TaskEnd::Finished)))) || task.snapshots.iter().any(is_in)
}

/// Whether any task was idle.
fn was_idle(stream: &Stream<'_>) -> bool {
    stream.plan.input.idle_ms > 0 && stream.statements.iter().any(|statement| matches!(statement.said, Said::Worker(WorkerFact::Idle { idle: true, .. })))
}

/// Whether records behind a watermark were taken as if they were in time, which nobody can tell from what tasks say.
fn is_torn(stream: &Stream<'_>) -> bool {
    if !was_idle(stream) {
        return false;
    }
    match stream.plan.job {
        JobKind::Q0 | JobKind::Q1 | JobKind::Q2 | JobKind::Q3 => false,
        // A bid behind the watermark opens a session of its own where the one that it would have joined to another is
        // over.
        JobKind::Q11 => true,
        JobKind::Q4 | JobKind::Q5 | JobKind::Q6 | JobKind::Q7 | JobKind::Q8 | JobKind::WordCount | JobKind::Counters | JobKind::IntervalJoin => {
            let origins: BTreeSet<_> = stream.restores.iter().filter_map(|restore| restore.from).collect();
            origins.into_iter().filter_map(|(job, id)| stream.checkpoint(job, id)).any(|origin| is_overtaken(stream, origin))
        }
    }
}

/// Whether the watermark of some task in a checkpoint had passed what comes after it: records of the log, records in
/// channels, or results that a task before it still holds. Of its subtasks' watermarks an operator restores the least,
/// so it takes them, and what they should have changed is out already.
fn is_overtaken(stream: &Stream<'_>, origin: &Checkpoint<'_>) -> bool {
    let mut reached: BTreeMap<AttemptId, (NoteIndex, EventTime)> =
        stream.cuts(origin).map(|(_, snapshot)| (snapshot.attempt, (snapshot.note, EARLIEST))).collect();
    for statement in &stream.statements {
        if let Said::Worker(WorkerFact::WatermarkAdvanced { attempt, watermark }) = statement.said
            && let Some((until, reached)) = reached.get_mut(attempt)
            && statement.note <= *until
        {
            *reached = *watermark;
        }
    }
    let highest = reached.values().map(|(_, reached)| *reached).max().unwrap_or(EARLIEST);
    let offsets: BTreeMap<SplitId, u64> = stream.cuts(origin).flat_map(|(_, snapshot)| &snapshot.state.splits).chain(origin.unassigned).copied().collect();
    let mut after = offsets.iter().filter_map(|(split, offset)| Some(stream.log.records.get(split)?.range(offset..)));
    let in_log = after.any(|mut records| records.any(|(_, input): (_, &&Input)| input.at() <= highest));
    let in_channels = highest > EARLIEST && stream.cuts(origin).any(|(_, snapshot)| snapshot.unaligned);
    // Sources have no inputs, and a sink does nothing with the time. Vertices are numbered along the stream.
    let sink = reached.keys().map(|attempt| attempt.subtask.vertex).max();
    let operators: Vec<(VertexId, EventTime)> = stream
        .cuts(origin)
        .filter(|(subtask, snapshot)| !snapshot.inputs.is_empty() && Some(subtask.vertex) != sink)
        .map(|(subtask, snapshot)| (subtask.vertex, reached[&snapshot.attempt].1))
        .collect();
    let is_ahead = |(vertex, reached): &(VertexId, EventTime)| operators.iter().any(|(before, behind)| before < vertex && behind < reached);
    in_log || in_channels || operators.iter().any(is_ahead)
}
