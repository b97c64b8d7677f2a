//! The clients as their history tells it: every request with its reply, every connection with what came over it in order, what recipes said of themselves. It lists; the rules judge.

pub(crate) mod identities;
pub(crate) mod left;
pub(crate) mod recipes;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use contract::ids::MachineId;
use judging::NoteIndex;
use zookeeper_words::fact::ClientFact;
use zookeeper_words::ids::{SessionId, Xid, Zxid};
use zookeeper_words::service::{ErrorCode, Ids, Op, Reply, WatchEvent};
use zookeeper_words::settings::Settings;

use left::Left;
use recipes::Recipes;

/// A reply as it came.
#[derive(Clone, Copy, Debug)]
pub struct Returned<'r> {
    /// When.
    pub note: NoteIndex,
    /// The state that it was answered from.
    pub zxid: Zxid,
    /// The outcome.
    pub result: &'r Result<Reply, ErrorCode>,
}

/// A request that was sent.
#[derive(Clone, Debug)]
pub struct Request<'r> {
    /// When it was sent.
    pub invoked: NoteIndex,
    /// The client.
    pub machine: MachineId,
    /// Its session.
    pub session: SessionId,
    /// Its number within the session.
    pub xid: Xid,
    /// What was asked.
    pub op: &'r Op,
    /// Who its connection was when it was sent.
    pub ids: Ids,
    /// Who it was if all that it had asked for by then was granted; the answer may have been lost.
    pub ids_most: Ids,
    /// Its reply, if one came.
    pub returned: Option<Returned<'r>>,
    /// Its client gave it up.
    pub unknown: Option<NoteIndex>,
}

/// Something that came to a client over a connection, or left it.
#[derive(Clone, Copy, Debug)]
pub enum Item<'r> {
    /// A request left; its place among all requests.
    Sent(usize),
    /// A reply came to that request; `in_turn` if it was the oldest one without.
    Answered {
        /// Its place among all requests.
        request: usize,
        /// Whether it was its turn.
        in_turn: bool,
    },
    /// A reply came to nothing that was asked.
    Unasked {
        /// When.
        note: NoteIndex,
        /// The number that it carries.
        xid: Xid,
    },
    /// A watch event came.
    Event {
        /// When.
        note: NoteIndex,
        /// The transaction that it tells of, or, for one in answer to setWatches, the state that it was worked out from.
        zxid: Zxid,
        /// The event.
        event: &'r WatchEvent,
    },
}

/// A connection of a client to a replica.
#[derive(Clone, Debug)]
pub struct Connection<'r> {
    /// The client.
    pub machine: MachineId,
    /// Its number among those of the machine.
    pub number: u32,
    /// The session for which it was opened.
    pub session: SessionId,
    /// Through which client it came, one after the other on a machine: with one session, or, of a client that can be read-only, with several.
    pub handle: (MachineId, u32),
    /// When it was opened, and what its client said that it had seen then; nothing for a session that was new.
    pub attached: Option<(NoteIndex, Zxid)>,
    /// What came over it, and left by it, in order.
    pub items: Vec<Item<'r>>,
    waiting: VecDeque<usize>,
    /// Auths, which are answered out of turn.
    authenticating: VecDeque<usize>,
}

/// A session was opened, and its client knows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opened {
    pub note: NoteIndex,
    pub session: SessionId,
}

/// All that the clients saw.
pub struct Clients<'r> {
    /// All requests, in the order in which they were sent.
    pub requests: Vec<Request<'r>>,
    /// All connections, in the order in which they were first heard of.
    pub connections: Vec<Connection<'r>>,
    /// Sessions that were opened, and their clients know.
    pub(crate) opened: Vec<Opened>,
    /// What recipes said of themselves.
    pub(crate) recipes: Recipes<'r>,
    /// Clients that have done what their plans want.
    pub(crate) finished: Vec<(NoteIndex, MachineId)>,
    by_xid: BTreeMap<(SessionId, Xid), usize>,
    by_number: BTreeMap<(MachineId, u32), usize>,
    /// User and hash of whoever passes all lists by.
    pub(crate) super_digest: Option<&'r str>,
    /// The timeout that each client was told, whenever it was attached.
    pub(crate) timeouts: Vec<(NoteIndex, MachineId, u32)>,
    /// Sessions that clients were told are no more.
    pub(crate) expired: Vec<(NoteIndex, MachineId, SessionId)>,
    /// When a session first lost its connection.
    pub(crate) detached: BTreeMap<SessionId, NoteIndex>,
    /// Sessions that nobody keeps alive.
    pub(crate) left: Left,
    /// Machines whose clients can be read-only, and how many clients each machine has had.
    readers: BTreeSet<MachineId>,
    handles: BTreeMap<MachineId, u32>,
}

impl<'r> Clients<'r> {
    /// Clients that have seen nothing yet.
    pub(super) fn new(settings: &'r Settings) -> Clients<'r> {
        Clients {
            requests: vec![],
            connections: vec![],
            opened: vec![],
            recipes: Recipes::default(),
            finished: vec![],
            by_xid: BTreeMap::new(),
            by_number: BTreeMap::new(),
            super_digest: settings.coordination.super_digest.as_deref(),
            timeouts: vec![],
            expired: vec![],
            detached: BTreeMap::new(),
            left: Left::default(),
            readers: readers(settings),
            handles: BTreeMap::new(),
        }
    }

    /// A client saw something.
    pub(super) fn saw(&mut self, at: NoteIndex, machine: MachineId, fact: &'r ClientFact) {
        match fact {
            ClientFact::Attached { session, again, conn, seen, timeout_ms, .. } => {
                self.timeouts.push((at, machine, *timeout_ms));
                self.left.attached(*session, *timeout_ms);
                if !again && !self.readers.contains(&machine) {
                    *self.handles.entry(machine).or_default() += 1;
                }
                self.connection(machine, *conn, *session).attached = Some((at, *seen));
                if !again {
                    self.recipes.began(machine);
                    self.opened.push(Opened { note: at, session: *session });
                }
            }
            ClientFact::Invoked { session, conn, xid, op } => {
                let request = self.requests.len();
                let ids = identities::nobody();
                self.requests.push(Request {
                    invoked: at,
                    machine,
                    session: *session,
                    xid: *xid,
                    op,
                    ids: Ids::clone(&ids),
                    ids_most: ids,
                    returned: None,
                    unknown: None,
                });
                if *xid != Xid::SET_WATCHES && *xid != Xid::AUTH {
                    self.by_xid.entry((*session, *xid)).or_insert(request);
                }
                let connection = self.connection(machine, *conn, *session);
                connection.items.push(Item::Sent(request));
                if *xid == Xid::AUTH { connection.authenticating.push_back(request) } else { connection.waiting.push_back(request) }
            }
            ClientFact::Returned { session, conn, xid, zxid, result } => {
                self.connection(machine, *conn, *session);
                self.returned(machine, *conn, *xid, Returned { note: at, zxid: *zxid, result });
            }
            ClientFact::Unknown { session, xid } => {
                if let Some(request) = self.by_xid.get(&(*session, *xid)) {
                    self.requests[*request].unknown = Some(at);
                }
            }
            ClientFact::Watched { session, conn, zxid, event } => {
                self.connection(machine, *conn, *session).items.push(Item::Event { note: at, zxid: *zxid, event });
            }
            ClientFact::Recipe(fact) => self.recipes.said(at, machine, fact),
            ClientFact::Finished => self.finished.push((at, machine)),
            ClientFact::Retried(retry) => self.recipes.retried(at, machine, *retry),
            ClientFact::Begun => *self.handles.entry(machine).or_default() += 1,
            ClientFact::Detached { session, .. } => {
                self.detached.entry(*session).or_insert(at);
                self.left.detached(*session, at);
            }
            ClientFact::Expired { session } => self.expired.push((at, machine, *session)),
            ClientFact::Started | ClientFact::Connection(_) | ClientFact::ReadOnly { .. } => {}
        }
    }

    fn returned(&mut self, machine: MachineId, conn: u32, xid: Xid, returned: Returned<'r>) {
        let connection = self.by_number[&(machine, conn)];
        let Connection { items, waiting, authenticating, .. } = &mut self.connections[connection];
        let waiting = if xid == Xid::AUTH { authenticating } else { waiting };
        let Some(place) = waiting.iter().position(|request| self.requests[*request].xid == xid) else {
            items.push(Item::Unasked { note: returned.note, xid });
            return;
        };
        let request = waiting.remove(place).expect("position found it");
        items.push(Item::Answered { request, in_turn: place == 0 });
        self.requests[request].returned = Some(returned);
        if xid != Xid::AUTH {
            self.recipes.answered(machine, request, self.requests[request].op, returned.zxid, returned.result.is_ok());
        }
    }

    fn connection(&mut self, machine: MachineId, number: u32, session: SessionId) -> &mut Connection<'r> {
        let handle = (machine, self.handles.get(&machine).copied().unwrap_or_default());
        let index = *self.by_number.entry((machine, number)).or_insert_with(|| {
            let (items, waiting, authenticating) = (vec![], VecDeque::new(), VecDeque::new());
            self.connections.push(Connection { machine, number, session, handle, attached: None, items, waiting, authenticating });
            self.connections.len() - 1
        });
        &mut self.connections[index]
    }

    /// Gives every request the identities that its connection had.
    pub(super) fn identify(&mut self) {
        for connection in &self.connections {
            let mut sure = identities::of(connection.machine);
            let mut most = Ids::clone(&sure);
            for item in &connection.items {
                let Item::Sent(request) = item else { continue };
                let request = &mut self.requests[*request];
                (request.ids, request.ids_most) = (Ids::clone(&sure), Ids::clone(&most));
                let Op::Auth { .. } = request.op else { continue };
                if request.returned.is_some_and(|returned| returned.result.is_ok()) {
                    sure = identities::granted(&sure, request.op, connection.machine, self.super_digest);
                }
                if request.returned.is_none_or(|returned| returned.result.is_ok()) {
                    most = identities::granted(&most, request.op, connection.machine, self.super_digest);
                }
            }
        }
    }

    /// The request of a session with this number, if it was sent; setWatches and auths, which share one number, are not found so.
    pub fn find(&self, session: SessionId, xid: Xid) -> Option<&Request<'r>> {
        self.by_xid.get(&(session, xid)).map(|request| &self.requests[*request])
    }

    /// All requests that were answered from a state, with their answers. Auths are not.
    pub fn answered(&self) -> impl Iterator<Item = (&Request<'r>, Returned<'r>)> {
        let from_a_state = self.requests.iter().filter(|request| request.xid != Xid::AUTH);
        from_a_state.filter_map(|request| request.returned.map(|returned| (request, returned)))
    }
}

/// The machines whose clients can be read-only.
fn readers(settings: &Settings) -> BTreeSet<MachineId> {
    let clients = settings.clients.iter().zip(settings.replicas()..);
    clients.filter(|(client, _)| client.can_be_read_only).map(|(_, machine)| MachineId(machine)).collect()
}
