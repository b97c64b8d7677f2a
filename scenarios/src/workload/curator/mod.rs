//! A simulated client process that has Curator's behaviour: it plays a recipe round by round over whatever sessions Curator opens, then, after the storm, shows that it is served and that all of its own has come to an end. Never a judge of what it is told.
//!
//! Unlike the raw client's rounds, a round here outlives its session: Curator opens the next one by itself and sends again what was under way, the dangerous requests too.

mod desk;
mod recipe;
mod latches;
mod counters;
mod handles;
mod caches;

use coord::client::Out;
use coord::curator::{Answer, CallId, Config, Curator, Failure, RetryPolicy, Told, Turn};
use coord::message::Message;
use vocab::fact::ClientFact;
use vocab::ids::{MachineId, SessionId};
use vocab::plan::{ClientPlan, Plan};
use vocab::process::Event;
use vocab::time::{MILLISECOND, Now};

use super::desk::{self as rounds, Leave, Progress, Round};
use super::last::Last;
use super::{PATIENCE_MIN_MS, PATIENCE_TIMEOUTS, connection};
use desk::Desk;
use recipe::Recipe;

/// Curator's connectionTimeoutMs, and Flink's.
const CONNECTION_TIMEOUT_MS: u32 = 15_000;
/// The longest wait between two tries: a request must come to its end within a healed run's bound.
const RETRY_WAIT_MAX_MS: u32 = 8_000;

/// What a client is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Not started.
    Off,
    /// Between two rounds.
    Resting {
        /// When the next one begins, by the monotonic clock.
        until_ns: u64,
    },
    /// In a round.
    Round,
    /// All rounds are done; the storm is not.
    Idle,
    /// Between a closed Curator and the next.
    Leaving,
    /// The storm is over: a write, a sync and a read must succeed.
    Last {
        /// The one under way.
        call: CallId,
    },
    /// They did; what is still under way in the background must end.
    Settling,
    /// It has; the session is closed in good order.
    Closing,
    /// All done. The session, if there is one, is kept alive.
    Finished,
}

/// A client with Curator, and its recipe.
#[derive(Clone, Debug)]
pub struct CuratorProcess {
    me: MachineId,
    /// Its place among the plan's clients.
    number: usize,
    plan: ClientPlan,
    /// All of it, for a recipe that begins afresh.
    whole: std::sync::Arc<Plan>,
    heal_ns: u64,
    /// When this life began: two lives of a process must not make the same UUIDs.
    born_ns: u64,
    curator: Curator,
    /// How many Curators there were before.
    curators: u32,
    recipe: Recipe,
    phase: Phase,
    next_round: u32,
    round: Round,
    last: Last,
}

impl CuratorProcess {
    /// The plan's client on `machine`. Panics when that machine is no client.
    pub fn new(plan: &Plan, machine: MachineId) -> CuratorProcess {
        let number = machine.index().checked_sub(usize::from(plan.replicas())).expect("the machine must be a client, not a replica");
        CuratorProcess {
            me: machine,
            number,
            plan: plan.clients[number].clone(),
            whole: std::sync::Arc::new(plan.clone()),
            heal_ns: plan.heal.at_ms * MILLISECOND,
            born_ns: 0,
            curator: Curator::new(config(plan, number), 0),
            curators: 0,
            recipe: Recipe::new(plan, number),
            phase: Phase::Off,
            next_round: 0,
            round: Round::new(plan.seed.0, number, 0),
            last: Last::new(machine),
        }
    }

    /// Takes one event, to completion.
    pub fn step(&mut self, now: Now, event: Event<Message>, out: &mut Out) {
        if event == Event::Boot {
            self.born_ns = now.mono_ns;
            self.curator.start(now, out);
            self.go_on(now, out);
        }
        let curators = self.curators;
        for told in self.curator.on_event(now, &event, out) {
            // What is left was told of a Curator that is gone, whose calls had the numbers of the next one's.
            if self.curators == curators {
                self.on_told(&told, now, out);
            }
        }
        self.on_time(event == Event::Wake, now, out);
        if let Some(ns) = [self.curator.wake_ns(), self.wake_ns()].into_iter().flatten().min() {
            out.wake_at(ns);
        }
    }

    /// Whether the client has done what the plan wants of it, after the heal too.
    pub fn is_finished(&self) -> bool {
        self.phase == Phase::Finished
    }

    /// What holds between steps.
    pub fn check(&self) -> Result<(), String> {
        self.curator.check()?;
        self.recipe.check(&self.curator)?;
        let law = |holds: bool, law: &str| if holds { Ok(()) } else { Err(format!("{}: {law}", self.me)) };
        law(self.phase == Phase::Round || !self.recipe.is_leading(), "it leads outside of a round")?;
        law(!self.curator.is_closed() || self.phase == Phase::Finished, "there is work to do and no Curator to do it with")
    }

    /// The state as plain data, for people.
    pub fn look(&self) -> Vec<(&'static str, String)> {
        let mut look = vec![
            ("workload", format!("{:?}", self.plan.workload)),
            ("phase", format!("{:?}", self.phase)),
            ("round", format!("{} of {}", self.round.number, self.plan.rounds)),
            ("recipe", format!("{:?}", self.recipe)),
        ];
        look.extend(self.curator.look());
        look
    }

    fn on_told(&mut self, told: &Told, now: Now, out: &mut Out) {
        match (self.phase, told) {
            (Phase::Leaving, Told::Closed) => {
                self.begin_anew(now, out);
                self.go_on(now, out);
            }
            (Phase::Closing, Told::Closed) => self.finished(out),
            // Nothing can be asked any more.
            (Phase::Leaving | Phase::Closing, _) => {}
            (Phase::Last { call }, Told::Done { call: ended, answer }) if call == *ended => self.on_last(answer, now, out),
            (
                Phase::Off | Phase::Resting { .. } | Phase::Round | Phase::Idle | Phase::Last { .. } | Phase::Settling | Phase::Finished,
                Told::Connection(_) | Told::Done { .. } | Told::Watched(_) | Told::Closed,
            ) => self.play(now, out, |recipe, desk| recipe.on(told, desk)),
        }
    }

    fn on_last(&mut self, answer: &Answer, now: Now, out: &mut Out) {
        let outcome = answer.result.as_ref().map_err(|failure| match failure {
            Failure::Error(code) => rounds::Failure::Error(*code),
            Failure::ConnectionLoss | Failure::AuthFailed | Failure::Closed | Failure::Fenced => rounds::Failure::Unknown,
        });
        if self.last.on_answer(outcome) {
            self.phase = Phase::Settling;
        } else {
            self.ask_last(now, out);
        }
    }

    fn ask_last(&mut self, now: Now, out: &mut Out) {
        self.phase = Phase::Last { call: self.curator.call(self.last.op(), now, out) };
    }

    /// What the time demands. The recipe's alarm is heard on a wake alone, so that it is heard once.
    fn on_time(&mut self, is_wake: bool, now: Now, out: &mut Out) {
        match self.phase {
            Phase::Resting { .. } | Phase::Idle if now.mono_ns >= self.heal_ns => self.go_on(now, out),
            Phase::Resting { until_ns } if now.mono_ns >= until_ns && self.curator.session() != SessionId::NONE => self.begin(now, out),
            Phase::Round if is_wake && self.round.take_alarm(now) => self.play(now, out, |recipe, desk| recipe.on_alarm(desk)),
            Phase::Settling if self.is_settled() => self.finish(now, out),
            Phase::Resting { .. } | Phase::Idle | Phase::Round | Phase::Off | Phase::Settling => {}
            Phase::Leaving | Phase::Last { .. } | Phase::Closing | Phase::Finished => {}
        }
    }

    fn wake_ns(&self) -> Option<u64> {
        match self.phase {
            Phase::Resting { until_ns } if self.curator.session() != SessionId::NONE => Some(until_ns.min(self.heal_ns)),
            // Before the first session no round begins; Curator's own alarms see to that first.
            Phase::Resting { .. } | Phase::Idle => Some(self.heal_ns),
            Phase::Round => self.round.wake_ns(),
            Phase::Off | Phase::Leaving | Phase::Last { .. } | Phase::Settling | Phase::Closing | Phase::Finished => None,
        }
    }

    /// Nothing is under way: what comes next?
    fn go_on(&mut self, now: Now, out: &mut Out) {
        if now.mono_ns >= self.heal_ns {
            self.ask_last(now, out);
        } else if self.next_round < self.plan.rounds {
            self.round = Round::new(self.whole.seed.0, self.number, self.next_round);
            let think_ms = u64::from(self.plan.think_ms);
            let pause_ms = think_ms / 2 + self.round.dice.between(0, think_ms);
            self.phase = Phase::Resting { until_ns: now.mono_ns + pause_ms * MILLISECOND };
        } else {
            self.phase = Phase::Idle;
        }
    }

    fn begin(&mut self, now: Now, out: &mut Out) {
        self.next_round += 1;
        if self.plan.skip.contains(&self.round.number) {
            return self.go_on(now, out);
        }
        let patience_ms = PATIENCE_MIN_MS.max(PATIENCE_TIMEOUTS * u64::from(self.plan.session_timeout_ms));
        self.round.patience_ns = Some(now.mono_ns + patience_ms * MILLISECOND);
        self.phase = Phase::Round;
        self.curator.reseed(self.round.dice.between(0, u64::MAX) ^ self.born_ns);
        self.play(now, out, Recipe::begin);
    }

    /// Lets the recipe do something; outside of a round it cannot end one.
    fn play(&mut self, now: Now, out: &mut Out, act: impl FnOnce(&mut Recipe, &mut Desk) -> Progress) {
        let turn = Turn { curator: &mut self.curator, now, out };
        let mut desk = Desk { turn, think_ms: self.plan.think_ms, round: &mut self.round };
        match act(&mut self.recipe, &mut desk) {
            Progress::Done | Progress::Groundless if self.phase == Phase::Round => self.end_round(now, out),
            Progress::Going | Progress::Done | Progress::Groundless => {}
        }
    }

    fn end_round(&mut self, now: Now, out: &mut Out) {
        match self.recipe.take_leave().or(self.round.leave) {
            // Who has no connection is gone without a word.
            Some(Leave::Close) if self.curator.is_connected() => {
                self.phase = Phase::Leaving;
                self.curator.close(now, out);
            }
            Some(Leave::Close | Leave::Abandon) => {
                self.curator.abandon(out);
                self.begin_anew(now, out);
                self.go_on(now, out);
            }
            None => self.go_on(now, out),
        }
    }

    /// The next Curator, as a process that is started again has it.
    fn begin_anew(&mut self, now: Now, out: &mut Out) {
        self.curators += 1;
        self.curator = Curator::new(config(&self.whole, self.number), u64::from(self.curators));
        self.recipe = Recipe::new(&self.whole, self.number);
        self.curator.start(now, out);
    }

    fn is_settled(&self) -> bool {
        self.curator.is_connected() && self.curator.is_idle() && self.recipe.is_settled()
    }

    /// Everything has come to its end. Every third client says goodbye, the others stay.
    fn finish(&mut self, now: Now, out: &mut Out) {
        self.play(now, out, |recipe, desk| {
            recipe.finish(desk);
            Progress::Going
        });
        if self.number % 3 == 2 {
            self.phase = Phase::Closing;
            self.curator.close(now, out);
        } else {
            self.finished(out);
        }
    }

    fn finished(&mut self, out: &mut Out) {
        self.phase = Phase::Finished;
        out.note(ClientFact::Finished);
    }
}

fn config(plan: &Plan, number: usize) -> Config {
    let client = &plan.clients[number];
    Config {
        client: connection(plan, number),
        retry: RetryPolicy::ExponentialBackoff { base_ms: client.curator.retry_wait_ms, retries: client.curator.retries, sleep_max_ms: RETRY_WAIT_MAX_MS },
        connection_timeout_ms: CONNECTION_TIMEOUT_MS,
        expiration_percent: client.curator.expiration_percent,
        auths: Vec::new(),
    }
}
