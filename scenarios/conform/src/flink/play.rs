//! Asks a log again: carries out its steps on a stage, one after the other, and collects what each connection receives.
//! Never two steps at once.

use std::collections::BTreeSet;

use zookeeper_words::ids::{SessionId, Zxid};
use zookeeper_words::service::Op;
use zookeeper_words::settings::Compat;

use super::comparison::compare;
use super::log::{Entry, Log, Said};
use super::rendering::{self, Received, event_name};
use super::request_order::{RequestOrder, Step};
use super::sessions::{Sessions, nameless};
use crate::outcome::Outcome;
use crate::stage::{Heard, Stage};

/// The recorded server's tickTime in ms.
const TICK_MS: u32 = 500;
/// The session timeout of the stranger, in ms.
const STRANGER_TIMEOUT_MS: u32 = 4_000;

/// A connection of one part of the log.
#[derive(Default)]
struct Connection {
    /// Requests in the order of asking: their entries.
    asked: Vec<usize>,
    answered: usize,
    /// What it received, with the transaction that it tells of.
    received: Vec<(Received, Zxid)>,
}

/// Asks everything again; earlier parts first, which are not compared.
pub fn ask(log: &Log, replicas: u16) -> Outcome {
    let mut scripts = Vec::new();
    let mut firsts = Vec::new();
    for part in &log.parts {
        firsts.push(scripts.len());
        scripts.extend((0..connections(part)).map(|conn| script(part, conn)));
    }
    let stranger = scripts.len();
    scripts.push(vec![Op::Delete { path: "/nobody/made/this".into(), version: -1 }]);
    let stage = Stage::new(replicas, Compat::V3_8, TICK_MS, scripts);
    let mut play = Play { stage, sessions: Sessions::default(), ends: BTreeSet::new(), stranger, has_stranger_come: false };
    let mut before = 0;
    let mut outcome = Outcome::default();
    for (part, first) in log.parts.iter().zip(firsts) {
        let order = RequestOrder::of(part, before);
        let mut connections: Vec<Connection> = Vec::new();
        connections.resize_with(self::connections(part), Connection::default);
        for step in &order.steps {
            play.carry_out(step, part, first, &mut connections);
        }
        before = order.last;
        let received: Vec<_> = connections.into_iter().map(|connection| connection.received).collect();
        outcome = compare(part, &received, &play.ends);
    }
    outcome
}

/// How many connections a part of a log has.
fn connections(part: &[Entry]) -> usize {
    part.iter().map(|entry| entry.conn + 1).max().unwrap_or(0)
}

/// What a connection asks, in order.
fn script(part: &[Entry], conn: usize) -> Vec<Op> {
    let own = part.iter().filter(|entry| entry.conn == conn);
    own.filter_map(|entry| if let Said::Request { op, .. } = &entry.said { Some(with_our_zxids(op.clone())) } else { None }).collect()
}

/// A setWatches tells the last zxid that its client had seen.
fn with_our_zxids(op: Op) -> Op {
    match op {
        Op::SetWatches { relative, data, exist, child, persistent, recursive } => {
            Op::SetWatches { relative: our_zxid(relative.0), data, exist, child, persistent, recursive }
        }
        other => other,
    }
}

/// Our zxids are all of the first epoch.
fn our_zxid(recorded: u64) -> Zxid {
    Zxid(1 << 32 | recorded)
}

struct Play {
    stage: Stage,
    sessions: Sessions,
    /// Transactions that ended a session: ZooKeeper promises no order among their deletions.
    ends: BTreeSet<Zxid>,
    /// The caller that stands for whoever did not come by the proxy: it has a session, and its requests come to
    /// nothing.
    stranger: usize,
    has_stranger_come: bool,
}

impl Play {
    fn carry_out(&mut self, step: &Step, part: &[Entry], first: usize, connections: &mut [Connection]) {
        let mut ends_a_session = false;
        let mut heard = Vec::new();
        match step {
            Step::Open { conn } => self.stage.open(first + conn, connect_request(part, *conn).timeout_ms),
            Step::Attach { conn } => {
                let request = connect_request(part, *conn);
                let session = self.sessions.ours(request.session).unwrap_or(SessionId(1));
                self.stage.attach(first + conn, session, our_zxid(request.seen), request.timeout_ms);
            }
            Step::Ask { conn, entry } => {
                self.stage.ask(first + conn, place_in_script(part, *entry));
                connections[*conn].asked.push(*entry);
                ends_a_session = matches!(&part[*entry].said, Said::Request { op: Op::CloseSession, .. });
            }
            Step::HangUp { conn } => self.stage.hang_up(first + conn),
            Step::Expire { session } => {
                ends_a_session = true;
                if let Some(session) = self.sessions.ours(*session) {
                    self.stage.expire(session);
                }
            }
            Step::Stranger => heard = self.strangers_transaction(),
        }
        heard.extend(self.stage.settle());
        for (caller, heard) in heard {
            let Some(conn) = caller.checked_sub(first).filter(|conn| *conn < connections.len()) else { continue };
            if ends_a_session && let Heard::Event { zxid, .. } = heard {
                self.ends.insert(zxid);
            }
            self.hear(conn, heard, part, &mut connections[conn]);
        }
    }

    /// A transaction of nobody's in the log: if a container is due, the leader took it away; else a stranger wrote.
    fn strangers_transaction(&mut self) -> Vec<(usize, Heard)> {
        let before = self.stage.last();
        self.stage.check_containers();
        let heard = self.stage.settle();
        if self.stage.last() > before {
            return heard;
        }
        if self.has_stranger_come {
            self.stage.ask(self.stranger, 0);
        } else {
            self.has_stranger_come = true;
            self.stage.open(self.stranger, STRANGER_TIMEOUT_MS);
        }
        heard
    }

    fn hear(&mut self, conn: usize, heard: Heard, part: &[Entry], connection: &mut Connection) {
        let received = match heard {
            Heard::Attached { session, timeout_ms } => {
                let theirs = part.iter().find_map(|entry| match entry.said {
                    Said::Connected { session, .. } if entry.conn == conn => Some(session),
                    _ => None,
                });
                self.sessions.pair(theirs.unwrap_or(nameless(conn)), session);
                if theirs.is_none() {
                    return; // Its client was gone before the answer came; here it goes a moment later.
                }
                (Received::Attached { timeout_ms }, Zxid::ZERO)
            }
            Heard::Refused => (Received::Refused, Zxid::ZERO),
            Heard::Reply { zxid, result } => {
                // Replies come in the order of the requests.
                let Some(entry) = connection.asked.get(connection.answered) else { return };
                connection.answered += 1;
                let Said::Request { op, .. } = &part[*entry].said else { return };
                (Received::Reply(rendering::reply(op, zxid, &result, &self.sessions)), zxid)
            }
            Heard::Event { zxid, event } => (Received::Event { kind: event_name(event.kind).into(), path: event.path.to_string() }, zxid),
            Heard::Gone => return,
        };
        connection.received.push(received);
    }
}

/// A recorded connect request.
struct ConnectRequest {
    session: i64,
    seen: u64,
    timeout_ms: u32,
}

/// What a connection asked for when it was opened.
fn connect_request(part: &[Entry], conn: usize) -> ConnectRequest {
    let request = part.iter().filter(|entry| entry.conn == conn).find_map(|entry| match entry.said {
        Said::Connect { session, seen, timeout_ms } => Some(ConnectRequest { session, seen, timeout_ms }),
        _ => None,
    });
    request.expect("only a connection that asks for a session is opened")
}

/// A request's place among those of its connection.
fn place_in_script(part: &[Entry], at: usize) -> usize {
    part[..at].iter().filter(|entry| entry.conn == part[at].conn && matches!(entry.said, Said::Request { .. })).count()
}
