//! One replica: a core that outlives its roles, and the role that it plays: recovering, settling, looking for a leader, leading, following.

pub mod broadcast;
pub mod core;
pub mod invariant;
pub mod leader;
pub mod learner;
pub mod readers;
pub mod server;
pub mod sync;
pub mod upkeep;
pub mod votes;
