//! The clients as their history tells it: every request with its reply, every connection with what came over it in order, what recipes said of themselves. It lists; the rules judge.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use vocab::fact::{ClientFact, Conclusion, Fact, Mirror, RecipeFact, RequestId};
use vocab::ids::{MachineId, SessionId, Xid, Zxid};
use vocab::plan::Plan;
use vocab::recording::Recording;
use vocab::service::{ErrorCode, Ids, Op, Reply, WatchEvent};

use super::identities;
use super::said::NoteIndex;

/// A reply as it came.
#[derive(Clone, Copy, Debug)]
pub struct Returned<'r> {
    pub note: NoteIndex,
    pub zxid: Zxid,
    pub result: &'r Result<Reply, ErrorCode>,
}

/// A request that was sent.
#[derive(Clone, Debug)]
pub struct Request<'r> {
    pub invoked: NoteIndex,
    pub machine: MachineId,
    pub session: SessionId,
    pub xid: Xid,
    pub op: &'r Op,
    /// Who its connection was when it was sent.
    pub ids: Ids,
    /// Who it was if all that it had asked for by then was granted; the answer may have been lost.
    pub ids_most: Ids,
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
    Answered { request: usize, in_turn: bool },
    /// A reply came to nothing that was asked.
    Unasked { note: NoteIndex, xid: Xid },
    /// A watch event came.
    Event { note: NoteIndex, zxid: Zxid, event: &'r WatchEvent },
}

/// A connection of a client to a replica.
#[derive(Clone, Debug)]
pub struct Connection<'r> {
    pub machine: MachineId,
    pub number: u32,
    pub session: SessionId,
    /// Through which client it came, one after the other on a machine: with one session, or, of a client that can be read-only, with several.
    pub handle: (MachineId, u32),
    /// When it was opened, and what its client said that it had seen then; nothing for a session that was new.
    pub attached: Option<(NoteIndex, Zxid)>,
    pub items: Vec<Item<'r>>,
    waiting: VecDeque<usize>,
    /// Auths, which are answered out of turn.
    authenticating: VecDeque<usize>,
}

/// A session was opened, and its client knows.
#[derive(Clone, Copy, Debug)]
pub struct Opened {
    pub note: NoteIndex,
    pub session: SessionId,
}

/// A client said that its node is the lowest of a lock or an election.
#[derive(Clone, Copy, Debug)]
pub struct Acquired<'r> {
    pub note: NoteIndex,
    pub machine: MachineId,
    pub directory: &'r str,
    pub node: &'r str,
    /// The read that told it.
    pub read: Option<usize>,
    /// Its last read of the node itself.
    pub own: Option<usize>,
}

/// A client moved a counter.
#[derive(Clone, Copy, Debug)]
pub struct Counted<'r> {
    pub note: NoteIndex,
    pub machine: MachineId,
    pub path: &'r str,
    pub from: u64,
    pub to: u64,
    /// The write that did it.
    pub write: Option<usize>,
}

/// A client said what its cache shows.
#[derive(Clone, Copy, Debug)]
pub struct Mirrored<'r> {
    pub note: NoteIndex,
    pub machine: MachineId,
    pub mirror: &'r Mirror,
    /// The latest state of which it had got a reply.
    pub seen: Zxid,
    /// The last state that a sync of its session had been answered from.
    pub synced: Option<Zxid>,
}

/// All that the clients saw.
pub struct Clients<'r> {
    pub requests: Vec<Request<'r>>,
    pub connections: Vec<Connection<'r>>,
    pub opened: Vec<Opened>,
    pub acquired: Vec<Acquired<'r>>,
    pub counted: Vec<Counted<'r>>,
    pub taken: Vec<(NoteIndex, MachineId, &'r str)>,
    pub finished: Vec<(NoteIndex, MachineId)>,
    pub concluded: Vec<(NoteIndex, MachineId, &'r Conclusion)>,
    /// Searches for what protected creates may have left, by the path of the create and the request that was answered.
    pub searched: Vec<(NoteIndex, MachineId, &'r str, RequestId)>,
    pub mirrored: Vec<Mirrored<'r>>,
    /// The later tries of a call, by its first.
    retries: BTreeMap<RequestId, Vec<RequestId>>,
    by_xid: BTreeMap<(SessionId, Xid), usize>,
    by_number: BTreeMap<(MachineId, u32), usize>,
    /// The last list of a directory's children, the last setData and the last getData of a node that came back well, by client.
    last_list: BTreeMap<(MachineId, &'r str), usize>,
    last_set: BTreeMap<(MachineId, &'r str), usize>,
    last_get: BTreeMap<(MachineId, &'r str), usize>,
    seen: BTreeMap<MachineId, Zxid>,
    /// User and hash of whoever passes all lists by.
    pub super_digest: Option<&'r str>,
    /// The timeout that each client was told, whenever it was attached.
    pub timeouts: Vec<(NoteIndex, MachineId, u32)>,
    /// Sessions that clients were told are no more.
    pub expired: Vec<(NoteIndex, MachineId, SessionId)>,
    /// When a session first lost its connection.
    pub detached: BTreeMap<SessionId, NoteIndex>,
    /// Machines whose clients can be read-only, and how many clients each machine has had.
    readers: BTreeSet<MachineId>,
    handles: BTreeMap<MachineId, u32>,
    synced: BTreeMap<MachineId, Zxid>,
}

impl<'r> Clients<'r> {
    /// Reads all notes once.
    pub fn read(recording: &'r Recording) -> Clients<'r> {
        let mut clients = Clients {
            requests: vec![],
            connections: vec![],
            opened: vec![],
            acquired: vec![],
            counted: vec![],
            taken: vec![],
            finished: vec![],
            concluded: vec![],
            searched: vec![],
            mirrored: vec![],
            retries: BTreeMap::new(),
            by_xid: BTreeMap::new(),
            by_number: BTreeMap::new(),
            last_list: BTreeMap::new(),
            last_set: BTreeMap::new(),
            last_get: BTreeMap::new(),
            seen: BTreeMap::new(),
            super_digest: recording.plan.coordination.super_digest.as_deref(),
            timeouts: vec![],
            expired: vec![],
            detached: BTreeMap::new(),
            readers: readers(&recording.plan),
            handles: BTreeMap::new(),
            synced: BTreeMap::new(),
        };
        for (at, note) in recording.notes.iter().enumerate() {
            match &note.fact {
                Fact::Client(fact) => clients.saw(at as NoteIndex, note.machine, fact),
                Fact::World(_) | Fact::Replica(_) | Fact::Stream(_) => {}
            }
        }
        for connection in &clients.connections {
            identities::assign(connection, &mut clients.requests, clients.super_digest);
        }
        clients
    }

    fn saw(&mut self, at: NoteIndex, machine: MachineId, fact: &'r ClientFact) {
        match fact {
            ClientFact::Attached { session, again, conn, seen, timeout_ms, .. } => {
                self.timeouts.push((at, machine, *timeout_ms));
                if !again && !self.readers.contains(&machine) {
                    *self.handles.entry(machine).or_default() += 1;
                }
                self.connection(machine, *conn, *session).attached = Some((at, *seen));
                if !again {
                    self.synced.remove(&machine);
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
            ClientFact::Recipe(fact) => self.recipe(at, machine, fact),
            ClientFact::Finished => self.finished.push((at, machine)),
            ClientFact::Retried(retry) => self.retries.entry(retry.first).or_default().push(retry.again),
            ClientFact::Begun => *self.handles.entry(machine).or_default() += 1,
            ClientFact::Detached { session, .. } => drop(self.detached.entry(*session).or_insert(at)),
            ClientFact::Expired { session } => self.expired.push((at, machine, *session)),
            ClientFact::Started => {}
            ClientFact::Connection(_) | ClientFact::ReadOnly { .. } => {}
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
            let seen = self.seen.entry(machine).or_default();
            *seen = (*seen).max(returned.zxid);
        }
        if returned.result.is_ok() {
            match self.requests[request].op {
                Op::GetChildren { path, .. } => {
                    self.last_list.insert((machine, path), request);
                }
                Op::SetData { path, .. } => {
                    self.last_set.insert((machine, path), request);
                }
                Op::GetData { path, .. } => {
                    self.last_get.insert((machine, path), request);
                }
                Op::Sync { .. } => {
                    self.synced.insert(machine, returned.zxid);
                }
                _ => {}
            }
        }
    }

    fn recipe(&mut self, at: NoteIndex, machine: MachineId, fact: &'r RecipeFact) {
        match fact {
            RecipeFact::Acquired { path, node } => {
                let read = self.last_list.get(&(machine, path.as_str())).copied();
                let own = self.last_get.get(&(machine, node.as_str())).copied();
                self.acquired.push(Acquired { note: at, machine, directory: path, node, read, own });
            }
            RecipeFact::Counted { path, from, to } => {
                // A write confirms one step; the next step needs its own.
                let write = self.last_set.remove(&(machine, path.as_str()));
                self.counted.push(Counted { note: at, machine, path, from: *from, to: *to, write });
            }
            RecipeFact::Taken { node } => self.taken.push((at, machine, node)),
            RecipeFact::Concluded(conclusion) => self.concluded.push((at, machine, conclusion)),
            RecipeFact::Searched { path, request } => self.searched.push((at, machine, path, *request)),
            RecipeFact::Mirrored(mirror) => {
                let (seen, synced) = (self.seen.get(&machine).copied().unwrap_or_default(), self.synced.get(&machine).copied());
                self.mirrored.push(Mirrored { note: at, machine, mirror, seen, synced });
            }
            RecipeFact::Released { .. } | RecipeFact::Queued { .. } | RecipeFact::Passed { .. } => {}
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

    /// The request of a session with this number, if it was sent; setWatches and auths, which share one number, are not found so.
    pub fn find(&self, session: SessionId, xid: Xid) -> Option<&Request<'r>> {
        self.by_xid.get(&(session, xid)).map(|request| &self.requests[*request])
    }

    /// All tries of a call, by its first.
    pub fn tries(&self, first: RequestId) -> impl Iterator<Item = RequestId> {
        std::iter::once(first).chain(self.retries.get(&first).into_iter().flatten().copied())
    }

    /// All requests that were answered from a state, with their answers. Auths are not.
    pub fn answered(&self) -> impl Iterator<Item = (&Request<'r>, Returned<'r>)> {
        let from_a_state = self.requests.iter().filter(|request| request.xid != Xid::AUTH);
        from_a_state.filter_map(|request| request.returned.map(|returned| (request, returned)))
    }
}

/// The machines whose clients can be read-only.
fn readers(plan: &Plan) -> BTreeSet<MachineId> {
    let clients = plan.clients.iter().zip(plan.replicas()..);
    clients.filter(|(client, _)| client.can_be_read_only).map(|(_, machine)| MachineId(machine)).collect()
}
