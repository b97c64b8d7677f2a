//! A sink that writes each row under a key by which a repetition replaces it. Never a transaction: what is written can
//! be seen at once.

use flink_words::job::JobKind;
use outside_words::data::Row;
use outside_words::message::{Answer, Ask};

use super::rows::Rows;
use crate::job::row_key;
use crate::task::context::{Errand, TaskContext};

/// An idempotent sink.
#[derive(Clone, Debug)]
pub struct Idempotent {
    kind: JobKind,
    /// Its leader's fencing token.
    token: u64,
    rows: Rows,
}

impl Idempotent {
    /// A sink that has written nothing.
    pub fn new(kind: JobKind, token: u64) -> Idempotent {
        Idempotent { kind, token, rows: Rows::default() }
    }

    /// Takes a row.
    pub fn on_row(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// How many rows wait.
    pub fn waiting(&self) -> usize {
        self.rows.len()
    }

    /// Whether all are written.
    pub fn is_flushed(&self) -> bool {
        self.rows.is_empty()
    }

    /// Writes what waits, one request at a time: the last row under a key is the one that stays.
    pub fn ask(&mut self, context: &mut TaskContext) {
        if let Some(rows) = self.rows.begin() {
            let rows = rows.into_iter().map(|row| (row_key(self.kind, &row), row)).collect();
            context.ask(Errand::Write, Ask::Upsert { rows, token: self.token, by: context.attempt });
        }
    }

    /// The ledger answered; what it cannot now is asked again.
    pub fn on_written(&mut self, answer: Option<Answer>, context: &mut TaskContext) {
        if self.rows.on_written(answer, context).is_some() {
            self.ask(context);
        }
    }
}
