//! What workers and their tasks say happened.

use serde::{Deserialize, Serialize};

use crate::ids::{ChannelId, WorkerId};
use crate::state::{Fired, InputCut, OutputCut, SnapshotKind, StateSummary};
use outside_words::data::EventTime;
use outside_words::ids::{AttemptId, CheckpointId, LeaderId, SplitId, TxnId};

/// How a task ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TaskEnd {
    /// All its inputs had ended, and its last checkpoint was complete.
    Finished,
    /// It was told to.
    Canceled,
    /// It failed by itself.
    Failed {
        /// Why, in plain words.
        why: String,
    },
}

/// What a worker, or a task on it, did. The noting machine is the worker's.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WorkerFact {
    /// Its process began a life.
    Started {
        /// The life.
        worker: WorkerId,
        /// The network buffers of its pool.
        buffers: u32,
    },
    /// A leader accepted it: from here on it heeds this one alone.
    Registered {
        /// The life.
        worker: WorkerId,
        /// The leader.
        leader: LeaderId,
    },
    /// It refused a call that carried another fencing token than its leader's.
    Refused {
        /// The token.
        leader: LeaderId,
        /// The call's name.
        call: String,
    },
    /// It lost its leader, and cancels that one's tasks.
    LeaderLost {
        /// Who it was.
        leader: LeaderId,
    },
    /// A task was deployed; its state, if it has any, is on its way.
    Deployed {
        /// Which.
        attempt: AttemptId,
        /// The checkpoint to begin from.
        from: Option<CheckpointId>,
    },
    /// A task has its state, and its channels stand: it takes records from here on.
    Running {
        /// Which.
        attempt: AttemptId,
        /// The checkpoint that it began from.
        from: Option<CheckpointId>,
        /// What it found there.
        state: StateSummary,
        /// The elements of channel state to be consumed before anything new, by input channel.
        replayed: Vec<(ChannelId, u64)>,
    },
    /// A task ended; it has no effect from here on.
    Ended {
        /// Which.
        attempt: AttemptId,
        /// How.
        end: TaskEnd,
    },
    /// A source reader got splits, to be read from these offsets on.
    Assigned {
        /// The reader.
        attempt: AttemptId,
        /// Splits and offsets.
        splits: Vec<(SplitId, u64)>,
    },
    /// A task's first barrier of a checkpoint came, or the checkpoint was triggered at a source.
    AlignmentBegan {
        /// The task.
        attempt: AttemptId,
        /// The checkpoint.
        checkpoint: CheckpointId,
    },
    /// The synchronous part of a snapshot is done and the barrier sent on: what the state reflects is fixed.
    Snapshotted {
        /// The task.
        attempt: AttemptId,
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// What kind.
        kind: SnapshotKind,
        /// Whether the barrier overtook what was in flight.
        unaligned: bool,
        /// Its input channels. With an unaligned barrier `persisted` is not known yet; see [`WorkerFact::Acknowledged`].
        inputs: Vec<InputCut>,
        /// Its output channels.
        outputs: Vec<OutputCut>,
        /// Its state.
        state: StateSummary,
    },
    /// All of the snapshot is durable, and the master is told.
    Acknowledged {
        /// The task.
        attempt: AttemptId,
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// Its input channels, with all that was persisted.
        inputs: Vec<InputCut>,
    },
    /// A task gave up a checkpoint, by itself or told to; it will not be acknowledged by this attempt.
    SnapshotAborted {
        /// The task.
        attempt: AttemptId,
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// Why, in Flink's words for it.
        why: String,
    },
    /// A task heard that a checkpoint is complete.
    Notified {
        /// The task.
        attempt: AttemptId,
        /// The checkpoint.
        checkpoint: CheckpointId,
    },
    /// A committer asks the ledger to commit.
    Committing {
        /// The sink's task.
        attempt: AttemptId,
        /// The transaction.
        txn: TxnId,
        /// The checkpoint in which it was prepared.
        checkpoint: CheckpointId,
        /// The complete checkpoint that lets it.
        by: CheckpointId,
    },
    /// A sink gives up a transaction that is in no checkpoint from which it began.
    Aborting {
        /// The sink's task.
        attempt: AttemptId,
        /// The transaction.
        txn: TxnId,
    },
    /// A task's watermark went up and was sent on.
    WatermarkAdvanced {
        /// The task.
        attempt: AttemptId,
        /// The watermark.
        watermark: EventTime,
    },
    /// All inputs of a task are idle, or no longer.
    Idle {
        /// The task.
        attempt: AttemptId,
        /// Whether they are.
        idle: bool,
    },
    /// Timers fired.
    TimersFired {
        /// The task.
        attempt: AttemptId,
        /// Which.
        fired: Fired,
    },
    /// A record was dropped because it came behind the watermark.
    DroppedLate {
        /// The task.
        attempt: AttemptId,
        /// The record's time, or the end of the window that had closed.
        at: EventTime,
        /// The watermark.
        watermark: EventTime,
    },
    /// The sources of this task have ended, and all before is emitted.
    EndOfData {
        /// The task.
        attempt: AttemptId,
        /// Whether all inputs were drained, not merely stopped.
        drained: bool,
    },
    /// How long a task could not emit for want of buffers or credit, in µs, and how many buffers it sent; told with each snapshot and at its end.
    Pressure {
        /// The task.
        attempt: AttemptId,
        /// Since its beginning, in µs.
        blocked_us: u64,
        /// Since its beginning.
        buffers: u64,
    },
}
