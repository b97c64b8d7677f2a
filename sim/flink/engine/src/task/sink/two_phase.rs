//! A sink that commits with its checkpoints: rows go into a transaction, a barrier prepares it, the checkpoint's
//! completion commits it (two-phase commit). Never a commit before that, and no row before what a former attempt left
//! open is fenced and aborted.

use std::collections::{BTreeSet, VecDeque};

use flink_words::fact::WorkerFact;
use flink_words::plant::StreamPlant;
use outside_words::data::Row;
use outside_words::fact::LedgerError;
use outside_words::ids::{AttemptId, CheckpointId, JobId, Subtask, TxnId};
use outside_words::message::{Answer, Ask, Committable};

use super::rows::Rows;
use crate::task::context::{Errand, TaskContext};

/// Whose transactional ids, and from which number on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The job.
    pub job: JobId,
    /// The sink's subtask there.
    pub subtask: Subtask,
    /// The first number that no checkpoint knows of.
    pub next: u64,
}

impl Origin {
    /// The id of the next transaction. An attempt that is not to meet its predecessors' (a plant) has ids of its own.
    fn id(&self, apart: Option<AttemptId>) -> TxnId {
        let apart = apart.map(|attempt| format!("-{:08x}-{}", attempt.leader.0 >> 96, attempt.number)).unwrap_or_default();
        format!("{}-{}-{}-{}{apart}", self.job, self.subtask.vertex.0, self.subtask.index, self.next).into()
    }
}

/// A transaction that is open.
#[derive(Clone, Debug)]
struct Open {
    txn: TxnId,
    epoch: u32,
    /// Rows that the ledger has.
    written: u32,
}

/// A two-phase sink.
#[derive(Clone, Debug)]
pub struct TwoPhase {
    /// Ids of others to be fenced first.
    others: VecDeque<Origin>,
    own: Origin,
    /// Its leader's fencing token.
    token: u64,
    /// Restored transactions, which must be committed before anything else.
    restored: BTreeSet<TxnId>,
    /// Everything that a former attempt may have left open is fenced.
    is_fenced: bool,
    /// It does not take its ids from those before it (a plant).
    apart: Option<AttemptId>,
    /// An id that was taken, and that nobody had before; its number is `own.next`.
    spare: bool,
    is_initialising: bool,
    open: Option<Open>,
    rows: Rows,
    committables: Vec<Committable>,
    committing: BTreeSet<TxnId>,
}

impl TwoPhase {
    /// A sink over what a checkpoint knows; `others` are former subtasks, of another job perhaps, whose heir it is.
    pub fn new(own: Origin, token: u64, others: Vec<Origin>, committables: Vec<Committable>, by: CheckpointId, context: &mut TaskContext) -> TwoPhase {
        let restored = committables.iter().map(|committable| committable.txn.clone()).collect();
        let mut sink = TwoPhase {
            others: others.into(),
            own,
            token,
            restored,
            is_fenced: context.has_plant(StreamPlant::ProducerNotFenced),
            apart: context.has_plant(StreamPlant::ProducerNotFenced).then_some(context.attempt),
            spare: false,
            is_initialising: false,
            open: None,
            rows: Rows::default(),
            committables,
            committing: BTreeSet::new(),
        };
        sink.commit_up_to(by, context);
        sink.ask(context);
        sink
    }

    /// Takes a row.
    pub fn on_row(&mut self, row: Row, context: &mut TaskContext) {
        if context.has_plant(StreamPlant::CommitBeforeComplete)
            && let Some(newest) = self.committables.iter().map(|committable| committable.checkpoint).max()
        {
            self.commit_up_to(newest, context);
        }
        self.rows.push(row);
    }

    /// How many rows wait.
    pub fn waiting(&self) -> usize {
        self.rows.len()
    }

    /// Whether all rows are in the ledger.
    pub fn is_flushed(&self) -> bool {
        self.rows.is_empty()
    }

    /// Asks for what is due: first the fences, then an id for rows that wait, then the rows, one request at a time.
    pub fn ask(&mut self, context: &mut TaskContext) {
        if !self.restored.is_empty() || self.is_initialising {
            return;
        }
        let wants_id = self.open.is_none() && !self.rows.is_empty();
        if !self.is_fenced || wants_id && !self.spare {
            self.init(context);
            return;
        }
        if wants_id {
            self.open = Some(Open { txn: self.own.id(self.apart), epoch: 0, written: 0 });
            self.own.next += 1;
            self.spare = false;
        }
        let Some(open) = &self.open else { return };
        if let Some(rows) = self.rows.begin() {
            context.ask(Errand::Write, Ask::Write { txn: open.txn.clone(), epoch: open.epoch, at: open.written, rows, by: context.attempt });
        }
    }

    /// The ledger took an id. One that somebody had before is left, with what was open under it aborted; the first that
    /// nobody had ends the row of them.
    pub fn on_init(&mut self, answer: Option<Answer>, context: &mut TaskContext) {
        self.is_initialising = false;
        let epoch = match answer {
            Some(Answer::Producer { epoch }) => epoch,
            Some(Answer::Refused(error)) if error != LedgerError::Unavailable => {
                return context.fail(format!("The ledger gives no transactional id: {error:?}."));
            }
            Some(_) | None => return self.ask(context),
        };
        let is_other = !self.others.is_empty();
        let origin = self.others.front_mut().unwrap_or(&mut self.own);
        if epoch > 0 {
            let txn = origin.id(self.apart);
            origin.next += 1;
            context.note(WorkerFact::Aborting { attempt: context.attempt, txn });
        } else if is_other {
            self.others.pop_front();
        } else {
            self.is_fenced = true;
            self.spare = true;
        }
        self.ask(context);
    }

    /// The ledger took rows, refused them, or cannot now.
    pub fn on_written(&mut self, answer: Option<Answer>, context: &mut TaskContext) {
        let Some(count) = self.rows.on_written(answer, context) else { return };
        if count > 0 {
            let open = self.open.as_mut().expect("rows are written into an open transaction");
            open.written += count as u32;
        }
        self.ask(context);
    }

    /// The transaction that is open belongs to a checkpoint now.
    pub fn prepare(&mut self, checkpoint: CheckpointId) {
        assert!(self.is_flushed(), "all rows are in the ledger before a transaction is prepared (TXN-PRECOMMIT-BEFORE-ACK)");
        if let Some(Open { txn, epoch, .. }) = self.open.take() {
            self.committables.push(Committable { txn, epoch, checkpoint });
        }
    }

    /// What is prepared and not known to be committed, and the number of the next transaction.
    pub fn state(&self) -> (Vec<Committable>, u64) {
        (self.committables.clone(), self.own.next)
    }

    /// A checkpoint is complete: all transactions up to it are committed (CommittableCollector, headMap inclusive).
    pub fn commit_up_to(&mut self, complete: CheckpointId, context: &mut TaskContext) {
        for committable in self.committables.iter().filter(|committable| committable.checkpoint <= complete) {
            if self.committing.insert(committable.txn.clone()) {
                let (attempt, txn, checkpoint) = (context.attempt, committable.txn.clone(), committable.checkpoint);
                context.note(WorkerFact::Committing { attempt, txn, checkpoint, by: complete });
                context.ask(Errand::Commit(committable.clone()), Ask::Commit { committable: committable.clone(), by: attempt });
            }
        }
    }

    /// The ledger committed; what it cannot now is asked again, for ever.
    pub fn on_committed(&mut self, committable: &Committable, answer: Option<Answer>, context: &mut TaskContext) {
        match answer {
            Some(Answer::Done) => {
                self.committables.retain(|known| known != committable);
                self.committing.remove(&committable.txn);
                self.restored.remove(&committable.txn);
                self.ask(context);
            }
            Some(Answer::Refused(error)) if error != LedgerError::Unavailable => {
                context.fail(format!("The ledger refuses to commit {}: {error:?}.", committable.txn));
            }
            Some(_) | None => context.ask(Errand::Commit(committable.clone()), Ask::Commit { committable: committable.clone(), by: context.attempt }),
        }
    }

    fn init(&mut self, context: &mut TaskContext) {
        self.is_initialising = true;
        let txn = self.others.front().unwrap_or(&self.own).id(self.apart);
        context.ask(Errand::Init, Ask::InitProducer { txn, token: self.token, by: context.attempt });
    }
}
