//! A client at a replica without a quorum (CONNECTEDREADONLY): it goes on asking the other replicas whether they serve
//! writers too (ClientCnxn.pingRwServer), and goes to the first that does. Never a request of its owner.

use contract::ids::ConnId;
use contract::time::{MILLISECOND, Now};
use zookeeper_words::fact::ClientFact;
use zookeeper_words::message::Message;

use super::line::Line;
use super::{Client, Out, Upcall};

/// How long it waits before it asks for the first time (minPingRwTimeout); the wait doubles …
const PAUSE_MIN_NS: u64 = 100 * MILLISECOND;
/// … up to this (maxPingRwTimeout).
const PAUSE_MAX_NS: u64 = 60_000 * MILLISECOND;
/// How long an answer may take; ClientCnxn does nothing else meanwhile.
const PATIENCE_NS: u64 = 1_000 * MILLISECOND;

/// The search for a replica with a quorum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Search {
    pause_ns: u64,
    /// When the next replica is asked, or the one that is asked now is given up.
    until_ns: u64,
    /// The connection to the one that is asked, and its place in the connect string.
    asked: Option<(ConnId, usize)>,
}

impl Search {
    pub(super) fn wake_ns(&self) -> u64 {
        self.until_ns
    }
}

impl Client {
    /// A replica without a quorum has taken the client on.
    pub(super) fn begin_search(&mut self, now: Now, line: Line, out: &mut Out) {
        out.note(ClientFact::ReadOnly { session: self.session.id, conn: line.number });
        self.search = Some(Search { pause_ns: PAUSE_MIN_NS, until_ns: now.mono_ns + PAUSE_MIN_NS, asked: None });
    }

    /// Whether a connection is that to the replica that is asked.
    pub(super) fn searches_on(&self, conn: ConnId) -> bool {
        self.search.and_then(|search| search.asked).is_some_and(|(asked, _)| asked == conn)
    }

    /// Asks the next replica, or gives up the one that was asked.
    pub(super) fn go_on_searching(&mut self, now: Now, out: &mut Out) {
        let Some(search) = self.search.as_mut().filter(|search| search.until_ns <= now.mono_ns) else { return };
        if let Some((conn, _)) = search.asked {
            out.close(conn);
            return self.give_up_search(now);
        }
        let place = self.next_server;
        self.next_server = (place + 1) % self.config.servers.len();
        search.asked = Some((out.open(self.config.servers[place]), place));
        search.until_ns = now.mono_ns + PATIENCE_NS;
    }

    /// Nothing came of it: another replica is asked after a pause.
    pub(super) fn give_up_search(&mut self, now: Now) {
        if let Some(search) = &mut self.search {
            search.pause_ns = (2 * search.pause_ns).min(PAUSE_MAX_NS);
            search.until_ns = now.mono_ns + search.pause_ns;
            search.asked = None;
        }
    }

    /// The replica that was asked has answered.
    pub(super) fn on_found(&mut self, now: Now, message: &Message, out: &mut Out, upcalls: &mut Vec<Upcall>) {
        let Some((conn, place)) = self.search.and_then(|search| search.asked) else { return };
        out.close(conn);
        match message {
            Message::ReadOnly(false) => {
                self.give_up_search(now);
                self.next_server = place;
                self.lose(now, true, out, upcalls);
            }
            _ => self.give_up_search(now),
        }
    }

    /// The client is with that replica no more.
    pub(super) fn end_search(&mut self, out: &mut Out) {
        if let Some((conn, _)) = self.search.take().and_then(|search| search.asked) {
            out.close(conn);
        }
    }
}
