//! Masters: processes of which one leads at a time. It takes jobs up, runs them on workers, has their checkpoints
//! taken, and keeps what the next leader needs. Never a record of a job.
//!
//! `process` gives each event to the part it is for; `election` says who leads; `dispatcher` takes up, submits and ends
//! jobs; `job` runs one; `coordinator` takes its checkpoints; `store` names what outlives a leader.

mod context;
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
