//! High availability: who leads, what the chain holds of a job, and what a leader makes of it. Judged in both modes:
//! what an unfenced engine breaks here is what it is known to break.

pub mod one_leader;
pub mod epoch_unique;
pub mod write_fenced;
pub mod store_complete;
pub mod handle_exists;
pub mod lock;
pub mod counter_first;
pub mod job_graph;
pub mod once_exec;
pub mod suspend;
pub mod failover;
