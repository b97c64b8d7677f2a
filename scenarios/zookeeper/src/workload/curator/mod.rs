//! A simulated client process that has Curator's behaviour: it plays a recipe round by round over whatever sessions
//! Curator opens, then, after the storm, shows that it is served and that all of its own has come to an end. Never a
//! judge of what it is told.
//!
//! Unlike the raw client's rounds, a round here outlives its session: Curator opens the next one by itself and sends
//! again what was under way, the dangerous requests too.

mod context;
mod recipe;
mod latches;
mod counters;
mod handles;
mod caches;

use std::sync::Arc;

use contract::ids::MachineId;
use contract::process::Event;
use contract::time::Now;
use zookeeper_client::curator::{Answer, CallError, CallId, Config, Curator, Notice, RecipeContext, RetryPolicy};
use zookeeper_client::raw::Out;
use zookeeper_words::Plan;
use zookeeper_words::ids::SessionId;
use zookeeper_words::message::Message;
use zookeeper_words::service::Op;

use super::context::RequestError;
use super::round::{Leave, Progress};
use super::schedule::{Due, Phase, Schedule, connection};
use context::CuratorContext;
use recipe::Recipe;

/// Curator's connectionTimeoutMs, and Flink's.
const CONNECTION_TIMEOUT_MS: u32 = 15_000;
/// The longest wait between two tries: a request must come to its end within a healed run's bound.
const RETRY_WAIT_MAX_MS: u32 = 8_000;

/// A client with Curator, and its recipe.
#[derive(Clone, Debug)]
pub struct CuratorProcess {
    me: MachineId,
    /// For a recipe and a Curator that begin afresh.
    plan: Arc<Plan>,
    /// When this life began: two lives of a process must not make the same UUIDs.
    born_ns: u64,
    curator: Curator,
    /// How many Curators there were before.
    curators: u32,
    recipe: Recipe,
    schedule: Schedule,
    /// The one of the last requests that is under way.
    last_call: Option<CallId>,
}

impl CuratorProcess {
    /// The plan's client on `machine`. Panics when that machine is no client.
    pub fn new(plan: &Plan, machine: MachineId) -> CuratorProcess {
        let schedule = Schedule::new(plan, machine);
        CuratorProcess {
            me: machine,
            plan: Arc::new(plan.clone()),
            born_ns: 0,
            curator: Curator::new(config(plan, schedule.number), 0),
            curators: 0,
            recipe: Recipe::new(plan, schedule.number),
            schedule,
            last_call: None,
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
        for notice in self.curator.on_event(now, &event, out) {
            // What is left was told of a Curator that is gone, whose calls had the numbers of the next one's.
            if self.curators == curators {
                self.on_notice(&notice, now, out);
            }
        }
        self.on_time(event == Event::Wake, now, out);
        if let Some(ns) = [self.curator.wake_ns(), self.schedule.wake_ns(self.has_session())].into_iter().flatten().min() {
            out.wake_at(ns);
        }
    }

    /// Whether the client has done what the plan wants of it, after the heal too.
    pub fn is_finished(&self) -> bool {
        self.schedule.phase == Phase::Finished
    }

    /// What holds between steps.
    pub fn check(&self) -> Result<(), String> {
        self.curator.check()?;
        self.recipe.check(&self.curator)?;
        let phase = self.schedule.phase;
        let law = |holds: bool, law: &str| if holds { Ok(()) } else { Err(format!("{}: {law}", self.me)) };
        law(phase == Phase::Round || !self.recipe.is_leading(), "it leads outside of a round")?;
        law(!self.curator.is_closed() || phase == Phase::Finished, "there is work to do and no Curator to do it with")
    }

    /// The state as plain data, for people.
    pub fn look(&self) -> Vec<(&'static str, String)> {
        let mut look = self.schedule.look();
        look.push(("recipe", format!("{:?}", self.recipe)));
        look.extend(self.curator.look());
        look
    }

    fn on_notice(&mut self, notice: &Notice, now: Now, out: &mut Out) {
        match (self.schedule.phase, notice) {
            (Phase::Leaving, Notice::Closed) => {
                self.begin_anew(now, out);
                self.go_on(now, out);
            }
            (Phase::Closing, Notice::Closed) => self.schedule.finished(out),
            // Nothing can be asked any more.
            (Phase::Leaving | Phase::Closing, _) => {}
            (Phase::Last, Notice::Done { call, answer }) if self.last_call == Some(*call) => self.on_last(answer, now, out),
            (
                Phase::Off | Phase::Grounding | Phase::Resting { .. } | Phase::Round | Phase::Idle | Phase::Last | Phase::Settling | Phase::Finished,
                Notice::Connection(_) | Notice::Done { .. } | Notice::Watched(_) | Notice::Closed,
            ) => self.play(now, out, |recipe, context| recipe.on(notice, context)),
        }
    }

    fn on_last(&mut self, answer: &Answer, now: Now, out: &mut Out) {
        let outcome = answer.result.as_ref().map_err(|error| match error {
            CallError::Refused(code) => RequestError::Refused(*code),
            CallError::ConnectionLoss | CallError::AuthFailed | CallError::Closed | CallError::Fenced => RequestError::Unknown,
        });
        if self.schedule.last.on_answer(outcome) {
            self.schedule.phase = Phase::Settling;
        } else {
            self.ask_last(self.schedule.last.op(), now, out);
        }
    }

    fn ask_last(&mut self, op: Op, now: Now, out: &mut Out) {
        self.last_call = Some(self.curator.call(op, now, out));
    }

    fn on_time(&mut self, is_wake: bool, now: Now, out: &mut Out) {
        if self.schedule.phase == Phase::Settling && self.is_settled() {
            return self.finish(now, out);
        }
        match self.schedule.due(is_wake, self.has_session(), now) {
            Some(Due::Next) => self.go_on(now, out),
            Some(Due::Round) if self.schedule.begin(self.schedule.plan.session_timeout_ms, now) => {
                self.curator.reseed(self.schedule.round.dice.between(0, u64::MAX) ^ self.born_ns);
                self.play(now, out, Recipe::begin);
            }
            Some(Due::Round) => self.go_on(now, out),
            Some(Due::Alarm) => self.play(now, out, |recipe, context| recipe.on_alarm(context)),
            None => {}
        }
    }

    /// Whether there has been a session: before the first one, Curator's own alarms see to that.
    fn has_session(&self) -> bool {
        self.curator.session() != SessionId::NONE
    }

    /// Nothing is under way: does what comes next.
    fn go_on(&mut self, now: Now, out: &mut Out) {
        if let Some(op) = self.schedule.go_on(None, now) {
            self.ask_last(op, now, out);
        }
    }

    /// Lets the recipe do something; outside of a round it cannot end one.
    fn play(&mut self, now: Now, out: &mut Out, act: impl FnOnce(&mut Recipe, &mut CuratorContext) -> Progress) {
        let Schedule { plan, round, phase, .. } = &mut self.schedule;
        let mut context = CuratorContext { curator: RecipeContext { curator: &mut self.curator, now, out }, think_ms: plan.think_ms, round };
        match act(&mut self.recipe, &mut context) {
            Progress::Done | Progress::Groundless if *phase == Phase::Round => self.end_round(now, out),
            Progress::Going | Progress::Done | Progress::Groundless => {}
        }
    }

    fn end_round(&mut self, now: Now, out: &mut Out) {
        match self.schedule.leave(self.recipe.take_leave()) {
            // Who has no connection is gone without a word.
            Some(Leave::Close) if self.curator.is_connected() => {
                self.schedule.phase = Phase::Leaving;
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
        self.curator = Curator::new(config(&self.plan, self.schedule.number), u64::from(self.curators));
        self.recipe = Recipe::new(&self.plan, self.schedule.number);
        self.curator.start(now, out);
    }

    fn is_settled(&self) -> bool {
        self.curator.is_connected() && self.curator.is_idle() && self.recipe.is_settled()
    }

    /// Everything has come to its end.
    fn finish(&mut self, now: Now, out: &mut Out) {
        self.play(now, out, |recipe, context| {
            recipe.finish(context);
            Progress::Going
        });
        if self.schedule.finish(out) {
            self.curator.close(now, out);
        }
    }
}

fn config(plan: &Plan, number: usize) -> Config {
    let client = &plan.settings.clients[number];
    Config {
        client: connection(plan, number),
        retry: RetryPolicy::ExponentialBackoff { base_ms: client.curator.retry_wait_ms, retries: client.curator.retries, sleep_max_ms: RETRY_WAIT_MAX_MS },
        connection_timeout_ms: CONNECTION_TIMEOUT_MS,
        expiration_percent: client.curator.expiration_percent,
        auths: Vec::new(),
    }
}
