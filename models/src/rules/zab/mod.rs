//! Zab: the invariants of ZooKeeper's TLA+ specifications and of Remix, by their names, over the histories that replicas had. Never a word on znodes.
//!
//! What a replica *delivers* is a sequence: at a start all of its log is applied, silently, and so is the end of its log when it stops leading or following; a `Delivered` must then be the next
//! transaction after what was delivered, or one that the log already held. A delivery is for others to see only while the replica serves (from `Serving` until it steps down, looks for a leader, or dies):
//! what a learner applies while it synchronises may be cut off again. What is *committed* is what a leader noted: its initial history at `Established`, a transaction and all before it at `Committed`.

pub mod illegal;
pub mod quorum;
pub mod ack_durable;
pub mod epochs_rise;
pub mod leadership;
pub mod logged_stays;
pub mod log_order;
pub mod process_consistency;
pub mod history_consistency;
pub mod committed_log_durability;
pub mod committed_durable;
pub mod leader_log_completeness;
pub mod initial_history_integrity;
pub mod prefix_consistency;
pub mod committed_log_monotonicity;
pub mod commit_consistency;
pub mod commit_before_delivery;
pub mod integrity;
pub mod agreement;
pub mod total_order;
pub mod local_primary_order;
pub mod global_primary_order;
pub mod primary_integrity;
