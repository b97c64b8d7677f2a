//! A round of a client's recipe: its number, its dice, its patience, one alarm. Never what the recipe does in it.

use contract::dice::Dice;
use contract::time::{MILLISECOND, Now};

/// How often in a million rounds a client closes its session afterwards and opens another.
const CLOSE_PPM: u32 = 30_000;
/// How often it closes it, or is killed as its session sees it: then the session expires by itself.
const LEAVE_PPM: u32 = CLOSE_PPM + 15_000;

/// How a process leaves its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leave {
    /// It closes it.
    Close,
    /// It is killed, or behaves so: nothing is said.
    Abandon,
}

/// Whether a round goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(super) enum Progress {
    /// It waits: for a request that has not ended, a watch, or its alarm.
    Going,
    /// It is over.
    Done,
    /// It is over because a node that every round needs is not there.
    Groundless,
}

/// What a round needs from beginning to end.
#[derive(Clone, Debug)]
pub(super) struct Round {
    /// Its number, from 0.
    pub number: u32,
    /// Its own stream, so that leaving it out leaves all others alone.
    pub dice: Dice,
    /// How the session ends after it, if the dice want it to.
    pub leave: Option<Leave>,
    /// When the recipe must come to an end whatever it waits for, by the monotonic clock; `None` before it begins.
    pub patience_ns: Option<u64>,
    /// The recipe was told that its patience is over.
    is_told: bool,
    /// The recipe's alarm.
    alarm_ns: Option<u64>,
}

impl Round {
    /// A client's round, not begun yet.
    pub fn new(seed: u64, client: usize, number: u32) -> Round {
        let mut dice = Dice::named(seed, "workload", client as u64, u64::from(number));
        let leave = match dice.below(1_000_000) as u32 {
            0..CLOSE_PPM => Some(Leave::Close),
            CLOSE_PPM..LEAVE_PPM => Some(Leave::Abandon),
            _ => None,
        };
        Round { number, dice, leave, patience_ns: None, is_told: false, alarm_ns: None }
    }

    /// Whether the recipe must hear an alarm now: its own, or the end of its patience.
    pub fn take_alarm(&mut self, now: Now) -> bool {
        let is_due = |ns: u64| now.mono_ns >= ns;
        let rings = self.alarm_ns.take_if(|ns| is_due(*ns)).is_some();
        let is_late = !self.is_told && self.patience_ns.is_some_and(is_due);
        self.is_told |= is_late;
        rings || is_late
    }

    /// Sets the recipe's alarm.
    pub fn alarm_in(&mut self, ms: u64, now: Now) {
        self.alarm_ns = Some(now.mono_ns + ms * MILLISECOND);
    }

    /// Whether the patience is over: what waits must give up.
    pub fn is_late(&self, now: Now) -> bool {
        self.patience_ns.is_some_and(|ns| now.mono_ns >= ns)
    }

    /// When the next alarm is due.
    pub fn wake_ns(&self) -> Option<u64> {
        [self.alarm_ns, self.patience_ns.filter(|_| !self.is_told)].into_iter().flatten().min()
    }
}
