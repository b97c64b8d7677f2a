//! What a recipe works with: its client, its round's dice, the time, one alarm. And what it hears. Never another recipe's state.

use coord::client::{Client, Out};
use vocab::dice::Dice;
use vocab::fact::{ClientFact, RecipeFact};
use vocab::ids::{MachineId, Xid};
use vocab::service::{ErrorCode, Op, Reply, WatchEvent};
use vocab::time::{MILLISECOND, Now};

/// How often in a million rounds a client closes its session afterwards and opens another.
const CLOSE_PPM: u32 = 30_000;
/// How often it closes it, or is killed as its session sees it: then the session expires by itself.
const LEAVE_PPM: u32 = CLOSE_PPM + 15_000;

/// How often a client says who it is in one session, one round aside.
const IDENTITIES_MAX: usize = 8;

/// How a process leaves its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leave {
    /// It closes it.
    Close,
    /// It is killed, or behaves so: nothing is said.
    Abandon,
}

/// What became of a request, as a recipe must see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The service refused it.
    Error(ErrorCode),
    /// Nobody knows: the connection was lost first.
    Unknown,
}

/// What a recipe hears.
#[derive(Clone, Debug)]
pub(super) enum Heard<'a> {
    /// A round begins.
    Begin,
    /// A request of this round has ended.
    Answer {
        /// Which.
        xid: Xid,
        /// How.
        outcome: Result<&'a Reply, Failure>,
    },
    /// A watch fired.
    Watch(&'a WatchEvent),
    /// The connection is gone; the session, perhaps, is not.
    Detached,
    /// The session has a connection again.
    Attached,
    /// The recipe's alarm, or the end of its patience.
    Alarm,
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

/// What a recipe works with.
pub(super) struct Desk<'a> {
    pub client: &'a mut Client,
    pub out: &'a mut Out,
    pub now: Now,
    pub me: MachineId,
    pub think_ms: u32,
    pub round: &'a mut Round,
}

impl Desk<'_> {
    /// Sends a request.
    pub fn ask(&mut self, op: Op) -> Xid {
        self.client.submit(op, self.now, self.out)
    }

    /// Whether the client may say once more who it is: no application has many identities.
    pub fn may_auth(&self) -> bool {
        self.client.identities() < IDENTITIES_MAX
    }

    /// Notes what the recipe says of itself.
    pub fn note(&mut self, fact: RecipeFact) {
        self.out.note(ClientFact::Recipe(fact));
    }

    /// Wants to hear [`Heard::Alarm`] in `ms`.
    pub fn alarm_in(&mut self, ms: u64) {
        self.round.alarm_in(ms, self.now);
    }

    /// Whether the patience is over: what waits must give up.
    pub fn is_late(&self) -> bool {
        self.round.is_late(self.now)
    }

    /// A name that no other round of any client has: Curator's protection, by which a create is found again when its reply was lost.
    pub fn tag(&self) -> String {
        format!("_c_{:x}-{}-", self.client.session().0, self.round.number)
    }
}

/// The number that the service appended to a sequential node's name.
pub(super) fn sequence(name: &str) -> Option<u64> {
    let digits = name.get(name.len().checked_sub(10)?..)?;
    digits.parse().ok()
}
