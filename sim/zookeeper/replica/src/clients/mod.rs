//! The clients connected to one replica: their sessions and who they are, the order of their requests, their watches
//! (ZooKeeper's ServerCnxn, CommitProcessor and FinalRequestProcessor). Writes are handed on; never decided here.

mod answer;
mod local;
mod requests;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use contract::ids::{ConnId, MachineId};
use contract::plant::Plants;
use contract::time::{MICROSECOND, Now};
use zookeeper_words::fact::ReplicaFact;
use zookeeper_words::ids::{SessionId, Xid};
use zookeeper_words::message::{ConnectRequest, ConnectResponse, Message};
use zookeeper_words::plant::Plant;
use zookeeper_words::service::{Id, Ids, Op, Request};
use zookeeper_words::settings::{Compat, Coordination};

use crate::Out;
use crate::session;
use crate::tree::Tree;
use crate::watch::Watches;
use crate::wire;
use local::Locals;

/// Requests of one connection that may wait; one more, and it is closed (ZooKeeper throttles at 1,000 in all).
const WAITING_MAX: usize = 1_000;

/// Whom a replica serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Serving {
    /// Nobody: it has no leader.
    Nobody,
    /// Whoever only wants to read: it has had no leader for a while (ReadOnlyZooKeeperServer).
    Readers,
    /// It serves whoever comes.
    All,
}

/// What clients want of the leader, by whatever way it is reached from here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Submission {
    /// A write, or the opening of a session (xid 0).
    Write {
        /// The session.
        session: SessionId,
        /// The request.
        xid: Xid,
        /// Who its connection was when it came.
        ids: Ids,
        /// What is asked.
        request: Request,
    },
    /// A sync.
    Sync {
        /// The session.
        session: SessionId,
        /// The request.
        xid: Xid,
    },
    /// May this session go on here?
    Revalidate {
        /// The session.
        session: SessionId,
        /// Its timeout in ms.
        timeout_ms: u32,
    },
}

#[derive(Clone, Debug)]
enum Waiting {
    Write(Xid),
    Sync(Xid, bool),
    Read(Xid, Arc<Op>, Ids),
    Ping,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Opening,
    Validating,
    Attached,
    /// The session has gone on elsewhere, as the leader knows, which this replica is; the next request ends the
    /// connection.
    Moved,
}

#[derive(Clone, Debug)]
struct Client {
    session: SessionId,
    timeout_ms: u32,
    stage: Stage,
    /// Its address, as the ip scheme knows it.
    address: Arc<str>,
    /// Who it is: its address, and what it has proved.
    ids: Ids,
    /// Requests in the order of their answers.
    waiting: VecDeque<Waiting>,
    /// Requests that came before the session was there (a server reads nothing from a connection until then).
    early: Vec<(Xid, Arc<Op>)>,
}

/// What a replica answers reads from.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// All that is committed here.
    pub tree: &'a Tree,
    /// The tree whose content is read: the same, unless a plant reads from the future.
    pub content: &'a Tree,
}

/// The clients of one replica.
#[derive(Clone, Debug)]
pub struct Clients {
    me: MachineId,
    tick_ms: u32,
    compat: Compat,
    plants: Plants<Plant>,
    request_max: usize,
    super_digest: Option<Arc<str>>,
    conns: BTreeMap<ConnId, Client>,
    by_session: BTreeMap<SessionId, ConnId>,
    watches: Watches,
    /// Connections whose sessions the leader was asked about, in the order of asking, which is that of its answers.
    validating: VecDeque<(SessionId, ConnId)>,
    /// Whom the replica serves: from others it takes no connect request.
    pub serving: Serving,
    locals: Locals,
    /// What is to be handed on, in order.
    pub submissions: VecDeque<Submission>,
    /// Sessions heard of since they were last told to the leader.
    pub touched: BTreeMap<SessionId, u32>,
    next_session: i64,
}

impl Clients {
    /// No clients yet.
    pub fn new(me: MachineId, coordination: &Coordination, plants: &Plants<Plant>) -> Clients {
        Clients {
            me,
            tick_ms: coordination.tick_ms,
            compat: coordination.compat,
            plants: plants.clone(),
            request_max: coordination.jute_max_buffer as usize,
            super_digest: coordination.super_digest.clone(),
            conns: BTreeMap::new(),
            by_session: BTreeMap::new(),
            watches: Watches::new(coordination.compat, plants.has(Plant::LastingWatchSpent)),
            validating: VecDeque::new(),
            serving: Serving::Nobody,
            locals: Locals::new(coordination, plants),
            submissions: VecDeque::new(),
            touched: BTreeMap::new(),
            next_session: 0,
        }
    }

    /// Stops serving: every connection is closed, and what waited is for the clients to ask again.
    pub fn stop(&mut self, out: &mut Out) {
        for conn in std::mem::take(&mut self.conns).into_keys() {
            self.watches.drop_conn(conn);
            out.close(conn);
        }
        self.by_session.clear();
        self.validating.clear();
        self.submissions.clear();
        self.touched.clear();
        self.serving = Serving::Nobody;
        self.locals.forget_all();
    }

    /// Whether `conn` is a client's.
    pub fn knows(&self, conn: ConnId) -> bool {
        self.conns.contains_key(&conn)
    }

    /// How many clients are attached.
    pub fn attached(&self) -> usize {
        self.conns.values().filter(|client| client.stage == Stage::Attached).count()
    }

    /// Whether anybody watches anything.
    pub fn is_watching(&self) -> bool {
        !self.watches.is_empty()
    }

    /// A new session's number: the replica in the top byte, then its monotonic clock when it first needed one, then a
    /// count; so no life of it repeats one.
    fn new_session(&mut self, now: Now) -> SessionId {
        if self.next_session == 0 {
            let boot_us = (now.mono_ns / MICROSECOND) as i64 & 0xff_ffff_ffff;
            self.next_session = i64::from(self.me.0) << 56 | boot_us << 16;
        }
        self.next_session += 1;
        SessionId(self.next_session)
    }

    /// A connect request came from `address`.
    pub fn on_connect(&mut self, conn: ConnId, request: &ConnectRequest, address: Arc<str>, tree: &Tree, now: Now, out: &mut Out) {
        let wanted = if request.read_only { Serving::Readers } else { Serving::All };
        if self.serving < wanted || self.conns.contains_key(&conn) || wire::connect_len(request) > self.request_max {
            self.close(conn, out);
            return;
        }
        // To leave out this look alone would show nothing: the leader's answer comes behind all that it had committed.
        let hurries = self.plants.has(Plant::ReattachBehind) && tree.sessions().contains_key(&request.session);
        if request.last_zxid_seen > tree.last && !hurries {
            out.note(ReplicaFact::RefusedBehind { seen: request.last_zxid_seen, last: tree.last });
            out.close(conn);
            return;
        }
        let timeout_ms = session::negotiate(request.timeout_ms, self.tick_ms);
        let (session, stage) = if request.session == SessionId::NONE {
            let session = self.new_session(now);
            (session, if self.locals.open(session, timeout_ms, now, out) { Stage::Attached } else { Stage::Opening })
        } else {
            // The session's older connection here ends before the password is looked at, as in ZooKeeper.
            if let Some(older) = self.by_session.get(&request.session).copied() {
                self.close(older, out);
            }
            if request.password != session::password(request.session) {
                refuse(conn, out);
                return;
            }
            let stage = match self.locals.renew(request.session, timeout_ms, now) {
                true => Stage::Attached,
                // Who has no leader to ask cannot say that a session is no more. (ZooKeeper says so of one that it has
                // not heard of yet.)
                false if self.serving == Serving::Readers => return self.close(conn, out),
                false => Stage::Validating,
            };
            (request.session, stage)
        };
        let ids: Ids = [Id { scheme: "ip".into(), id: address.clone() }].into();
        match stage {
            Stage::Validating => self.submissions.push_back(Submission::Revalidate { session, timeout_ms }),
            Stage::Opening => {
                let request = Request::CreateSession { timeout_ms };
                self.submissions.push_back(Submission::Write { session, xid: Xid(0), ids: ids.clone(), request });
            }
            Stage::Attached | Stage::Moved => {}
        }
        self.conns.insert(conn, Client { session, timeout_ms, stage, address, ids, waiting: VecDeque::new(), early: Vec::new() });
        self.by_session.insert(session, conn);
        if stage == Stage::Attached {
            self.accept(conn, View { tree, content: tree }, out);
        }
        if stage == Stage::Validating {
            self.validating.push_back((session, conn));
            if hurries {
                self.accept(conn, View { tree, content: tree }, out);
            }
        }
    }

    /// The leader says whether a session may go on here. Its answer is for the connection for which it was asked: one
    /// that came later would be attached before the leader had heard of it, and could speak for a session that has
    /// moved on meanwhile.
    pub fn on_revalidated(&mut self, session: SessionId, valid: bool, view: View<'_>, out: &mut Out) {
        let Some(asked) = self.validating.iter().position(|(about, _)| *about == session) else { return };
        let (_, conn) = self.validating.remove(asked).expect("just found");
        if self.conns.get(&conn).is_none_or(|client| client.stage != Stage::Validating) {
            return;
        }
        if valid {
            self.accept(conn, view, out);
        } else {
            self.detach(conn);
            refuse(conn, out);
        }
    }

    /// As the leader: the session goes on at another replica. What comes on its old connection here must not speak for
    /// it any more, reads included; elsewhere only the leader can say so.
    pub fn on_moved(&mut self, session: SessionId) {
        if let Some((_, client)) = self.client_of(session).filter(|(_, client)| client.stage == Stage::Attached) {
            client.stage = Stage::Moved;
        }
    }

    /// The session is there: the client is told, and what it asked meanwhile is looked at.
    fn accept(&mut self, conn: ConnId, view: View<'_>, out: &mut Out) {
        let Some(client) = self.conns.get_mut(&conn) else { return };
        client.stage = Stage::Attached;
        let (session, timeout_ms) = (client.session, client.timeout_ms);
        out.send(
            conn,
            Message::Connected(ConnectResponse { timeout_ms, session, password: session::password(session), read_only: self.serving == Serving::Readers }),
        );
        for (xid, op) in std::mem::take(&mut client.early) {
            if self.knows(conn) {
                self.on_request(conn, xid, op, view, out);
            }
        }
    }

    /// Whether a transaction of this session is awaited here.
    pub fn awaits(&self, session: SessionId) -> bool {
        self.by_session.contains_key(&session)
    }

    fn client_of(&mut self, session: SessionId) -> Option<(ConnId, &mut Client)> {
        let conn = *self.by_session.get(&session)?;
        Some((conn, self.conns.get_mut(&conn).expect("a session's connection is a client's")))
    }

    /// The connection is gone.
    pub fn detach(&mut self, conn: ConnId) {
        if let Some(client) = self.conns.remove(&conn) {
            self.by_session.remove(&client.session);
            self.watches.drop_conn(conn);
        }
    }

    fn close(&mut self, conn: ConnId, out: &mut Out) {
        self.detach(conn);
        out.close(conn);
    }
}

/// Says that the session is no more: no session, no timeout, and the end of the connection.
fn refuse(conn: ConnId, out: &mut Out) {
    out.send(conn, Message::Connected(ConnectResponse { timeout_ms: 0, session: SessionId::NONE, password: 0, read_only: false }));
    out.close(conn);
}
