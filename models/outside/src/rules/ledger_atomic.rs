//! The ledger is atomic: what is committed is what was written, all of it and in order.

use std::collections::BTreeMap;

use judging::{Finding, Footing, Rule, Side};
use outside_words::data::Row;
use outside_words::fact::OutsideFact;

use crate::evidence::{Evidence, Txn};
use crate::law::Outside;

pub(super) const RULE: Rule<Outside> = Rule {
    id: "out.ledger-atomic",
    law: "Rows are added to a transaction without a gap and without a repetition, and the committed rows are exactly those that were written under its epoch, in order.",
    source: "KIP-98: atomic multi-partition writes, idempotent producers",
    scope: "outside",
    side: Side::Safety,
    footing: Footing::Durability,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let mut written: BTreeMap<Txn<'_>, Vec<&Row>> = BTreeMap::new();
    for statement in &evidence.statements {
        if !statement.sound {
            finding.waive();
            continue;
        }
        match statement.fact {
            OutsideFact::Wrote { txn, epoch, at: place, rows, .. } => {
                let before = written.entry((txn, *epoch)).or_default();
                finding.judge(*place as usize == before.len(), || {
                    format!("{} adds rows to {txn}, epoch {epoch}, as number {place} and on, and {} were there", statement.place(), before.len())
                });
                before.extend(rows);
            }
            OutsideFact::TxnCommitted { txn, epoch, rows, .. } => {
                let before = written.remove(&(txn, *epoch)).unwrap_or_default();
                finding.judge(before.iter().copied().eq(rows), || {
                    let place = before.iter().zip(rows).take_while(|(before, row)| **before == *row).count();
                    format!(
                        "{} commits {} rows of {txn}, epoch {epoch}, and {} were written; they differ from row {place} on",
                        statement.place(),
                        rows.len(),
                        before.len()
                    )
                });
            }
            OutsideFact::ProducerInitialised { .. } | OutsideFact::TxnAborted { .. } | OutsideFact::Upserted { .. } | OutsideFact::LedgerRefused { .. } => {}
            OutsideFact::Appended { .. } | OutsideFact::Fetched { .. } => {}
            OutsideFact::BlobPut { .. } | OutsideFact::BlobRead { .. } | OutsideFact::BlobDeleted { .. } => {}
        }
    }
}
