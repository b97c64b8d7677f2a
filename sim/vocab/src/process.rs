//! The contract between a world and what runs in it: events in, effects out, and nothing else. Data and one trait; never a clock, a disk or a generator.

use std::hash::Hash;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::happening::Happening;
use crate::ids::{ConnId, MachineId};
use crate::time::Now;

/// A file on a machine's disk. What stands before the first `.` is its kind, which faults can name: `log.5` is of kind `log`.
pub type FileName = Arc<str>;

/// A program on a simulated machine: a pure state machine that owns its whole state.
pub trait Process: Clone {
    /// What processes of this system say to each other.
    type Message: Message;
    /// What processes of this system note for the judge. A world adds its own happenings.
    type Fact: Clone + Hash + From<Happening>;

    /// Takes one event, to completion, and puts what it wants done into `out`.
    fn step(&mut self, now: Now, event: Event<Self::Message>, out: &mut Effects<Self::Message, Self::Fact>);

    /// What must hold between steps; the world calls it after every step and stops at the first error, which says what should have been true.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }

    /// What would be lost with this machine's disk, if other machines rely on it. See [`Pledge`].
    fn pledge(&self) -> Option<Pledge> {
        None
    }

    /// The state as plain data, for people: names and values, in reading order.
    fn look(&self) -> Vec<(&'static str, String)>;
}

/// What a machine has promised on its disk, as numbers that can be compared without knowing what they mean: a machine is *dominated* by another when neither
/// component is above the other's. A fault budget lets a disk be lost only while a majority of the other pledging machines dominate it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Pledge(pub [u128; 2]);

impl Pledge {
    /// Whether everything pledged here is pledged by `other` too.
    pub fn is_dominated_by(self, other: Pledge) -> bool {
        self.0[0] <= other.0[0] && self.0[1] <= other.0[1]
    }
}

/// What travels between processes. Its `Hash` goes into the run's hash, so it must cover the whole payload.
pub trait Message: Clone + Hash {
    /// The message's plain name (`NEWLEADER`), by which faults can name it. That is all that a world knows of a protocol.
    fn kind(&self) -> &'static str;
}

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
    /// A stream is gone: refused, reset, or closed by the peer after all that it had sent was delivered. Not told to the end that closed it.
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
    /// All that was appended to, truncated from or replaced in the file before the sync was asked for is durable; for a directory sync, all names are.
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
    /// An operation failed; what it would have written may be there in part. `token` is `None` for operations that carry none.
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

/// How a process leaves.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exit {
    /// It cannot go on in this life; its supervisor starts it again on the same disk.
    Restart(String),
    /// Its disk is damaged beyond its own repair; an operator must wipe it, which a fault budget permits only while nothing would be lost.
    Damaged(String),
}

/// What a process wants done.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Effect<M> {
    /// Open a stream; answered by `Opened` or `Closed`, or by nothing while the way is cut.
    Open {
        /// Its number, given by [`Effects::open`].
        conn: ConnId,
        /// The other end.
        to: MachineId,
    },
    /// Send on a stream; silently lost if the stream is gone.
    Send {
        /// The stream.
        conn: ConnId,
        /// What to say.
        message: M,
    },
    /// Close a stream; what was sent before is still delivered.
    Close {
        /// The stream.
        conn: ConnId,
    },
    /// Send a datagram.
    Datagram {
        /// The receiver.
        to: MachineId,
        /// What to say.
        message: M,
    },
    /// Append to a file, making it if need be. Not durable until synced, nor is a new file's name until the directory is.
    Append {
        /// The file.
        file: FileName,
        /// What to append.
        bytes: Vec<u8>,
    },
    /// Cut a file to `len` bytes. Not durable until synced.
    Truncate {
        /// The file.
        file: FileName,
        /// The new length in bytes.
        len: u64,
    },
    /// Make a file durable (its content, not its name).
    Sync {
        /// The file.
        file: FileName,
        /// Names the answer.
        token: Token,
    },
    /// Put `bytes` in the place of a file by writing and syncing another and renaming it: either content is there after a crash, the new one for certain only after a directory sync.
    Replace {
        /// The file.
        file: FileName,
        /// The new content.
        bytes: Vec<u8>,
    },
    /// Rename a file over another. Durable after a directory sync, as with `Replace`; the content is as durable as it was.
    Rename {
        /// The old name.
        from: FileName,
        /// The new name; a file that has it is replaced.
        to: FileName,
    },
    /// Remove a file. It may be back after a crash until the directory is synced.
    Remove {
        /// The file.
        file: FileName,
    },
    /// Make all names durable.
    SyncDir {
        /// Names the answer.
        token: Token,
    },
    /// Read a whole file.
    Read {
        /// The file.
        file: FileName,
        /// Names the answer.
        token: Token,
    },
    /// List all names.
    List {
        /// Names the answer.
        token: Token,
    },
    /// Leave.
    Exit(Exit),
}

/// What a step wants done, in order. The world carries it out after the step returns.
#[derive(Clone, Debug)]
pub struct Effects<M, F> {
    /// What to do, in order.
    pub list: Vec<Effect<M>>,
    /// What to note, in order.
    pub notes: Vec<F>,
    /// The new alarm, by the machine's monotonic clock in ns, if this step set one.
    pub wake_ns: Option<u64>,
    /// The number that the next opened stream gets.
    pub next_conn: ConnId,
}

impl<M> Effect<M> {
    /// The same effect in another language.
    pub fn translate<N>(self, say: impl FnOnce(M) -> N) -> Effect<N> {
        match self {
            Effect::Open { conn, to } => Effect::Open { conn, to },
            Effect::Send { conn, message } => Effect::Send { conn, message: say(message) },
            Effect::Close { conn } => Effect::Close { conn },
            Effect::Datagram { to, message } => Effect::Datagram { to, message: say(message) },
            Effect::Append { file, bytes } => Effect::Append { file, bytes },
            Effect::Truncate { file, len } => Effect::Truncate { file, len },
            Effect::Sync { file, token } => Effect::Sync { file, token },
            Effect::Replace { file, bytes } => Effect::Replace { file, bytes },
            Effect::Rename { from, to } => Effect::Rename { from, to },
            Effect::Remove { file } => Effect::Remove { file },
            Effect::SyncDir { token } => Effect::SyncDir { token },
            Effect::Read { file, token } => Effect::Read { file, token },
            Effect::List { token } => Effect::List { token },
            Effect::Exit(exit) => Effect::Exit(exit),
        }
    }
}

impl<M, F> Effects<M, F> {
    /// Lets a core that speaks another language act in this step: `act` gets effects of its own, which then follow what is here. An alarm that it sets is not this step's: its owner asks it when it must wake.
    pub fn host<N, R>(&mut self, say: impl Fn(N) -> M, act: impl FnOnce(&mut Effects<N, F>) -> R) -> R {
        let mut inner = Effects { list: Vec::new(), notes: std::mem::take(&mut self.notes), wake_ns: None, next_conn: self.next_conn };
        let result = act(&mut inner);
        self.notes = inner.notes;
        self.next_conn = inner.next_conn;
        self.list.extend(inner.list.into_iter().map(|effect| effect.translate(&say)));
        result
    }

    /// No effects yet; streams are numbered from `next_conn` on.
    pub fn new(next_conn: ConnId) -> Self {
        Effects { list: Vec::new(), notes: Vec::new(), wake_ns: None, next_conn }
    }

    /// Opens a stream to `to` and says its number.
    pub fn open(&mut self, to: MachineId) -> ConnId {
        let conn = self.next_conn;
        self.next_conn = ConnId(conn.0 + 1);
        self.list.push(Effect::Open { conn, to });
        conn
    }

    /// Sends on a stream.
    pub fn send(&mut self, conn: ConnId, message: M) {
        self.list.push(Effect::Send { conn, message });
    }

    /// Closes a stream.
    pub fn close(&mut self, conn: ConnId) {
        self.list.push(Effect::Close { conn });
    }

    /// Sends a datagram.
    pub fn datagram(&mut self, to: MachineId, message: M) {
        self.list.push(Effect::Datagram { to, message });
    }

    /// Appends to a file.
    pub fn append(&mut self, file: &FileName, bytes: Vec<u8>) {
        self.list.push(Effect::Append { file: file.clone(), bytes });
    }

    /// Syncs a file.
    pub fn sync(&mut self, file: &FileName, token: Token) {
        self.list.push(Effect::Sync { file: file.clone(), token });
    }

    /// Sets the machine's only alarm, by its monotonic clock; a later call, also of a later step, replaces an earlier one. An alarm in the past comes at once.
    pub fn wake_at(&mut self, mono_ns: u64) {
        self.wake_ns = Some(mono_ns);
    }

    /// Notes a fact.
    pub fn note(&mut self, fact: impl Into<F>) {
        self.notes.push(fact.into());
    }

    /// Leaves; effects after it are not carried out.
    pub fn exit(&mut self, exit: Exit) {
        self.list.push(Effect::Exit(exit));
    }
}
