//! The ledger fences: once a newer producer has a transactional id, or the ledger has given up the older one's
//! transaction, the older one writes and commits nothing under it.

use std::collections::BTreeMap;

use judging::{Finding, Footing, Rule, Side};
use outside_words::fact::OutsideFact;
use outside_words::ids::{AttemptId, TxnId};

use crate::evidence::Evidence;
use crate::law::Outside;

pub(super) const RULE: Rule<Outside> = Rule {
    id: "out.ledger-fenced",
    law: "The epochs of a transactional id go up, one to a producer, and nothing is written or committed under an epoch below the id's latest.",
    source: "KIP-98: zombie fencing; KAFKA-6119",
    scope: "outside",
    side: Side::Safety,
    footing: Footing::Durability,
    check,
};

/// An id: the epochs from which on it may be used, and whose the latest is.
#[derive(Default)]
struct Id {
    floor: u32,
    holder: Option<AttemptId>,
}

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let mut ids: BTreeMap<&TxnId, Id> = BTreeMap::new();
    for statement in &evidence.statements {
        if !statement.sound {
            finding.waive();
            continue;
        }
        match statement.fact {
            OutsideFact::ProducerInitialised { txn, epoch, by } => {
                let is_new = !ids.contains_key(txn);
                let id = ids.entry(txn).or_default();
                let lawful = if is_new { *epoch == 0 } else { *epoch > id.floor || (*epoch == id.floor && id.holder.is_none()) };
                finding.judge(lawful, || format!("{} gives epoch {epoch} of {txn} to {by}, when {} was the latest", statement.place(), id.floor));
                *id = Id { floor: *epoch, holder: Some(*by) };
            }
            OutsideFact::TxnAborted { txn, epoch, timed_out: true, .. } => {
                let id = ids.entry(txn).or_default();
                if id.floor <= *epoch {
                    *id = Id { floor: epoch + 1, holder: None };
                }
            }
            OutsideFact::Wrote { txn, epoch, by, .. } | OutsideFact::TxnCommitted { txn, epoch, by, .. } => {
                let id = ids.get(txn);
                let lawful = id.is_some_and(|id| id.floor == *epoch && id.holder.is_some());
                finding.judge(lawful, || {
                    let latest = id.map_or("no producer has it".into(), |id| format!("the latest is {}, of {:?}", id.floor, id.holder));
                    format!("{} lets {by} use {txn} under epoch {epoch}, when {latest}", statement.place())
                });
            }
            OutsideFact::TxnAborted { timed_out: false, .. } | OutsideFact::Upserted { .. } | OutsideFact::LedgerRefused { .. } => {}
            OutsideFact::Appended { .. } | OutsideFact::Fetched { .. } => {}
            OutsideFact::BlobPut { .. } | OutsideFact::BlobRead { .. } | OutsideFact::BlobDeleted { .. } => {}
        }
    }
}
