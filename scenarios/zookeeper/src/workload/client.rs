//! A simulated client process with ZooKeeper's own client: it plays a recipe round by round. A session that is over is
//! followed by a new one; the round that it cut short is not repeated.

use contract::ids::MachineId;
use contract::process::Event;
use contract::time::{MILLISECOND, Now};
use zookeeper_client::raw::{Client, Out, Upcall};
use zookeeper_words::Plan;
use zookeeper_words::ids::{SessionId, Xid};
use zookeeper_words::message::Message;
use zookeeper_words::service::{CreateMode, Data, ErrorCode, Op, Path, Reply};

use super::context::{RequestError, Signal, WorkloadContext};
use super::recipe::Recipe;
use super::round::{Leave, Progress};
use super::schedule::{Due, Phase, Schedule, connection};

/// How long a client waits that is told to write elsewhere, in ms.
const READ_ONLY_PAUSE_MS: u64 = 200;
/// Requests of a recipe that can be outstanding, closeSession included.
const OUTSTANDING_MAX: usize = 8;

/// A client of the service with its recipe.
#[derive(Clone, Debug)]
pub struct ClientProcess {
    me: MachineId,
    client: Client,
    recipe: Recipe,
    schedule: Schedule,
    /// What is still to be made before the next round, in reverse order.
    ground: Vec<(Path, Data)>,
    /// When it tries again what its replica had no quorum for.
    again_ns: Option<u64>,
}

impl ClientProcess {
    /// The plan's client on `machine`. Panics when that machine is no client.
    pub fn new(plan: &Plan, machine: MachineId) -> ClientProcess {
        let schedule = Schedule::new(plan, machine);
        ClientProcess {
            me: machine,
            client: Client::new(connection(plan, schedule.number)),
            recipe: Recipe::new(plan, schedule.number),
            schedule,
            ground: Vec::new(),
            again_ns: None,
        }
    }

    /// Takes one event, to completion.
    pub fn step(&mut self, now: Now, event: Event<Message>, out: &mut Out) {
        if event == Event::Boot {
            self.client.open(now, out);
            self.ground = self.new_ground();
            self.go_on(now, out);
        }
        for upcall in self.client.on_event(now, &event, out) {
            self.on_upcall(upcall, now, out);
        }
        self.on_time(event == Event::Wake, now, out);
        if let Some(ns) = [self.client.wake_ns(), self.wake_ns()].into_iter().flatten().min() {
            out.wake_at(ns);
        }
    }

    /// Whether the client has done what the plan wants of it, after the heal too.
    pub fn is_finished(&self) -> bool {
        self.schedule.phase == Phase::Finished
    }

    /// What holds between steps.
    pub fn check(&self) -> Result<(), String> {
        self.client.check()?;
        let phase = self.schedule.phase;
        let law = |holds: bool, law: &str| if holds { Ok(()) } else { Err(format!("{}: {law}", self.me)) };
        law(self.client.outstanding() <= OUTSTANDING_MAX, "more requests are outstanding than any recipe sends")?;
        law(phase == Phase::Round || !self.recipe.is_holding(), "a lock is held outside of a round")?;
        law(!self.client.is_ended() || matches!(phase, Phase::Off | Phase::Finished), "there is work to do and no session to do it in")
    }

    /// The state as plain data, for people.
    pub fn look(&self) -> Vec<(&'static str, String)> {
        let mut look = self.schedule.look();
        if self.schedule.phase == Phase::Round {
            look.push(("recipe", format!("{:?}", self.recipe)));
        }
        if self.schedule.phase == Phase::Last {
            look.push(("last", format!("{:?}", self.schedule.last)));
        }
        look.extend(self.client.look());
        look
    }

    fn on_upcall(&mut self, upcall: Upcall, now: Now, out: &mut Out) {
        match upcall {
            Upcall::Returned { xid, result, .. } => self.on_answer(xid, result.as_ref().map_err(|code| RequestError::Refused(*code)), now, out),
            Upcall::Unknown { .. } | Upcall::Detached if self.client.is_ended() => {} // The session is over; that is told next.
            Upcall::Unknown { xid } => self.on_answer(xid, Err(RequestError::Unknown), now, out),
            Upcall::Watched { event } => self.tell(Signal::Watch(&event), now, out),
            Upcall::Detached => self.tell(Signal::Detached, now, out),
            Upcall::Attached { .. } => self.tell(Signal::Attached, now, out),
            Upcall::Unsent { .. } => {} // The session is over; that is told next.
            Upcall::Expired | Upcall::Closed | Upcall::AuthFailed => self.on_over(now, out),
        }
    }

    fn on_answer(&mut self, xid: Xid, outcome: Result<&Reply, RequestError>, now: Now, out: &mut Out) {
        match self.schedule.phase {
            Phase::Grounding => {
                match outcome {
                    Ok(_) | Err(RequestError::Refused(ErrorCode::NodeExists)) => drop(self.ground.pop()),
                    Err(RequestError::Refused(ErrorCode::NoNode)) => self.ground = self.new_ground(),
                    Err(RequestError::Refused(ErrorCode::NotReadOnly)) => self.ground.clear(), // It reads what there is.
                    Err(RequestError::Refused(_) | RequestError::Unknown) => {}                // Once more.
                }
                self.go_on(now, out);
            }
            Phase::Round => self.tell(Signal::Answer { xid, outcome }, now, out),
            Phase::Last if outcome == Err(RequestError::Refused(ErrorCode::NotReadOnly)) => {
                self.again_ns = Some(now.mono_ns + READ_ONLY_PAUSE_MS * MILLISECOND)
            }
            Phase::Last => {
                if !self.schedule.last.on_answer(outcome) {
                    self.ask_last(now, out);
                } else if self.schedule.finish(out) {
                    self.client.submit(Op::CloseSession, now, out);
                }
            }
            Phase::Leaving | Phase::Closing => {} // Whatever became of closeSession, the session is over; that is told next.
            Phase::Off | Phase::Resting { .. } | Phase::Idle | Phase::Settling | Phase::Finished => unreachable!("a request that nobody sent has ended"),
        }
    }

    /// The session is over: expired or closed.
    fn on_over(&mut self, now: Now, out: &mut Out) {
        self.again_ns = None;
        match self.schedule.phase {
            Phase::Closing => return self.schedule.finished(out),
            Phase::Finished => return,
            Phase::Round => {
                let (recipe, mut context) = self.context(now, out);
                recipe.over(&mut context);
            }
            Phase::Off | Phase::Grounding | Phase::Resting { .. } | Phase::Idle | Phase::Leaving | Phase::Last | Phase::Settling => {}
        }
        self.client.open(now, out);
        match self.schedule.phase {
            Phase::Last => self.ask_last(now, out),
            Phase::Grounding | Phase::Round | Phase::Leaving => self.go_on(now, out),
            Phase::Off | Phase::Resting { .. } | Phase::Idle | Phase::Settling | Phase::Closing | Phase::Finished => {}
        }
    }

    fn on_time(&mut self, is_wake: bool, now: Now, out: &mut Out) {
        if self.again_ns.take_if(|again_ns| *again_ns <= now.mono_ns).is_some() {
            self.ask_last(now, out);
        }
        match self.schedule.due(is_wake, self.has_session(), now) {
            Some(Due::Next) => self.go_on(now, out),
            Some(Due::Round) if self.schedule.begin(self.client.timeout_ms(), now) => self.tell(Signal::Begin, now, out),
            Some(Due::Round) => self.go_on(now, out),
            Some(Due::Alarm) => self.tell(Signal::Alarm, now, out),
            None => {}
        }
    }

    fn wake_ns(&self) -> Option<u64> {
        if self.schedule.phase == Phase::Last { self.again_ns } else { self.schedule.wake_ns(self.has_session()) }
    }

    fn has_session(&self) -> bool {
        self.client.session() != SessionId::NONE
    }

    /// Nothing is under way: does what comes next.
    fn go_on(&mut self, now: Now, out: &mut Out) {
        let ground = self.ground.last().map(|(path, data)| Op::create(path.clone(), data.clone(), CreateMode::Persistent));
        if let Some(op) = self.schedule.go_on(ground, now) {
            self.client.submit(op, now, out);
        }
    }

    fn ask_last(&mut self, now: Now, out: &mut Out) {
        self.client.submit(self.schedule.last.op(), now, out);
    }

    /// Lets the recipe hear something, if it is at work.
    fn tell(&mut self, signal: Signal, now: Now, out: &mut Out) {
        if self.schedule.phase != Phase::Round {
            return;
        }
        let (recipe, mut context) = self.context(now, out);
        match recipe.on(signal, &mut context) {
            Progress::Going => {}
            Progress::Done => self.end_round(now, out),
            Progress::Groundless => {
                self.ground = self.new_ground();
                self.end_round(now, out);
            }
        }
    }

    fn end_round(&mut self, now: Now, out: &mut Out) {
        match self.schedule.leave(self.recipe.take_leave()) {
            Some(Leave::Close) => {
                self.schedule.phase = Phase::Leaving;
                self.client.submit(Op::CloseSession, now, out);
            }
            Some(Leave::Abandon) => {
                self.client.abandon(out);
                self.client.open(now, out);
                self.go_on(now, out);
            }
            None => self.go_on(now, out),
        }
    }

    fn new_ground(&self) -> Vec<(Path, Data)> {
        let mut ground = self.recipe.ground();
        ground.reverse();
        ground
    }

    fn context<'a>(&'a mut self, now: Now, out: &'a mut Out) -> (&'a mut Recipe, WorkloadContext<'a>) {
        let Schedule { plan, round, .. } = &mut self.schedule;
        (&mut self.recipe, WorkloadContext { client: &mut self.client, out, now, me: self.me, think_ms: plan.think_ms, round })
    }
}
