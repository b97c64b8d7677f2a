//! Effects: what a process wants done, in order. Never the doing, which is the world's.

use serde::{Deserialize, Serialize};

use super::{AsFile, FileName, Token};
use crate::ids::{ConnId, MachineId};

/// How a process leaves.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exit {
    /// It cannot go on in this life; its supervisor starts it again on the same disk.
    Restart(String),
    /// Its disk is damaged beyond its own repair; an operator must wipe it, which a fault budget permits only while
    /// nothing would be lost.
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
    /// Append to a file, making it if need be. Not durable until synced, nor is a new file's name until the directory
    /// is.
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
    /// Put `bytes` in the place of a file by writing and syncing another and renaming it: either content is there after
    /// a crash, the new one for certain only after a directory sync.
    Replace {
        /// The file.
        file: FileName,
        /// The new content.
        bytes: Vec<u8>,
    },
    /// Rename a file over another. Durable after a directory sync, as with `Replace`; the content is as durable as it
    /// was.
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
    /// Lets a core of another system act in this step: `act` gets effects of its own, which then follow what is here;
    /// `say` and `tell` put its messages and facts into this system's. An alarm that it sets is not this step's: its
    /// owner asks it when it must wake.
    pub fn host<N, G, R>(&mut self, say: impl Fn(N) -> M, tell: impl Fn(G) -> F, act: impl FnOnce(&mut Effects<N, G>) -> R) -> R {
        self.host_in(&mut Effects::new(self.next_conn), say, tell, act)
    }

    /// Like [`Effects::host`], in effects that are kept from step to step, so that their room need not be found each
    /// time. They are empty before and after.
    pub fn host_in<N, G, R>(&mut self, inner: &mut Effects<N, G>, say: impl Fn(N) -> M, tell: impl Fn(G) -> F, act: impl FnOnce(&mut Effects<N, G>) -> R) -> R {
        (inner.next_conn, inner.wake_ns) = (self.next_conn, None);
        let result = act(inner);
        self.next_conn = inner.next_conn;
        // Most steps of a core note nothing, and many do nothing.
        if !inner.notes.is_empty() {
            self.notes.extend(inner.notes.drain(..).map(tell));
        }
        if !inner.list.is_empty() {
            self.list.extend(inner.list.drain(..).map(|effect| effect.translate(&say)));
        }
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

    /// Appends to a file, making it if need be. Not durable until [`Effects::sync`] is answered, nor is a new file's
    /// name until [`Effects::sync_dir`] is.
    pub fn append(&mut self, file: &(impl AsFile + ?Sized), bytes: Vec<u8>) {
        self.list.push(Effect::Append { file: file.file(), bytes });
    }

    /// Cuts a file to `len` bytes. Not durable until it is synced.
    pub fn truncate(&mut self, file: &(impl AsFile + ?Sized), len: u64) {
        self.list.push(Effect::Truncate { file: file.file(), len });
    }

    /// Makes a file's content durable, not its name; answered by [`DiskAnswer::Synced`](super::DiskAnswer::Synced).
    pub fn sync(&mut self, file: &(impl AsFile + ?Sized), token: Token) {
        self.list.push(Effect::Sync { file: file.file(), token });
    }

    /// Puts `bytes` in the place of a file, whole or not at all. Durable after [`Effects::sync_dir`].
    pub fn replace(&mut self, file: &(impl AsFile + ?Sized), bytes: Vec<u8>) {
        self.list.push(Effect::Replace { file: file.file(), bytes });
    }

    /// Renames a file over another one. Durable after [`Effects::sync_dir`].
    pub fn rename(&mut self, from: &(impl AsFile + ?Sized), to: &(impl AsFile + ?Sized)) {
        self.list.push(Effect::Rename { from: from.file(), to: to.file() });
    }

    /// Removes a file. It may be back after a crash until [`Effects::sync_dir`] is answered.
    pub fn remove(&mut self, file: &(impl AsFile + ?Sized)) {
        self.list.push(Effect::Remove { file: file.file() });
    }

    /// Makes all names durable; answered by [`DiskAnswer::Synced`](super::DiskAnswer::Synced).
    pub fn sync_dir(&mut self, token: Token) {
        self.list.push(Effect::SyncDir { token });
    }

    /// Reads a whole file; answered by [`DiskAnswer::Read`](super::DiskAnswer::Read).
    pub fn read(&mut self, file: &(impl AsFile + ?Sized), token: Token) {
        self.list.push(Effect::Read { file: file.file(), token });
    }

    /// Lists all names; answered by [`DiskAnswer::Listed`](super::DiskAnswer::Listed).
    pub fn list(&mut self, token: Token) {
        self.list.push(Effect::List { token });
    }

    /// Sets the machine's only alarm, by its monotonic clock; a later call, also of a later step, replaces an earlier
    /// one. An alarm in the past comes at once.
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
