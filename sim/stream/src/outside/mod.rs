//! The outside: what jobs talk to, as processes with disks of their own and answers that can be lost, and the asking end of them. Never a job.
//!
//! `log` is read, `ledger` is written, `blobs` keeps state; `service` is what the latter two have in common: a write-ahead file (`wal`) before every answer. `trouble` is how an order makes any of
//! them fail as services fail. `caller` asks, and asks again: every ask is made so that a repetition does no more than the first one did.

mod caller;
mod trouble;
mod wal;
mod service;
mod log;
mod ledger;
mod blobs;

#[cfg(test)]
mod tests;

pub use blobs::{BlobProcess, Blobs};
pub use caller::{AskId, Caller, Lost, Tries};
pub use ledger::{Ledger, LedgerProcess};
pub use log::{FeedRecord, LogProcess};
pub use service::{Core, Decision, Service};
