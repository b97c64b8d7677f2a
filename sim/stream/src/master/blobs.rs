//! A master's client of the blob store: asks over one stream, again when the stream is gone or an answer stays away. Never what an answer means.

use std::collections::BTreeMap;

use vocab::ids::{ConnId, MachineId};
use vocab::process::Event;
use vocab::time::{MILLISECOND, Now};

use crate::message::{Answer, Ask, Message, Out};

/// Names an ask in its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct AskId(pub u64);

/// How often something is asked at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tries(pub u32);

/// No answer came in all tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lost;

/// How long an answer is waited for.
const ANSWER_MS: u64 = 1_000;
/// The wait after a refusal or a lost stream.
const AGAIN_MS: u64 = 200;

#[derive(Clone, Debug)]
struct Waiting {
    ask: Ask,
    left: u32,
    /// When it is asked again, or given up.
    due_ns: u64,
    sent: bool,
}

/// The client.
#[derive(Clone, Debug)]
pub(super) struct Blobs {
    service: MachineId,
    conn: Option<ConnId>,
    is_open: bool,
    next: u64,
    waiting: BTreeMap<u64, Waiting>,
}

impl Blobs {
    pub fn new(service: MachineId) -> Blobs {
        Blobs { service, conn: None, is_open: false, next: 1, waiting: BTreeMap::new() }
    }

    /// Asks.
    pub fn ask(&mut self, ask: Ask, tries: Tries, now: Now, out: &mut Out) -> AskId {
        let id = self.next;
        self.next += 1;
        self.waiting.insert(id, Waiting { ask, left: tries.0, due_ns: now.mono_ns, sent: false });
        self.send(now, out);
        AskId(id)
    }

    /// Nobody waits for the answer any more.
    pub fn cancel(&mut self, id: AskId) {
        self.waiting.remove(&id.0);
    }

    /// Takes an event and says which asks have ended, and how.
    pub fn on_event(&mut self, now: Now, event: &Event<Message>, out: &mut Out) -> Vec<(AskId, Result<Answer, Lost>)> {
        let mut ended = Vec::new();
        match event {
            Event::Opened { conn, .. } if self.conn == Some(*conn) => self.is_open = true,
            Event::Closed { conn, .. } if self.conn == Some(*conn) => self.lost(now),
            Event::Message { conn, message: Message::Answer { request, answer }, .. } if self.conn == Some(*conn) => match &**answer {
                Answer::Unavailable => {
                    if let Some(waiting) = self.waiting.get_mut(request) {
                        (waiting.sent, waiting.due_ns) = (false, now.mono_ns + AGAIN_MS * MILLISECOND);
                    }
                }
                answer => {
                    if self.waiting.remove(request).is_some() {
                        ended.push((AskId(*request), Ok(answer.clone())));
                    }
                }
            },
            _ => {}
        }
        if self.waiting.values().any(|waiting| waiting.sent && now.mono_ns >= waiting.due_ns) {
            if let Some(conn) = self.conn {
                out.close(conn);
            }
            self.lost(now);
        }
        let over: Vec<u64> = self.waiting.iter().filter(|(_, waiting)| !waiting.sent && waiting.left == 0).map(|(id, _)| *id).collect();
        for id in over {
            self.waiting.remove(&id);
            ended.push((AskId(id), Err(Lost)));
        }
        self.send(now, out);
        ended
    }

    /// When it must see a `Wake`.
    pub fn wake_ns(&self) -> Option<u64> {
        self.waiting.values().map(|waiting| waiting.due_ns).filter(|_| self.is_open || self.conn.is_none()).min().or_else(|| self.waiting.values().filter(|waiting| waiting.sent).map(|waiting| waiting.due_ns).min())
    }

    fn lost(&mut self, now: Now) {
        (self.conn, self.is_open) = (None, false);
        for waiting in self.waiting.values_mut() {
            (waiting.sent, waiting.due_ns) = (false, now.mono_ns + AGAIN_MS * MILLISECOND);
        }
    }

    fn send(&mut self, now: Now, out: &mut Out) {
        let due: Vec<u64> = self.waiting.iter().filter(|(_, waiting)| !waiting.sent && waiting.left > 0 && now.mono_ns >= waiting.due_ns).map(|(id, _)| *id).collect();
        for id in due {
            let conn = *self.conn.get_or_insert_with(|| out.open(self.service));
            let waiting = self.waiting.get_mut(&id).expect("it was just listed");
            waiting.sent = true;
            waiting.left -= 1;
            waiting.due_ns = now.mono_ns + ANSWER_MS * MILLISECOND;
            // A stream carries what is sent before it stands.
            out.send(conn, Message::Ask { request: id, ask: Box::new(waiting.ask.clone()) });
        }
    }
}
