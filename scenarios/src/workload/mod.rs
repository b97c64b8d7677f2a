//! Workloads: a simulated client process that holds sessions with the service and plays a recipe round by round, then, after the storm, shows that it is served. Never a judge of what it is told: what it saw is in its facts.
//!
//! Each round has dice of its own, so that leaving one out leaves all others alone. A session that is over is followed by a new one; the round that it cut short is not repeated.

mod desk;
mod script;
mod counters;
mod registers;
mod latches;
mod barriers;
mod queues;
mod reconfigs;
mod vaults;
mod containers;
mod flink;
mod recipe;
mod last;
mod curator;
#[cfg(test)]
mod tests;

use coord::client::{Client, Config, Out, Upcall};
use coord::message::Message;
use vocab::dice::Dice;
use vocab::fact::ClientFact;
use vocab::ids::{MachineId, SessionId, Xid};
use vocab::plan::{ClientPlan, Plan};
use vocab::process::Event;
use vocab::service::{CreateMode, Data, ErrorCode, Op, Path};
use vocab::time::{MILLISECOND, Now};

use desk::{Desk, Failure, Heard, Leave, Progress, Round};
use last::Last;
use recipe::Recipe;

pub use curator::CuratorProcess;
pub(crate) use vaults::SUPER_DIGEST;

/// How long a round waits for others at least, in ms: longer than an election takes.
const PATIENCE_MIN_MS: u64 = 10_000;
/// And how many session timeouts: whoever holds what is waited for has then expired if it died.
const PATIENCE_TIMEOUTS: u64 = 3;
/// How long a client waits that is told to write elsewhere, in ms.
const READ_ONLY_PAUSE_MS: u64 = 200;
/// Requests of a recipe that can be outstanding, closeSession included.
const OUTSTANDING_MAX: usize = 8;

/// What a client is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
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
    /// Between a closed session and the next.
    Leaving,
    /// The storm is over: a write, a sync and a read must succeed.
    Last,
    /// They did; the session is closed in good order.
    Closing,
    /// All done. The session, if there is one, is kept alive.
    Finished,
}

/// A client of the service with its recipe.
#[derive(Clone, Debug)]
pub struct ClientProcess {
    me: MachineId,
    /// Its place among the plan's clients.
    number: usize,
    plan: ClientPlan,
    seed: u64,
    heal_ns: u64,
    client: Client,
    recipe: Recipe,
    phase: Phase,
    /// What is still to be made before the next round, in reverse order.
    ground: Vec<(Path, Data)>,
    next_round: u32,
    round: Round,
    last: Last,
    /// When it tries again what its replica had no quorum for.
    again_ns: Option<u64>,
}

impl ClientProcess {
    /// The plan's client on `machine`. Panics when that machine is no client.
    pub fn new(plan: &Plan, machine: MachineId) -> ClientProcess {
        let number = machine.index().checked_sub(usize::from(plan.replicas())).expect("the machine must be a client, not a replica");
        ClientProcess {
            me: machine,
            number,
            seed: plan.seed.0,
            heal_ns: plan.heal.at_ms * MILLISECOND,
            client: Client::new(connection(plan, number)),
            recipe: Recipe::new(plan, number),
            phase: Phase::Off,
            ground: Vec::new(),
            next_round: 0,
            round: Round::new(plan.seed.0, number, 0),
            last: Last::new(machine),
            again_ns: None,
            plan: plan.clients[number].clone(),
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
        self.phase == Phase::Finished
    }

    /// What holds between steps.
    pub fn check(&self) -> Result<(), String> {
        self.client.check()?;
        let law = |holds: bool, law: &str| if holds { Ok(()) } else { Err(format!("{}: {law}", self.me)) };
        law(self.client.outstanding() <= OUTSTANDING_MAX, "more requests are outstanding than any recipe sends")?;
        law(self.phase == Phase::Round || !self.recipe.is_holding(), "a lock is held outside of a round")?;
        law(!self.client.is_ended() || matches!(self.phase, Phase::Off | Phase::Finished), "there is work to do and no session to do it in")
    }

    /// The state as plain data, for people.
    pub fn look(&self) -> Vec<(&'static str, String)> {
        let mut look = vec![
            ("workload", format!("{:?}", self.plan.workload)),
            ("phase", format!("{:?}", self.phase)),
            ("round", format!("{} of {}", self.round.number, self.plan.rounds)),
        ];
        if self.phase == Phase::Round {
            look.push(("recipe", format!("{:?}", self.recipe)));
        }
        if self.phase == Phase::Last {
            look.push(("last", format!("{:?}", self.last)));
        }
        look.extend(self.client.look());
        look
    }

    fn on_upcall(&mut self, upcall: Upcall, now: Now, out: &mut Out) {
        match upcall {
            Upcall::Returned { xid, result, .. } => self.on_answer(xid, result.as_ref().map_err(|code| Failure::Error(*code)), now, out),
            Upcall::Unknown { .. } | Upcall::Detached if self.client.is_ended() => {} // The session is over; that is told next.
            Upcall::Unknown { xid } => self.on_answer(xid, Err(Failure::Unknown), now, out),
            Upcall::Watched { event } => self.tell(Heard::Watch(&event), now, out),
            Upcall::Detached => self.tell(Heard::Detached, now, out),
            Upcall::Attached { .. } => self.tell(Heard::Attached, now, out),
            Upcall::Unsent { .. } => {} // The session is over; that is told next.
            Upcall::Expired | Upcall::Closed | Upcall::AuthFailed => self.on_over(now, out),
        }
    }

    fn on_answer(&mut self, xid: Xid, outcome: Result<&vocab::service::Reply, Failure>, now: Now, out: &mut Out) {
        match self.phase {
            Phase::Grounding => {
                match outcome {
                    Ok(_) | Err(Failure::Error(ErrorCode::NodeExists)) => drop(self.ground.pop()),
                    Err(Failure::Error(ErrorCode::NoNode)) => self.ground = self.new_ground(),
                    Err(Failure::Error(ErrorCode::NotReadOnly)) => self.ground.clear(), // It reads what there is.
                    Err(Failure::Error(_) | Failure::Unknown) => {}                     // Once more.
                }
                self.go_on(now, out);
            }
            Phase::Round => self.tell(Heard::Answer { xid, outcome }, now, out),
            Phase::Last if outcome == Err(Failure::Error(ErrorCode::NotReadOnly)) => self.again_ns = Some(now.mono_ns + READ_ONLY_PAUSE_MS * MILLISECOND),
            Phase::Last => {
                if self.last.on_answer(outcome) {
                    self.finish(now, out);
                } else {
                    self.client.submit(self.last.op(), now, out);
                }
            }
            Phase::Leaving | Phase::Closing => {} // Whatever became of closeSession, the session is over; that is told next.
            Phase::Off | Phase::Resting { .. } | Phase::Idle | Phase::Finished => unreachable!("a request that nobody sent has ended"),
        }
    }

    /// The session is over: expired or closed.
    fn on_over(&mut self, now: Now, out: &mut Out) {
        self.again_ns = None;
        match self.phase {
            Phase::Closing => return self.finished(out),
            Phase::Finished => return,
            Phase::Round => {
                let (recipe, mut desk) = self.desk(now, out);
                recipe.over(&mut desk);
            }
            Phase::Off | Phase::Grounding | Phase::Resting { .. } | Phase::Idle | Phase::Leaving | Phase::Last => {}
        }
        self.client.open(now, out);
        match self.phase {
            Phase::Last => {
                self.client.submit(self.last.op(), now, out);
            }
            Phase::Grounding | Phase::Round | Phase::Leaving => self.go_on(now, out),
            Phase::Off | Phase::Resting { .. } | Phase::Idle | Phase::Closing | Phase::Finished => {}
        }
    }

    /// What the time demands. The recipe's alarm is heard on a wake alone, so that it is heard once.
    fn on_time(&mut self, is_wake: bool, now: Now, out: &mut Out) {
        if self.again_ns.take_if(|again_ns| *again_ns <= now.mono_ns).is_some() {
            self.client.submit(self.last.op(), now, out);
        }
        match self.phase {
            Phase::Resting { .. } | Phase::Idle if now.mono_ns >= self.heal_ns => self.go_on(now, out),
            Phase::Resting { until_ns } if now.mono_ns >= until_ns && self.client.session() != SessionId::NONE => self.begin(now, out),
            Phase::Round if is_wake && self.round.take_alarm(now) => self.tell(Heard::Alarm, now, out),
            Phase::Resting { .. } | Phase::Idle | Phase::Round | Phase::Off | Phase::Grounding => {}
            Phase::Leaving | Phase::Last | Phase::Closing | Phase::Finished => {}
        }
    }

    fn wake_ns(&self) -> Option<u64> {
        match self.phase {
            Phase::Resting { until_ns } if self.client.session() != SessionId::NONE => Some(until_ns.min(self.heal_ns)),
            // Without a session no round begins; the client's own alarms see to that first.
            Phase::Resting { .. } | Phase::Idle => Some(self.heal_ns),
            Phase::Round => self.round.wake_ns(),
            Phase::Last => self.again_ns,
            Phase::Off | Phase::Grounding | Phase::Leaving | Phase::Closing | Phase::Finished => None,
        }
    }

    /// Nothing is under way: what comes next?
    fn go_on(&mut self, now: Now, out: &mut Out) {
        if now.mono_ns >= self.heal_ns {
            self.phase = Phase::Last;
            self.client.submit(self.last.op(), now, out);
        } else if let Some((path, data)) = self.ground.last().cloned() {
            self.phase = Phase::Grounding;
            self.client.submit(Op::create(path, data, CreateMode::Persistent), now, out);
        } else if self.next_round < self.plan.rounds {
            self.round = Round::new(self.seed, self.number, self.next_round);
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
        let patience_ms = PATIENCE_MIN_MS.max(PATIENCE_TIMEOUTS * u64::from(self.client.timeout_ms()));
        self.round.patience_ns = Some(now.mono_ns + patience_ms * MILLISECOND);
        self.phase = Phase::Round;
        self.tell(Heard::Begin, now, out);
    }

    /// Lets the recipe hear something, if it is at work.
    fn tell(&mut self, heard: Heard, now: Now, out: &mut Out) {
        if self.phase != Phase::Round {
            return;
        }
        let (recipe, mut desk) = self.desk(now, out);
        match recipe.on(heard, &mut desk) {
            Progress::Going => {}
            Progress::Done => self.end_round(now, out),
            Progress::Groundless => {
                self.ground = self.new_ground();
                self.end_round(now, out);
            }
        }
    }

    fn end_round(&mut self, now: Now, out: &mut Out) {
        let chance = self.round.leave;
        match self.recipe.take_leave().or(chance) {
            Some(Leave::Close) => {
                self.phase = Phase::Leaving;
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

    /// The last requests have succeeded. Every third client says goodbye, the others stay.
    fn finish(&mut self, now: Now, out: &mut Out) {
        if self.number % 3 == 2 {
            self.phase = Phase::Closing;
            self.client.submit(Op::CloseSession, now, out);
        } else {
            self.finished(out);
        }
    }

    fn finished(&mut self, out: &mut Out) {
        self.phase = Phase::Finished;
        out.note(ClientFact::Finished);
    }

    fn new_ground(&self) -> Vec<(Path, Data)> {
        let mut ground = self.recipe.ground();
        ground.reverse();
        ground
    }

    fn desk<'a>(&'a mut self, now: Now, out: &'a mut Out) -> (&'a mut Recipe, Desk<'a>) {
        let desk = Desk { client: &mut self.client, out, now, me: self.me, think_ms: self.plan.think_ms, round: &mut self.round };
        (&mut self.recipe, desk)
    }
}

/// Where the plan's client of this number finds the service. ZooKeeper's StaticHostProvider shuffles its connect string once.
fn connection(plan: &Plan, number: usize) -> Config {
    let mut servers: Vec<MachineId> = (0..plan.replicas()).map(MachineId).collect();
    Dice::named(plan.seed.0, "connect-string", number as u64, 0).shuffle(&mut servers);
    let client = &plan.clients[number];
    Config { servers, first: 0, timeout_ms: client.session_timeout_ms, can_be_read_only: client.can_be_read_only }
}
