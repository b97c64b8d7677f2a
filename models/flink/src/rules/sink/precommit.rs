//! What a sink acknowledges is written: nothing is added to a transaction after that.

use judging::{Finding, Footing, Side};

use crate::evidence::Evidence;
use crate::law::Rule;

pub const RULE: Rule = Rule {
    id: "txn.precommit-before-ack",
    law: "When a sink acknowledges a checkpoint, the transactions that it prepared in it are open in the ledger with all their rows; no row comes to them later.",
    source: "Flink: SinkWriterOperator.prepareSnapshotPreBarrier, KafkaWriter.prepareCommit",
    scope: "sink",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    for snapshot in &stream.snapshots {
        let Some((acknowledged, _)) = snapshot.acknowledged else { continue };
        for id in &snapshot.state.committables {
            let txn = &stream.ledger.txns[&**id];
            let is_first = txn.prepared.map(|at| stream.snapshots[at].note) == Some(snapshot.note);
            if !is_first {
                continue; // Judged with the checkpoint that prepared it.
            }
            let is_open = txn.initialised.first().is_some_and(|(note, ..)| *note < acknowledged) && !txn.wrote.is_empty();
            let late = txn.wrote.iter().find(|(note, ..)| *note > acknowledged);
            finding.judge(is_open && late.is_none(), || {
                format!(
                    "{} acknowledges {} with {id} at {}; open: {is_open}, rows later: {late:?}",
                    snapshot.attempt,
                    snapshot.checkpoint,
                    evidence.when(acknowledged)
                )
            });
        }
    }
}
