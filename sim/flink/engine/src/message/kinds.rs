//! The plain names of messages, by which faults can name them. Never what a message says.

use contract::process;

use super::{Buffer, Down, Message, Packet, Up};

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
