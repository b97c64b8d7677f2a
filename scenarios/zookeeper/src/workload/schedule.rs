//! A client's schedule: round after round, with pauses in between, until the storm is over; then the last requests. It
//! says what comes next and when; whoever asks it does that.

use contract::dice::Dice;
use contract::ids::MachineId;
use contract::time::{MILLISECOND, Now};
use zookeeper_client::raw::{Config, Out};
use zookeeper_words::Plan;
use zookeeper_words::fact::ClientFact;
use zookeeper_words::service::Op;
use zookeeper_words::settings::ClientPlan;

use super::last::Last;
use super::round::{Leave, Round};

/// How long a round waits for others at least, in ms: longer than an election takes.
const PATIENCE_MIN_MS: u64 = 10_000;
/// And how many session timeouts: whoever holds what is waited for has then expired if it died.
const PATIENCE_TIMEOUTS: u64 = 3;

/// What a client is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Not started.
    Off,
    /// It makes the nodes that its recipe needs.
    Grounding,
    /// Between two rounds.
    Resting {
        /// When the next one begins, by the monotonic clock.
        until_ns: u64,
    },
    /// In a round.
    Round,
    /// All rounds are done; the storm is not.
    Idle,
    /// Between a closed session, or Curator, and the next.
    Leaving,
    /// The storm is over: a write, a sync and a read must succeed.
    Last,
    /// They did; what is still under way in the background must end.
    Settling,
    /// The session is closed in good order.
    Closing,
    /// All done. The session, if there is one, is kept alive.
    Finished,
}

/// What the time demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Whatever comes next: [`Schedule::go_on`].
    Next,
    /// A round: [`Schedule::begin`].
    Round,
    /// The recipe must hear its alarm.
    Alarm,
}

/// Where a client is in its plan.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    /// The client's place among the plan's clients.
    pub number: usize,
    pub plan: ClientPlan,
    pub phase: Phase,
    /// The round that it is in, or that comes next.
    pub round: Round,
    /// What it must get done once the storm is over.
    pub last: Last,
    seed: u64,
    heal_ns: u64,
    next_round: u32,
}

impl Schedule {
    /// The schedule of the plan's client on `machine`. Panics when that machine is no client.
    pub fn new(plan: &Plan, machine: MachineId) -> Schedule {
        let number = machine.index().checked_sub(usize::from(plan.settings.replicas())).expect("the machine must be a client, not a replica");
        Schedule {
            number,
            plan: plan.settings.clients[number].clone(),
            phase: Phase::Off,
            round: Round::new(plan.seed.0, number, 0),
            last: Last::new(machine),
            seed: plan.seed.0,
            heal_ns: plan.heal.at_ms * MILLISECOND,
            next_round: 0,
        }
    }

    /// Nothing is under way: what comes next? Says the request that is to be sent: one of the last ones, or `ground`,
    /// which makes a node without which there can be no round.
    pub fn go_on(&mut self, ground: Option<Op>, now: Now) -> Option<Op> {
        let request;
        (self.phase, request) = if now.mono_ns >= self.heal_ns {
            (Phase::Last, Some(self.last.op()))
        } else if ground.is_some() {
            (Phase::Grounding, ground)
        } else if self.next_round < self.plan.rounds {
            self.round = Round::new(self.seed, self.number, self.next_round);
            let think_ms = u64::from(self.plan.think_ms);
            let pause_ms = think_ms / 2 + self.round.dice.between(0, think_ms);
            (Phase::Resting { until_ns: now.mono_ns + pause_ms * MILLISECOND }, None)
        } else {
            (Phase::Idle, None)
        };
        request
    }

    /// Begins the round that comes next, and says whether it takes place: the plan may leave it out. `timeout_ms` is
    /// the session's.
    #[must_use]
    pub fn begin(&mut self, timeout_ms: u32, now: Now) -> bool {
        self.next_round += 1;
        if self.plan.skip.contains(&self.round.number) {
            return false;
        }
        let patience_ms = PATIENCE_MIN_MS.max(PATIENCE_TIMEOUTS * u64::from(timeout_ms));
        self.round.patience_ns = Some(now.mono_ns + patience_ms * MILLISECOND);
        self.phase = Phase::Round;
        true
    }

    /// What the time demands; without a session no round begins. The recipe's alarm is heard on a wake alone, so that
    /// it is heard once.
    pub fn due(&mut self, is_wake: bool, has_session: bool, now: Now) -> Option<Due> {
        match self.phase {
            Phase::Resting { .. } | Phase::Idle if now.mono_ns >= self.heal_ns => Some(Due::Next),
            Phase::Resting { until_ns } if now.mono_ns >= until_ns && has_session => Some(Due::Round),
            Phase::Round if is_wake && self.round.take_alarm(now) => Some(Due::Alarm),
            Phase::Resting { .. } | Phase::Idle | Phase::Round | Phase::Off | Phase::Grounding => None,
            Phase::Leaving | Phase::Last | Phase::Settling | Phase::Closing | Phase::Finished => None,
        }
    }

    /// When [`Schedule::due`] must be asked again at the latest.
    pub fn wake_ns(&self, has_session: bool) -> Option<u64> {
        match self.phase {
            Phase::Resting { until_ns } if has_session => Some(until_ns.min(self.heal_ns)),
            // Without a session no round begins; the client's own alarms see to that first.
            Phase::Resting { .. } | Phase::Idle => Some(self.heal_ns),
            Phase::Round => self.round.wake_ns(),
            Phase::Off | Phase::Grounding | Phase::Leaving | Phase::Last | Phase::Settling | Phase::Closing | Phase::Finished => None,
        }
    }

    /// How the session ends after the round, if it does: as the recipe wants it, or else the round's dice.
    pub fn leave(&self, wanted: Option<Leave>) -> Option<Leave> {
        wanted.or(self.round.leave)
    }

    /// All that the plan wants is done. Says whether the client must close its session before it has finished: every
    /// third one says goodbye, the others stay.
    #[must_use]
    pub fn finish(&mut self, out: &mut Out) -> bool {
        let closes = self.number % 3 == 2;
        if closes {
            self.phase = Phase::Closing;
        } else {
            self.finished(out);
        }
        closes
    }

    /// The client has finished.
    pub fn finished(&mut self, out: &mut Out) {
        self.phase = Phase::Finished;
        out.note(ClientFact::Finished);
    }

    /// Where it is, as plain data, for people.
    pub fn look(&self) -> Vec<(&'static str, String)> {
        vec![
            ("workload", format!("{:?}", self.plan.workload)),
            ("phase", format!("{:?}", self.phase)),
            ("round", format!("{} of {}", self.round.number, self.plan.rounds)),
        ]
    }
}

/// Where the plan's client of this number finds the service. ZooKeeper's StaticHostProvider shuffles its connect string
/// once.
pub(super) fn connection(plan: &Plan, number: usize) -> Config {
    let mut servers: Vec<MachineId> = (0..plan.settings.replicas()).map(MachineId).collect();
    Dice::named(plan.seed.0, "connect-string", number as u64, 0).shuffle(&mut servers);
    let client = &plan.settings.clients[number];
    Config { servers, first: 0, timeout_ms: client.session_timeout_ms, can_be_read_only: client.can_be_read_only }
}
