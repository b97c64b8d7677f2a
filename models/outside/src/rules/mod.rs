//! What the log, the ledger and the blob store promise to whoever uses them, one law a file. Never a word on the jobs
//! that do.

mod log_stable;
mod ledger_fenced;
mod ledger_atomic;
mod ledger_once;
mod blob_once;

use judging::Rules;

use crate::law::Outside;

/// All rules on the outside, in the order in which a breach is told.
pub fn rules() -> Rules<Outside> {
    Rules::of(&[log_stable::RULE, ledger_fenced::RULE, ledger_atomic::RULE, ledger_once::RULE, blob_once::RULE])
}
