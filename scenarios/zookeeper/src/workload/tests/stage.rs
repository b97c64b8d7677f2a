//! A stage for client processes: one service without replicas, time moved from event to event, and mishaps by dice: a request lost, a reply lost, a connection cut while nothing is under way, a session expired. Never more than one truth: all requests are served in the order of their arrival.

use std::collections::BTreeMap;

use contract::dice::Dice;
use contract::ids::{ConnId, MachineId};
use contract::plant::Plants;
use contract::process::{Effect, Effects, Event};
use contract::time::{MILLISECOND, Now};
use zookeeper_replica::acl;
use zookeeper_replica::tree::Tree;
use zookeeper_replica::tree::prep::Asker;
use zookeeper_replica::tree::read::{Awaited, Reader};
use zookeeper_replica::watch::{WatchKind, Watches};
use zookeeper_words::Plan;
use zookeeper_words::fact::{ClientFact, Fact};
use zookeeper_words::ids::{SessionId, Xid, Zxid};
use zookeeper_words::message::{ConnectResponse, Message};
use zookeeper_words::service::{AddWatchMode, ErrorCode, Id, Ids, Op, Path, Perms, Reply, Request, WatchEvent};
use zookeeper_words::settings::{Compat, Coordination};
use zookeeper_words::txn::Head;

use crate::workload::ClientProcess;

/// One way between a client and the service.
const LATENCY_NS: u64 = MILLISECOND;
/// Where all clients are.
const ADDRESS: &str = "10.0.0.3";
/// How often the service looks for silent sessions.
const TICK_NS: u64 = 500 * MILLISECOND;

/// What is due at a time.
enum Due {
    Client(usize, Event<Message>),
    /// The alarm of a client, if it is still set so.
    Alarm(usize, u64),
    Open(usize, ConnId),
    Message(ConnId, Message),
    Tick,
}

struct Conn {
    client: usize,
    session: Option<SessionId>,
    ids: Ids,
}

/// The stage.
pub struct Stage {
    pub clients: Vec<ClientProcess>,
    pub notes: Vec<(usize, ClientFact)>,
    pub tree: Tree,
    /// How often in a million each mishap happens to a request, until the heal.
    mishap_ppm: u32,
    heal_ns: u64,
    dice: Dice,
    now_ns: u64,
    due: BTreeMap<(u64, u64), Due>,
    sequence: u64,
    alarms: Vec<Option<u64>>,
    next_conn: ConnId,
    conns: BTreeMap<ConnId, Conn>,
    watches: Watches,
    coordination: Coordination,
    /// Sessions with when they were last heard of and their timeout, in ns.
    heard: BTreeMap<SessionId, (u64, u64)>,
    next_session: i64,
}

impl Stage {
    pub fn new(plan: &Plan, mishap_ppm: u32) -> Stage {
        let first = plan.settings.replicas();
        let clients: Vec<ClientProcess> = (first..plan.machines()).map(|machine| ClientProcess::new(plan, MachineId(machine))).collect();
        let mut stage = Stage {
            notes: Vec::new(),
            tree: Tree::new(),
            mishap_ppm,
            heal_ns: plan.heal.at_ms * MILLISECOND,
            dice: Dice::named(plan.seed.0, "mishaps", 0, 0),
            now_ns: 0,
            due: BTreeMap::new(),
            sequence: 0,
            alarms: vec![None; clients.len()],
            next_conn: ConnId(1),
            conns: BTreeMap::new(),
            watches: Watches::new(Compat::V3_9, false),
            coordination: plan.settings.coordination.clone(),
            heard: BTreeMap::new(),
            next_session: 0x100,
            clients,
        };
        for (client, plan) in plan.settings.clients.iter().enumerate() {
            stage.at(plan.start_ms * MILLISECOND, Due::Client(client, Event::Boot));
        }
        stage.at(TICK_NS, Due::Tick);
        stage
    }

    /// Runs until a time.
    pub fn run_until_ms(&mut self, until_ms: u64) {
        while let Some(entry) = self.due.first_entry() {
            let (at_ns, _) = *entry.key();
            if at_ns > until_ms * MILLISECOND {
                return;
            }
            self.now_ns = at_ns;
            match entry.remove() {
                Due::Client(client, event) => self.step(client, event),
                Due::Alarm(client, ns) if self.alarms[client] == Some(ns) => {
                    self.alarms[client] = None;
                    self.step(client, Event::Wake);
                }
                Due::Alarm(..) => {}
                Due::Open(client, conn) => self.on_open(client, conn),
                Due::Message(conn, message) => self.on_message(conn, message),
                Due::Tick => self.on_tick(),
            }
        }
    }

    fn at(&mut self, at_ns: u64, due: Due) {
        self.sequence += 1;
        self.due.insert((at_ns, self.sequence), due);
    }

    fn soon(&mut self, due: Due) {
        self.at(self.now_ns + LATENCY_NS, due);
    }

    fn step(&mut self, client: usize, event: Event<Message>) {
        let mut out = Effects::new(self.next_conn);
        let now = Now { mono_ns: self.now_ns, wall_ns: self.now_ns as i64 };
        self.clients[client].step(now, event, &mut out);
        assert_eq!(self.clients[client].check(), Ok(()));
        self.next_conn = out.next_conn;
        for fact in out.notes {
            let Fact::Client(fact) = fact else { panic!("a client notes what a client sees, not {fact:?}") };
            self.notes.push((client, fact));
        }
        for effect in out.list {
            match effect {
                Effect::Open { conn, .. } => self.soon(Due::Open(client, conn)),
                Effect::Send { conn, message } => self.soon(Due::Message(conn, message)),
                Effect::Close { conn } => {
                    self.conns.remove(&conn);
                    self.watches.drop_conn(conn);
                }
                effect => panic!("a client has no use for {effect:?}"),
            }
        }
        if let Some(ns) = out.wake_ns {
            let ns = ns.max(self.now_ns);
            self.alarms[client] = Some(ns);
            self.at(ns, Due::Alarm(client, ns));
        }
    }

    fn mishap(&mut self) -> bool {
        self.now_ns < self.heal_ns && self.dice.chance(self.mishap_ppm)
    }

    fn on_open(&mut self, client: usize, conn: ConnId) {
        let to = MachineId(0);
        if self.mishap() {
            return self.soon(Due::Client(client, Event::Closed { conn, peer: to }));
        }
        self.conns.insert(conn, Conn { client, session: None, ids: [Id::new("ip", ADDRESS)].into() });
        self.soon(Due::Client(client, Event::Opened { conn, to }));
    }

    fn say(&mut self, conn: ConnId, message: Message) {
        if let Some(client) = self.conns.get(&conn).map(|conn| conn.client) {
            self.soon(Due::Client(client, Event::Message { conn, from: MachineId(0), message }));
        }
    }

    fn cut(&mut self, conn: ConnId) {
        self.watches.drop_conn(conn);
        if let Some(gone) = self.conns.remove(&conn) {
            self.soon(Due::Client(gone.client, Event::Closed { conn, peer: MachineId(0) }));
        }
    }

    fn on_message(&mut self, conn: ConnId, message: Message) {
        let Some(known) = self.conns.get(&conn) else { return };
        let session = known.session;
        if let Some((heard_ns, _)) = session.and_then(|session| self.heard.get_mut(&session)) {
            *heard_ns = self.now_ns;
        }
        match message {
            Message::Connect(request) => {
                let session = if request.session == SessionId::NONE {
                    self.next_session += 1;
                    let session = SessionId(self.next_session);
                    self.write(session, Xid(0), &Request::CreateSession { timeout_ms: request.timeout_ms }, &[].into())
                        .expect("a session can always be opened");
                    self.heard.insert(session, (self.now_ns, u64::from(request.timeout_ms) * MILLISECOND));
                    session
                } else {
                    request.session
                };
                if !self.tree.sessions().contains_key(&session) {
                    self.say(conn, Message::Connected(ConnectResponse { timeout_ms: 0, session: SessionId::NONE, password: 0, read_only: false }));
                    return self.cut(conn);
                }
                assert!(request.last_zxid_seen <= self.tree.last, "a client has seen the future");
                self.conns.get_mut(&conn).expect("it was just looked at").session = Some(session);
                self.say(conn, Message::Connected(ConnectResponse { timeout_ms: request.timeout_ms, session, password: session.0 as u128, read_only: false }));
            }
            Message::Ping => self.say(conn, Message::Pong { zxid: self.tree.last }),
            Message::Request { xid, op } => {
                let session = session.expect("a client sends requests on an accepted connection only");
                if self.mishap() {
                    return self.cut(conn);
                }
                if self.mishap() && self.dice.chance(500_000) {
                    self.close_session(session);
                    return self.cut(conn);
                }
                let result = self.serve(conn, session, xid, &op);
                if self.mishap() {
                    return self.cut(conn);
                }
                let zxid = if xid == Xid::AUTH { Zxid::ZERO } else { self.tree.last };
                let failed = result == Err(ErrorCode::AuthFailed);
                self.say(conn, Message::Reply { xid, zxid, result });
                if failed {
                    self.cut(conn);
                }
            }
            message => panic!("a client has no business to say {message:?}"),
        }
    }

    fn serve(&mut self, conn: ConnId, session: SessionId, xid: Xid, op: &Op) -> Result<Reply, ErrorCode> {
        let ids = self.conns[&conn].ids.clone();
        match op {
            Op::CloseSession => {
                self.close_session(session);
                Ok(Reply::Done)
            }
            Op::Auth { scheme, auth } => {
                let id = acl::authenticate(scheme, auth, ADDRESS).ok_or(ErrorCode::AuthFailed)?;
                self.conns.get_mut(&conn).expect("it asked").ids = acl::with(&ids, id);
                Ok(Reply::Done)
            }
            Op::Sync { path } => Ok(Reply::Synced { path: path.clone() }),
            Op::SetWatches { relative, data, exist, child, persistent, recursive } => {
                self.catch_up(conn, *relative, (Awaited::Data, WatchKind::Data), data);
                self.catch_up(conn, *relative, (Awaited::Existence, WatchKind::Data), exist);
                self.catch_up(conn, *relative, (Awaited::Children, WatchKind::Child), child);
                persistent.iter().for_each(|path| self.watches.add_lasting(AddWatchMode::Persistent, path, conn));
                recursive.iter().for_each(|path| self.watches.add_lasting(AddWatchMode::PersistentRecursive, path, conn));
                Ok(Reply::Done)
            }
            Op::AddWatch { path, mode } => {
                self.watches.add_lasting(*mode, path, conn);
                Ok(Reply::Done)
            }
            Op::RemoveWatches { path, kind, only_ask } => self.watches.remove(path, *kind, *only_ask, conn).map(|()| Reply::Done),
            op if op.is_write() => self.write(session, xid, &Request::Op(op.clone()), &ids),
            op => {
                let result = self.tree.read(op, Reader { session, ids: &ids, compat: Compat::V3_9 });
                match op {
                    Op::Exists { path, watch: true } => self.watches.add(WatchKind::Data, path, conn),
                    Op::GetData { path, watch: true } if result.is_ok() => self.watches.add(WatchKind::Data, path, conn),
                    Op::GetChildren { path, watch: true, .. } if result.is_ok() => self.watches.add(WatchKind::Child, path, conn),
                    _ => {}
                }
                result
            }
        }
    }

    fn catch_up(&mut self, conn: ConnId, relative: Zxid, (awaited, kind): (Awaited, WatchKind), paths: &[Path]) {
        for path in paths {
            match self.tree.missed(relative, awaited, path) {
                Some(kind) => self.say(conn, Message::Event { zxid: self.tree.last, event: WatchEvent { kind, path: path.clone() } }),
                None => self.watches.add(kind, path, conn),
            }
        }
    }

    fn write(&mut self, session: SessionId, xid: Xid, request: &Request, ids: &Ids) -> Result<Reply, ErrorCode> {
        let zxid = Zxid(self.tree.last.0 + 1);
        let head = Head { session, xid, zxid, time_ms: (self.now_ns / MILLISECOND) as i64 };
        let is_open = self.tree.sessions().contains_key(&session) || matches!(request, Request::CreateSession { .. });
        let standing = if is_open { Ok(()) } else { Err(ErrorCode::SessionExpired) };
        let txn = self.tree.ahead().propose(head, Asker { ids, standing, is_local: false, coordination: &self.coordination, plants: &Plants::none() }, request);
        let mut changes = Vec::new();
        let reply = self.tree.apply(&txn, true, Some(&mut changes)).expect("a wanted reply is made");
        for change in changes {
            for conn in self.watches.trigger(&change) {
                if self.conns.get(&conn).is_some_and(|conn| acl::allows(&change.acl, Perms::READ, &conn.ids)) {
                    self.say(conn, Message::Event { zxid, event: WatchEvent { kind: change.kind, path: change.path.clone() } });
                }
            }
        }
        reply
    }

    fn close_session(&mut self, session: SessionId) {
        if self.heard.remove(&session).is_some() {
            self.write(session, Xid(0), &Request::Op(Op::CloseSession), &[].into()).expect("an open session can be closed");
        }
    }

    fn on_tick(&mut self) {
        let silent = |(session, (heard_ns, timeout_ns)): (&SessionId, &(u64, u64))| (heard_ns + timeout_ns <= self.now_ns).then_some(*session);
        for session in self.heard.iter().filter_map(silent).collect::<Vec<_>>() {
            self.close_session(session);
            let conns: Vec<ConnId> = self.conns.iter().filter(|(_, conn)| conn.session == Some(session)).map(|(conn, _)| *conn).collect();
            conns.into_iter().for_each(|conn| self.cut(conn));
        }
        for conn in self.conns.keys().copied().collect::<Vec<_>>() {
            if self.mishap() {
                let session = self.conns[&conn].session.filter(|_| self.dice.chance(300_000));
                if let Some(session) = session {
                    self.close_session(session);
                }
                self.cut(conn);
            }
        }
        self.at(self.now_ns + TICK_NS, Due::Tick);
    }
}
