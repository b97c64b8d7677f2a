//! Zab: the invariants of ZooKeeper's TLA+ specifications and of Remix, by their names, over the histories that replicas had. Never a word on znodes.
//!
//! What is *committed* is what a leader noted: its initial history at `Established`, a transaction and all before it at `Committed`. What a replica *delivers* is what its tree holds: at a start what its snapshot
//! holds (`Recovered`'s `applied`), after a SNAP the state that it took over, and from there on one transaction with each `Delivered`, the next one of one history. A tree holds nothing that is not committed, while
//! a replica synchronises no more than while it serves. A log may hold more than the tree; its end may be cut off again.

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
