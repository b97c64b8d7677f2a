//! The ledger decides once: a transaction is committed or aborted, not both and not twice, and that is its end.

use std::collections::BTreeMap;

use judging::{Finding, Footing, Rule, Side};
use outside_words::fact::OutsideFact;

use crate::evidence::{Evidence, Txn};
use crate::law::Outside;

pub(super) const RULE: Rule<Outside> = Rule {
    id: "out.ledger-once",
    law: "A transaction is committed or aborted at most once, never both, and nothing is written into it afterwards.",
    source: "KIP-98: the transaction coordinator's states; the law of every commit protocol (AC-agreement)",
    scope: "outside",
    side: Side::Safety,
    footing: Footing::Durability,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let mut ended: BTreeMap<Txn<'_>, &'static str> = BTreeMap::new();
    for statement in &evidence.statements {
        if !statement.sound {
            finding.waive();
            continue;
        }
        let (txn, epoch, what, is_end) = match statement.fact {
            OutsideFact::TxnCommitted { txn, epoch, .. } => (txn, *epoch, "committed", true),
            OutsideFact::TxnAborted { txn, epoch, .. } => (txn, *epoch, "aborted", true),
            OutsideFact::Wrote { txn, epoch, .. } => (txn, *epoch, "written to", false),
            OutsideFact::ProducerInitialised { .. } | OutsideFact::Upserted { .. } | OutsideFact::LedgerRefused { .. } => continue,
            OutsideFact::Appended { .. } | OutsideFact::Fetched { .. } => continue,
            OutsideFact::BlobPut { .. } | OutsideFact::BlobRead { .. } | OutsideFact::BlobDeleted { .. } => continue,
        };
        let before = ended.get(&(txn, epoch)).copied();
        finding.judge(before.is_none(), || {
            let before = before.unwrap_or_default();
            format!("{}: {txn}, epoch {epoch}, is {what}, and had been {before} before", statement.place())
        });
        if is_end {
            ended.entry((txn, epoch)).or_insert(what);
        }
    }
}
