//! Masters: processes of which one leads at a time. It takes jobs up, runs them on workers, has their checkpoints taken, and keeps what the next leader needs. Never a record of a job.
//!
//! `process` gives each event to the part it is for; `election` says who leads; `dispatcher` takes up, submits and ends jobs; `job` runs one; `coordinator` takes its checkpoints; `store` names what outlives a leader.

mod desk;
mod workers;
mod election;
mod info;
mod store;
mod enumerator;
mod coordinator;
mod job;
mod cleanup;
mod dispatcher;
mod process;
#[cfg(test)]
mod tests;

pub use process::MasterProcess;

use crate::outside::Tries;

/// How often a blob is put before a checkpoint counts as failed.
const PUT_TRIES: Tries = Tries::AtMost(5);
/// How often a blob is read: a leader that gives up ends its process, and another has to begin anew.
const GET_TRIES: Tries = Tries::AtMost(20);
/// How often a blob is to be deleted: whoever asks does not wait for it.
const DELETE_TRIES: Tries = Tries::Forever;
