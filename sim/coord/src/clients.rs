//! The clients connected to one replica: their sessions, the order of their requests, their watches (ZooKeeper's CommitProcessor and FinalRequestProcessor). Writes are handed on; never decided here.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use vocab::fact::{Fact, ReplicaFact};
use vocab::ids::{ConnId, MachineId, SessionId, Xid, Zxid};
use vocab::process::Effects;
use vocab::service::{ErrorCode, Op, Reply, Request, WatchEvent};
use vocab::time::{MICROSECOND, Now};

use crate::message::{ConnectRequest, ConnectResponse, Message};
use crate::session;
use crate::tree::{Change, Tree};
use crate::txn::{Body, Txn};
use crate::watch::{WatchKind, Watches};

type Out = Effects<Message, Fact>;

/// Requests of one connection that may wait; one more, and it is closed (ZooKeeper throttles at 1,000 in all).
const WAITING_MAX: usize = 1_000;

/// What clients want of the leader, by whatever way it is reached from here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Submission {
    /// A write, or the opening of a session (xid 0).
    Write {
        /// The session.
        session: SessionId,
        /// The request.
        xid: Xid,
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
    Read(Xid, Arc<Op>),
    Ping,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Opening,
    Validating,
    Attached,
}

#[derive(Clone, Debug)]
struct Client {
    session: SessionId,
    timeout_ms: u32,
    stage: Stage,
    waiting: VecDeque<Waiting>,
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
    conns: BTreeMap<ConnId, Client>,
    by_session: BTreeMap<SessionId, ConnId>,
    watches: Watches,
    /// Connections whose sessions the leader was asked about, in the order of asking, which is that of its answers.
    validating: VecDeque<(SessionId, ConnId)>,
    /// Set while the replica serves: only then does it take connect requests.
    pub serving: bool,
    /// What is to be handed on, in order.
    pub submissions: VecDeque<Submission>,
    /// Sessions heard of since they were last told to the leader.
    pub touched: BTreeMap<SessionId, u32>,
    next_session: i64,
}

impl Clients {
    /// No clients yet.
    pub fn new(me: MachineId, tick_ms: u32) -> Clients {
        Clients {
            me,
            tick_ms,
            conns: BTreeMap::new(),
            by_session: BTreeMap::new(),
            watches: Watches::default(),
            validating: VecDeque::new(),
            serving: false,
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
        self.serving = false;
    }

    /// Whether `conn` is a client's.
    pub fn knows(&self, conn: ConnId) -> bool {
        self.conns.contains_key(&conn)
    }

    /// How many clients are attached.
    pub fn attached(&self) -> usize {
        self.conns.values().filter(|client| client.stage == Stage::Attached).count()
    }

    /// A new session's number: the replica in the top byte, then its monotonic clock when it first needed one, then a count; so no life of it repeats one.
    fn new_session(&mut self, now: Now) -> SessionId {
        if self.next_session == 0 {
            let boot_us = (now.mono_ns / MICROSECOND) as i64 & 0xff_ffff_ffff;
            self.next_session = i64::from(self.me.0) << 56 | boot_us << 16;
        }
        self.next_session += 1;
        SessionId(self.next_session)
    }

    /// A connect request came.
    pub fn on_connect(&mut self, conn: ConnId, request: &ConnectRequest, tree: &Tree, now: Now, out: &mut Out) {
        if !self.serving || self.conns.contains_key(&conn) {
            out.close(conn);
            return;
        }
        if request.last_zxid_seen > tree.last {
            out.note(ReplicaFact::RefusedBehind { seen: request.last_zxid_seen, last: tree.last });
            out.close(conn);
            return;
        }
        let timeout_ms = session::negotiate(request.timeout_ms, self.tick_ms);
        let (session, stage) = if request.session == SessionId::NONE {
            (self.new_session(now), Stage::Opening)
        } else {
            // The session's older connection here ends before the password is looked at, as in ZooKeeper.
            if let Some(older) = self.by_session.get(&request.session).copied() {
                self.close(older, out);
            }
            if request.password != session::password(request.session) {
                refuse(conn, out);
                return;
            }
            (request.session, Stage::Validating)
        };
        self.conns.insert(conn, Client { session, timeout_ms, stage, waiting: VecDeque::new() });
        self.by_session.insert(session, conn);
        if stage == Stage::Validating {
            self.validating.push_back((session, conn));
        }
        self.submissions.push_back(match stage {
            Stage::Validating => Submission::Revalidate { session, timeout_ms },
            Stage::Opening | Stage::Attached => Submission::Write { session, xid: Xid(0), request: Request::CreateSession { timeout_ms } },
        });
    }

    /// The leader says whether a session may go on here. Its answer is for the connection for which it was asked: one that came later would be attached before the leader had heard
    /// of it, and could speak for a session that has moved on meanwhile.
    pub fn on_revalidated(&mut self, session: SessionId, valid: bool, out: &mut Out) {
        let Some(asked) = self.validating.iter().position(|(about, _)| *about == session) else { return };
        let (_, conn) = self.validating.remove(asked).expect("just found");
        let Some(client) = self.conns.get_mut(&conn).filter(|client| client.stage == Stage::Validating) else { return };
        if valid {
            client.stage = Stage::Attached;
            accept(conn, client, out);
        } else {
            self.detach(conn);
            refuse(conn, out);
        }
    }

    fn client_of(&mut self, session: SessionId) -> Option<(ConnId, &mut Client)> {
        let conn = *self.by_session.get(&session)?;
        Some((conn, self.conns.get_mut(&conn).expect("a session's connection is a client's")))
    }

    /// A request came. Writes and syncs are handed on at once; all are answered in order.
    pub fn on_request(&mut self, conn: ConnId, xid: Xid, op: Arc<Op>, view: View<'_>, out: &mut Out) {
        let Some(client) = self.conns.get_mut(&conn).filter(|client| client.stage == Stage::Attached && client.waiting.len() < WAITING_MAX) else {
            self.close(conn, out);
            return;
        };
        let session = client.session;
        self.touched.insert(session, client.timeout_ms);
        let waiting = match &*op {
            Op::Sync { .. } => {
                self.submissions.push_back(Submission::Sync { session, xid });
                // The path comes back with the answer, so the request itself is kept behind it.
                client.waiting.push_back(Waiting::Sync(xid, false));
                Waiting::Read(xid, op)
            }
            _ if op.is_write() => {
                self.submissions.push_back(Submission::Write { session, xid, request: Request::Op((*op).clone()) });
                Waiting::Write(xid)
            }
            _ => Waiting::Read(xid, op),
        };
        client.waiting.push_back(waiting);
        self.drain(conn, view, out);
    }

    /// A ping came.
    pub fn on_ping(&mut self, conn: ConnId, view: View<'_>, out: &mut Out) {
        let Some(client) = self.conns.get_mut(&conn) else { return };
        self.touched.insert(client.session, client.timeout_ms);
        client.waiting.push_back(Waiting::Ping);
        self.drain(conn, view, out);
    }

    /// The leader answered a sync: all that it had committed then is applied here.
    pub fn on_synced(&mut self, session: SessionId, xid: Xid, view: View<'_>, out: &mut Out) {
        let Some((conn, client)) = self.client_of(session) else { return };
        for waiting in &mut client.waiting {
            if matches!(waiting, Waiting::Sync(asked, _) if *asked == xid) {
                *waiting = Waiting::Sync(xid, true);
            }
        }
        self.drain(conn, view, out);
    }

    /// A transaction was applied: watches fire first, then its own client gets the reply, then what waited behind it.
    pub fn on_applied(&mut self, txn: &Txn, reply: Option<Result<Reply, ErrorCode>>, changes: &[Change], view: View<'_>, out: &mut Out) {
        for change in changes {
            for conn in self.watches.trigger(change) {
                let event = WatchEvent { kind: change.kind, path: change.path.clone() };
                out.send(conn, Message::Event { zxid: txn.head.zxid, event });
            }
        }
        let closes = matches!(txn.body, Body::CloseSession { .. });
        let Some((conn, client)) = self.client_of(txn.head.session) else { return };
        match (client.stage, &txn.body) {
            (Stage::Opening, Body::CreateSession { .. }) => {
                client.stage = Stage::Attached;
                accept(conn, client, out);
            }
            (Stage::Attached, _) if matches!(client.waiting.front(), Some(Waiting::Write(xid)) if *xid == txn.head.xid) => {
                client.waiting.pop_front();
                let result = reply.expect("a reply is made wherever the session is connected");
                let moved = matches!(result, Err(ErrorCode::SessionMoved | ErrorCode::SessionExpired));
                out.send(conn, Message::Reply { xid: txn.head.xid, zxid: txn.head.zxid, result });
                if moved {
                    self.close(conn, out);
                    return;
                }
                self.drain(conn, view, out);
            }
            (Stage::Opening | Stage::Validating | Stage::Attached, _) => {}
        }
        if closes {
            self.close(conn, out);
        }
    }

    /// Whether a transaction of this session is awaited here.
    pub fn awaits(&self, session: SessionId) -> bool {
        self.by_session.contains_key(&session)
    }

    /// Answers what is at the head of the line, as far as it can be.
    fn drain(&mut self, conn: ConnId, view: View<'_>, out: &mut Out) {
        let zxid = view.tree.last;
        let Some(client) = self.conns.get_mut(&conn) else { return };
        loop {
            match client.waiting.front() {
                None | Some(Waiting::Write(_) | Waiting::Sync(_, false)) => return,
                Some(Waiting::Sync(_, true)) => {}
                Some(Waiting::Ping) => out.send(conn, Message::Pong { zxid }),
                Some(Waiting::Read(xid, op)) => {
                    let (xid, op) = (*xid, op.clone());
                    let result = read(conn, &op, view, &mut self.watches, out);
                    out.send(conn, Message::Reply { xid, zxid, result });
                }
            }
            client.waiting.pop_front();
        }
    }

    /// The connection is gone.
    pub fn detach(&mut self, conn: ConnId) {
        if let Some(client) = self.conns.remove(&conn) {
            self.by_session.remove(&client.session);
        }
        self.watches.drop_conn(conn);
    }

    fn close(&mut self, conn: ConnId, out: &mut Out) {
        self.detach(conn);
        out.close(conn);
    }
}

fn accept(conn: ConnId, client: &Client, out: &mut Out) {
    let (session, timeout_ms) = (client.session, client.timeout_ms);
    out.send(conn, Message::Connected(ConnectResponse { timeout_ms, session, password: session::password(session) }));
}

/// Says that the session is no more: no session, no timeout, and the end of the connection.
fn refuse(conn: ConnId, out: &mut Out) {
    out.send(conn, Message::Connected(ConnectResponse { timeout_ms: 0, session: SessionId::NONE, password: 0 }));
    out.close(conn);
}

/// Answers a read, a sync whose turn has come, or setWatches, and leaves the watches that it asks for.
fn read(conn: ConnId, op: &Op, view: View<'_>, watches: &mut Watches, out: &mut Out) -> Result<Reply, ErrorCode> {
    match op {
        Op::Sync { path } => Ok(Reply::Synced { path: path.clone() }),
        Op::SetWatches { relative, data, exist, child } => {
            let missed = view.tree.missed(*relative, data, exist, child);
            let zxid: Zxid = view.tree.last;
            let due = |path: &vocab::service::Path, child: bool| {
                missed.iter().any(|event| {
                    event.path == *path
                        && (event.kind == vocab::service::EventKind::NodeDeleted || (event.kind == vocab::service::EventKind::NodeChildrenChanged) == child)
                })
            };
            data.iter().chain(exist).filter(|path| !due(path, false)).for_each(|path| watches.add(WatchKind::Data, path, conn));
            child.iter().filter(|path| !due(path, true)).for_each(|path| watches.add(WatchKind::Child, path, conn));
            for event in missed {
                out.send(conn, Message::Event { zxid, event });
            }
            Ok(Reply::Done)
        }
        _ => {
            let result = view.content.read(op);
            match op {
                Op::Exists { path, watch: true } if result != Err(ErrorCode::BadArguments) => watches.add(WatchKind::Data, path, conn),
                Op::GetData { path, watch: true } if result.is_ok() => watches.add(WatchKind::Data, path, conn),
                Op::GetChildren { path, watch: true, .. } if result.is_ok() => watches.add(WatchKind::Child, path, conn),
                _ => {}
            }
            result
        }
    }
}
