//! What everybody must know of each kind of fault: its name, whom it names and hits, how long it holds, what it may
//! destroy, which kinds of messages, files and orders it speaks of. The one place that describes a kind; the world's
//! `faults/carry.rs` is the one that carries it out.

use super::{Fault, Shape, Target, What, When};
use crate::ids::MachineId;

/// What a fault is like, whoever carries it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About<'f> {
    /// Its plain name, as in reports and happenings.
    pub name: &'static str,
    /// Machines that it names by number, the first one being the one that it befalls where `targets` is empty.
    pub machines: Vec<MachineId>,
    /// Machines that it names or finds by the awaited event; it befalls the first one.
    pub targets: Vec<Target>,
    /// How long it holds.
    pub lasts: Lasts,
    /// The longest time that it speaks of, in ms.
    pub longest_ms: u64,
    /// It destroys something durable on the first of its targets: the fault budget must permit it.
    pub destroys: bool,
    /// What it names of the system.
    pub named: Option<Named<'f>>,
}

/// How long a fault holds once it has struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lasts {
    /// Not at all: it is over when it has struck.
    Not,
    /// Until it has done what it can do, or the heal.
    UntilSpent,
    /// So many ms, or until the heal.
    For(u64),
}

/// A name that must be one of the system's [`Kinds`](crate::kinds::Kinds).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named<'f> {
    /// A kind of message.
    Message(&'f str),
    /// A kind of file that is written to.
    File(&'f str),
    /// An order.
    Order(&'f str),
}

impl<'f> About<'f> {
    fn new(name: &'static str, targets: &[Target]) -> About<'f> {
        let machines = targets.iter().filter_map(|target| if let Target::Machine(machine) = target { Some(*machine) } else { None }).collect();
        About { name, machines, targets: targets.to_vec(), lasts: Lasts::Not, longest_ms: 0, destroys: false, named: None }
    }

    fn machines(mut self, machines: impl IntoIterator<Item = MachineId>) -> Self {
        self.machines.extend(machines);
        self
    }

    fn lasts(self, for_ms: u64) -> Self {
        About { lasts: Lasts::For(for_ms), longest_ms: for_ms, ..self }
    }

    fn until_spent(self) -> Self {
        About { lasts: Lasts::UntilSpent, ..self }
    }

    fn within(self, longest_ms: u64) -> Self {
        About { longest_ms, ..self }
    }

    fn destroys(self) -> Self {
        About { destroys: true, ..self }
    }

    fn names(self, named: Named<'f>) -> Self {
        About { named: Some(named), ..self }
    }
}

impl What {
    /// What this fault is like.
    pub fn about(&self) -> About<'_> {
        let about = About::new;
        match self {
            What::Partition { shape, for_ms } => shape.about().lasts(*for_ms),
            What::CutStreams { a, b, silent: _ } => about("cut-streams", &[*a, *b]),
            What::Drop { kind, from, to, count: _ } => about("drop", &[]).machines(from.iter().chain(to).copied()).until_spent().names(Named::Message(kind)),
            What::DropReply { kind, from } => about("drop-reply", &[]).machines(from.iter().copied()).until_spent().names(Named::Message(kind)),
            What::SlowLink { a, b, extra_ms: _, for_ms } => about("slow-link", &[*a, *b]).lasts(*for_ms),
            What::Crash { machine, power, restart_ms } => {
                about(if *power { "crash-power" } else { "crash-process" }, &[*machine]).within(restart_ms.unwrap_or(0))
            }
            What::Blackout { machines, restart_ms } => about("blackout", &[]).machines(machines.iter().copied()).within(*restart_ms),
            What::LoseDisk { machine, restart_ms } => about("lose-disk", &[*machine]).within(*restart_ms).destroys(),
            What::Restart { machine } => about("restart", &[]).machines([*machine]),
            What::Pause { machine, for_ms } => about("pause", &[*machine]).lasts(*for_ms),
            What::ClockStep { machine, by_ms } => about("clock-step", &[*machine]).within(by_ms.unsigned_abs()),
            What::ClockDrift { machine, ppm: _ } => about("clock-drift", &[*machine]).until_spent(),
            What::DiskStall { machine, for_ms } => about("disk-stall", &[*machine]).lasts(*for_ms),
            What::DiskFull { machine, for_ms } => about("disk-full", &[*machine]).lasts(*for_ms),
            What::DiskError { machine, count: _ } => about("disk-error", &[*machine]).until_spent(),
            What::LyingSync { machine, for_ms } => about("lying-sync", &[*machine]).lasts(*for_ms),
            What::BitRot { machine, kind } => about("bit-rot", &[*machine]).destroys().names(Named::File(kind)),
            What::MisdirectedWrite { machine, kind } => about("misdirected-write", &[*machine]).until_spent().destroys().names(Named::File(kind)),
            What::Order { machine, word } => about("order", &[*machine]).names(Named::Order(word)),
        }
    }
}

impl Shape {
    fn about(&self) -> About<'static> {
        let about = About::new;
        match self {
            Shape::Halves { side } => about("partition-halves", &[]).machines(side.iter().copied()),
            Shape::Isolate { machine } => about("partition-isolate", &[*machine]),
            Shape::OneWay { from, to } => about("partition-one-way", &[]).machines(from.iter().chain(to).copied()),
            Shape::Bridge { side, over } => about("partition-bridge", &[]).machines(side.iter().chain([over]).copied()),
            Shape::Ring(ring) => about("partition-ring", &[]).machines(ring.order.iter().copied()),
            Shape::Link { a, b } => about("partition-link", &[*a, *b]),
        }
    }
}

impl Fault {
    /// The longest time that the fault speaks of, in ms.
    pub fn longest_ms(&self) -> u64 {
        let when_ms = match self.when {
            When::At { ms } => ms,
            When::On { after_ms, .. } => after_ms,
        };
        when_ms.max(self.what.about().longest_ms)
    }
}
