//! Plants of the stream engine: known bugs that can be switched on for a run. Names; never what they do.

use contract::plant::PlantKind;
use serde::{Deserialize, Serialize};

/// Bugs of the stream engine that can be switched on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StreamPlant {
    /// A checkpoint is told to be complete before it is in the store (FLINK-32347).
    NotifyBeforeAdd,
    /// A sink commits at its first record after the barrier.
    CommitBeforeComplete,
    /// A barrier does not block the channel it came on: records behind it are in the snapshot (at-least-once).
    BarrierDoesNotBlock,
    /// A leader skips a checkpoint that it cannot read and restores an older one (FLINK-22502).
    SkipUnreadable,
    /// A coordinator counts acknowledgements of attempts that are over.
    AckOfOldAttempt,
    /// A restored source reader begins one record late.
    OffsetAhead,
    /// Timers are left out of snapshots.
    TimersNotSaved,
    /// A sink opens its transactions without taking the id from the one before (no fencing of producers).
    ProducerNotFenced,
    /// A lost assignment of a split is not noticed (FLINK-21996).
    AssignmentLost,
    /// A job's result is not stored before its data is removed (FLINK-21979).
    NoResultStore,
    /// A shared file is deleted with the checkpoint that made it (FLINK-24611).
    SharedFileDropped,
    /// Channel state is not replayed after a restore.
    ChannelStateLost,
}

impl PlantKind for StreamPlant {
    const ALL: &[StreamPlant] = &[
        StreamPlant::NotifyBeforeAdd,
        StreamPlant::CommitBeforeComplete,
        StreamPlant::BarrierDoesNotBlock,
        StreamPlant::SkipUnreadable,
        StreamPlant::AckOfOldAttempt,
        StreamPlant::OffsetAhead,
        StreamPlant::TimersNotSaved,
        StreamPlant::ProducerNotFenced,
        StreamPlant::AssignmentLost,
        StreamPlant::NoResultStore,
        StreamPlant::SharedFileDropped,
        StreamPlant::ChannelStateLost,
    ];

    fn name(self) -> &'static str {
        match self {
            StreamPlant::NotifyBeforeAdd => "notify-before-add",
            StreamPlant::CommitBeforeComplete => "commit-before-complete",
            StreamPlant::BarrierDoesNotBlock => "barrier-does-not-block",
            StreamPlant::SkipUnreadable => "skip-unreadable",
            StreamPlant::AckOfOldAttempt => "ack-of-old-attempt",
            StreamPlant::OffsetAhead => "offset-ahead",
            StreamPlant::TimersNotSaved => "timers-not-saved",
            StreamPlant::ProducerNotFenced => "producer-not-fenced",
            StreamPlant::AssignmentLost => "assignment-lost",
            StreamPlant::NoResultStore => "no-result-store",
            StreamPlant::SharedFileDropped => "shared-file-dropped",
            StreamPlant::ChannelStateLost => "channel-state-lost",
        }
    }
}
