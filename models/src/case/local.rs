//! What replicas did without a leader's word, as they and their clients tell it: sessions that one replica alone knew, and service to readers. It lists; the rules judge.

use std::collections::{BTreeMap, BTreeSet};

use vocab::fact::{ClientFact, Fact, LocalFact, ReplicaFact};
use vocab::happening::Happening;
use vocab::ids::{MachineId, SessionId};
use vocab::recording::Recording;

use super::said::{Expiry, NoteIndex};

/// Why a session is local no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Upgraded,
    Closed,
    Expired,
    /// Its replica took up another role, or went down.
    Role,
}

/// A session that one replica opened by itself.
#[derive(Clone, Copy, Debug)]
pub struct LocalLife {
    pub replica: MachineId,
    pub opened: NoteIndex,
    pub ended: Option<(NoteIndex, End)>,
}

/// A replica began to serve readers.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    pub note: NoteIndex,
    pub machine: MachineId,
    /// When its election began, if it was at one.
    pub looking: Option<NoteIndex>,
    /// When its election was over, or the replica was down.
    pub ended: Option<NoteIndex>,
}

/// A replica took a client on.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    pub note: NoteIndex,
    pub client: MachineId,
    pub conn: u32,
    pub replica: MachineId,
    pub session: SessionId,
    /// The client was told that the replica serves readers alone.
    pub read_only: bool,
    /// The last service to readers that the replica had begun, by its place among all.
    pub service: Option<usize>,
    /// When the client's last connection, or its last session, ended: it has asked for this one since.
    pub asked_after: NoteIndex,
}

/// All of it.
#[derive(Default)]
pub struct Local {
    /// By session; the first one, if it was opened twice.
    pub lives: BTreeMap<SessionId, LocalLife>,
    /// Sessions that were opened a second time.
    pub again: Vec<(NoteIndex, MachineId, SessionId)>,
    pub expiries: Vec<Expiry>,
    pub services: Vec<Service>,
    pub taken: Vec<Taken>,
    /// Sessions of clients that were served as readers.
    pub readers: BTreeSet<SessionId>,
}

impl Local {
    /// Reads all notes once.
    pub fn read(recording: &Recording) -> Local {
        let mut local = Local::default();
        // By replica: when the election began that it is at, and the last service to readers.
        let mut looking: BTreeMap<MachineId, NoteIndex> = BTreeMap::new();
        let mut serving: BTreeMap<MachineId, usize> = BTreeMap::new();
        // By client: when it last was without a connection.
        let mut left: BTreeMap<MachineId, NoteIndex> = BTreeMap::new();
        for (at, note) in recording.notes.iter().enumerate() {
            let (at, machine) = (at as NoteIndex, note.machine);
            match &note.fact {
                Fact::Replica(ReplicaFact::Looking { .. }) => {
                    local.end_role(machine, at, serving.get(&machine));
                    looking.insert(machine, at);
                }
                Fact::Replica(ReplicaFact::Elected { .. } | ReplicaFact::Appointed { .. } | ReplicaFact::StepDown { .. } | ReplicaFact::Recovered { .. })
                | Fact::World(Happening::Crashed { .. } | Happening::Exited { .. }) => {
                    local.end_role(machine, at, serving.get(&machine));
                    looking.remove(&machine);
                }
                Fact::Replica(ReplicaFact::Local(LocalFact::ServesReaders { .. })) => {
                    serving.insert(machine, local.services.len());
                    local.services.push(Service { note: at, machine, looking: looking.get(&machine).copied(), ended: None });
                }
                Fact::Replica(ReplicaFact::Local(fact)) => local.said(at, machine, fact),
                Fact::Client(ClientFact::Attached { session, conn, replica, .. }) => {
                    let (service, asked_after) = (serving.get(replica).copied(), left.get(&machine).copied().unwrap_or_default());
                    local.taken.push(Taken {
                        note: at,
                        client: machine,
                        conn: *conn,
                        replica: *replica,
                        session: *session,
                        read_only: false,
                        service,
                        asked_after,
                    });
                }
                Fact::Client(ClientFact::ReadOnly { session, conn }) => {
                    let told = local.taken.iter_mut().rev().find(|taken| taken.client == machine && taken.conn == *conn);
                    told.into_iter().for_each(|taken| taken.read_only = true);
                    local.readers.insert(*session);
                }
                Fact::Client(ClientFact::Detached { .. }) => drop(left.insert(machine, at)),
                Fact::World(_) | Fact::Replica(_) | Fact::Client(_) | Fact::Stream(_) => {}
            }
        }
        local
    }

    fn said(&mut self, at: NoteIndex, machine: MachineId, fact: &LocalFact) {
        let (session, end) = match fact {
            LocalFact::ServesReaders { .. } => return,
            LocalFact::Opened { session, .. } => {
                let life = LocalLife { replica: machine, opened: at, ended: None };
                if self.lives.contains_key(session) {
                    self.again.push((at, machine, *session));
                }
                self.lives.entry(*session).or_insert(life);
                return;
            }
            LocalFact::Upgraded { session } => (session, End::Upgraded),
            LocalFact::Closed { session } => (session, End::Closed),
            LocalFact::Expired { session, silent_ms, timeout_ms } => {
                self.expiries.push(Expiry { note: at, machine, session: *session, silent_ms: *silent_ms, timeout_ms: *timeout_ms, ordered: false });
                (session, End::Expired)
            }
        };
        if let Some(life) = self.lives.get_mut(session).filter(|life| life.replica == machine) {
            life.ended.get_or_insert((at, end));
        }
    }

    fn end_role(&mut self, machine: MachineId, at: NoteIndex, service: Option<&usize>) {
        if let Some(service) = service {
            self.services[*service].ended.get_or_insert(at);
        }
        for life in self.lives.values_mut().filter(|life| life.replica == machine) {
            life.ended.get_or_insert((at, End::Role));
        }
    }

    /// Whether a session was a replica's own and had been closed by its client before this note.
    pub fn closed_before(&self, session: SessionId, note: NoteIndex) -> bool {
        self.ended_before(session, End::Closed, note)
    }

    /// Whether a replica's own session was on its way to be known by all before this note.
    pub fn upgraded_before(&self, session: SessionId, note: NoteIndex) -> bool {
        self.ended_before(session, End::Upgraded, note)
    }

    fn ended_before(&self, session: SessionId, wanted: End, note: NoteIndex) -> bool {
        self.lives.get(&session).and_then(|life| life.ended).is_some_and(|(at, end)| end == wanted && at < note)
    }
}
