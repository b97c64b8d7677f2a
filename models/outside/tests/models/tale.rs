//! A lawful tale of the log, the ledger and the blob store: what they say, restarts of the log and the ledger included.
//! Never a breach, and never a job.

use std::sync::Arc;

use contract::happening::Happening;
use contract::ids::MachineId;
use contract::recording::{Note, Noted};
use outside_words::data::{Field, Input, Row, Topic, row};
use outside_words::fact::{Author, LedgerError, OutsideFact};
use outside_words::ids::{AttemptId, JobId, LeaderId, SplitId, Subtask, VertexId};

use super::alone::{Recording, recording};

pub const LOG: MachineId = MachineId(0);
pub const LEDGER: MachineId = MachineId(1);
pub const BLOBS: MachineId = MachineId(2);

/// A tale, told note by note.
pub struct Tale {
    pub recording: Recording,
}

impl Tale {
    /// The next note, a ms later: a service says something.
    pub fn say(&mut self, machine: MachineId, fact: OutsideFact) {
        self.note(machine, Noted::Said(fact));
    }

    /// The next note, a ms later: the world did something.
    pub fn happen(&mut self, machine: MachineId, happening: Happening) {
        self.note(machine, Noted::World(happening));
    }

    fn note(&mut self, machine: MachineId, what: Noted<OutsideFact>) {
        let at_ns = (self.recording.notes.len() as u64 + 1) * 1_000_000;
        self.recording.notes.push(Note { at_ns, machine, what });
        self.recording.end_ns = at_ns;
    }
}

/// A sink's attempt.
pub fn attempt(number: u32) -> AttemptId {
    AttemptId { job: JobId(1), subtask: Subtask { vertex: VertexId(1), index: 0 }, leader: LeaderId(7), number }
}

pub fn appended(offset: u64, value: i64) -> OutsideFact {
    OutsideFact::Appended { split: SPLIT, offset, input: Arc::new(Input::Tick { key: 1, value, at: 5 }) }
}

pub const SPLIT: SplitId = SplitId { topic: Topic::Ticks, partition: 0 };

pub fn rows(numbers: &[i64]) -> Vec<Row> {
    numbers.iter().map(|number| row([Field::Int(*number)])).collect()
}

pub fn initialised(txn: &str, epoch: u32, by: u32) -> OutsideFact {
    OutsideFact::ProducerInitialised { txn: txn.into(), epoch, by: attempt(by) }
}

pub fn wrote(txn: &str, epoch: u32, at: u32, numbers: &[i64]) -> OutsideFact {
    OutsideFact::Wrote { txn: txn.into(), epoch, at, rows: rows(numbers), by: attempt(1) }
}

pub fn committed(txn: &str, epoch: u32, numbers: &[i64]) -> OutsideFact {
    OutsideFact::TxnCommitted { txn: txn.into(), epoch, rows: rows(numbers), by: attempt(1) }
}

pub fn aborted(txn: &str, epoch: u32, timed_out: bool) -> OutsideFact {
    OutsideFact::TxnAborted { txn: txn.into(), epoch, timed_out, by: None }
}

pub fn put(name: &str, digest: u64) -> OutsideFact {
    OutsideFact::BlobPut { name: name.into(), bytes: 3, digest, by: Author::Leader(LeaderId(7)) }
}

pub fn read(name: &str, digest: Option<u64>) -> OutsideFact {
    OutsideFact::BlobRead { name: name.into(), digest, by: Author::Task(attempt(1)) }
}

pub fn deleted(name: &str) -> OutsideFact {
    OutsideFact::BlobDeleted { name: name.into(), by: Author::Leader(LeaderId(7)) }
}

/// The machine goes down and starts again.
pub fn restart(tale: &mut Tale, machine: MachineId, life: u32) {
    tale.happen(machine, Happening::Crashed { power: true, disk_lost: false, lost_bytes: 10, lied_bytes: 0 });
    tale.happen(machine, Happening::Booted { life });
}

/// All of this is said in one step.
pub fn at_once(tale: &mut Tale, machine: MachineId, facts: &[OutsideFact]) {
    let from = tale.recording.notes.len();
    facts.iter().for_each(|fact| tale.say(machine, fact.clone()));
    let at_ns = tale.recording.end_ns;
    tale.recording.notes[from..].iter_mut().for_each(|note| note.at_ns = at_ns);
}

/// The whole tale.
pub fn tale() -> Tale {
    let mut tale = Tale { recording: recording() };
    [LOG, LEDGER, BLOBS].into_iter().for_each(|machine| tale.happen(machine, Happening::Booted { life: 0 }));
    [appended(0, 10), appended(1, 11)].into_iter().for_each(|fact| tale.say(LOG, fact));
    tale.say(LOG, OutsideFact::Fetched { split: SPLIT, offset: 0, count: 2, end: 2 });
    restart(&mut tale, LOG, 1);
    [appended(0, 10), appended(1, 11), appended(2, 12)].into_iter().for_each(|fact| tale.say(LOG, fact));
    tale.say(LOG, OutsideFact::Fetched { split: SPLIT, offset: 1, count: 2, end: 3 });

    tale.say(LEDGER, initialised("t-0", 0, 1));
    [wrote("t-0", 0, 0, &[1, 2]), wrote("t-0", 0, 2, &[3]), committed("t-0", 0, &[1, 2, 3])].into_iter().for_each(|fact| tale.say(LEDGER, fact));
    tale.say(LEDGER, initialised("t-1", 0, 1));
    tale.say(LEDGER, wrote("t-1", 0, 0, &[4]));
    // The next life does not know what of this was told.
    restart(&mut tale, LEDGER, 1);
    at_once(&mut tale, LEDGER, &[initialised("t-1", 0, 1), wrote("t-1", 0, 0, &[4]), wrote("t-1", 0, 1, &[5])]);
    tale.say(LEDGER, aborted("t-1", 0, false));
    tale.say(LEDGER, initialised("t-1", 1, 2));
    tale.say(LEDGER, OutsideFact::LedgerRefused { txn: "t-1".into(), epoch: 0, error: LedgerError::Fenced, by: attempt(1) });
    [wrote("t-1", 1, 0, &[4, 5]), aborted("t-1", 1, true), initialised("t-1", 3, 2)].into_iter().for_each(|fact| tale.say(LEDGER, fact));

    [read("a", None), put("a", 77), read("a", Some(77)), deleted("a"), read("a", None)].into_iter().for_each(|fact| tale.say(BLOBS, fact));
    tale
}
