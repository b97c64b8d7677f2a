//! What must be true of the stream engine, and what its jobs must give out. It reads recordings; never the engine under
//! judgement.
//!
//! The engine contains the coordination service and the outside: its evidence contains theirs, and their rules are
//! lifted over it.

pub mod batch;
pub mod evidence;
mod law;
mod rules;

pub use evidence::Evidence;
pub use law::Flink;
pub use rules::rules;
