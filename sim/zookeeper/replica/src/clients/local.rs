//! Sessions that this replica alone knows (LocalSessionTracker, UpgradeableSessionTracker): it opens, hears and expires
//! them without a transaction, and vouches for their writes. Never an ephemeral: a session that wants one is made known
//! to all, or is refused it.

use std::collections::{BTreeMap, VecDeque};

use contract::ids::ConnId;
use contract::plant::Plants;
use contract::time::Now;
use zookeeper_words::fact::LocalFact;
use zookeeper_words::ids::{SessionId, Xid};
use zookeeper_words::message::Message;
use zookeeper_words::plant::Plant;
use zookeeper_words::service::{Ids, Op, Request};
use zookeeper_words::settings::Coordination;

use super::{Clients, Serving, Submission};
use crate::Out;
use crate::session::{Overdue, Tracker};

/// The local sessions, and what may become of them.
#[derive(Clone, Debug)]
pub(super) struct Locals {
    /// New sessions are local.
    enabled: bool,
    /// One that wants an ephemeral is made known to all.
    upgrading: bool,
    tick_ms: u32,
    plants: Plants<Plant>,
    tracker: Tracker,
}

impl Locals {
    pub(super) fn new(coordination: &Coordination, plants: &Plants<Plant>) -> Locals {
        Locals {
            enabled: coordination.local_sessions,
            upgrading: coordination.local_sessions_upgrading,
            tick_ms: coordination.tick_ms,
            plants: plants.clone(),
            tracker: Tracker::new(coordination.tick_ms, &BTreeMap::new(), 0),
        }
    }

    /// Another role has another table.
    pub(super) fn forget_all(&mut self) {
        self.tracker = Tracker::new(self.tick_ms, &BTreeMap::new(), 0);
    }

    /// A new session; says whether it is local.
    pub(super) fn open(&mut self, session: SessionId, timeout_ms: u32, now: Now, out: &mut Out) -> bool {
        if self.enabled {
            self.tracker.open(session, timeout_ms, None, now.mono_ns);
            out.note(LocalFact::Opened { session, timeout_ms });
        }
        self.enabled
    }

    /// A client is back with this session; says whether it is local, and lives.
    pub(super) fn renew(&mut self, session: SessionId, timeout_ms: u32, now: Now) -> bool {
        if self.enabled && self.plants.has(Plant::LocalAnywhere) && !self.knows(session) {
            self.tracker.open(session, timeout_ms, None, now.mono_ns);
        }
        self.tracker.renew(session, timeout_ms, now.mono_ns)
    }

    pub(super) fn knows(&self, session: SessionId) -> bool {
        self.enabled && self.tracker.knows(session)
    }

    /// Its client has closed it.
    pub(super) fn close(&mut self, session: SessionId, out: &mut Out) {
        self.tracker.forget(session);
        out.note(LocalFact::Closed { session });
    }

    /// What is to be handed on for a write: the replica's word stands for the leader's table. A session that wants an
    /// ephemeral is opened for all to know first.
    pub(super) fn hand_on(&mut self, write: Write, submissions: &mut VecDeque<Submission>, out: &mut Out) {
        let Write { session, timeout_ms, xid, ids, op } = write;
        let request = if !self.knows(session) {
            Request::Op(op)
        } else if self.upgrading && op.makes_ephemeral() {
            self.tracker.forget(session);
            out.note(LocalFact::Upgraded { session });
            submissions.push_back(Submission::Write { session, xid: Xid(0), ids: ids.clone(), request: Request::CreateSession { timeout_ms } });
            Request::Op(op)
        } else {
            Request::Local(op)
        };
        submissions.push_back(Submission::Write { session, xid, ids, request });
    }
}

/// A client's write, as it came.
pub(super) struct Write {
    pub session: SessionId,
    pub timeout_ms: u32,
    pub xid: Xid,
    pub ids: Ids,
    pub op: Op,
}

impl Clients {
    /// Local sessions that were heard of live on, and those that were not for too long are over. To be called in each
    /// step, before what was heard is told to the leader.
    pub fn tend(&mut self, now: Now, out: &mut Out) {
        if !self.locals.enabled {
            return;
        }
        let Clients { locals, touched, .. } = self;
        touched.retain(|session, timeout_ms| !locals.tracker.renew(*session, *timeout_ms, now.mono_ns));
        for Overdue { session, silent_ms, timeout_ms } in locals.tracker.overdue(now.mono_ns) {
            out.note(LocalFact::Expired { session, silent_ms, timeout_ms });
            self.locals.tracker.forget(session);
            if let Some(conn) = self.by_session.get(&session).copied() {
                self.close(conn, out);
            }
        }
    }

    /// When [`Clients::tend`] must be called at the latest, by the monotonic clock.
    pub fn wake_ns(&self) -> Option<u64> {
        self.locals.tracker.next_deadline_ns()
    }

    /// Somebody asks whether writers are served here: the word `isro`, on a connection of its own.
    pub fn on_is_read_only(&mut self, conn: ConnId, out: &mut Out) {
        if self.serving != Serving::Nobody {
            out.send(conn, Message::ReadOnly(self.serving == Serving::Readers));
        }
        self.close(conn, out);
    }
}
