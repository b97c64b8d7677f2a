//! Faults: one planned blow each. What, where, when, how long; never how the world carries it out.

use serde::{Deserialize, Serialize};

use crate::ids::MachineId;

/// One planned blow.
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
        /// How long after it, in ms. 0 strikes before anything else happens: a message caught when sent does not leave if its link is cut by the blow.
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
        /// Which.
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
        /// One end.
        a: Target,
        /// The other end.
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
    /// Nothing passes where the shape cuts. Streams stall and go on later if their owners are patient; datagrams are lost.
    Partition {
        /// Where.
        shape: Shape,
        /// How long.
        for_ms: u64,
    },
    /// Every stream between two machines is reset; both ends learn of it, at different times.
    CutStreams {
        /// One end.
        a: Target,
        /// The other end.
        b: Target,
        /// Neither end learns of it but by its own timeouts (half-open).
        #[serde(default)]
        silent: bool,
    },
    /// The next `count` messages of a kind are lost. On a stream everything after the first lost one is lost too: the stream is reset.
    Drop {
        /// The message's kind.
        kind: String,
        /// Only from this machine.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<MachineId>,
        /// Only to this machine.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<MachineId>,
        /// How many.
        count: u32,
    },
    /// The next message of a kind arrives, and the next message back on its stream is lost with the stream: the sender never learns what became of it.
    DropReply {
        /// The message's kind.
        kind: String,
        /// Only from this machine.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<MachineId>,
    },
    /// A link is slower by this much, both ways.
    SlowLink {
        /// One end.
        a: Target,
        /// The other end.
        b: Target,
        /// Added latency in ms.
        extra_ms: u32,
        /// How long.
        for_ms: u64,
    },
    /// A machine goes down, and comes back unless `restart_ms` is left out.
    Crash {
        /// Which.
        machine: Target,
        /// The power fails: what was not synced is lost, kept in part, or torn. Otherwise only the process dies and the disk keeps all that was written.
        power: bool,
        /// How long until it starts again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        restart_ms: Option<u64>,
    },
    /// All these machines lose power at once and come back, each within `restart_ms`.
    Blackout {
        /// Which.
        machines: Vec<MachineId>,
        /// The longest that one stays down; each its own time.
        restart_ms: u64,
    },
    /// A machine goes down and its disk is gone.
    LoseDisk {
        /// Which.
        machine: Target,
        /// How long until it starts again, empty.
        restart_ms: u64,
    },
    /// A machine that is down starts.
    Restart {
        /// Which.
        machine: MachineId,
    },
    /// A process is frozen (a garbage collection, SIGSTOP) while its inbox fills.
    Pause {
        /// Whose.
        machine: Target,
        /// How long.
        for_ms: u64,
    },
    /// The wall clock steps.
    ClockStep {
        /// Whose.
        machine: Target,
        /// By how much; negative is back.
        by_ms: i64,
    },
    /// Both clocks run faster by so many parts per million (within ±200 000).
    ClockDrift {
        /// Whose.
        machine: Target,
        /// The new drift.
        ppm: i32,
    },
    /// The disk answers nothing, and then all at once.
    DiskStall {
        /// Whose.
        machine: Target,
        /// How long.
        for_ms: u64,
    },
    /// Every write fails with ENOSPC, perhaps after a part of it.
    DiskFull {
        /// Whose.
        machine: Target,
        /// How long.
        for_ms: u64,
    },
    /// The next `count` syncs or writes fail with EIO.
    DiskError {
        /// Whose.
        machine: Target,
        /// How many.
        count: u32,
    },
    /// Syncs answer but make nothing durable, until the fault ends. A power failure then loses what they promised.
    LyingSync {
        /// Whose.
        machine: Target,
        /// How long.
        for_ms: u64,
    },
    /// One bit of what is durable in a file of this kind flips.
    BitRot {
        /// Whose.
        machine: Target,
        /// The file's kind.
        kind: String,
    },
    /// The next sync of a file of this kind also writes a sector of its content over another file's, or over another place of its own.
    MisdirectedWrite {
        /// Whose.
        machine: Target,
        /// The file's kind.
        kind: String,
    },
    /// A plain word is said to a process, which may heed it (`expire-session`).
    Order {
        /// To whom.
        machine: Target,
        /// The word.
        word: String,
    },
}

impl What {
    /// The blow's plain name, as in reports.
    pub fn name(&self) -> &'static str {
        match self {
            What::Partition { shape, .. } => match shape {
                Shape::Halves { .. } => "partition-halves",
                Shape::Isolate { .. } => "partition-isolate",
                Shape::OneWay { .. } => "partition-one-way",
                Shape::Bridge { .. } => "partition-bridge",
                Shape::Ring(_) => "partition-ring",
                Shape::Link { .. } => "partition-link",
            },
            What::CutStreams { .. } => "cut-streams",
            What::Drop { .. } => "drop",
            What::DropReply { .. } => "drop-reply",
            What::SlowLink { .. } => "slow-link",
            What::Crash { power: true, .. } => "crash-power",
            What::Crash { .. } => "crash-process",
            What::Blackout { .. } => "blackout",
            What::LoseDisk { .. } => "lose-disk",
            What::Restart { .. } => "restart",
            What::Pause { .. } => "pause",
            What::ClockStep { .. } => "clock-step",
            What::ClockDrift { .. } => "clock-drift",
            What::DiskStall { .. } => "disk-stall",
            What::DiskFull { .. } => "disk-full",
            What::DiskError { .. } => "disk-error",
            What::LyingSync { .. } => "lying-sync",
            What::BitRot { .. } => "bit-rot",
            What::MisdirectedWrite { .. } => "misdirected-write",
            What::Order { .. } => "order",
        }
    }

    /// The machines that it names, for checking that they exist.
    pub fn machines(&self) -> Vec<MachineId> {
        let named =
            |targets: &[&Target]| targets.iter().filter_map(|target| if let Target::Machine(machine) = target { Some(*machine) } else { None }).collect();
        match self {
            What::Partition { shape, .. } => match shape {
                Shape::Halves { side } => side.clone(),
                Shape::Isolate { machine } => named(&[machine]),
                Shape::OneWay { from, to } => from.iter().chain(to).copied().collect(),
                Shape::Bridge { side, over } => side.iter().chain([over]).copied().collect(),
                Shape::Ring(ring) => ring.order.clone(),
                Shape::Link { a, b } => named(&[a, b]),
            },
            What::CutStreams { a, b, .. } | What::SlowLink { a, b, .. } => named(&[a, b]),
            What::Drop { from, to, .. } => from.iter().chain(to).copied().collect(),
            What::DropReply { from, .. } => from.iter().copied().collect(),
            What::Blackout { machines, .. } => machines.clone(),
            What::Restart { machine } => vec![*machine],
            What::Crash { machine, .. }
            | What::LoseDisk { machine, .. }
            | What::Pause { machine, .. }
            | What::ClockStep { machine, .. }
            | What::ClockDrift { machine, .. }
            | What::DiskStall { machine, .. }
            | What::DiskFull { machine, .. }
            | What::DiskError { machine, .. }
            | What::LyingSync { machine, .. }
            | What::BitRot { machine, .. }
            | What::MisdirectedWrite { machine, .. }
            | What::Order { machine, .. } => named(&[machine]),
        }
    }

    /// The relative targets among whom it hits.
    pub fn targets(&self) -> Vec<Target> {
        match self {
            What::Partition { shape, .. } => match shape {
                Shape::Isolate { machine } => vec![*machine],
                Shape::Link { a, b } => vec![*a, *b],
                Shape::Halves { .. } | Shape::OneWay { .. } | Shape::Bridge { .. } | Shape::Ring(_) => vec![],
            },
            What::CutStreams { a, b, .. } | What::SlowLink { a, b, .. } => vec![*a, *b],
            What::Drop { .. } | What::DropReply { .. } | What::Blackout { .. } | What::Restart { .. } => vec![],
            What::Crash { machine, .. }
            | What::LoseDisk { machine, .. }
            | What::Pause { machine, .. }
            | What::ClockStep { machine, .. }
            | What::ClockDrift { machine, .. }
            | What::DiskStall { machine, .. }
            | What::DiskFull { machine, .. }
            | What::DiskError { machine, .. }
            | What::LyingSync { machine, .. }
            | What::BitRot { machine, .. }
            | What::MisdirectedWrite { machine, .. }
            | What::Order { machine, .. } => vec![*machine],
        }
    }
}
