//! Somebody who uses the outside and nothing else: reads a partition, writes it in transactions, keeps it in blobs.

use std::sync::Arc;

use ::outside::{AskId, Caller, Tries};
use contract::ids::MachineId;
use contract::process::{Effects, Event};
use contract::time::Now;
use outside_words::data::{Field, Input, Row, Topic, row};
use outside_words::fact::{Author, OutsideFact};
use outside_words::ids::{AttemptId, CheckpointId, JobId, LeaderId, SplitId, Subtask, VertexId};
use outside_words::message::{Answer, Ask, Committable, Message};

/// How many records a batch has at most.
const BATCH_MAX: u32 = 7;

/// What a reader does next.
#[derive(Clone, Debug)]
enum Step {
    Fetch,
    Init,
    Write { epoch: u32 },
    Commit { epoch: u32 },
    Put,
    Get,
    Delete,
    Done,
}

/// Reads a partition from its beginning to its end; of each batch it makes a transaction and a blob, reads the blob
/// again and deletes every other one. It asks for one thing at a time, as often as it takes.
#[derive(Clone)]
pub struct Reader {
    me: MachineId,
    split: SplitId,
    /// Of the log, the ledger and the blob store.
    callers: [Caller; 3],
    step: Step,
    under_way: Option<AskId>,
    offset: u64,
    last: bool,
    batch: Vec<Row>,
    txn: u32,
}

impl Reader {
    /// A reader of a partition of the bids, that asks these services.
    pub fn new(me: MachineId, partition: u16, services: [MachineId; 3]) -> Reader {
        let split = SplitId { topic: Topic::Bids, partition };
        let callers = services.map(Caller::new);
        Reader { me, split, callers, step: Step::Fetch, under_way: None, offset: 0, last: false, batch: vec![], txn: 0 }
    }

    /// Whether everything was read, written and kept.
    pub fn is_done(&self) -> bool {
        matches!(self.step, Step::Done)
    }

    /// What it makes of a record.
    pub fn row(input: &Arc<Input>) -> Row {
        row([Field::Text(format!("{input:?}").into())])
    }

    /// Takes one event.
    pub fn step(&mut self, now: Now, event: &Event<Message>, out: &mut Effects<Message, OutsideFact>) {
        for service in 0..self.callers.len() {
            for (id, outcome) in self.callers[service].on_event(now, event, out) {
                assert_eq!(self.under_way.take(), Some(id), "one thing after the other");
                self.answered(outcome.expect("it is tried for ever"));
            }
        }
        if self.under_way.is_none()
            && let Some((service, ask)) = self.ask()
        {
            self.under_way = Some(self.callers[service].ask(ask, Tries::Forever, now, out));
        }
        if let Some(wake_ns) = self.callers.iter().filter_map(Caller::wake_ns).min() {
            out.wake_at(wake_ns);
        }
    }

    /// What must hold between steps.
    pub fn check(&self) -> Result<(), String> {
        self.callers.iter().try_for_each(Caller::check)
    }

    /// The state, for people.
    pub fn look(&self) -> Vec<(&'static str, String)> {
        vec![("step", format!("{:?}", self.step))]
    }

    fn attempt(&self) -> AttemptId {
        AttemptId { job: JobId(1), subtask: Subtask { vertex: VertexId(1), index: self.me.0 }, leader: LeaderId(1), number: 1 }
    }

    fn bytes(&self) -> Arc<[u8]> {
        format!("{:?}", self.batch).into_bytes().into()
    }

    /// What it asks for in this step, and which of the services.
    fn ask(&self) -> Option<(usize, Ask)> {
        let (by, author) = (self.attempt(), Author::Task(self.attempt()));
        let txn = || format!("t-{}-{}", self.me.0, self.txn).into();
        let name = || format!("blob-{}-{}", self.me.0, self.txn).into();
        Some(match &self.step {
            Step::Fetch => (0, Ask::Fetch { split: self.split, offset: self.offset, count_max: BATCH_MAX }),
            Step::Init => (1, Ask::InitProducer { txn: txn(), token: 0, by }),
            Step::Write { epoch } => (1, Ask::Write { txn: txn(), epoch: *epoch, at: 0, rows: self.batch.clone(), by }),
            Step::Commit { epoch } => (1, Ask::Commit { committable: Committable { txn: txn(), epoch: *epoch, checkpoint: CheckpointId(1) }, by }),
            Step::Put => (2, Ask::Put { name: name(), bytes: self.bytes(), by: author }),
            Step::Get => (2, Ask::Get { name: name(), by: author }),
            Step::Delete => (2, Ask::Delete { name: name(), by: author }),
            Step::Done => return None,
        })
    }

    fn answered(&mut self, answer: Answer) {
        let next = if self.last { Step::Done } else { Step::Fetch };
        self.step = match (&self.step, answer) {
            (Step::Fetch, Answer::Records { records, last }) => {
                self.batch = records.iter().map(Reader::row).collect();
                (self.offset, self.last) = (self.offset + records.len() as u64, last);
                self.txn += 1;
                match (records.is_empty(), last) {
                    (false, _) => Step::Init,
                    (true, true) => Step::Done,
                    (true, false) => Step::Fetch,
                }
            }
            (Step::Init, Answer::Producer { epoch }) => Step::Write { epoch },
            (Step::Write { epoch }, Answer::Done) => Step::Commit { epoch: *epoch },
            (Step::Commit { .. }, Answer::Done) => Step::Put,
            (Step::Put, Answer::Done) => Step::Get,
            (Step::Get, Answer::Blob(Some(bytes))) if bytes == self.bytes() && self.txn.is_multiple_of(2) => Step::Delete,
            (Step::Get, Answer::Blob(Some(bytes))) if bytes == self.bytes() => next,
            (Step::Delete, Answer::Done) => next,
            (step, answer) => panic!("{step:?} is answered by {answer:?}"),
        };
    }
}
