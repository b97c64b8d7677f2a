//! Events: what reaches a process. Never what it does about it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::FileName;
use crate::ids::{ConnId, MachineId};

/// What reaches a process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Event<M> {
    /// The process starts; its memory is fresh, its disk is what the last life left.
    Boot,
    /// The alarm set by [`Effects::wake_at`] has come.
    Wake,
    /// An order from outside (an operator, a test): a plain word of the plan.
    Order(Arc<str>),
    /// A peer opened a stream to this machine.
    Accepted {
        /// The stream.
        conn: ConnId,
        /// Who opened it.
        from: MachineId,
    },
    /// A stream opened by this process stands.
    Opened {
        /// The stream.
        conn: ConnId,
        /// Its other end.
        to: MachineId,
    },
    /// A stream is gone: refused, reset, or closed by the peer after all that it had sent was delivered. Not told to
    /// the end that closed it.
    Closed {
        /// The stream.
        conn: ConnId,
        /// Its other end.
        peer: MachineId,
    },
    /// A message on a stream, in the order of sending.
    Message {
        /// The stream.
        conn: ConnId,
        /// Its other end.
        from: MachineId,
        /// What was said.
        message: M,
    },
    /// A datagram; it may come late, twice, or out of order.
    Datagram {
        /// The sender.
        from: MachineId,
        /// What was said.
        message: M,
    },
    /// The disk answers.
    Disk(DiskAnswer),
}

impl<M> Event<M> {
    /// The same event for a core that speaks another language; `None` for a message that it does not understand.
    pub fn translate<N>(self, understood: impl FnOnce(M) -> Option<N>) -> Option<Event<N>> {
        Some(match self {
            Event::Boot => Event::Boot,
            Event::Wake => Event::Wake,
            Event::Order(word) => Event::Order(word),
            Event::Accepted { conn, from } => Event::Accepted { conn, from },
            Event::Opened { conn, to } => Event::Opened { conn, to },
            Event::Closed { conn, peer } => Event::Closed { conn, peer },
            Event::Message { conn, from, message } => Event::Message { conn, from, message: understood(message)? },
            Event::Datagram { from, message } => Event::Datagram { from, message: understood(message)? },
            Event::Disk(answer) => Event::Disk(answer),
        })
    }
}

/// An answer of the disk to a [`Token`], in the order of asking.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum DiskAnswer {
    /// All that was appended to, truncated from or replaced in the file before the sync was asked for is durable; for a
    /// directory sync, all names are.
    Synced {
        /// The sync's token.
        token: Token,
    },
    /// A file's content, or `None` if there is no such file.
    Read {
        /// The read's token.
        token: Token,
        /// The content.
        bytes: Option<Vec<u8>>,
    },
    /// The names on the disk, sorted.
    Listed {
        /// The list's token.
        token: Token,
        /// The names.
        files: Vec<FileName>,
    },
    /// An operation failed; what it would have written may be there in part. `token` is `None` for operations that
    /// carry none.
    Failed {
        /// The operation's token, if it carried one.
        token: Option<Token>,
        /// The file, or `None` for the directory.
        file: Option<FileName>,
        /// Why.
        error: DiskError,
    },
}

/// Names a disk operation in its answer. The process chooses it; the world only hands it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Token(pub u64);

/// Why a disk operation failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiskError {
    /// No space left (ENOSPC).
    Full,
    /// The device failed (EIO).
    Io,
}
