//! The outside: what jobs talk to, as processes with disks of their own and answers that can be lost, and the asking
//! end of them. Never a job.
//!
//! `log` is read, `ledger` is written, `blobs` keeps state. `core` is what the latter two decide, `service` runs either
//! with a write-ahead file (`wal`) before every answer. `trouble` is how an order makes any of the three fail as
//! services fail. `caller` asks, and asks again: every ask is made so that a repetition does no more than the first one
//! did. It works inside any system whose messages carry those of the outside ([`Carries`]).

pub mod codec;
mod caller;
mod trouble;
mod log;
mod core;
mod wal;
mod service;
mod ledger;
mod blobs;

#[cfg(test)]
mod tests;

pub use blobs::{BlobProcess, Blobs};
pub use caller::{AskId, Caller, Carries, Lost, Tries};
pub use core::{Core, Decision};
pub use ledger::{Ledger, LedgerProcess};
pub use log::{FeedRecord, LogProcess};
pub use service::Service;
