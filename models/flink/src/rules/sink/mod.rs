//! Sinks: transactions from their first row to their commit, and the rows that come out in the end. Their ends are
//! judged by the ledger's word; a commit may be asked for as often as one likes.

pub mod precommit;
pub mod commit;
pub mod idempotent;
pub mod abort;
pub mod visible;
pub mod last;
pub mod fence;
pub mod e2e;
mod excuse;
