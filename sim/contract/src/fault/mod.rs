//! Faults as a plan writes them: what, where, when, how long. `about` says of each kind what everybody must know of it;
//! never how the world carries it out.

mod about;

use serde::{Deserialize, Serialize};

use crate::ids::MachineId;

pub use about::{About, Lasts, Named};

/// One planned fault.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// When.
    pub when: When,
    /// What.
    pub what: What,
}

/// When a fault strikes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum When {
    /// At a world time.
    At {
        /// In ms.
        ms: u64,
    },
    /// On an event: the `nth` time (from 1) that it happens, `after_ms` later.
    On {
        /// What kind of event.
        moment: Moment,
        /// The message's kind, or the file's (what stands before the first `.` of its name).
        kind: String,
        /// Only on this machine (the sender, the receiver, the disk's); on any if left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        machine: Option<MachineId>,
        /// Which time, from 1.
        nth: u32,
        /// How long after it, in ms. 0 strikes before anything else happens: a message caught when sent does not leave
        /// if its link is cut by the fault.
        #[serde(default)]
        after_ms: u64,
    },
}

/// Events that a fault can wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Moment {
    /// A message of the kind is sent (not on its way yet).
    Send,
    /// A message of the kind has been taken by its receiver.
    Deliver,
    /// Bytes were appended to a file of the kind (not synced yet), or a file of it replaced.
    Append,
    /// A file of the kind became durable (its owner not told yet).
    Sync,
}

/// Whom a fault hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// This machine.
    Machine(MachineId),
    /// The machine on which the awaited event happened. Only with `when = { on = … }`.
    Subject,
    /// The other end of the awaited message. Only with `when = { on = { moment = "send" or "deliver", … } }`.
    Peer,
}

/// Which ways a partition cuts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Shape {
    /// These machines from all others.
    Halves {
        /// One side; the other is everybody else.
        side: Vec<MachineId>,
    },
    /// One machine from all others.
    Isolate {
        /// The machine that is alone.
        machine: Target,
    },
    /// What `from` sends to `to` is cut; the way back is open.
    OneWay {
        /// The senders.
        from: Vec<MachineId>,
        /// The receivers.
        to: Vec<MachineId>,
    },
    /// Two sides that only `over` can reach both of.
    Bridge {
        /// One side.
        side: Vec<MachineId>,
        /// The machine that reaches both.
        over: MachineId,
    },
    /// Every machine of the ring reaches its two neighbours only; machines outside the ring reach everybody.
    Ring(Ring),
    /// One link, both ways.
    Link {
        /// One end of the link.
        a: Target,
        /// The other end of the link.
        b: Target,
    },
}

/// The machines of a ring, in its order.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ring {
    /// At least four.
    pub order: Vec<MachineId>,
}

/// What a fault does. Durations are in ms; a lasting fault ends after its own, or at the heal.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum What {
    /// Nothing passes where the shape cuts. Streams stall and go on later if their owners are patient; datagrams are
    /// lost.
    Partition {
        /// Which ways.
        shape: Shape,
        /// How long, in ms.
        for_ms: u64,
    },
    /// Every stream between two machines is reset; both ends learn of it, at different times.
    CutStreams {
        /// One end of the link.
        a: Target,
        /// The other end of the link.
        b: Target,
        /// Neither end learns of it but by its own timeouts (half-open).
        #[serde(default)]
        silent: bool,
    },
    /// The next `count` messages of a kind are lost. On a stream everything after the first lost one is lost too: the
    /// stream is reset.
    Drop {
        /// The message's kind.
        kind: String,
        /// Only from this machine.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<MachineId>,
        /// Only to this machine.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<MachineId>,
        /// How many of them.
        count: u32,
    },
    /// The next message of a kind arrives, and the next message back on its stream is lost with the stream: the sender
    /// never learns what became of it.
    DropReply {
        /// The message's kind.
        kind: String,
        /// Only from this machine.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<MachineId>,
    },
    /// A link is slower by this much, both ways.
    SlowLink {
        /// One end of the link.
        a: Target,
        /// The other end of the link.
        b: Target,
        /// Added latency in ms.
        extra_ms: u32,
        /// How long, in ms.
        for_ms: u64,
    },
    /// A machine goes down, and comes back unless `restart_ms` is left out.
    Crash {
        /// The machine that goes down.
        machine: Target,
        /// The power fails: what was not synced is lost, kept in part, or torn. Otherwise only the process dies and the
        /// disk keeps all that was written.
        power: bool,
        /// How long until it starts again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        restart_ms: Option<u64>,
    },
    /// All these machines lose power at once and come back, each within `restart_ms`.
    Blackout {
        /// The machines that go down.
        machines: Vec<MachineId>,
        /// The longest that one stays down; each its own time.
        restart_ms: u64,
    },
    /// A machine goes down and its disk is gone.
    LoseDisk {
        /// The machine that loses it.
        machine: Target,
        /// How long until it starts again, empty.
        restart_ms: u64,
    },
    /// A machine that is down starts.
    Restart {
        /// The machine that starts.
        machine: MachineId,
    },
    /// A process is frozen (a garbage collection, SIGSTOP) while its inbox fills.
    Pause {
        /// The machine.
        machine: Target,
        /// How long, in ms.
        for_ms: u64,
    },
    /// The wall clock steps.
    ClockStep {
        /// The machine.
        machine: Target,
        /// By how much; negative is back.
        by_ms: i64,
    },
    /// Both clocks run faster by so many parts per million (within ±200 000).
    ClockDrift {
        /// The machine.
        machine: Target,
        /// The new drift.
        ppm: i32,
    },
    /// The disk answers nothing, and then all at once.
    DiskStall {
        /// The machine.
        machine: Target,
        /// How long, in ms.
        for_ms: u64,
    },
    /// Every write fails with ENOSPC, perhaps after a part of it.
    DiskFull {
        /// The machine.
        machine: Target,
        /// How long, in ms.
        for_ms: u64,
    },
    /// The next `count` syncs or writes fail with EIO.
    DiskError {
        /// The machine.
        machine: Target,
        /// How many of them.
        count: u32,
    },
    /// Syncs answer but make nothing durable, until the fault ends. A power failure then loses what they promised.
    LyingSync {
        /// The machine.
        machine: Target,
        /// How long, in ms.
        for_ms: u64,
    },
    /// One bit of what is durable in a file of this kind flips.
    BitRot {
        /// The machine.
        machine: Target,
        /// The file's kind.
        kind: String,
    },
    /// The next sync of a file of this kind also writes a sector of its content over another file's, or over another
    /// place of its own.
    MisdirectedWrite {
        /// The machine.
        machine: Target,
        /// The file's kind.
        kind: String,
    },
    /// A plain word is said to a process, which may heed it (`expire-session`).
    Order {
        /// The machine.
        machine: Target,
        /// The word.
        word: String,
    },
}
