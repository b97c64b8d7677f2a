//! Curator's behaviour as pure cores on top of the raw client: connection states, retries across sessions, protected
//! creates, guaranteed deletes, and the recipes that stand on them. Never a clock or dice: time comes with every call,
//! and chance as one number of the owner's ([`Lots`]).
//!
//! The owner calls [`Curator::start`], hands every event to [`Curator::on_event`], and all that it is told to each of
//! its recipes, with a [`RecipeContext`] to act in; then it sets its alarm to [`Curator::wake_ns`].
//!
//! Sources: Apache Curator 5 (the classes are named where they matter), and what Flink 2.3.0 was seen to send with it.

mod lots;
mod connection;
mod error;
mod retry;
mod call;
mod path;
mod background;
mod context;
pub mod create;
pub mod latch;
pub mod value;
pub mod counter;
pub mod cache;
pub mod store;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod bench;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use contract::process::Event;
use contract::time::{MILLISECOND, Now};
use zookeeper_words::fact::{ClientFact, ConnectionState, RequestId, Retry};
use zookeeper_words::ids::{SessionId, Xid};
use zookeeper_words::message::Message;
use zookeeper_words::service::{Op, WatchEvent};

use crate::raw::{self, Client, Out, Upcall};
use background::Job;
pub use call::{Answer, CallId, Tries};
use call::{Call, Stage};
use connection::Connection;
pub use context::RecipeContext;
pub use error::CallError;
pub use lots::{Lots, Uuid};
use retry::Retries;
pub use retry::{EXPONENTIAL_RETRIES_MAX, FOREVER_RETRIES_MAX, RetryPolicy};

/// How many calls may be under way, those in the background included: below what the raw client lets wait.
pub const CALLS_MAX: usize = 900;

/// What an application sets of Curator (CuratorFrameworkFactory.Builder).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The raw client's part.
    pub client: raw::Config,
    /// How requests are retried.
    pub retry: RetryPolicy,
    /// How long a try waits for a connection before it counts as lost (connectionTimeoutMs; 15,000 in Curator and
    /// Flink).
    pub connection_timeout_ms: u32,
    /// See [`ConnectionState::Lost`]: 100 in Curator, 0 to wait for the service's word.
    pub expiration_percent: u32,
    /// Scheme and auth of who the client is, in every session.
    pub auths: Vec<(Arc<str>, Arc<str>)>,
}

/// What the owner learns, and hands to its recipes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The session stands otherwise now.
    Connection(ConnectionState),
    /// A call has ended.
    Done {
        /// The call.
        call: CallId,
        /// How it ended.
        answer: Answer,
    },
    /// A watch fired.
    Watched(WatchEvent),
    /// The session was closed by request; nothing follows.
    Closed,
}

/// Where a Curator is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Latent,
    Started,
    /// closeSession is under way.
    Closing,
    Closed,
}

/// A client with Curator's behaviour.
#[derive(Clone, Debug)]
pub struct Curator {
    config: Config,
    client: Client,
    phase: Phase,
    connection: Connection,
    calls: BTreeMap<CallId, Call>,
    /// Which call a request on the present connection is a try of.
    sent: BTreeMap<Xid, CallId>,
    /// Calls of Curator's own.
    jobs: BTreeMap<CallId, Job>,
    next_call: CallId,
    lots: Lots,
    /// The service does not believe who the client is; every call fails until the session is given up.
    is_refused: bool,
}

impl Curator {
    /// A Curator that is not started. `seed` is drawn by the owner; see [`Curator::reseed`].
    pub fn new(config: Config, seed: u64) -> Curator {
        let client = Client::new(config.client.clone());
        let connection = Connection::new(config.expiration_percent);
        Curator {
            config,
            client,
            phase: Phase::Latent,
            connection,
            calls: BTreeMap::new(),
            sent: BTreeMap::new(),
            jobs: BTreeMap::new(),
            next_call: CallId(1),
            lots: Lots::new(seed),
            is_refused: false,
        }
    }

    /// Opens the first session. Panics when called twice.
    pub fn start(&mut self, now: Now, out: &mut Out) {
        assert!(self.phase == Phase::Latent, "a Curator can be started once");
        self.phase = Phase::Started;
        out.note(ClientFact::Started);
        self.open(now, out);
    }

    /// New chance from here on, so that what a later round draws does not depend on the rounds before it.
    pub fn reseed(&mut self, seed: u64) {
        self.lots = Lots::new(seed);
    }

    /// Makes a call with Curator's retries. Panics before the start, after [`Curator::close`], or with [`CALLS_MAX`]
    /// calls under way.
    pub fn call(&mut self, op: Op, now: Now, out: &mut Out) -> CallId {
        let retries = Retries::new(self.config.retry);
        self.begin(op, retries, Tries::default(), 0, now, out)
    }

    /// Makes one try of what `tries` are earlier ones of, in `delay_ms`.
    fn attempt(&mut self, op: Op, tries: Tries, delay_ms: u64, now: Now, out: &mut Out) -> CallId {
        self.begin(op, Retries::new(RetryPolicy::ONCE), tries, delay_ms, now, out)
    }

    fn begin(&mut self, op: Op, retries: Retries, tries: Tries, delay_ms: u64, now: Now, out: &mut Out) -> CallId {
        assert!(matches!(self.phase, Phase::Started | Phase::Closing), "a call must come between start and close");
        assert!(self.calls.len() < CALLS_MAX, "the owner must let calls end before it makes more");
        let id = self.next_call;
        self.next_call = CallId(id.0 + 1);
        let stage = match delay_ms {
            _ if self.phase == Phase::Closing => Stage::Doomed { error: CallError::Closed },
            _ if self.is_refused => Stage::Doomed { error: CallError::AuthFailed },
            0 => Stage::Waiting { until_ns: now.mono_ns + self.connection_timeout_ns() },
            delay_ms => Stage::Sleeping { until_ns: now.mono_ns + delay_ms * MILLISECOND },
        };
        self.calls.insert(id, Call { op: Arc::new(op), retries, tries, stage });
        self.pump(now, out);
        id
    }

    /// Closes the session in good order; calls that are not sent yet end as [`CallError::Closed`], and
    /// [`Notice::Closed`] comes last.
    pub fn close(&mut self, now: Now, out: &mut Out) {
        if self.phase != Phase::Started {
            return;
        }
        self.phase = Phase::Closing;
        self.doom(CallError::Closed);
        if !self.client.is_ended() {
            self.client.submit(Op::CloseSession, now, out);
        }
    }

    /// Leaves like a process that is killed: the connection breaks, nothing is said, and the session expires by itself.
    pub fn abandon(&mut self, out: &mut Out) {
        self.client.abandon(out);
        self.phase = Phase::Closed;
        self.calls.clear();
        self.sent.clear();
        self.jobs.clear();
    }

    /// Takes an event and says what the owner must know, in order.
    pub fn on_event(&mut self, now: Now, event: &Event<Message>, out: &mut Out) -> Vec<Notice> {
        let mut notices = Vec::new();
        for upcall in self.client.on_event(now, event, out) {
            self.on_upcall(upcall, now, out, &mut notices);
        }
        self.on_time(now, out, &mut notices);
        notices
    }

    /// When [`Curator::on_event`] must see a `Wake` at the latest.
    pub fn wake_ns(&self) -> Option<u64> {
        let of = |call: &Call| match call.stage {
            Stage::Sleeping { until_ns } | Stage::Waiting { until_ns } => Some(until_ns),
            Stage::Sent { .. } => None,
            Stage::Doomed { .. } => Some(0),
        };
        let closing = (self.phase == Phase::Closing && self.client.is_ended()).then_some(0);
        let given_up = self.connection.deadline_ns(self.client.timeout_ms()).filter(|_| self.phase == Phase::Started);
        self.calls.values().filter_map(of).chain(self.client.wake_ns()).chain(given_up).chain(closing).min()
    }

    /// The session, or none before the service has given it a number.
    pub fn session(&self) -> SessionId {
        self.client.session()
    }

    /// Whether the state is CONNECTED or RECONNECTED.
    pub fn is_connected(&self) -> bool {
        self.connection.is_connected()
    }

    /// Whether no call is under way, in the background neither.
    pub fn is_idle(&self) -> bool {
        self.calls.is_empty()
    }

    /// Whether it was closed or abandoned.
    pub fn is_closed(&self) -> bool {
        self.phase == Phase::Closed
    }

    /// What holds between steps.
    pub fn check(&self) -> Result<(), String> {
        self.client.check()?;
        let law = |holds: bool, law: &str| if holds { Ok(()) } else { Err(format!("curator of {}: {law}", self.client.session())) };
        law(self.connection.is_connected() == self.client.is_attached() || self.phase == Phase::Closed, "what it tells of the connection is not so")?;
        law(self.calls.len() <= CALLS_MAX, "more calls are under way than may be")?;
        let is_of_call = |(xid, id): (&Xid, &CallId)| self.calls.get(id).is_some_and(|call| call.stage == Stage::Sent { xid: *xid });
        law(self.sent.iter().all(is_of_call), "a request is of no call")?;
        let sent = self.calls.values().filter(|call| matches!(call.stage, Stage::Sent { .. })).count();
        law(sent == self.sent.len(), "a call waits for a request that is not under way")?;
        law(self.jobs.keys().all(|id| self.calls.contains_key(id)), "a job has no call")
    }

    /// The state as plain data, for people.
    pub fn look(&self) -> Vec<(&'static str, String)> {
        let calls: Vec<String> = self.calls.iter().map(|(id, call)| format!("{} {} {:?}", id.0, call.op.name(), call.stage)).collect();
        let mut look = vec![("state", self.connection.look()), ("calls", calls.join(", "))];
        look.extend(self.client.look());
        look
    }

    fn on_upcall(&mut self, upcall: Upcall, now: Now, out: &mut Out, notices: &mut Vec<Notice>) {
        match upcall {
            Upcall::Attached { .. } => tell(self.connection.attached(), out, notices),
            Upcall::Detached => tell(self.connection.detached(now), out, notices),
            Upcall::Watched { event } => notices.push(Notice::Watched(event)),
            Upcall::Returned { xid, result, .. } => {
                if let Some(id) = self.sent.remove(&xid) {
                    let op = self.calls.get(&id).expect("a request is of a call").op.clone();
                    self.on_outcome(id, call::outcome(&op, result), now, out, notices);
                }
            }
            Upcall::Unknown { xid } => {
                if let Some(id) = self.sent.remove(&xid) {
                    self.calls.get_mut(&id).expect("a request is of a call").tries.unknown += 1;
                    self.on_outcome(id, Err(CallError::ConnectionLoss), now, out, notices);
                }
            }
            // Calls are sent on a connection alone; what waited in the client was closeSession.
            Upcall::Unsent { .. } => {}
            Upcall::Expired => {
                tell(self.connection.expired(), out, notices);
                match self.phase {
                    Phase::Started => self.open(now, out),
                    Phase::Closing | Phase::Closed | Phase::Latent => self.closed(notices),
                }
            }
            Upcall::AuthFailed => {
                self.is_refused = true;
                self.doom(CallError::AuthFailed);
            }
            Upcall::Closed => self.closed(notices),
        }
    }

    /// What the time demands, and what a connection makes possible.
    fn on_time(&mut self, now: Now, out: &mut Out, notices: &mut Vec<Notice>) {
        let deadline_ns = self.connection.deadline_ns(self.client.timeout_ms());
        if self.phase == Phase::Started && deadline_ns.is_some_and(|ns| now.mono_ns >= ns) {
            // What ends with the session was said when the connection was lost.
            self.client.abandon(out);
            tell(self.connection.expired(), out, notices);
            self.open(now, out);
        }
        if self.phase == Phase::Closing && self.client.is_ended() {
            self.closed(notices);
        }
        let until_ns = now.mono_ns + self.connection_timeout_ns();
        for call in self.calls.values_mut() {
            if matches!(call.stage, Stage::Sleeping { until_ns } if now.mono_ns >= until_ns) {
                call.stage = Stage::Waiting { until_ns };
            }
        }
        self.pump(now, out);
        let is_over = |call: &Call| match call.stage {
            Stage::Waiting { until_ns } if now.mono_ns >= until_ns => Some(CallError::ConnectionLoss),
            Stage::Doomed { error } => Some(error),
            Stage::Sleeping { .. } | Stage::Waiting { .. } | Stage::Sent { .. } => None,
        };
        let over: Vec<(CallId, CallError)> = self.calls.iter().filter_map(|(id, call)| Some((*id, is_over(call)?))).collect();
        for (id, error) in over {
            self.on_outcome(id, Err(error), now, out, notices);
        }
    }

    /// Sends what waits for a connection, in the order of the calls, if there is one.
    fn pump(&mut self, now: Now, out: &mut Out) {
        if !self.client.is_attached() || self.phase != Phase::Started {
            return;
        }
        for (id, call) in self.calls.iter_mut().filter(|(_, call)| matches!(call.stage, Stage::Waiting { .. })) {
            let xid = self.client.submit((*call.op).clone(), now, out);
            let again = RequestId { session: self.client.session(), xid };
            if let Some(first) = call.tries.first {
                out.note(ClientFact::Retried(Retry { first, again }));
            }
            call.tries.sent(again);
            call.stage = Stage::Sent { xid };
            self.sent.insert(xid, *id);
        }
    }

    /// A try has ended: the call does too, or sleeps before the next.
    fn on_outcome(&mut self, id: CallId, result: Result<zookeeper_words::service::Reply, CallError>, now: Now, out: &mut Out, notices: &mut Vec<Notice>) {
        let lot = if result.is_err() { self.lots.draw() } else { 0 };
        let call = self.calls.get_mut(&id).expect("only a call that is under way has a try");
        if let Err(error) = result
            && self.phase == Phase::Started
            && let Some(sleep_ms) = call.retries.next_ms(error, lot)
        {
            call.stage = Stage::Sleeping { until_ns: now.mono_ns + sleep_ms * MILLISECOND };
            return;
        }
        let call = self.calls.remove(&id).expect("it was just looked at");
        let answer = Answer { result, tries: call.tries };
        match self.jobs.remove(&id) {
            Some(job) => self.on_job(job, answer, now, out),
            None => notices.push(Notice::Done { call: id, answer }),
        }
    }

    /// All calls that are not sent will fail.
    fn doom(&mut self, error: CallError) {
        for call in self.calls.values_mut().filter(|call| !matches!(call.stage, Stage::Sent { .. })) {
            call.stage = Stage::Doomed { error };
        }
    }

    fn closed(&mut self, notices: &mut Vec<Notice>) {
        self.phase = Phase::Closed;
        self.jobs.clear();
        self.sent.clear();
        let ended = std::mem::take(&mut self.calls);
        notices.extend(ended.into_iter().map(|(call, Call { tries, .. })| Notice::Done { call, answer: Answer { result: Err(CallError::Closed), tries } }));
        notices.push(Notice::Closed);
    }

    fn open(&mut self, now: Now, out: &mut Out) {
        self.is_refused = false;
        self.client.open(now, out);
        for (scheme, auth) in self.config.auths.clone() {
            self.client.submit(Op::Auth { scheme, auth }, now, out);
        }
    }

    fn connection_timeout_ns(&self) -> u64 {
        u64::from(self.config.connection_timeout_ms) * MILLISECOND
    }
}

fn tell(state: Option<ConnectionState>, out: &mut Out, notices: &mut Vec<Notice>) {
    if let Some(state) = state {
        out.note(ClientFact::Connection(state));
        notices.push(Notice::Connection(state));
    }
}
