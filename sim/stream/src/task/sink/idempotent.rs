//! A sink that writes each row under a key by which a repetition replaces it. Never a transaction: what is written can be seen at once.

use std::collections::VecDeque;

use vocab::stream::data::Row;
use vocab::stream::job::JobKind;
use vocab::stream::outside::LedgerError;

use super::WRITE_MAX;
use crate::job::row_key;
use crate::message::{Answer, Ask};
use crate::task::desk::{Desk, Errand};

/// An idempotent sink.
#[derive(Clone, Debug)]
pub struct Idempotent {
    kind: JobKind,
    /// Its leader's fencing token.
    token: u64,
    waiting: VecDeque<Row>,
    /// How many of the first of them are being written.
    writing: usize,
}

impl Idempotent {
    /// A sink that has written nothing.
    pub fn new(kind: JobKind, token: u64) -> Idempotent {
        Idempotent { kind, token, waiting: VecDeque::new(), writing: 0 }
    }

    /// Takes a row.
    pub fn on_row(&mut self, row: Row) {
        self.waiting.push_back(row);
    }

    /// How many rows wait.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Whether all are written.
    pub fn is_flushed(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Writes what waits, one request at a time: the last row under a key is the one that stays.
    pub fn ask(&mut self, desk: &mut Desk) {
        if self.writing == 0 && !self.waiting.is_empty() {
            self.writing = WRITE_MAX.min(self.waiting.len());
            let rows = self.waiting.iter().take(self.writing).map(|row| (row_key(self.kind, row), row.clone())).collect();
            desk.ask(Errand::Write, Ask::Upsert { rows, token: self.token, by: desk.attempt });
        }
    }

    /// The ledger answered; what it cannot now is asked again.
    pub fn on_written(&mut self, answer: Option<Answer>, desk: &mut Desk) {
        match answer {
            Some(Answer::Done) => drop(self.waiting.drain(..self.writing)),
            Some(Answer::Refused(error)) if error != LedgerError::Unavailable => return desk.fail(format!("The ledger refuses rows: {error:?}.")),
            Some(_) | None => {}
        }
        self.writing = 0;
        self.ask(desk);
    }
}
