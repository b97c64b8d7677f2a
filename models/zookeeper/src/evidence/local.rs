//! What replicas did without a leader's word, as they and their clients tell it: sessions that one replica alone knew, and service to readers. It lists; the rules judge.

use std::collections::{BTreeMap, BTreeSet};

use contract::happening::Happening;
use contract::ids::MachineId;
use judging::NoteIndex;
use zookeeper_words::fact::{ClientFact, LocalFact, ReplicaFact};
use zookeeper_words::ids::SessionId;

use super::replication::said::Expiry;

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
    /// By replica: when the election began that it is at, and the last service to readers.
    looking: BTreeMap<MachineId, NoteIndex>,
    serving: BTreeMap<MachineId, usize>,
    /// By client: when it last was without a connection.
    left: BTreeMap<MachineId, NoteIndex>,
}

impl Local {
    /// The world did something to a machine.
    pub(super) fn happened(&mut self, at: NoteIndex, machine: MachineId, happening: &Happening) {
        match happening {
            Happening::Crashed { .. } | Happening::Exited { .. } => self.end_election(machine, at),
            Happening::Struck { .. }
            | Happening::Spared { .. }
            | Happening::Ended { .. }
            | Happening::Booted { .. }
            | Happening::Wiped
            | Happening::Paused
            | Happening::Resumed { .. }
            | Happening::ClockStepped { .. }
            | Happening::Rotted { .. }
            | Happening::Healed
            | Happening::LeftOut { .. } => {}
        }
    }

    /// A replica said something.
    pub(super) fn said(&mut self, at: NoteIndex, machine: MachineId, fact: &ReplicaFact) {
        match fact {
            ReplicaFact::Looking { .. } => {
                self.end_role(machine, at);
                self.looking.insert(machine, at);
            }
            ReplicaFact::Elected { .. } | ReplicaFact::Appointed { .. } | ReplicaFact::StepDown { .. } | ReplicaFact::Recovered { .. } => {
                self.end_election(machine, at);
            }
            ReplicaFact::Local(LocalFact::ServesReaders { .. }) => {
                self.serving.insert(machine, self.services.len());
                self.services.push(Service { note: at, machine, looking: self.looking.get(&machine).copied(), ended: None });
            }
            ReplicaFact::Local(LocalFact::Opened { session, .. }) => {
                if self.lives.contains_key(session) {
                    self.again.push((at, machine, *session));
                }
                self.lives.entry(*session).or_insert(LocalLife { replica: machine, opened: at, ended: None });
            }
            ReplicaFact::Local(LocalFact::Upgraded { session }) => self.end_life(at, machine, *session, End::Upgraded),
            ReplicaFact::Local(LocalFact::Closed { session }) => self.end_life(at, machine, *session, End::Closed),
            ReplicaFact::Local(LocalFact::Expired { session, silent_ms, timeout_ms }) => {
                self.expiries.push(Expiry { note: at, machine, session: *session, silent_ms: *silent_ms, timeout_ms: *timeout_ms, ordered: false });
                self.end_life(at, machine, *session, End::Expired);
            }
            ReplicaFact::Configured { .. } | ReplicaFact::EpochAccepted { .. } | ReplicaFact::Synchronizing { .. } | ReplicaFact::SyncSent { .. } => {}
            ReplicaFact::Truncated { .. } | ReplicaFact::Installed { .. } | ReplicaFact::Adopted { .. } | ReplicaFact::Established { .. } => {}
            ReplicaFact::Serving { .. } | ReplicaFact::Proposed { .. } | ReplicaFact::Logged { .. } | ReplicaFact::Acked { .. } => {}
            ReplicaFact::Committed { .. } | ReplicaFact::Delivered { .. } | ReplicaFact::SyncAnswered { .. } => {}
            ReplicaFact::SessionExpired { .. } | ReplicaFact::RefusedBehind { .. } | ReplicaFact::Snapshotted { .. } => {}
            ReplicaFact::Files(_) | ReplicaFact::Illegal { .. } => {}
        }
    }

    /// A client saw something.
    pub(super) fn saw(&mut self, at: NoteIndex, machine: MachineId, fact: &ClientFact) {
        match fact {
            ClientFact::Attached { session, conn, replica, .. } => {
                let (service, asked_after) = (self.serving.get(replica).copied(), self.left.get(&machine).copied().unwrap_or_default());
                self.taken.push(Taken { note: at, client: machine, conn: *conn, replica: *replica, session: *session, read_only: false, service, asked_after });
            }
            ClientFact::ReadOnly { session, conn } => {
                let told = self.taken.iter_mut().rev().find(|taken| taken.client == machine && taken.conn == *conn);
                told.into_iter().for_each(|taken| taken.read_only = true);
                self.readers.insert(*session);
            }
            ClientFact::Detached { .. } => {
                self.left.insert(machine, at);
            }
            ClientFact::Expired { .. } | ClientFact::Invoked { .. } | ClientFact::Returned { .. } | ClientFact::Unknown { .. } => {}
            ClientFact::Watched { .. } | ClientFact::Started | ClientFact::Connection(_) | ClientFact::Retried(_) => {}
            ClientFact::Recipe(_) | ClientFact::Finished | ClientFact::Begun => {}
        }
    }

    fn end_life(&mut self, at: NoteIndex, machine: MachineId, session: SessionId, end: End) {
        if let Some(life) = self.lives.get_mut(&session).filter(|life| life.replica == machine) {
            life.ended.get_or_insert((at, end));
        }
    }

    /// A replica is at an election no more.
    fn end_election(&mut self, machine: MachineId, at: NoteIndex) {
        self.end_role(machine, at);
        self.looking.remove(&machine);
    }

    fn end_role(&mut self, machine: MachineId, at: NoteIndex) {
        if let Some(service) = self.serving.get(&machine) {
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
