//! The client core of the coordination service: ZooKeeper's ClientCnxn as a pure state machine. It keeps one session
//! over changing connections, matches replies to requests, and re-arms watches. Never a retry of a request: what became
//! of an unknown one is its owner's business, and so is when to open the next session.
//!
//! The owner calls [`Client::open`], then hands every event to [`Client::on_event`] and sets its alarm to
//! [`Client::wake_ns`] after every call.

mod auth;
mod line;
mod readers;
mod upcall;
mod watches;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod readers_tests;
#[cfg(test)]
mod bench;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;

use contract::ids::{ConnId, MachineId};
use contract::process::{Effects, Event};
use contract::time::Now;
use zookeeper_words::fact::{ClientFact, Fact};
use zookeeper_words::ids::{SessionId, Xid, Zxid};
use zookeeper_words::message::{ConnectResponse, Message};
use zookeeper_words::service::{ErrorCode, Op, Reply};

pub use auth::AUTHS_MAX;
use auth::Auths;
use line::{Line, State};
use readers::Search;
pub use upcall::Upcall;
pub use watches::SET_WATCHES_BYTES_MAX;
use watches::Watches;

/// What a client wants done.
pub type Out = Effects<Message, Fact>;

/// How many requests may wait, sent or not. ZooKeeper's server stops reading at as many (globalOutstandingLimit).
pub const OUTSTANDING_MAX: usize = 1000;

/// Whom a client talks to, and what it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The replicas, in the order of the connect string.
    pub servers: Vec<MachineId>,
    /// The place in `servers` that is tried first; ZooKeeper shuffles, this core has no dice.
    pub first: usize,
    /// The session timeout to ask for, in ms.
    pub timeout_ms: u32,
    /// canBeReadOnly: whether a replica without a quorum will do, until one is found that has a quorum.
    pub can_be_read_only: bool,
}

/// A session as its client knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Session {
    /// None before the first ConnectResponse.
    id: SessionId,
    password: u128,
    /// Negotiated, or what is asked for.
    timeout_ms: u32,
    /// The highest zxid of a reply. Neither pings nor watch events count, as in ClientCnxn: an event of a multi may
    /// come when its sibling is still on the way, and setWatches asks for what is later than this.
    seen: Zxid,
    next_xid: Xid,
    /// closeSession was submitted; nothing may follow it.
    closing: bool,
    /// A replica with a quorum has taken it (seenRwServerBefore): before that it is nobody's, and the next replica
    /// gives another.
    is_whole: bool,
}

impl Session {
    fn new(timeout_ms: u32) -> Session {
        Session { id: SessionId::NONE, password: 0, timeout_ms, seen: Zxid::ZERO, next_xid: Xid(1), closing: false, is_whole: false }
    }
}

/// A request that waits for its turn or its reply.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Waiting {
    xid: Xid,
    op: Arc<Op>,
}

/// The client core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    config: Config,
    state: State,
    session: Session,
    watches: Watches,
    auths: Auths,
    /// Sent on the present connection, in order.
    sent: VecDeque<Waiting>,
    /// Not sent yet; empty while attached.
    queued: VecDeque<Waiting>,
    /// The place in the connect string of the next try.
    next_server: usize,
    /// Tries that failed since the last one that did not.
    failures: u32,
    /// While a replica without a quorum serves it: the search for another one.
    search: Option<Search>,
    /// What the service did that it must not do.
    violation: Option<String>,
}

impl Client {
    /// A client without a session. Panics on an empty connect string.
    pub fn new(config: Config) -> Client {
        assert!(!config.servers.is_empty(), "a connect string must name a server");
        let next_server = config.first % config.servers.len();
        let session = Session::new(config.timeout_ms);
        Client {
            config,
            state: State::Ended,
            session,
            watches: Watches::default(),
            auths: Auths::default(),
            sent: VecDeque::new(),
            queued: VecDeque::new(),
            next_server,
            failures: 0,
            search: None,
            violation: None,
        }
    }

    /// Begins a new session: xids from 1 again, no watches, nobody in particular, nothing seen. Panics while there is a
    /// session.
    pub fn open(&mut self, now: Now, out: &mut Out) {
        assert!(self.is_ended(), "a session must end before the next one begins");
        self.session = Session::new(self.config.timeout_ms);
        self.watches = Watches::default();
        self.auths = Auths::default();
        if self.config.can_be_read_only {
            out.note(ClientFact::Begun);
        }
        self.dial(now, out);
    }

    /// Queues a request, sends it if there is a connection, and says its number. An auth is sent past the queue, on
    /// every later connection of the session too, and has the xid of all auths and no upcall of its own, as
    /// ZooKeeper.addAuthInfo has no result. Panics without a session, after closeSession, or when [`OUTSTANDING_MAX`]
    /// requests wait.
    pub fn submit(&mut self, op: Op, now: Now, out: &mut Out) -> Xid {
        assert!(!self.is_ended(), "a request must have a session");
        assert!(!self.session.closing, "no request may follow closeSession");
        assert!(self.outstanding() < OUTSTANDING_MAX, "the owner must let requests end before it submits more");
        if matches!(op, Op::Auth { .. }) {
            let op = Arc::new(op);
            self.auths.remember(op.clone());
            if self.is_attached() {
                self.transmit_auth(op, now, out);
            }
            return Xid::AUTH;
        }
        let xid = self.session.next_xid;
        self.session.next_xid = Xid(xid.0.checked_add(1).expect("a session of a run sends far fewer than 2^31 requests"));
        self.session.closing = op == Op::CloseSession;
        let request = Waiting { xid, op: Arc::new(op) };
        if self.is_attached() {
            self.transmit(request, now, out)
        } else {
            self.queued.push_back(request)
        }
        xid
    }

    /// Leaves the session as a process does that is killed: the connection is closed, nothing is said to the service,
    /// and the session expires by itself. Says how its requests ended.
    pub fn abandon(&mut self, out: &mut Out) -> Vec<Upcall> {
        let mut upcalls = Vec::new();
        self.hang_up(true, out, &mut upcalls);
        self.end(&mut upcalls);
        upcalls
    }

    /// Takes an event. What the client must do it puts into `out`, what its owner must know it returns, in order.
    pub fn on_event(&mut self, now: Now, event: &Event<Message>, out: &mut Out) -> Vec<Upcall> {
        let mut upcalls = Vec::new();
        match event {
            Event::Wake => self.on_wake(now, out, &mut upcalls),
            Event::Opened { conn, .. } if self.searches_on(*conn) => out.send(*conn, Message::IsReadOnly),
            Event::Closed { conn, .. } if self.searches_on(*conn) => self.give_up_search(now),
            Event::Message { conn, message, .. } if self.searches_on(*conn) => self.on_found(now, message, out, &mut upcalls),
            Event::Opened { conn, .. } => self.on_opened(now, *conn, out),
            Event::Closed { conn, .. } => {
                if self.state.line().is_some_and(|line| line.conn == *conn) {
                    self.lose(now, false, out, &mut upcalls);
                }
            }
            Event::Message { conn, message, .. } => self.on_message(now, *conn, message, out, &mut upcalls),
            // Nobody calls a client.
            Event::Accepted { conn, .. } => out.close(*conn),
            Event::Boot | Event::Order(_) | Event::Datagram { .. } | Event::Disk(_) => {}
        }
        upcalls
    }

    /// The session, or none before the service has given it a number.
    pub fn session(&self) -> SessionId {
        self.session.id
    }

    /// The negotiated timeout in ms, or the one that is asked for.
    pub fn timeout_ms(&self) -> u32 {
        self.session.timeout_ms
    }

    /// Requests that have not ended; what the client sends for itself does not count.
    pub fn outstanding(&self) -> usize {
        self.sent.iter().filter(|request| request.xid != Xid::SET_WATCHES).count() + self.queued.len()
    }

    /// How often the client has said who it is in this session; [`AUTHS_MAX`] times at most.
    pub fn identities(&self) -> usize {
        self.auths.count()
    }

    /// Whether there is no session: never opened, closed, expired or abandoned.
    pub fn is_ended(&self) -> bool {
        matches!(self.state, State::Ended)
    }

    /// Whether the session has a connection.
    pub fn is_attached(&self) -> bool {
        matches!(self.state, State::Attached { .. })
    }

    /// What holds between steps, and that the service kept to its protocol.
    pub fn check(&self) -> Result<(), String> {
        let law = |holds: bool, law: &str| if holds { Ok(()) } else { Err(format!("client of {}: {law}", self.session.id)) };
        law(self.violation.is_none(), self.violation.as_deref().unwrap_or_default())?;
        law(self.is_attached() || self.sent.is_empty(), "a request is pending without a connection")?;
        law(self.is_attached() || self.auths.is_quiet(), "an auth is pending without a connection")?;
        law(!self.is_attached() || self.queued.is_empty(), "a request waits although there is a connection")?;
        law(!self.is_ended() || self.queued.is_empty(), "a request waits without a session")?;
        let xids = || self.sent.iter().chain(&self.queued).map(|request| request.xid).filter(|xid| *xid != Xid::SET_WATCHES);
        law(xids().zip(xids().skip(1)).all(|(one, next)| one < next), "requests are out of order")?;
        law(self.outstanding() <= OUTSTANDING_MAX, "more requests wait than may")
    }

    /// The state as plain data, for people.
    pub fn look(&self) -> Vec<(&'static str, String)> {
        let xids =
            |requests: &VecDeque<Waiting>| requests.iter().map(|request| format!("{} {}", request.xid.0, request.op.name())).collect::<Vec<_>>().join(", ");
        vec![
            ("session", self.session.id.to_string()),
            ("connection", self.state.look()),
            ("seen", self.session.seen.to_string()),
            ("pending", xids(&self.sent)),
            ("queued", xids(&self.queued)),
            ("watches", self.watches.look()),
            ("auths", self.auths.look()),
        ]
    }

    fn on_message(&mut self, now: Now, conn: ConnId, message: &Message, out: &mut Out, upcalls: &mut Vec<Upcall>) {
        if self.state.line().is_none_or(|line| line.conn != conn) {
            // A word on a connection that was given up.
            return out.close(conn);
        }
        if let State::Attached { heard_ns, .. } = &mut self.state {
            *heard_ns = now.mono_ns;
        }
        match (&self.state, message) {
            (State::Asking { line, .. }, Message::Connected(response)) => self.on_connected(now, *line, response, out, upcalls),
            (State::Attached { line, .. }, Message::Reply { xid: Xid::AUTH, zxid, result }) => self.on_auth_reply(now, *line, *zxid, result, out, upcalls),
            (State::Attached { line, .. }, Message::Reply { xid, zxid, result }) => self.on_reply(now, *line, *xid, *zxid, result, out, upcalls),
            (State::Attached { line, .. }, Message::Event { zxid, event }) => {
                out.note(ClientFact::Watched { session: self.session.id, conn: line.number, zxid: *zxid, event: event.clone() });
                self.watches.fire(event);
                upcalls.push(Upcall::Watched { event: event.clone() });
            }
            (State::Attached { .. }, Message::Pong { .. }) => {}
            (state, message) => {
                self.violation = Some(format!("{message:?} came while {}", state.look()));
                self.lose(now, true, out, upcalls);
            }
        }
    }

    fn on_connected(&mut self, now: Now, line: Line, response: &ConnectResponse, out: &mut Out, upcalls: &mut Vec<Upcall>) {
        let again = self.session.is_whole;
        if response.session == SessionId::NONE || response.timeout_ms == 0 {
            if !again {
                return self.lose(now, true, out, upcalls);
            }
            self.hang_up(true, out, upcalls);
            out.note(ClientFact::Expired { session: self.session.id });
            self.end(upcalls);
            return upcalls.push(Upcall::Expired);
        }
        if again && response.session != self.session.id {
            self.violation = Some(format!("{} was answered with {}", self.session.id, response.session));
            return self.lose(now, true, out, upcalls);
        }
        self.session.id = response.session;
        self.session.password = response.password;
        self.session.timeout_ms = response.timeout_ms;
        self.session.is_whole |= !response.read_only;
        self.failures = 0;
        self.state = State::Attached { line, heard_ns: now.mono_ns, sent_ns: now.mono_ns };
        out.note(ClientFact::Attached {
            session: self.session.id,
            conn: line.number,
            replica: line.server,
            timeout_ms: response.timeout_ms,
            again,
            seen: self.session.seen,
        });
        if response.read_only {
            self.begin_search(now, line, out);
        }
        upcalls.push(Upcall::Attached { again });
        for op in self.auths.again() {
            self.transmit_auth(op, now, out);
        }
        for op in self.watches.rearm(self.session.seen) {
            self.transmit(Waiting { xid: Xid::SET_WATCHES, op: Arc::new(op) }, now, out);
        }
        while let Some(request) = self.queued.pop_front() {
            self.transmit(request, now, out);
        }
    }

    #[allow(clippy::too_many_arguments, reason = "a reply's fields, and where what follows from it goes")]
    fn on_reply(&mut self, now: Now, line: Line, xid: Xid, zxid: Zxid, result: &Result<Reply, ErrorCode>, out: &mut Out, upcalls: &mut Vec<Upcall>) {
        if self.sent.front().is_none_or(|request| request.xid != xid) {
            // "Xid out of order", as ClientCnxn says before it closes the connection.
            self.violation = Some(format!("a reply to {} came when {:?} was due", xid.0, self.sent.front().map(|request| request.xid.0)));
            return self.lose(now, true, out, upcalls);
        }
        let request = self.sent.pop_front().expect("the front was just looked at");
        self.session.seen = self.session.seen.max(zxid);
        self.watches.register(&request.op, result);
        out.note(ClientFact::Returned { session: self.session.id, conn: line.number, xid, zxid, result: result.clone() });
        if xid == Xid::SET_WATCHES {
            return;
        }
        upcalls.push(Upcall::Returned { xid, zxid, result: result.clone() });
        if *request.op == Op::CloseSession {
            self.hang_up(true, out, upcalls);
            self.end(upcalls);
            upcalls.push(Upcall::Closed);
        }
    }

    /// Sends a request on the connection that there is.
    fn transmit(&mut self, request: Waiting, now: Now, out: &mut Out) {
        let State::Attached { line, sent_ns, .. } = &mut self.state else { unreachable!("only an attached client sends requests") };
        *sent_ns = now.mono_ns;
        out.note(ClientFact::Invoked { session: self.session.id, conn: line.number, xid: request.xid, op: request.op.clone() });
        out.send(line.conn, Message::Request { xid: request.xid, op: request.op.clone() });
        self.sent.push_back(request);
    }

    /// Ends the session for this client; requests that were never sent will never be.
    fn end(&mut self, upcalls: &mut Vec<Upcall>) {
        upcalls.extend(self.queued.drain(..).map(|request| Upcall::Unsent { xid: request.xid }));
        self.state = State::Ended;
    }
}
