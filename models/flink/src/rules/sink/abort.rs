//! What a checkpoint has prepared is not taken back: not by a restored sink, not by the ledger's own patience.

use std::collections::BTreeMap;

use flink_words::fact::WorkerFact;
use judging::NoteIndex;
use judging::{Finding, Footing, Side};
use outside_words::ids::{CheckpointId, JobId};

use crate::evidence::Evidence;
use crate::evidence::statement::Said;
use crate::law::Rule;
use crate::rules::witness::name;

pub const SAFE: Rule = Rule {
    id: "txn.abort-safe",
    law: "No sink gives up, and no producer that takes an id over aborts, a transaction of a durable checkpoint; and no job begins later from a checkpoint whose transactions were aborted.",
    source: "Flink: TransactionAborter; FLINK-16262",
    scope: "sink",
    side: Side::Safety,
    footing: Footing::Chain,
    check: check_safe,
};

pub const NOT_LATE: Rule = Rule {
    id: "txn.no-abort-after-cp",
    law: "The ledger does not give up for its age a transaction of a durable checkpoint, where its patience is longer than the run.",
    source: "Kafka: transaction.timeout.ms",
    scope: "sink",
    side: Side::Safety,
    footing: Footing::Chain,
    check: check_late,
};

fn check_safe(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let mut begun: BTreeMap<(JobId, CheckpointId), NoteIndex> = BTreeMap::new();
    for restore in &stream.restores {
        if let Some(from) = restore.from {
            begun.insert(from, restore.note);
        }
    }
    for (id, txn) in &stream.ledger.txns {
        for (note, timed_out, by) in txn.aborted.iter().filter(|(_, timed_out, _)| !timed_out) {
            let _ = timed_out;
            let (durable, of) = txn.durable.unzip();
            let is_taken_back = durable.is_some_and(|durable| durable < *note);
            let is_begun_from = of.and_then(|of| begun.get(&of)).is_some_and(|begun| begun > note);
            finding.judge(!is_taken_back && !is_begun_from, || {
                let of = of.map(|(job, id)| name(job, id));
                format!(
                    "{id} is aborted at {} for {by:?}; it is in {of:?}, durable before: {is_taken_back}, begun from later: {is_begun_from}",
                    evidence.when(*note)
                )
            });
        }
    }
    for statement in &stream.statements {
        let Said::Worker(WorkerFact::Aborting { attempt, txn }) = statement.said else { continue };
        let durable = stream.ledger.txns.get(&**txn).and_then(|txn| txn.durable).filter(|(durable, _)| *durable < statement.note);
        finding.judge(durable.is_none(), || format!("{attempt} gives up {txn} at {}, which is in {durable:?}", evidence.when(statement.note)));
    }
}

fn check_late(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let heal = &evidence.view.plan.heal;
    let is_patient = u64::from(stream.plan.txn_timeout_ms) > heal.at_ms + heal.bound_ms;
    for (id, txn) in &stream.ledger.txns {
        let Some((durable, _)) = txn.durable else { continue };
        let late = txn.aborted.iter().find(|(note, timed_out, _)| *timed_out && *note > durable);
        if late.is_some() && !is_patient {
            finding.waive(); // The plan let it happen; what is lost is counted here.
            continue;
        }
        finding.judge(late.is_none(), || format!("{id}, durable since {}, is aborted for its age: {late:?}", evidence.when(durable)));
    }
}
