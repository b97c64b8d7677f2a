//! What machines of the stream engine say to each other, to the outside, and (by its own client) to the coordination
//! service. Never how it is handled.

mod carried;
mod kinds;

use std::sync::Arc;

use contract::ids::MachineId;
use contract::process;
use flink_words::flow::Record;
use flink_words::ids::{ChannelId, WorkerId};
use flink_words::job::JobKind;
use flink_words::state::SnapshotKind;
use flink_words::worker::TaskEnd;
use outside_words::data::EventTime;
use outside_words::ids::{AttemptId, CheckpointId, JobId, LeaderId, SplitId, Subtask};
use outside_words::message::{Answer, Ask};
use serde::{Deserialize, Serialize};

use crate::snapshot::SubtaskSnapshot;

/// All that travels between machines of a run in which the stream engine takes part.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Message {
    /// To and from the coordination service, and within it.
    Coord(zookeeper_words::message::Message),
    /// Worker to master, on a stream that the worker opened.
    Up {
        /// The fencing token: the grant of the leader that is meant.
        leader: LeaderId,
        /// What the worker says.
        call: Box<Up>,
    },
    /// Master to worker.
    Down {
        /// The fencing token: in whose name.
        leader: LeaderId,
        /// What the master says.
        call: Box<Down>,
    },
    /// Between workers: the network stack. The receiving end of a channel opens the stream.
    Net(Box<Net>),
    /// Between workers, on a stream over which nothing has come for long: whether the other end is still there (TCP's
    /// keep-alive).
    KeepAlive {
        /// Whether this is the answer.
        is_answer: bool,
    },
    /// To the log, the ledger or the blob store, on a stream that the asking end opened.
    Ask {
        /// Its number on this stream.
        request: u64,
        /// What is asked.
        ask: Box<Ask>,
    },
    /// The answer.
    Answer {
        /// The request's number.
        request: u64,
        /// What is answered.
        answer: Box<Answer>,
    },
}

/// What a worker says to its master.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Up {
    /// It offers its slots. First on a stream.
    Register {
        /// The life of the worker that registers.
        worker: WorkerId,
        /// How many slots it offers.
        slots: u16,
    },
    /// It is still here; the answer to a master's heartbeat.
    Heartbeat,
    /// A task has its state and its channels.
    TaskRunning {
        /// The task.
        attempt: AttemptId,
    },
    /// A task ended.
    TaskEnded {
        /// The task.
        attempt: AttemptId,
        /// How it ended.
        end: TaskEnd,
    },
    /// All of a task's snapshot is durable.
    Acknowledge {
        /// The task.
        attempt: AttemptId,
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// Where its state is.
        state: SubtaskSnapshot,
    },
    /// A task cannot take part in a checkpoint.
    Decline {
        /// The task.
        attempt: AttemptId,
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// The reason, in the words of CheckpointFailureReason.
        why: String,
        /// Whether it counts as a failure of checkpointing.
        counts: bool,
    },
    /// A source reader has nothing to read and wants a split (RequestSplitEvent).
    RequestSplit {
        /// The task.
        attempt: AttemptId,
    },
}

/// What a master says to a worker.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Down {
    /// Its slots are taken into account.
    Registered,
    /// The worker is to say that it is still there.
    Heartbeat,
    /// Start a task.
    Deploy(Box<Deployment>),
    /// End a task.
    Cancel {
        /// The task.
        attempt: AttemptId,
    },
    /// Begin a checkpoint at a source task.
    Trigger {
        /// The task.
        attempt: AttemptId,
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// Checkpoint or savepoint.
        kind: SnapshotKind,
    },
    /// A checkpoint is complete.
    Complete {
        /// The task that is told.
        attempt: AttemptId,
        /// The checkpoint.
        checkpoint: CheckpointId,
    },
    /// A checkpoint came to nothing.
    Abort {
        /// The task that is told.
        attempt: AttemptId,
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// The latest that is complete.
        latest: Option<CheckpointId>,
    },
    /// Splits for a source reader.
    AssignSplits {
        /// The task.
        attempt: AttemptId,
        /// Splits and where to begin.
        splits: Vec<(SplitId, u64)>,
        /// There will be no more.
        last: bool,
    },
}

/// What a task is, and where it begins.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Deployment {
    /// The attempt.
    pub attempt: AttemptId,
    /// What tells the outside an older leader's tasks from a younger one's (a fencing token): the zxid by which its
    /// latch node was made. 0, without fencing, tells nobody from anybody.
    pub token: u64,
    /// What the job does.
    pub kind: JobKind,
    /// The parallelism of all its vertices.
    pub parallelism: u16,
    /// Its input channels, with the attempts and machines at their other ends.
    pub inputs: Vec<(ChannelId, AttemptId, MachineId)>,
    /// Its output channels, with the attempts at their other ends.
    pub outputs: Vec<(ChannelId, AttemptId)>,
    /// What it begins from.
    pub restore: Option<Restore>,
}

/// The state that a task begins from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Restore {
    /// The checkpoint.
    pub checkpoint: CheckpointId,
    /// Whose: another job's with a savepoint.
    pub job: JobId,
    /// The parallelism of that job.
    pub parallelism: u16,
    /// Of its vertex' subtasks in the checkpoint, those that concern it: all of them, of which it takes its key groups
    /// and its share of the lists; if the parallelism is the same, itself, and of an operator's others what is not
    /// keyed, for the sake of union list state.
    pub states: Vec<(Subtask, SubtaskSnapshot)>,
    /// The subtask had finished before the checkpoint: there is nothing to do but to say so.
    pub finished: bool,
}

/// What workers say to each other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Net {
    /// The channel.
    pub channel: ChannelId,
    /// Who sends into it.
    pub producer: AttemptId,
    /// Who receives.
    pub consumer: AttemptId,
    /// What is said.
    pub what: Packet,
}

/// What goes over a channel, or is said of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Packet {
    /// Consumer: send to me (PartitionRequest).
    Request {
        /// The first credit.
        credit: u32,
    },
    /// Consumer: so many buffers more (AddCredit).
    Credit {
        /// How many more.
        credit: u32,
    },
    /// Producer: a buffer.
    Buffer {
        /// Its number, from 0.
        number: u64,
        /// How many wait behind it, for which credit is wanted.
        backlog: u32,
        /// Its content.
        buffer: Arc<Buffer>,
    },
    /// Producer: nobody of that name is here (PartitionNotFound).
    NotFound,
    /// Either end: it is over.
    Closed,
}

/// A network buffer: records, or one event.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Buffer {
    /// Records, watermarks, idleness, in order.
    Data(Vec<Element>),
    /// A checkpoint's barrier.
    Barrier(Barrier),
    /// A checkpoint is given up upstream.
    CancelBarrier(CheckpointId),
    /// All data was sent.
    EndOfData {
        /// The sources were drained, not stopped.
        drained: bool,
    },
    /// Nothing follows on this channel.
    EndOfPartition,
}

/// A barrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Barrier {
    /// The checkpoint.
    pub checkpoint: CheckpointId,
    /// Checkpoint or savepoint.
    pub kind: SnapshotKind,
    /// It overtakes what is in flight.
    pub unaligned: bool,
}

/// What a data buffer is made of.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Element {
    /// A record.
    Record(Record),
    /// No record before this time will follow.
    Watermark(EventTime),
    /// The channel is idle, or no longer.
    Idle(bool),
}

/// What a process of the stream engine wants done.
pub type Out = process::Effects<Message, flink_words::fact::Fact>;
