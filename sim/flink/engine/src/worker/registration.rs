//! A worker's place at its leader: the stream, the registration, heartbeats, and the fencing token by which calls are
//! heard or refused. Never what a call wants.

use std::collections::BTreeMap;

use contract::ids::{ConnId, MachineId};
use contract::time::{MILLISECOND, Now};
use flink_words::ids::WorkerId;
use outside_words::ids::LeaderId;

use crate::message::{Message, Out, Up};

/// How long a registration may take (cluster.registration.initial-timeout is 100 ms and doubles up to 30 s; ours must
/// span a slow link).
const REGISTER_NS: u64 = 2_000 * MILLISECOND;
/// How long until the next try (cluster.registration.refused-registration-delay is 30 s; our masters come sooner).
const AGAIN_NS: u64 = 500 * MILLISECOND;

/// How it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// No leader is spoken to.
    Apart {
        /// Not before then is one.
        until_ns: u64,
    },
    /// The registration is on its way.
    Asking { conn: ConnId, leader: LeaderId, until_ns: u64 },
    /// The leader has accepted.
    Accepted { conn: ConnId, leader: LeaderId, heard_ns: u64 },
}

/// A worker's registration.
#[derive(Clone, Debug)]
pub struct Registration {
    state: State,
    slots: u16,
    timeout_ns: u64,
    /// Streams to leaders that were given up: what they still say is refused. They are closed at these times.
    former: BTreeMap<ConnId, u64>,
}

impl Registration {
    /// A worker that knows no leader yet.
    pub fn new(slots: u16, heartbeat_timeout_ms: u32) -> Registration {
        let timeout_ns = u64::from(heartbeat_timeout_ms) * MILLISECOND;
        Registration { state: State::Apart { until_ns: 0 }, slots, timeout_ns, former: BTreeMap::new() }
    }

    /// The leader that has accepted this worker.
    pub fn leader(&self) -> Option<LeaderId> {
        match self.state {
            State::Accepted { leader, .. } => Some(leader),
            State::Apart { .. } | State::Asking { .. } => None,
        }
    }

    /// Says something to the leader, if there is one.
    pub fn up(&self, call: Up, out: &mut Out) {
        if let State::Accepted { conn, leader, .. } = self.state {
            out.send(conn, Message::Up { leader, call: Box::new(call) });
        }
    }

    /// A call came with this token: whether it is heard. The first heartbeat is the acceptance itself.
    pub fn hears(&self, conn: ConnId, token: LeaderId) -> bool {
        match self.state {
            State::Apart { .. } => false,
            State::Asking { conn: own, leader, .. } | State::Accepted { conn: own, leader, .. } => own == conn && leader == token,
        }
    }

    /// The leader has accepted. Says whether that is new.
    pub fn on_accepted(&mut self, now: Now) -> Option<LeaderId> {
        let State::Asking { conn, leader, .. } = self.state else { return None };
        self.state = State::Accepted { conn, leader, heard_ns: now.mono_ns };
        Some(leader)
    }

    /// The leader lives.
    pub fn on_heartbeat(&mut self, now: Now) {
        if let State::Accepted { heard_ns, .. } = &mut self.state {
            *heard_ns = now.mono_ns;
        }
    }

    /// A stream is gone. Says the leader that is lost with it.
    pub fn on_closed(&mut self, conn: ConnId, now: Now) -> Option<LeaderId> {
        self.former.remove(&conn);
        if self.conn() != Some(conn) {
            return None;
        }
        let lost = self.leader();
        self.state = State::Apart { until_ns: now.mono_ns + AGAIN_NS };
        lost
    }

    /// What the time demands, and who leads as far as is known. Says the leader that is lost.
    pub fn on_time(&mut self, known: Option<(MachineId, LeaderId)>, worker: WorkerId, now: Now, out: &mut Out) -> Option<LeaderId> {
        let now_ns = now.mono_ns;
        let over: Vec<ConnId> = self.former.iter().filter(|(_, at_ns)| **at_ns <= now_ns).map(|(conn, _)| *conn).collect();
        for conn in over {
            self.former.remove(&conn);
            out.close(conn);
        }
        let is_other = |leader: LeaderId| known.is_some_and(|(_, known)| known != leader);
        let mut lost = None;
        match self.state {
            State::Apart { .. } => {}
            State::Asking { conn, leader, until_ns } => {
                if is_other(leader) || until_ns <= now_ns {
                    out.close(conn);
                    let until_ns = if is_other(leader) { now_ns } else { now_ns + AGAIN_NS };
                    self.state = State::Apart { until_ns };
                }
            }
            State::Accepted { conn, leader, heard_ns } => {
                if is_other(leader) || heard_ns + self.timeout_ns <= now_ns {
                    // The stream is kept for a while, and nothing that comes on it is heard.
                    self.former.insert(conn, now_ns + self.timeout_ns);
                    self.state = State::Apart { until_ns: now_ns };
                    lost = Some(leader);
                }
            }
        }
        if let (State::Apart { until_ns }, Some((machine, leader))) = (self.state, known)
            && until_ns <= now_ns
        {
            let conn = out.open(machine);
            out.send(conn, Message::Up { leader, call: Box::new(Up::Register { worker, slots: self.slots }) });
            self.state = State::Asking { conn, leader, until_ns: now_ns + REGISTER_NS };
        }
        lost
    }

    /// When [`Registration::on_time`] is due.
    pub fn wake_ns(&self, is_known: bool) -> Option<u64> {
        let state = match self.state {
            State::Apart { until_ns } => is_known.then_some(until_ns),
            State::Asking { until_ns, .. } => Some(until_ns),
            State::Accepted { heard_ns, .. } => Some(heard_ns + self.timeout_ns),
        };
        state.into_iter().chain(self.former.values().copied()).min()
    }

    /// How it stands, for people.
    pub fn look(&self) -> String {
        format!("{:?}", self.state)
    }

    fn conn(&self) -> Option<ConnId> {
        match self.state {
            State::Apart { .. } => None,
            State::Asking { conn, .. } | State::Accepted { conn, .. } => Some(conn),
        }
    }
}
