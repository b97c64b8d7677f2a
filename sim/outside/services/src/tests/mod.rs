//! Laws of the outside: tables over what each answers, and storms over a small stage of callers and one service with a
//! disk. Never a world.

mod blobs;
mod caller;
mod disk;
mod ledger;
mod log;
mod stage;
mod storms;

use outside_words::ids::{AttemptId, JobId, LeaderId, Subtask, VertexId};

/// An execution of the one sink of these tests.
fn attempt(number: u32) -> AttemptId {
    AttemptId { job: JobId(1), subtask: Subtask { vertex: VertexId(2), index: 0 }, leader: LeaderId(1 << 100), number }
}
