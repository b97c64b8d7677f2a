//! A client's connection: which replica is tried, how long it may take, when it counts as lost. Timeouts are
//! ClientCnxn's; never a word about what travels on the connection.

use contract::ids::{ConnId, MachineId};
use contract::time::{MILLISECOND, Now};
use zookeeper_words::fact::ClientFact;
use zookeeper_words::ids::{SessionId, Xid};
use zookeeper_words::message::{ConnectRequest, Message};

use super::{Client, Out, Upcall};

/// The pause before the second try of a row; it doubles from try to try. ZooKeeper sleeps a random part of a second.
const RETRY_NS: u64 = 100 * MILLISECOND;
/// The longest pause between two tries (ClientCnxn: up to a second before each connect).
const RETRY_MAX_NS: u64 = 1_000 * MILLISECOND;
/// How often a pause or a patience doubles at most, so that no shift overflows; their own bounds are reached before.
const DOUBLINGS_MAX: u32 = 10;
/// The longest silence of an attached client, whatever its timeout (ClientCnxn, MAX_SEND_PING_INTERVAL).
const PING_MAX_NS: u64 = 10_000 * MILLISECOND;

/// A connection: the stream, its number in the facts, its other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub conn: ConnId,
    pub number: u32,
    pub server: MachineId,
}

/// How far a client is with its connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// There is no session, so none is wanted.
    Ended,
    /// Between two tries.
    Resting { until_ns: u64 },
    /// A stream was asked for.
    Opening { line: Line, deadline_ns: u64 },
    /// The stream stands and the ConnectRequest is sent.
    Asking { line: Line, deadline_ns: u64 },
    /// A replica accepted the session.
    Attached { line: Line, heard_ns: u64, sent_ns: u64 },
}

impl State {
    pub(super) fn line(&self) -> Option<Line> {
        match self {
            State::Ended | State::Resting { .. } => None,
            State::Opening { line, .. } | State::Asking { line, .. } | State::Attached { line, .. } => Some(*line),
        }
    }

    pub(super) fn look(&self) -> String {
        match self {
            State::Ended => "none wanted".into(),
            State::Resting { .. } => "resting before the next try".into(),
            State::Opening { line, .. } => format!("{}: opening to {}", line.number, line.server),
            State::Asking { line, .. } => format!("{}: asking {} for the session", line.number, line.server),
            State::Attached { line, .. } => format!("{}: attached to {}", line.number, line.server),
        }
    }
}

impl Client {
    /// When [`Client::on_event`] must see a `Wake` at the latest, by the monotonic clock.
    pub fn wake_ns(&self) -> Option<u64> {
        match &self.state {
            State::Ended => None,
            State::Resting { until_ns } => Some(*until_ns),
            State::Opening { deadline_ns, .. } | State::Asking { deadline_ns, .. } => Some(*deadline_ns),
            State::Attached { heard_ns, sent_ns, .. } => {
                let own_ns = (heard_ns + self.read_timeout_ns()).min(sent_ns + self.ping_ns());
                Some(self.search.as_ref().map_or(own_ns, |search| own_ns.min(search.wake_ns())))
            }
        }
    }

    pub(super) fn on_wake(&mut self, now: Now, out: &mut Out, upcalls: &mut Vec<Upcall>) {
        let (read_timeout_ns, ping_ns) = (self.read_timeout_ns(), self.ping_ns());
        match &mut self.state {
            State::Ended => {}
            State::Resting { until_ns } => {
                if now.mono_ns >= *until_ns {
                    self.dial(now, out);
                }
            }
            State::Opening { deadline_ns, .. } | State::Asking { deadline_ns, .. } => {
                if now.mono_ns >= *deadline_ns {
                    self.lose(now, true, out, upcalls);
                }
            }
            State::Attached { line, heard_ns, sent_ns } => {
                if now.mono_ns >= *heard_ns + read_timeout_ns {
                    self.lose(now, true, out, upcalls);
                } else if now.mono_ns >= *sent_ns + ping_ns {
                    *sent_ns = now.mono_ns;
                    out.send(line.conn, Message::Ping);
                }
            }
        }
        self.go_on_searching(now, out);
    }

    pub(super) fn on_opened(&mut self, now: Now, conn: ConnId, out: &mut Out) {
        match self.state {
            State::Opening { line, .. } if line.conn == conn => {
                self.state = State::Asking { line, deadline_ns: now.mono_ns + self.connect_timeout_ns() };
                out.send(conn, self.connect_request());
            }
            State::Ended | State::Resting { .. } | State::Opening { .. } | State::Asking { .. } | State::Attached { .. } => out.close(conn),
        }
    }

    fn connect_request(&self) -> Message {
        Message::Connect(ConnectRequest {
            last_zxid_seen: self.session.seen,
            timeout_ms: self.config.timeout_ms,
            session: if self.session.is_whole { self.session.id } else { SessionId::NONE },
            password: self.session.password,
            read_only: self.config.can_be_read_only,
        })
    }

    /// Tries the next replica of the connect string.
    pub(super) fn dial(&mut self, now: Now, out: &mut Out) {
        assert!(self.state.line().is_none(), "a client must have given up one connection before it opens another");
        let server = self.config.servers[self.next_server];
        self.next_server = (self.next_server + 1) % self.config.servers.len();
        let conn = out.open(server);
        let number = u32::try_from(conn.0).expect("a run opens far fewer than 2^32 streams");
        let line = Line { conn, number, server };
        self.state = State::Opening { line, deadline_ns: now.mono_ns + self.connect_timeout_ns() };
    }

    /// The connection is lost, or its try has failed: what was sent is unknown, and another replica is tried after a
    /// pause. A session that was being closed ends here, as ZooKeeper.close() does.
    pub(super) fn lose(&mut self, now: Now, close: bool, out: &mut Out, upcalls: &mut Vec<Upcall>) {
        let was_attached = self.is_attached();
        self.hang_up(close, out, upcalls);
        if was_attached && self.session.closing {
            self.end(upcalls);
            return upcalls.push(Upcall::Closed);
        }
        let pause_ns = (RETRY_NS << self.failures.min(DOUBLINGS_MAX)).min(RETRY_MAX_NS);
        self.failures += u32::from(!was_attached);
        self.state = State::Resting { until_ns: now.mono_ns + pause_ns };
    }

    /// Gives the connection up, if there is one. Leaves the state to the caller.
    pub(super) fn hang_up(&mut self, close: bool, out: &mut Out, upcalls: &mut Vec<Upcall>) {
        self.end_search(out);
        let Some(line) = self.state.line() else { return };
        if close {
            out.close(line.conn);
        }
        if self.is_attached() {
            out.note(ClientFact::Detached { session: self.session.id, conn: line.number });
            upcalls.push(Upcall::Detached);
        }
        self.auths.lose(self.session.id, out);
        for request in self.sent.drain(..) {
            out.note(ClientFact::Unknown { session: self.session.id, xid: request.xid });
            if request.xid != Xid::SET_WATCHES {
                upcalls.push(Upcall::Unknown { xid: request.xid });
            }
        }
    }

    /// Silence after which a connection counts as lost: two thirds of the session timeout, so that there is time left
    /// to try another replica.
    fn read_timeout_ns(&self) -> u64 {
        u64::from(self.session.timeout_ms) * MILLISECOND * 2 / 3
    }

    /// How long a try may take: all replicas can be tried within one session timeout (ClientCnxn). It doubles from
    /// round to round of the connect string, up to the session timeout: the ticks of a plan may be ten times shorter
    /// than ZooKeeper's, and opening a session takes a round trip of the quorum however many replicas there are to try.
    fn connect_timeout_ns(&self) -> u64 {
        let timeout_ns = u64::from(self.session.timeout_ms) * MILLISECOND;
        let servers = self.config.servers.len();
        ((timeout_ns / servers as u64) << (self.failures / servers as u32).min(DOUBLINGS_MAX)).min(timeout_ns)
    }

    fn ping_ns(&self) -> u64 {
        (u64::from(self.session.timeout_ms) * MILLISECOND / 3).min(PING_MAX_NS)
    }
}
