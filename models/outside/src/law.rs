//! The law of the outside: which evidence its rules look at. Never the rules themselves.

use judging::Law;

use crate::evidence::Evidence;

/// The law of the log, the ledger and the blob store. A system that contains them lifts their rules over its own
/// evidence.
pub struct Outside;

impl Law for Outside {
    type Evidence<'r> = Evidence<'r>;
}
