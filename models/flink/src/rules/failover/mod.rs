//! Failover: who is started again, from where, when. Never whether it had to fail.

pub mod region;
pub mod one_attempt;
pub mod restarts;
pub mod pending_abort;
pub mod reset_coordinator;
