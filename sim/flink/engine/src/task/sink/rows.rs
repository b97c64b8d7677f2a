//! Rows on their way to the ledger: some wait, the first of them are being written, in one request at a time. Never how
//! a request says it.

use std::collections::VecDeque;

use outside_words::data::Row;
use outside_words::fact::LedgerError;
use outside_words::message::Answer;

use crate::task::context::TaskContext;

/// Rows in one request.
const WRITE_MAX: usize = 64;

/// The rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    waiting: VecDeque<Row>,
    /// How many of the first of them are being written.
    writing: usize,
}

impl Rows {
    /// Takes a row.
    pub fn push(&mut self, row: Row) {
        self.waiting.push_back(row);
    }

    /// How many wait or are being written.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether the ledger has all of them.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The rows of the next request, if there are any and none is under way.
    pub fn begin(&mut self) -> Option<Vec<Row>> {
        if self.writing > 0 || self.waiting.is_empty() {
            return None;
        }
        self.writing = WRITE_MAX.min(self.waiting.len());
        Some(self.waiting.iter().take(self.writing).cloned().collect())
    }

    /// The ledger took the rows, refused them, which fails the task, or cannot now. Says how many it took, if the sink
    /// goes on.
    pub fn on_written(&mut self, answer: Option<Answer>, context: &mut TaskContext) -> Option<usize> {
        let count = std::mem::take(&mut self.writing);
        match answer {
            Some(Answer::Done) => Some(self.waiting.drain(..count).count()),
            Some(Answer::Refused(error)) if error != LedgerError::Unavailable => {
                context.fail(format!("The ledger refuses rows: {error:?}."));
                None
            }
            Some(_) | None => Some(0),
        }
    }
}
