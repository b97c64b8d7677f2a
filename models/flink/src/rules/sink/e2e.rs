//! Exactly once, from end to end: what can be seen is what the reference makes of the input, and on the way a part of
//! it.
//!
//! Where the output of a cut is known exactly (nothing waits for time), it is compared at some checkpoints too: the
//! rows of the transactions up to it are the reference of the records before its offsets.

use std::collections::BTreeMap;

use flink_words::settings::SinkKind;
use judging::{Finding, Footing, Side};
use outside_words::data::{Input, Row};
use outside_words::ids::{CheckpointId, JobId, SplitId};

use super::excuse;
use crate::batch::{batch, is_monotone, keyed, normal, within};
use crate::evidence::Evidence;
use crate::evidence::entries::Checkpoint;
use crate::evidence::stream::Stream;
use crate::law::Rule;
use crate::rules::witness::name;

pub const RULE: Rule = Rule {
    id: "e2e.eo",
    law: "When the job has finished, the committed rows are the reference of all input, as a multiset; before that they are a part of it, and at a checkpoint the reference of what was before its offsets.",
    source: "Carbone et al. (VLDB 2017), State Management in Apache Flink; FLIP-143",
    scope: "sink",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

/// At how many checkpoints the output is compared at most: each costs a pass over the input.
const CUTS_MAX: usize = 4;

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let all: Vec<&Input> = stream.log.records.values().flat_map(|records| records.values().copied()).collect();
    if excuse::is_excused(stream) {
        finding.waive();
        return;
    }
    let job = stream.plan.job;
    let committed: Vec<Row> = match stream.plan.sink {
        SinkKind::TwoPhase => stream.ledger.txns.values().flat_map(|txn| &txn.committed).flat_map(|(_, _, rows)| rows.iter().cloned()).collect(),
        SinkKind::Idempotent => stream.ledger.upserts.iter().map(|(.., row)| (*row).clone()).collect(),
    };
    if committed.is_empty() && !evidence.is_all_there() {
        return;
    }
    let whole = batch(job, &all);
    let count = committed.len();
    match stream.plan.sink {
        SinkKind::Idempotent if evidence.is_all_there() => {
            let (mut found, expected) = (keyed(job, committed), keyed(job, whole));
            let strays = excuse::strays(stream, &found, &expected);
            strays.iter().for_each(|_| finding.waive());
            found.retain(|row| !strays.contains(row));
            compare(finding, found, expected, "what stands under the keys at the end");
        }
        // On the way a row may stand there that another will replace.
        SinkKind::Idempotent => finding.waive(),
        SinkKind::TwoPhase if evidence.is_all_there() => compare(finding, normal(job, committed), normal(job, whole), "what is committed at the end"),
        SinkKind::TwoPhase => {
            let stranger = within(job, &normal(job, committed), &normal(job, whole)).err();
            finding.judge(stranger.is_none(), || format!("{stranger:?} is committed, and the reference has it once less"));
        }
    }
    finding.held(count as u64);
    if stream.plan.sink == SinkKind::TwoPhase && is_monotone(job) {
        check_cuts(stream, finding);
    }
}

fn compare(finding: &mut Finding, found: Vec<Row>, expected: Vec<Row>, what: &str) {
    finding.judge(found == expected, || difference(&found, &expected, what));
}

/// The first row that is there more or less often than it should be. Both are sorted.
fn difference(found: &[Row], expected: &[Row], what: &str) -> String {
    let mut counts: BTreeMap<&Row, i64> = BTreeMap::new();
    found.iter().for_each(|row| *counts.entry(row).or_default() += 1);
    expected.iter().for_each(|row| *counts.entry(row).or_default() -= 1);
    let first = |sign: i64| counts.iter().find(|(_, count)| **count * sign > 0);
    format!("{what}: {} rows, where the reference has {}; too often: {:?}, missing: {:?}", found.len(), expected.len(), first(1), first(-1))
}

/// Compares at some of the durable aligned checkpoints whose transactions are all committed.
fn check_cuts(stream: &Stream<'_>, finding: &mut Finding) {
    let mut prepared: BTreeMap<(JobId, CheckpointId), (Vec<Row>, bool)> = BTreeMap::new();
    for (id, txn) in &stream.ledger.txns {
        let Some(of) = stream.prepared_in(id) else { continue };
        let (rows, is_whole) = prepared.entry(of).or_insert((vec![], true));
        match txn.committed.first() {
            Some((_, _, committed)) => rows.extend(committed.iter().cloned()),
            None => *is_whole &= txn.durable.is_none(),
        }
    }
    let is_exact = |checkpoint: &&Checkpoint<'_>| checkpoint.durable.is_some() && stream.cuts(checkpoint).all(|(_, snapshot)| !snapshot.unaligned);
    let exact: Vec<&Checkpoint<'_>> = stream.checkpoints.iter().filter(is_exact).collect();
    for checkpoint in exact.iter().step_by(exact.len().div_ceil(CUTS_MAX).max(1)) {
        let until = prepared.range(..=(checkpoint.job, checkpoint.id));
        if until.clone().any(|(_, (_, is_whole))| !is_whole) {
            continue;
        }
        let found: Vec<Row> = until.flat_map(|(_, (rows, _))| rows.iter().cloned()).collect();
        let offsets: BTreeMap<SplitId, u64> =
            stream.cuts(checkpoint).flat_map(|(_, snapshot)| &snapshot.state.splits).chain(checkpoint.unassigned).copied().collect();
        // A split that has no place in it any more was read to its end.
        let before =
            stream.log.records.iter().flat_map(|(split, records)| records.range(..offsets.get(split).copied().unwrap_or(u64::MAX)).map(|(_, input)| *input));
        let expected = batch(stream.plan.job, &before.collect::<Vec<_>>());
        let job = stream.plan.job;
        compare(finding, normal(job, found), normal(job, expected), &format!("what is committed up to {}", name(checkpoint.job, checkpoint.id)));
    }
}
