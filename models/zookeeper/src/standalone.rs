//! A whole reference server that stands alone: the tree with its sessions, who each session is, its watches, its zxids. It answers one request after the other, as a real ZooKeeper answers a client that waits for each reply; never at the same time, and never by itself.
//!
//! ```
//! use stormglass_zookeeper_models::standalone::Standalone;
//! use zookeeper_words::ids::SessionId;
//! use zookeeper_words::service::{CreateMode, Op};
//! use zookeeper_words::settings::Compat;
//!
//! let mut server = Standalone::new(Compat::V3_9);
//! let (one, two) = (SessionId(1), SessionId(2));
//! assert_eq!(server.open(one, 100), 4_000); // No less than two ticks.
//! server.open(two, 30_000);
//! server.ask(two, &Op::Exists { path: "/a".into(), watch: true });
//! let answer = server.ask(one, &Op::create("/a".into(), None, CreateMode::Ephemeral));
//! assert_eq!((answer.zxid.0, answer.events.len()), (3, 1)); // Both openings took a zxid.
//! ```

use std::collections::BTreeMap;

use zookeeper_words::ids::{SessionId, Xid, Zxid};
use zookeeper_words::service::{ErrorCode, Id, Ids, Op, Path, Reply, Request, Transaction, WatchEvent};
use zookeeper_words::settings::Compat;

use crate::znode::watches::{Watches, may_hear};
use crate::znode::{JavaSet, Reference, Settings, acl, java_hash};

/// ZooKeeper's default tickTime in ms.
const TICK_MS: u32 = 2_000;

/// Where a client is that connects to its own machine.
const LOCALHOST: &str = "127.0.0.1";

/// What a request comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The state that it was answered from; a write's own number. 0 for auth.
    pub zxid: Zxid,
    /// The outcome.
    pub result: Result<Reply, ErrorCode>,
    /// The watch events that it caused, in each session's order. A real server sends them before the reply.
    pub events: Vec<(SessionId, WatchEvent)>,
}

/// Who a connection is, in the order in which a real server tells it.
#[derive(Clone, Debug)]
struct Identities(JavaSet<Id>);

impl Identities {
    fn at(address: &str) -> Identities {
        let mut identities = Identities(JavaSet::default());
        identities.add(Id::new("ip", address));
        identities
    }

    fn add(&mut self, id: Id) {
        // The hash code of a record of two texts, as Jute makes it.
        let hash = [&id.scheme, &id.id].iter().fold(17i32, |hash, text| hash.wrapping_mul(37).wrapping_add(java_hash(text)));
        self.0.insert(hash, id);
    }

    fn ids(&self) -> Ids {
        self.0.iter().cloned().collect()
    }
}

/// The server.
#[derive(Clone, Debug)]
pub struct Standalone {
    tree: Reference,
    watches: Watches,
    /// The open connections, by their sessions.
    connections: BTreeMap<SessionId, Identities>,
    zxid: Zxid,
    tick_ms: u32,
    address: String,
}

impl Standalone {
    /// A fresh server of a version, with everything switched on and ZooKeeper's default tick, for clients on its own machine.
    pub fn new(compat: Compat) -> Standalone {
        Standalone::with(Settings::of(compat), TICK_MS, LOCALHOST)
    }

    /// A fresh server with these settings, for clients at this address.
    pub fn with(settings: Settings, tick_ms: u32, address: &str) -> Standalone {
        Standalone {
            tree: Reference::new(settings),
            watches: Watches::new(settings.compat),
            connections: BTreeMap::new(),
            zxid: Zxid::ZERO,
            tick_ms,
            address: address.to_owned(),
        }
    }

    /// The last zxid.
    pub fn last(&self) -> Zxid {
        self.zxid
    }

    /// Opens a session of this number on a connection of its own: the negotiated timeout in ms. It takes a zxid.
    pub fn open(&mut self, session: SessionId, timeout_ms: u32) -> u32 {
        let timeout_ms = timeout_ms.clamp(2 * self.tick_ms, 20 * self.tick_ms);
        let _ = self.commit(session, &[], Request::CreateSession { timeout_ms });
        self.connections.insert(session, Identities::at(&self.address));
        timeout_ms
    }

    /// A request of a session, to its end. Whoever has no connection is told that the session is no more.
    pub fn ask(&mut self, session: SessionId, op: &Op) -> Answer {
        let Some(connection) = self.connections.get_mut(&session) else {
            return self.answer(Err(ErrorCode::SessionExpired), vec![]);
        };
        let ids = connection.ids();
        match op {
            Op::Auth { scheme, auth } => {
                let result = acl::authenticated(scheme, auth, &self.address).map(|id| connection.add(id));
                if result.is_err() {
                    self.disconnect(session); // The session lives on, without a connection.
                }
                Answer { zxid: Zxid::ZERO, result: result.map(|()| Reply::Done), events: vec![] }
            }
            Op::RemoveWatches { path, kind, only_ask } => {
                let result = self.watches.remove(session, path, *kind, *only_ask);
                self.answer(result, vec![])
            }
            Op::SetWatches { .. } => {
                let missed = self.watches.again(session, op, |path| self.tree.stat(path));
                self.answer(Ok(Reply::Done), missed.into_iter().map(|event| (session, event)).collect())
            }
            op if op.is_write() => {
                let (result, events) = self.commit(session, &ids, Request::Op(op.clone()));
                if let (Op::CloseSession, Ok(_)) = (op, &result) {
                    self.disconnect(session);
                }
                self.answer(result, events)
            }
            op => {
                let result = self.tree.read(op, session, &ids).unwrap_or(Err(ErrorCode::Unimplemented));
                self.watches.after(session, op, &result);
                self.answer(result, vec![])
            }
        }
    }

    /// The session's connection breaks; the session stays until it expires.
    pub fn disconnect(&mut self, session: SessionId) {
        self.connections.remove(&session);
        self.watches.forget(session);
    }

    /// The session comes back on a new connection, which has no watches and no identities but its address. False if the session is no more.
    pub fn reattach(&mut self, session: SessionId) -> bool {
        self.disconnect(session);
        let open = self.tree.is_open(session);
        if open {
            self.connections.insert(session, Identities::at(&self.address));
        }
        open
    }

    /// The server closes a session that it has not heard of for too long.
    pub fn expire(&mut self, session: SessionId) -> Answer {
        let (result, events) = self.commit(session, &[], Request::Op(Op::CloseSession));
        self.disconnect(session);
        self.answer(result, events)
    }

    /// The server deletes a container or a node with a time to live that is due; whether it is, is the caller's to know.
    pub fn reap(&mut self, path: &Path) -> Answer {
        let (result, events) = self.commit(SessionId::NONE, &[], Request::Op(Op::DeleteContainer { path: Path::clone(path) }));
        self.answer(result, events)
    }

    fn answer(&self, result: Result<Reply, ErrorCode>, events: Vec<(SessionId, WatchEvent)>) -> Answer {
        Answer { zxid: self.zxid, result, events }
    }

    /// The next transaction, and who is told of it.
    fn commit(&mut self, session: SessionId, ids: &[Id], request: Request) -> (Result<Reply, ErrorCode>, Vec<(SessionId, WatchEvent)>) {
        self.zxid = self.zxid.next();
        let txn = Transaction { zxid: self.zxid, session, xid: Xid(0), ids: ids.into(), time_ms: 0, request, error: None };
        let result = self.tree.apply(&txn);
        let mut events = vec![];
        for change in self.tree.fired() {
            for hearer in self.watches.fire(change) {
                let may_hear = self.connections.get(&hearer.session).is_some_and(|connection| may_hear(change, &connection.ids()));
                if may_hear {
                    events.push((hearer.session, WatchEvent { kind: change.kind, path: Path::clone(&change.path) }));
                }
            }
        }
        (result, events)
    }
}
