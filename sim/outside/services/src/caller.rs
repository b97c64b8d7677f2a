//! The asking end: one stream to one service, asks with numbers, and asking again as long as it is unknown whether an
//! ask had its effect. Never an opinion on an answer, but for `Unavailable`.
//!
//! Asking again is safe: a write carries its place, a commit and a rollback name their transaction, an upsert its key,
//! a blob its name, and an InitProducer its producer. Asks go out in the order in which they were made, but one that is
//! repeated because of an error comes behind those made meanwhile: whoever needs an order asks for the next thing when
//! the one before is answered.

use std::collections::BTreeMap;

use contract::ids::{ConnId, MachineId};
use contract::process::{Effects, Event};
use contract::time::{MILLISECOND, Now, SECOND};
use outside_words::message::{Answer, Ask, Message};

/// How long an answer may take until the stream is taken for dead; above all that a living service takes, its slow days
/// included (request.timeout.ms, which is 30 s in Kafka).
const ANSWER_TIMEOUT_NS: u64 = 3 * SECOND;
/// How long a stream may take to open.
const OPEN_TIMEOUT_NS: u64 = 2 * SECOND;
/// The first pause before something is tried again (retry.backoff.ms); it doubles.
const PAUSE_NS: u64 = 100 * MILLISECOND;
/// The longest such pause (retry.backoff.max.ms).
const PAUSE_MAX_NS: u64 = SECOND;
/// How many asks may be unanswered at a time; the rest waits here and not on the way.
const UNANSWERED_MAX: usize = 64;

/// A message of a system that asks the outside: the outside's own messages are among its kinds.
pub trait Carries: From<Message> {
    /// The answer of the outside that this message carries, with the request's number; `None` for any other message.
    fn answer(&self) -> Option<(u64, &Answer)>;
}

impl Carries for Message {
    fn answer(&self) -> Option<(u64, &Answer)> {
        match self {
            Message::Answer { request, answer } => Some((*request, answer)),
            Message::Ask { .. } => None,
        }
    }
}

/// An ask of a caller: no two of its life share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AskId(pub u64);

/// How often an ask is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tries {
    /// At most so many times; a service that cannot be reached counts as one.
    AtMost(u32),
    /// Until it is answered.
    Forever,
}

/// No answer came in any try: whether the ask had its effect is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost;

/// The stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    /// None, and none is opened before this time.
    Down { until_ns: u64 },
    /// On its way until this time.
    Opening { conn: ConnId, until_ns: u64 },
    /// It stands.
    Up { conn: ConnId },
}

/// Where an ask is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Here, to be sent from this time on.
    Waiting { from_ns: u64 },
    /// Sent under this number, to be answered until this time.
    Sent { request: u64, until_ns: u64 },
}

#[derive(Clone, Debug)]
struct Pending {
    ask: Box<Ask>,
    tries: Tries,
    /// How often it was tried, sent or not.
    tried: u32,
    place: Place,
}

impl Pending {
    fn is_spent(&self) -> bool {
        match self.tries {
            Tries::AtMost(most) => self.tried >= most,
            Tries::Forever => false,
        }
    }
}

/// The asking end of one service.
#[derive(Clone, Debug)]
pub struct Caller {
    service: MachineId,
    line: Line,
    /// Since when nothing has come over the stream though something was asked, by whoever: those who asked may have
    /// gone since, each before its time was up.
    silent_since_ns: Option<u64>,
    /// Streams that came to nothing since the last answer.
    failures: u32,
    asks: BTreeMap<AskId, Pending>,
    /// Asks that are sent, by their numbers on the stream.
    requests: BTreeMap<u64, AskId>,
    next_ask: u64,
    next_request: u64,
}

impl Caller {
    /// The asking end of a service. It opens a stream when there is something to ask.
    pub fn new(service: MachineId) -> Caller {
        let line = Line::Down { until_ns: 0 };
        Caller { service, line, silent_since_ns: None, failures: 0, asks: BTreeMap::new(), requests: BTreeMap::new(), next_ask: 0, next_request: 0 }
    }

    /// Asks. The answer, or the loss of all tries, comes out of [`Caller::on_event`]. Panics if it is to be tried not
    /// even once.
    pub fn ask<M: Carries, F>(&mut self, ask: Ask, tries: Tries, now: Now, out: &mut Effects<M, F>) -> AskId {
        assert_ne!(tries, Tries::AtMost(0), "an ask that is never sent has no outcome");
        let id = AskId(self.next_ask);
        self.next_ask += 1;
        self.asks.insert(id, Pending { ask: Box::new(ask), tries, tried: 0, place: Place::Waiting { from_ns: 0 } });
        self.go_on(now, out);
        id
    }

    /// Forgets an ask: its outcome is nobody's concern any more. It may have its effect all the same.
    pub fn cancel(&mut self, id: AskId) {
        if let Some(Pending { place: Place::Sent { request, .. }, .. }) = self.asks.remove(&id) {
            self.requests.remove(&request);
        }
    }

    /// Whether an ask has no outcome yet.
    pub fn is_pending(&self, id: AskId) -> bool {
        self.asks.contains_key(&id)
    }

    /// How often an ask without an outcome has been tried.
    pub fn tried(&self, id: AskId) -> u32 {
        self.asks.get(&id).map_or(0, |pending| pending.tried)
    }

    /// How many asks have no outcome yet.
    pub fn pending(&self) -> usize {
        self.asks.len()
    }

    /// Takes an event, its own or anybody's; says which asks have an outcome by it, in order.
    pub fn on_event<M: Carries, F>(&mut self, now: Now, event: &Event<M>, out: &mut Effects<M, F>) -> Vec<(AskId, Result<Answer, Lost>)> {
        let mut outcomes = vec![];
        match event {
            Event::Opened { conn, .. } if self.line.is_opening(*conn) => self.line = Line::Up { conn: *conn },
            Event::Closed { conn, .. } if self.line.conn() == Some(*conn) => self.fail(now, &mut outcomes),
            Event::Message { conn, message, .. } if self.line == (Line::Up { conn: *conn }) => {
                if let Some((request, answer)) = message.answer() {
                    self.on_answer(now, request, answer, &mut outcomes);
                }
            }
            Event::Opened { .. } | Event::Closed { .. } | Event::Message { .. } | Event::Boot | Event::Wake | Event::Order(_) => {}
            Event::Accepted { .. } | Event::Datagram { .. } | Event::Disk(_) => {}
        }
        self.give_up(now, &mut outcomes, out);
        self.go_on(now, out);
        outcomes
    }

    /// When it must get an event at the latest.
    pub fn wake_ns(&self) -> Option<u64> {
        let line_ns = match self.line {
            Line::Down { until_ns } => (!self.asks.is_empty()).then_some(until_ns),
            Line::Opening { until_ns, .. } => Some(until_ns),
            Line::Up { .. } => self.silent_since_ns.map(|since_ns| since_ns + ANSWER_TIMEOUT_NS),
        };
        let is_up = matches!(self.line, Line::Up { .. });
        let asks_ns = self.asks.values().filter_map(|pending| match pending.place {
            Place::Waiting { from_ns } => (is_up && from_ns > 0).then_some(from_ns),
            Place::Sent { until_ns, .. } => Some(until_ns),
        });
        line_ns.into_iter().chain(asks_ns).min()
    }

    fn on_answer(&mut self, now: Now, request: u64, answer: &Answer, outcomes: &mut Vec<(AskId, Result<Answer, Lost>)>) {
        let id = self.requests.remove(&request);
        self.silent_since_ns = (!self.requests.is_empty()).then_some(now.mono_ns);
        // An answer to what was cancelled meanwhile finds nobody.
        let Some(id) = id else { return };
        self.failures = 0;
        let pending = self.asks.get_mut(&id).expect("a request is forgotten with its ask");
        if *answer != Answer::Unavailable {
            self.asks.remove(&id);
            outcomes.push((id, Ok(answer.clone())));
        } else if pending.is_spent() {
            self.asks.remove(&id);
            outcomes.push((id, Err(Lost)));
        } else {
            pending.place = Place::Waiting { from_ns: now.mono_ns + pause_ns(pending.tried) };
        }
    }

    /// Gives up a stream that should have opened, or answered, by now.
    fn give_up<M, F>(&mut self, now: Now, outcomes: &mut Vec<(AskId, Result<Answer, Lost>)>, out: &mut Effects<M, F>) {
        let late = |pending: &Pending| matches!(pending.place, Place::Sent { until_ns, .. } if until_ns <= now.mono_ns);
        let is_silent = self.silent_since_ns.is_some_and(|since_ns| since_ns + ANSWER_TIMEOUT_NS <= now.mono_ns);
        let (conn, is_late) = match self.line {
            Line::Down { .. } => return,
            Line::Opening { conn, until_ns } => (conn, until_ns <= now.mono_ns),
            Line::Up { conn } => (conn, is_silent || self.asks.values().any(late)),
        };
        if is_late {
            out.close(conn);
            self.fail(now, outcomes);
        }
    }

    /// The stream is gone. What was sent on it is to be sent again, and a stream that never stood was a try of all that
    /// waited for it.
    fn fail(&mut self, now: Now, outcomes: &mut Vec<(AskId, Result<Answer, Lost>)>) {
        self.failures += 1;
        self.silent_since_ns = None;
        let never_stood = matches!(self.line, Line::Opening { .. });
        self.line = Line::Down { until_ns: now.mono_ns + pause_ns(self.failures) };
        self.requests.clear();
        self.asks.retain(|id, pending| {
            match pending.place {
                Place::Waiting { .. } if never_stood => pending.tried += 1,
                Place::Waiting { .. } => return true,
                Place::Sent { .. } => pending.place = Place::Waiting { from_ns: 0 },
            }
            if pending.is_spent() {
                outcomes.push((*id, Err(Lost)));
            }
            !pending.is_spent()
        });
    }

    /// Sends what may be sent, over a stream that is opened for it if there is none.
    fn go_on<M: Carries, F>(&mut self, now: Now, out: &mut Effects<M, F>) {
        if self.asks.is_empty() {
            return;
        }
        match self.line {
            Line::Down { until_ns } if until_ns <= now.mono_ns => {
                self.line = Line::Opening { conn: out.open(self.service), until_ns: now.mono_ns + OPEN_TIMEOUT_NS };
            }
            Line::Down { .. } | Line::Opening { .. } => {}
            Line::Up { conn } => {
                let due = |pending: &Pending| matches!(pending.place, Place::Waiting { from_ns } if from_ns <= now.mono_ns);
                for (id, pending) in self.asks.iter_mut().filter(|(_, pending)| due(pending)) {
                    if self.requests.len() == UNANSWERED_MAX {
                        // It waits for an answer to another, and no longer for a time.
                        pending.place = Place::Waiting { from_ns: 0 };
                        continue;
                    }
                    let request = self.next_request;
                    self.next_request += 1;
                    self.requests.insert(request, *id);
                    pending.tried += 1;
                    self.silent_since_ns.get_or_insert(now.mono_ns);
                    pending.place = Place::Sent { request, until_ns: now.mono_ns + ANSWER_TIMEOUT_NS };
                    out.send(conn, Message::Ask { request, ask: pending.ask.clone() }.into());
                }
            }
        }
    }

    /// What must hold between steps.
    pub fn check(&self) -> Result<(), String> {
        let sent = self.asks.values().filter(|pending| matches!(pending.place, Place::Sent { .. })).count();
        let is_up = matches!(self.line, Line::Up { .. });
        if sent != self.requests.len() || sent > UNANSWERED_MAX || (sent > 0 && !is_up) {
            return Err(format!("{sent} asks are sent over {:?}, and {} requests are known", self.line, self.requests.len()));
        }
        Ok(())
    }
}

impl Line {
    fn conn(self) -> Option<ConnId> {
        match self {
            Line::Down { .. } => None,
            Line::Opening { conn, .. } | Line::Up { conn } => Some(conn),
        }
    }

    fn is_opening(self, conn: ConnId) -> bool {
        matches!(self, Line::Opening { conn: opening, .. } if opening == conn)
    }
}

/// The pause after so many failures, from 1.
fn pause_ns(failures: u32) -> u64 {
    let doublings = failures.saturating_sub(1).min(PAUSE_MAX_NS.ilog2());
    PAUSE_NS.saturating_mul(1 << doublings).min(PAUSE_MAX_NS)
}
