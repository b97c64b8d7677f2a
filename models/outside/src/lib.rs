//! What must be true of the log, the ledger and the blob store, by their own words. It reads recordings of any system
//! that contains them; never the services under judgement, nor the jobs that use them.

mod evidence;
mod law;
mod rules;

pub use evidence::{Evidence, Statement};
pub use law::Outside;
pub use rules::rules;
