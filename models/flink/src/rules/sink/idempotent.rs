//! A commit takes effect once, however often it is asked for.

use judging::{Finding, Footing, Side};

use crate::evidence::Evidence;
use crate::law::Rule;

pub const RULE: Rule = Rule {
    id: "txn.idempotent",
    law: "A transactional id is committed once, and nothing that was aborted under it is committed later.",
    source: "Flink: CommitRequest.signalAlreadyCommitted",
    scope: "sink",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    for (id, txn) in &stream.ledger.txns {
        let Some((first, ..)) = txn.committed.first() else { continue };
        // An id that was taken again, and used again, would be another transaction under its name.
        let aborted = txn.aborted.iter().find(|(note, ..)| note < first);
        let written = txn.wrote.iter().any(|(note, ..)| aborted.is_none_or(|(aborted, ..)| note > aborted));
        finding.judge(txn.committed.len() == 1 && written, || {
            let all: Vec<String> = txn.committed.iter().map(|(note, by, _)| format!("{} for {by}", evidence.when(*note))).collect();
            format!("{id} is committed at {}; aborted before: {aborted:?}", all.join(" and at "))
        });
    }
}
