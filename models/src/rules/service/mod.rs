//! The service: what an application of ZooKeeper may rely on, over the committed chain and the clients' history. Never a word on how replicas agree.
//!
//! The chain says what every write came to, unknown ones included, because a transaction carries its session and request number. A reply carries the zxid of the state that it was answered from, so a read is
//! right exactly when the reference says the same at that zxid. Nothing is searched for.

pub mod session_once;
pub mod session_expiry;
pub mod request_intact;
pub mod at_most_once;
pub mod ephemeral_dies;
pub mod txn_outcome;
pub mod write_reply;
pub mod session_fifo;
pub mod reply_order;
pub mod write_linearizable;
pub mod committed_read;
pub mod read;
pub mod monotonic;
pub mod own_writes;
pub mod sync;
pub mod ephemeral_owner;
pub mod sequential_unique;
pub mod watch;
pub mod replica_state;
pub mod lock_exclusive;
pub mod counter;
pub mod queue_once;

use vocab::service::{Reply, Stat};

/// The stats of a reply that are of the node that the request names.
fn stat_of(reply: &Reply) -> Option<&Stat> {
    match reply {
        Reply::Stat(stat) | Reply::Data { stat, .. } => Some(stat),
        Reply::Children { stat, .. } | Reply::Created { stat, .. } => stat.as_ref(),
        Reply::Done | Reply::Synced { .. } | Reply::Multi(_) => None,
    }
}
