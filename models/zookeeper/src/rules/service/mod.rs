//! The service: what an application of ZooKeeper may rely on, over the committed chain and the clients' history. Never a word on how replicas agree.
//!
//! The chain says what every write came to, unknown ones included, because a transaction carries its session and request number. A reply carries the zxid of the state that it was answered from, so a read is
//! right exactly when the reference says the same at that zxid. Nothing is searched for.

pub mod session_once;
pub mod session_expiry;
pub mod session_alive;
pub mod session_moved;
pub mod session_timeout;
pub mod rearmed;
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
pub mod watch_persistent;
pub mod acl;
pub mod identity;
pub mod container_empty;
pub mod ttl_not_early;
pub mod replica_state;
pub mod lock_exclusive;
pub mod counter;
pub mod queue_once;

use zookeeper_words::service::{Op, Reply, Stat};

/// The stats of a reply that are of the node that the request names.
fn stat_of(reply: &Reply) -> Option<&Stat> {
    match reply {
        Reply::Stat(stat) | Reply::Data { stat, .. } | Reply::Acl { stat, .. } => Some(stat),
        Reply::Children { stat, .. } | Reply::Created { stat, .. } => stat.as_ref(),
        Reply::Done | Reply::Synced { .. } | Reply::Multi(_) | Reply::Ephemerals(_) | Reply::Count(_) | Reply::Ids(_) => None,
    }
}

/// The single operations of a request with their results, as far as they succeeded.
pub(super) fn parts<'r>(op: &'r Op, reply: &'r Reply) -> Vec<(&'r Op, &'r Reply)> {
    match (op, reply) {
        (Op::Multi(ops) | Op::MultiRead(ops), Reply::Multi(results)) => {
            ops.iter().zip(results).filter_map(|(op, result)| Some((op, result.as_ref().ok()?))).collect()
        }
        (op, reply) => vec![(op, reply)],
    }
}
