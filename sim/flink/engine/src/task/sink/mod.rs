//! A sink's writer and committer: rows go out in transactions that are committed with their checkpoint, or at once
//! under their keys. Never when a checkpoint is complete.

mod two_phase;
mod idempotent;
mod rows;

use flink_words::flow::{Datum, Record};
use outside_words::data::{Field, Input, Row};
use outside_words::ids::CheckpointId;
use outside_words::message::{Answer, Committable};

use super::context::TaskContext;
pub use idempotent::Idempotent;
pub use two_phase::{Origin, TwoPhase};

/// Rows that wait to be written: a sink takes no more input then.
const WAITING_MAX: usize = 128;

/// A sink.
#[derive(Clone, Debug)]
pub enum Sink {
    /// Transactions (Sink V2 with a committer).
    TwoPhase(TwoPhase),
    /// Rows under their keys.
    Idempotent(Idempotent),
}

impl Sink {
    /// Takes a record.
    pub fn on_record(&mut self, record: &Record, context: &mut TaskContext) {
        match self {
            Sink::TwoPhase(sink) => sink.on_row(row_of(record), context),
            Sink::Idempotent(sink) => sink.on_row(row_of(record)),
        }
    }

    /// Asks for what is due.
    pub fn ask(&mut self, context: &mut TaskContext) {
        match self {
            Sink::TwoPhase(sink) => sink.ask(context),
            Sink::Idempotent(sink) => sink.ask(context),
        }
    }

    /// Whether it takes more input.
    pub fn is_available(&self) -> bool {
        match self {
            Sink::TwoPhase(sink) => sink.waiting() < WAITING_MAX,
            Sink::Idempotent(sink) => sink.waiting() < WAITING_MAX,
        }
    }

    /// Whether all rows are where they must be before a checkpoint is acknowledged (TXN-PRECOMMIT-BEFORE-ACK).
    pub fn is_flushed(&self) -> bool {
        match self {
            Sink::TwoPhase(sink) => sink.is_flushed(),
            Sink::Idempotent(sink) => sink.is_flushed(),
        }
    }

    /// What was written since the last barrier belongs to this checkpoint. Only when it is flushed.
    pub fn prepare(&mut self, checkpoint: CheckpointId) {
        match self {
            Sink::TwoPhase(sink) => sink.prepare(checkpoint),
            Sink::Idempotent(_) => {}
        }
    }

    /// Prepared transactions that are not known to be committed, and the number of the next one.
    pub fn state(&self) -> (Vec<Committable>, u64) {
        match self {
            Sink::TwoPhase(sink) => sink.state(),
            Sink::Idempotent(_) => (Vec::new(), 0),
        }
    }

    /// A checkpoint is complete.
    pub fn on_complete(&mut self, checkpoint: CheckpointId, context: &mut TaskContext) {
        match self {
            Sink::TwoPhase(sink) => sink.commit_up_to(checkpoint, context),
            Sink::Idempotent(_) => {}
        }
    }

    /// The ledger took a transactional id, or `None`: it cannot be said.
    pub fn on_init(&mut self, answer: Option<Answer>, context: &mut TaskContext) {
        match self {
            Sink::TwoPhase(sink) => sink.on_init(answer, context),
            Sink::Idempotent(_) => {}
        }
    }

    /// The ledger took rows.
    pub fn on_written(&mut self, answer: Option<Answer>, context: &mut TaskContext) {
        match self {
            Sink::TwoPhase(sink) => sink.on_written(answer, context),
            Sink::Idempotent(sink) => sink.on_written(answer, context),
        }
    }

    /// The ledger committed.
    pub fn on_committed(&mut self, committable: &Committable, answer: Option<Answer>, context: &mut TaskContext) {
        match self {
            Sink::TwoPhase(sink) => sink.on_committed(committable, answer, context),
            Sink::Idempotent(_) => {}
        }
    }

    /// Whether nothing is left to be written or committed.
    pub fn is_done(&self) -> bool {
        self.is_flushed() && self.state().0.is_empty()
    }
}

/// The row that a record carries; an input's fields in their order.
fn row_of(record: &Record) -> Row {
    let input = match &record.datum {
        Datum::Row(row) => return row.clone(),
        Datum::Input(input) => input,
    };
    let fields: Vec<Field> = match &**input {
        Input::Person { id, name, city, state, at } => vec![(*id).into(), name.into(), city.into(), state.into(), (*at).into()],
        Input::Auction { id, item, seller, category, initial_bid, reserve, at, expires } => {
            let numbers = [*seller, *category, *initial_bid, *reserve, *at, *expires];
            [(*id).into(), item.into()].into_iter().chain(numbers.map(Field::Int)).collect()
        }
        Input::Bid { auction, bidder, price, at } => [*auction, *bidder, *price, *at].map(Field::Int).to_vec(),
        Input::Line { text, at } => vec![text.into(), (*at).into()],
        Input::Tick { key, value, at } => [*key, *value, *at].map(Field::Int).to_vec(),
        Input::Limit { limit, at } => [*limit, *at].map(Field::Int).to_vec(),
    };
    fields.into()
}
