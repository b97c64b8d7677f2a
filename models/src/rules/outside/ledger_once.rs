//! The ledger decides once: a transaction is committed or aborted, not both and not twice, and that is its end.

use std::collections::BTreeMap;

use vocab::stream::outside::OutsideFact;

use super::Txn;
use crate::case::Case;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "out.ledger-once",
    law: "A transaction is committed or aborted at most once, never both, and nothing is written into it afterwards.",
    source: "KIP-98: the transaction coordinator's states; the law of every commit protocol (AC-agreement)",
    footing: Footing::Durability,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let mut ended: BTreeMap<Txn<'_>, &'static str> = BTreeMap::new();
    for told in &case.outside.told {
        if !told.sound {
            finding.waive();
            continue;
        }
        let (txn, epoch, what, is_end) = match told.fact {
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
            format!("{} at {}: {txn}, epoch {epoch}, is {what}, and had been {before} before", told.machine, case.when(told.note))
        });
        if is_end {
            ended.entry((txn, epoch)).or_insert(what);
        }
    }
}
