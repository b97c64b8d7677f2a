//! The workers that have registered with a leader: their streams, slots and heartbeats. Never a worker heard whose
//! stream is gone, nor under another grant.

use std::collections::BTreeMap;

use contract::ids::ConnId;
use contract::time::{MILLISECOND, Now};
use flink_words::ids::WorkerId;
use outside_words::ids::{AttemptId, LeaderId};

use crate::message::{Down, Message, Out};

/// A registered worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Worker {
    /// Its stream.
    pub conn: ConnId,
    /// How many slots it offers.
    pub slots: u16,
    /// When it was heard last.
    heard_ns: u64,
    /// When it is asked next.
    ask_ns: u64,
}

/// Those that are there, by their lives.
#[derive(Clone, Debug)]
pub(super) struct Workers {
    leader: LeaderId,
    interval_ns: u64,
    timeout_ns: u64,
    all: BTreeMap<WorkerId, Worker>,
    /// The worker on which each attempt runs.
    homes: BTreeMap<AttemptId, WorkerId>,
}

impl Workers {
    /// None yet, under this grant.
    pub fn new(leader: LeaderId, interval_ms: u32, timeout_ms: u32) -> Workers {
        Workers {
            leader,
            interval_ns: u64::from(interval_ms) * MILLISECOND,
            timeout_ns: u64::from(timeout_ms) * MILLISECOND,
            all: BTreeMap::new(),
            homes: BTreeMap::new(),
        }
    }

    /// Takes a worker in. Whoever was there from the same machine, or on the same stream, must have been given up
    /// before.
    pub fn register(&mut self, id: WorkerId, slots: u16, conn: ConnId, now: Now, out: &mut Out) {
        let worker = Worker { conn, slots, heard_ns: now.mono_ns, ask_ns: now.mono_ns + self.interval_ns };
        self.all.insert(id, worker);
        self.tell(id, Down::Registered, out);
    }

    /// The worker on a stream.
    pub fn on(&self, conn: ConnId) -> Option<WorkerId> {
        self.all.iter().find(|(_, worker)| worker.conn == conn).map(|(id, _)| *id)
    }

    /// Former registrations from a worker's machine.
    pub fn of_machine(&self, id: WorkerId) -> Vec<WorkerId> {
        self.all.keys().filter(|other| other.machine == id.machine).copied().collect()
    }

    /// Something came from a worker.
    pub fn heard(&mut self, id: WorkerId, now: Now) {
        if let Some(worker) = self.all.get_mut(&id) {
            worker.heard_ns = now.mono_ns;
        }
    }

    /// A worker is given up.
    pub fn remove(&mut self, id: WorkerId, out: &mut Out) {
        if let Some(worker) = self.all.remove(&id) {
            out.close(worker.conn);
        }
    }

    /// All that are registered.
    pub fn all(&self) -> impl Iterator<Item = (WorkerId, &Worker)> {
        self.all.iter().map(|(id, worker)| (*id, worker))
    }

    /// An attempt is sent to a worker.
    pub fn settle(&mut self, attempt: AttemptId, worker: WorkerId) {
        self.homes.insert(attempt, worker);
    }

    /// An attempt has ended.
    pub fn leave(&mut self, attempt: AttemptId) {
        self.homes.remove(&attempt);
    }

    /// Says something to the worker of an attempt, if the attempt has not ended.
    pub fn tell_task(&self, attempt: AttemptId, call: Down, out: &mut Out) {
        if let Some(worker) = self.homes.get(&attempt) {
            self.tell(*worker, call, out);
        }
    }

    /// Says something to a worker, if it is there.
    pub fn tell(&self, id: WorkerId, call: Down, out: &mut Out) {
        if let Some(worker) = self.all.get(&id) {
            out.send(worker.conn, Message::Down { leader: self.leader, call: Box::new(call) });
        }
    }

    /// Asks whom it is time to ask, and says who has not been heard for too long.
    pub fn on_time(&mut self, now: Now, out: &mut Out) -> Vec<WorkerId> {
        let leader = self.leader;
        for worker in self.all.values_mut().filter(|worker| now.mono_ns >= worker.ask_ns) {
            worker.ask_ns = now.mono_ns + self.interval_ns;
            out.send(worker.conn, Message::Down { leader, call: Box::new(Down::Heartbeat) });
        }
        self.all.iter().filter(|(_, worker)| now.mono_ns >= worker.heard_ns + self.timeout_ns).map(|(id, _)| *id).collect()
    }

    /// When [`Workers::on_time`] is due.
    pub fn wake_ns(&self) -> Option<u64> {
        self.all.values().map(|worker| worker.ask_ns.min(worker.heard_ns + self.timeout_ns)).min()
    }
}
