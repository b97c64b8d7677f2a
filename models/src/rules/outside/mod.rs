//! The outside: what the log, the ledger and the blob store promise to whoever uses them, by their own words. Never a word on the jobs that do.

pub mod log_stable;
pub mod ledger_fenced;
pub mod ledger_atomic;
pub mod ledger_once;
pub mod blob_once;

use vocab::stream::ids::TxnId;

/// A transaction: its id, and the epoch of its producer. An id has one transaction an epoch.
type Txn<'r> = (&'r TxnId, u32);
