//! Events of the stream engine worth waiting for: the steps of checkpoints, failovers and commits between which
//! exactly-once has been lost before. Names and rough frequencies; never what then strikes.

use zookeeper_scenarios::family::moment::{Scene, appends, sends, syncs, takes};

/// The leading master is the subject, a worker the peer.
pub(super) const LEADING: &[Scene] = &[
    sends("worker-registered", 8),
    sends("deploy-task", 30),
    sends("trigger-checkpoint", 60),
    sends("notify-complete", 120),
    sends("notify-aborted", 20),
    sends("assign-splits", 12),
    sends("cancel-task", 12),
    sends("master-heartbeat", 150),
    takes("register-worker", 8),
    takes("task-running", 30),
    takes("task-ended", 12),
    takes("acknowledge-checkpoint", 120),
    takes("decline-checkpoint", 6),
    takes("request-split", 12),
];

/// What a master asks of the service, of which it is the subject when the scene is bound to its machine: latch, plans,
/// counter, the addition to the store of checkpoints, subsumption.
pub(super) const ASKING: &[Scene] =
    &[sends("multi", 30), sends("multi", 30), sends("create2", 12), sends("setData", 30), sends("getData", 20), sends("delete", 20), takes("WatcherEvent", 12)];

/// The addition to the store of completed checkpoints, and with fencing all else that a master writes.
pub(super) const STORING: &[Scene] = &[sends("multi", 25)];

/// A worker is the subject, its master the peer.
pub(super) const WORKING: &[Scene] = &[
    sends("register-worker", 8),
    sends("task-running", 30),
    sends("acknowledge-checkpoint", 120),
    sends("decline-checkpoint", 6),
    sends("task-ended", 12),
    sends("request-split", 12),
    takes("deploy-task", 30),
    takes("trigger-checkpoint", 60),
    takes("notify-complete", 120),
    takes("notify-aborted", 20),
    takes("assign-splits", 12),
    takes("cancel-task", 12),
];

/// A worker is the subject, another one the peer.
pub(super) const FLOWING: &[Scene] = &[
    sends("barrier", 200),
    takes("barrier", 200),
    sends("partition-request", 30),
    takes("partition-request", 30),
    sends("buffer", 400),
    takes("buffer", 400),
    takes("add-credit", 200),
    sends("cancel-barrier", 10),
    sends("end-of-data", 6),
    takes("end-of-partition", 6),
];

/// Who asks the outside is the subject, the log, the ledger or the blob store the peer.
pub(super) const USING: &[Scene] = &[
    sends("txn-commit", 40),
    sends("init-producer", 40),
    sends("txn-write", 80),
    sends("upsert", 80),
    sends("txn-abort", 10),
    sends("fetch", 150),
    sends("blob-put", 120),
    sends("blob-get", 30),
    sends("blob-delete", 40),
];

/// The log, the ledger or the blob store is the subject, who asks it the peer.
pub(super) const SERVING: &[Scene] = &[
    takes("txn-commit", 40),
    takes("txn-commit", 40),
    takes("init-producer", 40),
    takes("txn-write", 80),
    takes("upsert", 80),
    takes("fetch", 150),
    takes("blob-put", 120),
    takes("blob-put", 120),
    takes("blob-get", 30),
    takes("blob-delete", 40),
    sends("answer", 500),
];

/// The ledger or the blob store is the subject, at its own disk; there is no peer.
pub(super) const KEEPING: &[Scene] = &[appends("ledger", 150), syncs("ledger", 150), appends("blobs", 150), syncs("blobs", 150)];
