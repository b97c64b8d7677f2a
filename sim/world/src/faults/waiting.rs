//! Who waits for what: the plan's faults, how far each has come, and the messages that are to be lost.

use contract::fault::{Moment, What};
use contract::ids::MachineId;
use contract::plan::Budget;

/// How far a fault has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Its time or its event has not come.
    Waiting,
    /// It may not strike yet; tried since then.
    Deferred { since_ns: u64 },
    /// It holds.
    Holding,
    /// It is over, or will never strike.
    Over,
}

/// A fault of the plan.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    pub(super) what: What,
    pub(super) phase: Phase,
    /// Where the awaited event happened, and the other end of its message.
    pub(super) subject: Option<MachineId>,
    pub(super) peer: Option<MachineId>,
}

/// A fault that waits for an event.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    pub(super) fault: u32,
    pub(super) kind: String,
    pub(super) machine: Option<MachineId>,
    pub(super) left: u32,
    pub(super) after_ns: u64,
}

/// A fault that loses messages, or the replies to them.
#[derive(Clone, Debug)]
pub(super) struct DropFault {
    pub(super) fault: u32,
    pub(super) kind: String,
    pub(super) from: Option<MachineId>,
    pub(super) to: Option<MachineId>,
    pub(super) left: u32,
}

impl DropFault {
    pub(super) fn takes(&self, kind: &str, from: MachineId, to: Option<MachineId>) -> bool {
        self.kind == kind && self.from.is_none_or(|only| only == from) && self.to.is_none_or(|only| to == Some(only))
    }
}

/// The plan's faults.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    pub(super) planned: Vec<Planned>,
    /// By moment, in the order of [`Moment`].
    pub(super) watches: [Vec<Watch>; 4],
    /// Faults that lose the next messages of a kind.
    pub(super) drops: Vec<DropFault>,
    /// Faults that lose the reply to the next message of a kind.
    pub(super) reply_drops: Vec<DropFault>,
    /// Datagram replies to be lost: from whom, to whom.
    pub(super) doomed_replies: Vec<(MachineId, MachineId)>,
    /// Whether some fault cares about what is sent. Asked for every message, so it is kept.
    pub(crate) is_sending_watched: bool,
    pub(super) budget: Budget,
    pub(super) absent: Vec<MachineId>,
    pub(crate) supervisor_ns: u64,
    pub(crate) is_healed: bool,
}

impl Faults {
    /// Whether some fault waits for such a moment.
    pub(crate) fn watches(&self, moment: Moment) -> bool {
        !self.watches[moment as usize].is_empty()
    }

    /// Looks again whether some fault cares about what is sent; after each change of those that may.
    pub(super) fn look_at_sending(&mut self) {
        self.is_sending_watched = self.watches(Moment::Send) || !self.drops.is_empty() || !self.reply_drops.is_empty() || !self.doomed_replies.is_empty();
    }

    /// The next datagram from one machine to another is to be lost.
    pub(crate) fn doom_reply(&mut self, from: MachineId, to: MachineId) {
        self.doomed_replies.push((from, to));
        self.look_at_sending();
    }

    /// Whether this datagram is one that is to be lost.
    pub(crate) fn take_doomed_reply(&mut self, from: MachineId, to: MachineId) -> bool {
        let place = self.doomed_replies.iter().position(|doomed| *doomed == (from, to));
        let is_doomed = place.map(|place| self.doomed_replies.remove(place)).is_some();
        self.look_at_sending();
        is_doomed
    }
}
