//! What the log, the ledger and the blob store said, by transaction, name and partition. Their own word; never whether
//! they kept their promises.

use std::collections::BTreeMap;

use judging::NoteIndex;
use outside_words::data::{Input, Row};
use outside_words::fact::OutsideFact;
use outside_words::ids::{AttemptId, CheckpointId, JobId, SplitId, TxnId};

/// A transactional id and all that came of it.
#[derive(Clone, Debug, Default)]
pub struct Txn<'r> {
    /// Producers that took it: when, with which epoch, and for whom.
    pub initialised: Vec<(NoteIndex, u32, AttemptId)>,
    /// When rows were added, with which producer's epoch, and for whom.
    pub wrote: Vec<(NoteIndex, u32, AttemptId)>,
    /// When it was committed, for whom, and its rows.
    pub committed: Vec<(NoteIndex, AttemptId, &'r [Row])>,
    /// When it was aborted, whether it had been open for too long, and who asked.
    pub aborted: Vec<(NoteIndex, bool, Option<AttemptId>)>,
    /// When a committer asked for the commit, which one, the checkpoint in which it was prepared, and the one that lets
    /// it.
    pub asked: Vec<(NoteIndex, AttemptId, CheckpointId, CheckpointId)>,
    /// The first snapshot that has it.
    pub prepared: Option<usize>,
    /// When the first checkpoint that has it was durable, and which.
    pub durable: Option<(NoteIndex, (JobId, CheckpointId))>,
}

/// The ledger.
#[derive(Clone, Debug, Default)]
pub struct Ledger<'r> {
    /// All transactional ids.
    pub txns: BTreeMap<&'r str, Txn<'r>>,
    /// Commits, in order.
    pub commits: Vec<(NoteIndex, &'r str)>,
    /// Rows as they were written under their keys, in order, and by whom.
    pub upserts: Vec<(NoteIndex, AttemptId, &'r Row)>,
}

impl<'r> Ledger<'r> {
    pub(super) fn take(&mut self, note: NoteIndex, fact: &'r OutsideFact) {
        match fact {
            OutsideFact::ProducerInitialised { txn, epoch, by } => self.txn(txn).initialised.push((note, *epoch, *by)),
            OutsideFact::Wrote { txn, epoch, by, .. } => self.txn(txn).wrote.push((note, *epoch, *by)),
            OutsideFact::TxnCommitted { txn, rows, by, .. } => {
                self.txn(txn).committed.push((note, *by, rows));
                self.commits.push((note, txn));
            }
            OutsideFact::TxnAborted { txn, timed_out, by, .. } => self.txn(txn).aborted.push((note, *timed_out, *by)),
            OutsideFact::Upserted { row, by, .. } => self.upserts.push((note, *by, row)),
            OutsideFact::Appended { .. }
            | OutsideFact::Fetched { .. }
            | OutsideFact::LedgerRefused { .. }
            | OutsideFact::BlobPut { .. }
            | OutsideFact::BlobRead { .. }
            | OutsideFact::BlobDeleted { .. } => {}
        }
    }

    pub(super) fn asked(&mut self, note: NoteIndex, attempt: AttemptId, txn: &'r TxnId, checkpoint: CheckpointId, by: CheckpointId) {
        self.txn(txn).asked.push((note, attempt, checkpoint, by));
    }

    pub(super) fn prepared(&mut self, txn: &'r TxnId, snapshot: usize) {
        self.txn(txn).prepared.get_or_insert(snapshot);
    }

    pub(super) fn durable(&mut self, txn: &'r TxnId, note: NoteIndex, of: (JobId, CheckpointId)) {
        let durable = &mut self.txn(txn).durable;
        *durable = Some(durable.map_or((note, of), |before| before.min((note, of))));
    }

    fn txn(&mut self, id: &'r TxnId) -> &mut Txn<'r> {
        self.txns.entry(id).or_default()
    }
}

/// The blob store: when each name was first written, and when it was gone.
#[derive(Clone, Debug, Default)]
pub struct Blobs<'r> {
    /// When each name was first written.
    pub put: BTreeMap<&'r str, NoteIndex>,
    /// When each name was first deleted.
    pub deleted: BTreeMap<&'r str, NoteIndex>,
}

impl<'r> Blobs<'r> {
    fn take_name(map: &mut BTreeMap<&'r str, NoteIndex>, note: NoteIndex, name: &'r str) {
        map.entry(name).or_insert(note);
    }

    pub(super) fn take(&mut self, note: NoteIndex, fact: &'r OutsideFact) {
        match fact {
            OutsideFact::BlobPut { name, .. } => Blobs::take_name(&mut self.put, note, name),
            OutsideFact::BlobDeleted { name, .. } => Blobs::take_name(&mut self.deleted, note, name),
            OutsideFact::Appended { .. }
            | OutsideFact::Fetched { .. }
            | OutsideFact::ProducerInitialised { .. }
            | OutsideFact::Wrote { .. }
            | OutsideFact::TxnCommitted { .. }
            | OutsideFact::TxnAborted { .. }
            | OutsideFact::Upserted { .. }
            | OutsideFact::LedgerRefused { .. }
            | OutsideFact::BlobRead { .. } => {}
        }
    }

    /// Whether a blob was there just before a note.
    pub fn exists(&self, name: &str, at: NoteIndex) -> bool {
        self.put.get(name).is_some_and(|put| *put < at) && self.deleted.get(name).is_none_or(|deleted| *deleted >= at)
    }
}

/// The log: its records by partition and offset.
#[derive(Clone, Debug, Default)]
pub struct Log<'r> {
    /// All that was appended.
    pub records: BTreeMap<SplitId, BTreeMap<u64, &'r Input>>,
}

impl<'r> Log<'r> {
    pub(super) fn take(&mut self, fact: &'r OutsideFact) {
        if let OutsideFact::Appended { split, offset, input } = fact {
            self.records.entry(*split).or_default().entry(*offset).or_insert(input);
        }
    }

    /// Where a partition ends, by all that the recording has of it.
    pub fn end(&self, split: SplitId) -> u64 {
        self.records.get(&split).and_then(|records| records.last_key_value()).map_or(0, |(offset, _)| offset + 1)
    }
}
