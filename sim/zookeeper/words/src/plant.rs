//! Plants: known bugs that can be switched on for a run, to prove that a rule sees them. Names; never what they do.

use contract::plant::PlantKind;
use serde::{Deserialize, Serialize};

/// Bugs that can be switched on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Plant {
    /// The leader commits on its own acknowledgement alone.
    CommitWithoutQuorum,
    /// Replicas acknowledge transactions before their sync has come back.
    AckBeforeSync,
    /// A learner ignores TRUNC.
    NoTrunc,
    /// A leader keeps the epoch that it had accepted instead of a new one.
    OlderEpoch,
    /// A replica answers reads from proposals that are not committed yet.
    ReadFromFuture,
    /// A leader expires a session a second time, at some later time, by a transaction of its own.
    SessionExpiredTwice,
    /// A leader counts observers among its voters (ZOOKEEPER-764, 769).
    ObserverCounts,
    /// A reconfig is committed by a quorum of the new configuration alone.
    ReconfigWithoutJoint,
    /// A leader asks no node's list whether its data may be set.
    WriteUnasked,
    /// A replica tells of a change after it has answered the request that made it.
    WatchAfterReply,
    /// A replica arms the watches of a client that is back without looking at what they missed.
    MissedWatchesLost,
    /// A lasting watch is used up when it fires, as a one-shot one is.
    LastingWatchSpent,
    /// A leader takes nodes with a time to live away when half of it has passed.
    ReapEarly,
    /// A latch leads on while its connection is SUSPENDED, although it is told not to.
    LatchKeepsOnSuspend,
    /// A shared value is set whatever its version.
    CounterBlindSet,
    /// A purge keeps no log that begins before the newest snapshot, though the log under a snapshot goes on beyond it.
    PurgeTooMuch,
    /// A fuzzy snapshot is named by the last transaction at its end, not at its beginning (ZOOKEEPER-1090).
    SnapshotNamedAhead,
    /// A replica lets a session that it knows go on at once, however much more than the replica its client has seen,
    /// and before the leader has answered for it.
    ReattachBehind,
    /// A replica takes any local session for its own.
    LocalAnywhere,
    /// A replica without a quorum tells a reader that its write was done.
    ReaderWrites,
}

impl PlantKind for Plant {
    const ALL: &[Plant] = &[
        Plant::CommitWithoutQuorum,
        Plant::AckBeforeSync,
        Plant::NoTrunc,
        Plant::OlderEpoch,
        Plant::ReadFromFuture,
        Plant::SessionExpiredTwice,
        Plant::ObserverCounts,
        Plant::ReconfigWithoutJoint,
        Plant::WriteUnasked,
        Plant::WatchAfterReply,
        Plant::MissedWatchesLost,
        Plant::LastingWatchSpent,
        Plant::ReapEarly,
        Plant::LatchKeepsOnSuspend,
        Plant::CounterBlindSet,
        Plant::PurgeTooMuch,
        Plant::SnapshotNamedAhead,
        Plant::ReattachBehind,
        Plant::LocalAnywhere,
        Plant::ReaderWrites,
    ];

    fn name(self) -> &'static str {
        match self {
            Plant::CommitWithoutQuorum => "commit-without-quorum",
            Plant::AckBeforeSync => "ack-before-sync",
            Plant::NoTrunc => "no-trunc",
            Plant::OlderEpoch => "older-epoch",
            Plant::ReadFromFuture => "read-from-future",
            Plant::SessionExpiredTwice => "session-expired-twice",
            Plant::ObserverCounts => "observer-counts",
            Plant::ReconfigWithoutJoint => "reconfig-without-joint",
            Plant::WriteUnasked => "write-unasked",
            Plant::WatchAfterReply => "watch-after-reply",
            Plant::MissedWatchesLost => "missed-watches-lost",
            Plant::LastingWatchSpent => "lasting-watch-spent",
            Plant::ReapEarly => "reap-early",
            Plant::LatchKeepsOnSuspend => "latch-keeps-on-suspend",
            Plant::CounterBlindSet => "counter-blind-set",
            Plant::PurgeTooMuch => "purge-too-much",
            Plant::SnapshotNamedAhead => "snapshot-named-ahead",
            Plant::ReattachBehind => "reattach-behind",
            Plant::LocalAnywhere => "local-anywhere",
            Plant::ReaderWrites => "reader-writes",
        }
    }
}
