//! What a checkpoint has prepared is not taken back: not by a restored sink, not by the ledger's own patience.

use std::collections::BTreeMap;

use vocab::stream::WorkerFact;
use vocab::stream::ids::{CheckpointId, JobId};

use crate::case::Case;
use crate::case::said::NoteIndex;
use crate::case::stream::Said;
use crate::rules::stream::name;
use crate::rules::{Finding, Footing, Rule};

pub const SAFE: Rule = Rule {
    id: "txn.abort-safe",
    law: "No sink gives up, and no producer that takes an id over aborts, a transaction of a durable checkpoint; and no job begins later from a checkpoint whose transactions were aborted.",
    source: "catalogue, TXN-ABORT-SAFE; Flink: TransactionAborter; FLINK-16262",
    footing: Footing::Chain,
    check: check_safe,
};

pub const NOT_LATE: Rule = Rule {
    id: "txn.no-abort-after-cp",
    law: "The ledger does not give up for its age a transaction of a durable checkpoint, where its patience is longer than the run.",
    source: "catalogue, TXN-NO-ABORT-AFTER-CP; Kafka: transaction.timeout.ms",
    footing: Footing::Chain,
    check: check_late,
};

fn check_safe(case: &Case<'_>, finding: &mut Finding) {
    let Some(stream) = &case.stream else { return };
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
                    case.when(*note)
                )
            });
        }
    }
    for spoken in &stream.spoken {
        let Said::Worker(WorkerFact::Aborting { attempt, txn }) = spoken.said else { continue };
        let durable = stream.ledger.txns.get(&**txn).and_then(|txn| txn.durable).filter(|(durable, _)| *durable < spoken.note);
        finding.judge(durable.is_none(), || format!("{attempt} gives up {txn} at {}, which is in {durable:?}", case.when(spoken.note)));
    }
}

fn check_late(case: &Case<'_>, finding: &mut Finding) {
    let Some(stream) = &case.stream else { return };
    let heal = &case.recording.plan.heal;
    let is_patient = u64::from(stream.plan.txn_timeout_ms) > heal.at_ms + heal.bound_ms;
    for (id, txn) in &stream.ledger.txns {
        let Some((durable, _)) = txn.durable else { continue };
        let late = txn.aborted.iter().find(|(note, timed_out, _)| *timed_out && *note > durable);
        if late.is_some() && !is_patient {
            finding.waive(); // The plan let it happen; what is lost is counted here.
            continue;
        }
        finding.judge(late.is_none(), || format!("{id}, durable since {}, is aborted for its age: {late:?}", case.when(durable)));
    }
}
