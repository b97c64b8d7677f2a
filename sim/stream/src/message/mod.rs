//! What machines of the stream engine say to each other, to the outside, and (by its own client) to the coordination service. Never how it is handled.

mod outside;

use std::hash::Hash;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use vocab::ids::MachineId;
use vocab::process;
use vocab::stream::data::{EventTime, Record};
use vocab::stream::ids::{AttemptId, ChannelId, CheckpointId, JobId, LeaderId, SplitId, Subtask, WorkerId};
use vocab::stream::job::JobKind;
use vocab::stream::state::SnapshotKind;
use vocab::stream::worker::TaskEnd;

use crate::snapshot::SubtaskSnapshot;
pub use outside::{Answer, Ask};

/// All that travels between machines of a run in which the stream engine takes part.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Message {
    /// To and from the coordination service, and within it.
    Coord(coord::message::Message),
    /// Worker to master, on a stream that the worker opened.
    Up {
        /// The fencing token: the grant of the leader that is meant.
        leader: LeaderId,
        /// What.
        call: Box<Up>,
    },
    /// Master to worker.
    Down {
        /// The fencing token: in whose name.
        leader: LeaderId,
        /// What.
        call: Box<Down>,
    },
    /// Between workers: the network stack. The receiving end of a channel opens the stream.
    Net(Box<Net>),
    /// Between workers, on a stream over which nothing has come for long: whether the other end is still there (TCP's keep-alive).
    KeepAlive {
        /// It is the answer.
        is_answer: bool,
    },
    /// To the log, the ledger or the blob store, on a stream that the asking end opened.
    Ask {
        /// Its number on this stream.
        request: u64,
        /// What.
        ask: Box<Ask>,
    },
    /// The answer.
    Answer {
        /// The request's number.
        request: u64,
        /// What.
        answer: Box<Answer>,
    },
}

/// What a worker says to its master.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Up {
    /// It offers its slots. First on a stream.
    Register {
        /// Its life.
        worker: WorkerId,
        /// How many slots.
        slots: u16,
    },
    /// It is still here; the answer to a master's heartbeat.
    Heartbeat,
    /// A task has its state and its channels.
    TaskRunning {
        /// Which.
        attempt: AttemptId,
    },
    /// A task ended.
    TaskEnded {
        /// Which.
        attempt: AttemptId,
        /// How.
        end: TaskEnd,
    },
    /// All of a task's snapshot is durable.
    Acknowledge {
        /// Whose.
        attempt: AttemptId,
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// The handles.
        state: SubtaskSnapshot,
    },
    /// A task cannot take part in a checkpoint.
    Decline {
        /// Whose.
        attempt: AttemptId,
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// Why (CheckpointFailureReason).
        why: String,
        /// Whether it counts as a failure of checkpointing.
        counts: bool,
    },
    /// A source reader has nothing to read and wants a split (RequestSplitEvent).
    RequestSplit {
        /// Whose.
        attempt: AttemptId,
    },
}

/// What a master says to a worker.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Down {
    /// Its slots are taken into account.
    Registered,
    /// Are you still there?
    Heartbeat,
    /// Start a task.
    Deploy(Box<Deployment>),
    /// End a task.
    Cancel {
        /// Which.
        attempt: AttemptId,
    },
    /// Begin a checkpoint at a source task.
    Trigger {
        /// Which.
        attempt: AttemptId,
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// What kind.
        kind: SnapshotKind,
    },
    /// A checkpoint is complete.
    Complete {
        /// Who is told.
        attempt: AttemptId,
        /// The checkpoint.
        checkpoint: CheckpointId,
    },
    /// A checkpoint came to nothing.
    Abort {
        /// Who is told.
        attempt: AttemptId,
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// The latest that is complete.
        latest: Option<CheckpointId>,
    },
    /// Splits for a source reader.
    AssignSplits {
        /// Whose.
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
    /// What tells the outside an older leader's tasks from a younger one's (a fencing token): the zxid by which its latch node was made. 0, without fencing, tells nobody from anybody.
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
    /// Of its vertex' subtasks in the checkpoint, those that concern it: all of them, of which it takes its key groups and its share of the lists; if the parallelism is the same, itself, and of an operator's others what is not keyed, for the sake of union list state.
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
    /// What.
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
        /// How many.
        credit: u32,
    },
    /// Producer: a buffer.
    Buffer {
        /// Its number, from 0.
        number: u64,
        /// How many wait behind it, for which credit is wanted.
        backlog: u32,
        /// What.
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
    /// Nothing comes any more.
    EndOfPartition,
}

/// A barrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Barrier {
    /// The checkpoint.
    pub checkpoint: CheckpointId,
    /// What kind.
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

impl process::Message for Message {
    fn kind(&self) -> &'static str {
        match self {
            Message::Coord(message) => message.kind(),
            Message::Up { call, .. } => call.kind(),
            Message::Down { call, .. } => call.kind(),
            Message::Net(net) => net.what.kind(),
            Message::KeepAlive { is_answer: false } => "keep-alive",
            Message::KeepAlive { is_answer: true } => "keep-alive-answer",
            Message::Ask { ask, .. } => ask.kind(),
            Message::Answer { .. } => "answer",
        }
    }
}

impl Up {
    /// The call's plain name.
    pub fn kind(&self) -> &'static str {
        match self {
            Up::Register { .. } => "register-worker",
            Up::Heartbeat => "worker-heartbeat",
            Up::TaskRunning { .. } => "task-running",
            Up::TaskEnded { .. } => "task-ended",
            Up::Acknowledge { .. } => "acknowledge-checkpoint",
            Up::Decline { .. } => "decline-checkpoint",
            Up::RequestSplit { .. } => "request-split",
        }
    }
}

impl Down {
    /// The call's plain name.
    pub fn kind(&self) -> &'static str {
        match self {
            Down::Registered => "worker-registered",
            Down::Heartbeat => "master-heartbeat",
            Down::Deploy(_) => "deploy-task",
            Down::Cancel { .. } => "cancel-task",
            Down::Trigger { .. } => "trigger-checkpoint",
            Down::Complete { .. } => "notify-complete",
            Down::Abort { .. } => "notify-aborted",
            Down::AssignSplits { .. } => "assign-splits",
        }
    }
}

impl Packet {
    /// The packet's plain name.
    pub fn kind(&self) -> &'static str {
        match self {
            Packet::Request { .. } => "partition-request",
            Packet::Credit { .. } => "add-credit",
            Packet::Buffer { buffer, .. } => match **buffer {
                Buffer::Data(_) => "buffer",
                Buffer::Barrier(_) => "barrier",
                Buffer::CancelBarrier(_) => "cancel-barrier",
                Buffer::EndOfData { .. } => "end-of-data",
                Buffer::EndOfPartition => "end-of-partition",
            },
            Packet::NotFound => "partition-not-found",
            Packet::Closed => "channel-closed",
        }
    }
}

/// What a process of the stream engine wants done.
pub type Out = process::Effects<Message, vocab::fact::Fact>;
