//! Tales: recordings written by hand, a sentence at a time, of the service or of a system that contains it. A tale is lawful unless a test bends it; it computes results and states with the reference, and never
//! runs the service.

#![allow(dead_code, reason = "the tests of containing systems include this folder too, and need a part of it")]

pub mod asks;
pub mod bend;
pub mod plan;
mod asking;
mod attached;
mod joins;

use std::collections::BTreeMap;
use std::sync::Arc;

use contract::happening::Happening;
use contract::ids::MachineId;
use contract::plan::Plan;
use contract::recording::{Ending, Note, Noted, RECORDING_FORMAT, Recording};
use zookeeper_models::quorums;
use zookeeper_models::znode::{Reference, Settings};
use zookeeper_words::ensemble::Ensemble;
use zookeeper_words::fact::{Fact, Mark, ReplicaFact, StateDigest, SyncMode};
use zookeeper_words::ids::{Epoch, SessionId, Xid, Zxid};
use zookeeper_words::service::{ErrorCode, Ids, Op, Reply, Request, Transaction};
use zookeeper_words::settings;
use zookeeper_words::settings::{Compat, WorkloadKind};

/// The first three replicas.
pub const A: MachineId = MachineId(0);
pub const B: MachineId = MachineId(1);
pub const C: MachineId = MachineId(2);

/// The result of a request.
pub type Outcome = Result<Reply, ErrorCode>;

/// A client with one session and one connection at a time.
#[derive(Clone, Copy, Debug)]
pub struct Client {
    pub machine: MachineId,
    pub session: SessionId,
    pub conn: u32,
    pub xid: i32,
    /// The replica that it is attached to.
    pub at: MachineId,
}

/// A tale of a system whose settings are `X` and whose facts are `F`: of the service alone, or of one that contains it.
#[derive(Clone)]
pub struct Tale<X = settings::Settings, F = Fact> {
    pub recording: Recording<X, F>,
    /// How many replicas there are.
    replicas: u16,
    /// How much later it is than a ms a note.
    late_ns: u64,
    reference: Reference,
    /// Who the connection of each session is.
    ids: BTreeMap<SessionId, Ids>,
    /// The last state of which each session had a reply.
    seen: BTreeMap<SessionId, Zxid>,
    /// What is committed, and the state after each; one digest more.
    chain: Vec<(Transaction, Mark)>,
    digests: Vec<StateDigest>,
    /// The configurations, each with the length of the chain that made it.
    configs: Vec<(usize, Ensemble)>,
    leader: Option<(MachineId, Epoch)>,
    followers: Vec<MachineId>,
    next: Zxid,
    /// How much of the chain each replica has on disk.
    disk: Vec<usize>,
    accepted: Vec<Epoch>,
    current: Vec<Epoch>,
}

pub fn mark(zxid: Zxid) -> Mark {
    Mark(zxid.0.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

impl Tale {
    /// An ensemble of voters that has never run, and clients with these workloads.
    pub fn new(voters: u16, workloads: &[WorkloadKind]) -> Tale {
        Tale::observed(voters, 0, workloads)
    }

    /// An ensemble of voters and observers.
    pub fn observed(voters: u16, observers: u16, workloads: &[WorkloadKind]) -> Tale {
        let mut settings = plan::settings(voters, workloads);
        settings.cluster.observers = observers;
        Tale::of_plan(plan::plan("zookeeper", settings.clone()), &settings)
    }

    /// A tale of this version.
    pub fn of(mut self, compat: Compat) -> Tale {
        self.recording.plan.settings.coordination.compat = compat;
        self.reference = Reference::of_ensemble(Settings::of(compat), &self.configs[0].1);
        self
    }
}

impl<X, F: From<Fact>> Tale<X, F> {
    /// A tale of this plan, in which the service has these settings: replicas that have never run.
    pub fn of_plan(plan: Plan<X>, service: &settings::Settings) -> Tale<X, F> {
        let replicas = service.replicas();
        let count = usize::from(replicas);
        let config = service.ensemble();
        let reference = Reference::of_ensemble(Settings::of(Compat::V3_9), &config);
        Tale {
            ids: BTreeMap::new(),
            late_ns: 0,
            seen: BTreeMap::new(),
            recording: Recording { format: RECORDING_FORMAT, plan, notes: vec![], ending: Ending::Finished, events: 1_000, end_ns: 0, hash: String::new() },
            replicas,
            digests: vec![reference.digest()],
            reference,
            configs: vec![(0, config)],
            chain: vec![],
            leader: None,
            followers: vec![],
            next: Zxid::ZERO,
            disk: vec![0; count],
            accepted: vec![Epoch(0); count],
            current: vec![Epoch(0); count],
        }
    }

    /// The machine of the n-th client.
    pub fn client_machine(&self, nth: u16) -> MachineId {
        MachineId(self.replicas + nth)
    }

    /// The state after all that is committed, as a tree.
    pub fn tree(&self) -> &Reference {
        &self.reference
    }

    /// The next note, a ms later: a process says something of its own.
    pub fn say(&mut self, machine: MachineId, fact: impl Into<F>) {
        self.note(machine, Noted::Said(fact.into()));
    }

    /// The next note, a ms later: the world did something.
    pub fn happen(&mut self, machine: MachineId, happening: Happening) {
        self.note(machine, Noted::World(happening));
    }

    /// The next note, a ms later: a process of the service says something.
    fn serve(&mut self, machine: MachineId, fact: impl Into<Fact>) {
        self.note(machine, Noted::Said(F::from(fact.into())));
    }

    fn note(&mut self, machine: MachineId, what: Noted<F>) {
        let at_ns = (self.recording.notes.len() as u64 + 1) * 1_000_000 + self.late_ns;
        self.recording.notes.push(Note { at_ns, machine, what });
        self.recording.end_ns = at_ns;
    }

    /// Time passes.
    pub fn wait(&mut self, ms: u64) {
        self.late_ns += ms * 1_000_000;
    }

    /// The last committed zxid.
    pub fn last(&self) -> Zxid {
        self.zxid(self.chain.len())
    }

    fn zxid(&self, position: usize) -> Zxid {
        position.checked_sub(1).map_or(Zxid::ZERO, |at| self.chain[at].0.zxid)
    }

    /// The state after all that is committed.
    pub fn digest(&self) -> StateDigest {
        *self.digests.last().expect("there is always the first")
    }

    /// A replica starts on what its disk has.
    pub fn boot(&mut self, machine: MachineId) {
        let at = machine.index();
        let last = self.zxid(self.disk[at]);
        self.happen(machine, Happening::Booted { life: 0 });
        let digest = self.digests[self.disk[at]];
        let (accepted, current) = (self.accepted[at], self.current[at]);
        self.serve(machine, ReplicaFact::Recovered { accepted, current, snapshot: last, last, applied: last, digest, torn_bytes: 0 });
        let (_, config) = self.configs.iter().rev().find(|(length, _)| *length <= self.disk[at]).expect("the first is always there").clone();
        self.serve(machine, ReplicaFact::Configured { ensemble: Arc::new(config) });
    }

    /// A replica starts on a log that has one transaction more than was committed.
    pub fn boot_with(&mut self, machine: MachineId, stray: Zxid) {
        let at = machine.index();
        self.happen(machine, Happening::Booted { life: 1 });
        let (accepted, current) = (self.accepted[at], self.current[at]);
        let (applied, digest) = (self.zxid(self.disk[at]), self.digests[self.disk[at]]);
        self.serve(machine, ReplicaFact::Recovered { accepted, current, snapshot: applied, last: stray, applied, digest, torn_bytes: 0 });
    }

    /// A replica goes down.
    pub fn crash(&mut self, machine: MachineId) {
        self.happen(machine, Happening::Crashed { power: true, disk_lost: false, lost_bytes: 0, lied_bytes: 0 });
        self.followers.retain(|follower| *follower != machine);
        self.leader = self.leader.filter(|(leader, _)| *leader != machine);
    }

    /// A follower follows no more.
    pub fn leave(&mut self, follower: MachineId) {
        self.serve(follower, ReplicaFact::StepDown { leading: false, why: "it is no member".into() });
        self.followers.retain(|other| *other != follower);
    }

    /// A leader is elected, brings these followers up by DIFF, and all serve.
    pub fn lead(&mut self, leader: MachineId, epoch: Epoch, followers: &[MachineId]) {
        let last = self.zxid(self.disk[leader.index()]);
        self.begin(leader, epoch, last);
        for follower in followers {
            self.follow(*follower, leader, epoch, last);
        }
        let quorum = [&[leader], followers].concat();
        self.serve(leader, ReplicaFact::Established { epoch, last, quorum });
        self.serve(leader, ReplicaFact::Serving { epoch, leader });
        for follower in followers {
            self.serve(*follower, ReplicaFact::Serving { epoch, leader });
        }
        self.leader = Some((leader, epoch));
        self.followers = followers.to_vec();
        self.next = Zxid::new(epoch, 1);
    }

    /// A leader begins to synchronise.
    pub fn begin(&mut self, leader: MachineId, epoch: Epoch, last: Zxid) {
        let current = self.current[leader.index()];
        self.serve(leader, ReplicaFact::Looking { round: 1, last });
        self.serve(leader, ReplicaFact::Elected { round: 1, leader, epoch: current, zxid: last, tie: false, by: vec![leader] });
        self.serve(leader, ReplicaFact::EpochAccepted { epoch });
        self.serve(leader, ReplicaFact::Synchronizing { epoch, last });
        (self.accepted[leader.index()], self.current[leader.index()]) = (epoch, epoch);
    }

    /// A follower takes over a history by DIFF and adopts the epoch; it does not serve yet.
    pub fn follow(&mut self, follower: MachineId, leader: MachineId, epoch: Epoch, last: Zxid) {
        let at = follower.index();
        let peer_last = self.zxid(self.disk[at]);
        self.serve(follower, ReplicaFact::Looking { round: 1, last: peer_last });
        self.serve(follower, ReplicaFact::Elected { round: 1, leader, epoch, zxid: last, tie: false, by: vec![leader] });
        self.serve(follower, ReplicaFact::EpochAccepted { epoch });
        self.serve(leader, ReplicaFact::SyncSent { peer: follower, mode: SyncMode::Diff, peer_last, to: last, proposals: 0 });
        for position in self.disk[at]..self.disk[leader.index()] {
            let (zxid, mark) = (self.chain[position].0.zxid, self.chain[position].1);
            self.serve(follower, ReplicaFact::Logged { zxid, mark });
            self.serve(follower, ReplicaFact::Delivered { zxid, mark, digest: self.digests[position + 1] });
        }
        self.disk[at] = self.disk[leader.index()];
        self.adopt(follower, leader, epoch, last);
    }

    pub fn adopt(&mut self, follower: MachineId, leader: MachineId, epoch: Epoch, last: Zxid) {
        self.serve(follower, ReplicaFact::Adopted { epoch, leader, last });
        (self.accepted[follower.index()], self.current[follower.index()]) = (epoch, epoch);
    }

    /// The leader proposes and logs a write that nobody else gets.
    pub fn stray(&mut self, client: &mut Client, op: Op) -> Zxid {
        let (leader, _) = self.leader.expect("somebody leads");
        let xid = self.invoke(client, op.clone());
        let zxid = self.next;
        let txn = Transaction { zxid, session: client.session, xid, ids: self.ids(client.session), time_ms: 5, request: Request::Op(op), error: None };
        self.serve(leader, ReplicaFact::Proposed { txn: Arc::new(txn), mark: mark(zxid) });
        self.serve(leader, ReplicaFact::Logged { zxid, mark: mark(zxid) });
        self.serve(leader, ReplicaFact::Acked { zxid });
        zxid
    }

    /// A transaction goes all the way: proposed, logged, acknowledged, committed, delivered everywhere.
    pub fn commit(&mut self, session: SessionId, xid: Xid, request: Request) -> Outcome {
        let (leader, _) = self.leader.expect("somebody leads");
        let zxid = self.next;
        self.next = zxid.next();
        let time_ms = 1_000 + self.recording.notes.len() as i64;
        let ids = if xid == Xid(0) { Ids::from([]) } else { self.ids(session) };
        let mut txn = Transaction { zxid, session, xid, ids, time_ms, request, error: None };
        let outcome = self.reference.apply(&txn);
        txn.error = outcome.as_ref().err().copied();
        let digest = self.reference.digest();
        self.serve(leader, ReplicaFact::Proposed { txn: Arc::new(txn.clone()), mark: mark(zxid) });
        let quorum = [&[leader][..], &self.followers].concat();
        for member in &quorum {
            self.serve(*member, ReplicaFact::Logged { zxid, mark: mark(zxid) });
            self.serve(*member, ReplicaFact::Acked { zxid });
            self.disk[member.index()] = self.chain.len() + 1;
        }
        self.serve(leader, ReplicaFact::Committed { zxid, quorum: quorum.clone() });
        let configured = self.next_config(&txn);
        for member in quorum {
            self.serve(member, ReplicaFact::Delivered { zxid, mark: mark(zxid), digest });
            if let Some(config) = &configured {
                self.serve(member, ReplicaFact::Configured { ensemble: Arc::new(config.clone()) });
            }
        }
        self.chain.push((txn, mark(zxid)));
        self.digests.push(digest);
        self.configs.extend(configured.map(|config| (self.chain.len(), config)));
        outcome
    }

    /// The configuration that a transaction makes, if it is a reconfig.
    fn next_config(&self, txn: &Transaction) -> Option<Ensemble> {
        let Request::Op(op) = &txn.request else { return None };
        let ((_, first), (_, before)) = (self.configs.first()?, self.configs.last()?);
        quorums::next(before, op, &quorums::known(first), txn.zxid).ok().filter(|_| txn.error.is_none())
    }

    /// A client opens a session at a replica.
    pub fn open(&mut self, nth: u16, session: i64, at: MachineId) -> Client {
        let client = Client { machine: self.client_machine(nth), session: SessionId(session), conn: 1, xid: 0, at };
        self.commit(client.session, Xid(0), Request::CreateSession { timeout_ms: 4_000 }).expect("a session opens");
        self.attach(&client, false);
        client
    }

    /// The leader deletes a container or TTL node.
    pub fn reap(&mut self, path: &str) -> Outcome {
        self.commit(SessionId::NONE, Xid(0), Request::Op(Op::DeleteContainer { path: path.into() }))
    }

    /// The leader expires a session.
    pub fn expire(&mut self, session: SessionId) {
        let (leader, _) = self.leader.expect("somebody leads");
        self.serve(leader, ReplicaFact::SessionExpired { session, silent_ms: 4_100, timeout_ms: 4_000, ordered: false });
        self.commit(session, Xid(0), Request::Op(Op::CloseSession)).expect("it was open");
    }
}
