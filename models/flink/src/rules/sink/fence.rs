//! A new writer shuts the old one out before it writes. Ids are taken one after the other until one comes that nobody
//! ever had; whatever was open below it is then aborted.

use std::collections::{BTreeMap, BTreeSet};

use judging::{Finding, Footing, Side};
use outside_words::fact::OutsideFact;
use outside_words::ids::AttemptId;

use crate::evidence::Evidence;
use crate::evidence::statement::Said;
use crate::evidence::stream::Stream;
use crate::law::Rule;

pub const RULE: Rule = Rule {
    id: "txn.fence",
    law: "Rows are added by the last producer that took the id, and nothing is committed that was written before a later one did; and when a sink writes, no older id of its subtask is open that another execution wrote, but for what it has to commit.",
    source: "Kafka: producer epochs (KIP-98); Flink: TransactionAborter.abortLingeringTransactions",
    scope: "sink",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

/// Ids of one subtask with rows that are neither committed nor aborted, by number.
type Open<'r> = BTreeMap<u64, (&'r str, AttemptId)>;

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let mut holders: BTreeMap<&str, (u32, AttemptId)> = BTreeMap::new();
    let mut open: BTreeMap<&str, Open<'_>> = BTreeMap::new();
    let mut begun: BTreeSet<(AttemptId, &str)> = BTreeSet::new();
    for statement in &stream.statements {
        let Said::Outside(fact) = statement.said else { continue };
        match fact {
            OutsideFact::ProducerInitialised { txn, epoch, by } => drop(holders.insert(txn, (*epoch, *by))),
            OutsideFact::Wrote { txn, epoch, by, .. } => {
                let holder = holders.get(&**txn);
                finding.judge(holder == Some(&(*epoch, *by)), || {
                    format!("{by} writes into {txn} with epoch {epoch} at {}; the last that took it is {holder:?}", evidence.when(statement.note))
                });
                let Some((subtask, number)) = numbered(txn) else { continue };
                let open = open.entry(subtask).or_default();
                if begun.insert((*by, txn)) {
                    let left = open.range(..number).map(|(_, left)| left).find(|(other, writer)| writer != by && !is_kept(stream, *by, other));
                    finding.judge(left.is_none(), || format!("{by} writes into {txn} at {}, and {left:?} is still open", evidence.when(statement.note)));
                }
                open.insert(number, (txn, *by));
            }
            OutsideFact::TxnCommitted { txn, epoch, by, .. } => {
                let holder = holders.get(&**txn).map(|(epoch, _)| *epoch);
                finding.judge(holder == Some(*epoch), || {
                    format!("{txn} is committed with epoch {epoch} at {} for {by}; the last that took it has {holder:?}", evidence.when(statement.note))
                });
                close(&mut open, txn);
            }
            OutsideFact::TxnAborted { txn, .. } => close(&mut open, txn),
            OutsideFact::Appended { .. }
            | OutsideFact::Fetched { .. }
            | OutsideFact::Upserted { .. }
            | OutsideFact::LedgerRefused { .. }
            | OutsideFact::BlobPut { .. }
            | OutsideFact::BlobRead { .. }
            | OutsideFact::BlobDeleted { .. } => {}
        }
    }
}

/// Whether an execution began with a transaction that it has to commit.
fn is_kept(stream: &Stream<'_>, attempt: AttemptId, txn: &str) -> bool {
    let origin = stream.task(attempt).and_then(|task| stream.origin(task));
    origin.is_some_and(|origin| stream.cuts(origin).any(|(_, snapshot)| snapshot.state.committables.iter().any(|id| **id == *txn)))
}

fn close<'r>(open: &mut BTreeMap<&'r str, Open<'r>>, txn: &str) {
    if let Some((subtask, number)) = numbered(txn)
        && let Some(open) = open.get_mut(subtask)
    {
        open.remove(&number);
    }
}

/// The subtask and the number in a transactional id: `<job>-<vertex>-<index>-<n>`.
fn numbered(txn: &str) -> Option<(&str, u64)> {
    let (subtask, number) = txn.rsplit_once('-')?;
    Some((subtask, number.parse().ok()?))
}
