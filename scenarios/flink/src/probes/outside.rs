//! The log, the ledger and the blob store: transactions and their ends, commits that had to be said again, zombies that
//! came too late, services that were away when they were needed.

use std::collections::{BTreeMap, BTreeSet};

use contract::fault::{Target, What};
use contract::happening::Happening;
use contract::time::MILLISECOND;
use flink_words::fact::{Fact, StreamFact, WorkerFact};
use flink_words::settings::StreamMachines;
use judging::{Heard, NoteView};
use outside_words::data::Row;
use outside_words::fact::LedgerError;
use outside_words::fact::OutsideFact;
use outside_words::ids::{AttemptId, Subtask, TxnId};

use super::table::Mark;
use super::{Fold, Hits, Plan};

pub(super) struct Outside {
    machines: StreamMachines,
    /// Until when the ledger and the blob store refuse everything.
    ledger_away_ns: u64,
    blobs_away_ns: u64,
    committed: BTreeMap<TxnId, AttemptId>,
    /// Commits that were asked for and are not done, with who asked.
    asked: BTreeMap<TxnId, AttemptId>,
    /// The newest attempt of each subtask that ran.
    newest: BTreeMap<Subtask, AttemptId>,
    /// Attempts that snapshotted and have not acknowledged.
    uploading: BTreeSet<AttemptId>,
    upserts: BTreeMap<Row, AttemptId>,
}

impl Outside {
    pub(super) fn new(machines: StreamMachines) -> Outside {
        Outside {
            machines,
            ledger_away_ns: 0,
            blobs_away_ns: 0,
            committed: BTreeMap::new(),
            asked: BTreeMap::new(),
            newest: BTreeMap::new(),
            uploading: BTreeSet::new(),
            upserts: BTreeMap::new(),
        }
    }

    /// Whether another attempt has taken this one's place.
    fn is_old(&self, attempt: AttemptId) -> bool {
        self.newest.get(&attempt.subtask).is_some_and(|newest| *newest != attempt)
    }

    /// A fault that may be an order to be away for so many ms.
    fn struck(&mut self, note: &NoteView<'_, Fact>, fault: u32, plan: &Plan<'_>, hits: &mut Hits<'_, '_>) {
        let Some(What::Order { machine, word }) = plan.faults.get(fault as usize).map(|fault| &fault.what) else { return };
        let Some(for_ms) = word.strip_prefix("unavailable ").and_then(|ms| ms.parse::<u64>().ok()) else { return };
        let machine = if let Target::Machine(machine) = machine { *machine } else { note.machine };
        let until_ns = note.at_ns + for_ms * MILLISECOND;
        if machine == self.machines.ledger() {
            self.ledger_away_ns = until_ns;
            hits.mark_if(Mark::LedgerAwayInCommit, !self.asked.is_empty());
        } else if machine == self.machines.blobs() {
            self.blobs_away_ns = until_ns;
            hits.mark_if(Mark::BlobsAwayInUpload, !self.uploading.is_empty());
        }
    }

    fn outside(&mut self, fact: &OutsideFact, hits: &mut Hits<'_, '_>) {
        match fact {
            OutsideFact::TxnCommitted { txn, by, .. } => {
                hits.mark(Mark::TxnCommitted);
                hits.mark_if(Mark::CommittedByNext, self.asked.remove(txn).is_some_and(|asked| asked != *by));
                self.committed.insert(txn.clone(), *by);
            }
            OutsideFact::TxnAborted { timed_out, by, .. } => {
                hits.mark_if(Mark::TxnTimedOut, *timed_out);
                hits.mark_if(Mark::LingeringAborted, !timed_out && by.is_some());
            }
            OutsideFact::LedgerRefused { txn, error, by, .. } => match error {
                LedgerError::Fenced => {
                    hits.mark(Mark::ProducerFenced);
                    hits.mark_if(Mark::ZombieCommitFenced, self.asked.get(txn) == Some(by) || self.is_old(*by));
                }
                LedgerError::InvalidState => hits.mark(Mark::TxnInvalid),
                LedgerError::OutOfOrder => hits.mark(Mark::TxnOutOfOrder),
                LedgerError::Unavailable => hits.mark_if(Mark::LedgerAwayInCommit, self.asked.contains_key(txn)),
            },
            OutsideFact::Upserted { key, by, .. } => {
                let before = self.upserts.insert(key.clone(), *by);
                hits.mark_if(Mark::UpsertedAgain, before.is_some_and(|before| before != *by));
            }
            OutsideFact::BlobRead { digest: None, .. } => hits.mark(Mark::BlobMissing),
            OutsideFact::Appended { .. }
            | OutsideFact::Fetched { .. }
            | OutsideFact::ProducerInitialised { .. }
            | OutsideFact::Wrote { .. }
            | OutsideFact::BlobPut { .. }
            | OutsideFact::BlobRead { .. }
            | OutsideFact::BlobDeleted { .. } => {}
        }
    }

    fn worker(&mut self, at_ns: u64, fact: &WorkerFact, hits: &mut Hits<'_, '_>) {
        match fact {
            WorkerFact::Running { attempt, .. } => drop(self.newest.insert(attempt.subtask, *attempt)),
            WorkerFact::Committing { attempt, txn, checkpoint, by } => {
                let done = self.committed.get(txn);
                // The answer was lost, or the one that asked was.
                hits.mark_if(Mark::CommitRetried, done.is_some() || self.asked.contains_key(txn));
                hits.mark_if(Mark::CommitOfZombie, done.is_some_and(|by| by != attempt) && self.is_old(*attempt));
                hits.mark_if(Mark::CommitByLater, by > checkpoint);
                if done.is_none() {
                    hits.mark_if(Mark::LedgerAwayInCommit, at_ns < self.ledger_away_ns);
                    self.asked.insert(txn.clone(), *attempt);
                }
            }
            WorkerFact::Snapshotted { attempt, .. } => {
                self.uploading.insert(*attempt);
                hits.mark_if(Mark::BlobsAwayInUpload, at_ns < self.blobs_away_ns);
            }
            WorkerFact::Acknowledged { attempt, .. } | WorkerFact::SnapshotAborted { attempt, .. } | WorkerFact::Ended { attempt, .. } => {
                self.uploading.remove(attempt);
            }
            _ => {}
        }
    }
}

impl Fold for Outside {
    fn see(&mut self, note: &NoteView<'_, Fact>, plan: &Plan<'_>, hits: &mut Hits<'_, '_>) {
        match note.what {
            Heard::Said(Fact::Stream(StreamFact::Outside(fact))) => self.outside(fact, hits),
            Heard::Said(Fact::Stream(StreamFact::Worker(fact))) => self.worker(note.at_ns, fact, hits),
            Heard::World(Happening::Struck { fault, .. }) => self.struck(note, *fault, plan, hits),
            Heard::World(Happening::Crashed { power: true, .. }) => {
                let outside = [self.machines.log(), self.machines.ledger(), self.machines.blobs()];
                hits.mark_if(Mark::OutsidePowerless, outside.contains(&note.machine));
            }
            Heard::Said(Fact::Stream(StreamFact::Master(_)) | Fact::Service(_)) | Heard::World(_) | Heard::Else => {}
        }
    }
}
