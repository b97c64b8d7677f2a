//! Tales: recordings written by hand, a sentence at a time. A tale is lawful unless a test bends it; it computes results and states with the reference, and never runs the service.

use std::sync::Arc;

use models::znode::Reference;
use vocab::fact::{ClientFact, Fact, Mark, RecipeFact, ReplicaFact, StateDigest, SyncMode};
use vocab::happening::Happening;
use vocab::ids::{Epoch, MachineId, SessionId, Xid, Zxid};
use vocab::plan::{Budget, ClientPlan, Cluster, Coordination, DiskWeather, Heal, LinkWeather, PLAN_FORMAT, Plan, Seed, Weather, WorkloadKind};
use vocab::recording::{Ending, Note, RECORDING_FORMAT, Recording};
use vocab::service::{CreateMode, ErrorCode, EventKind, Op, Reply, Request, Transaction, WatchEvent};

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

/// A tale.
pub struct Tale {
    pub recording: Recording,
    reference: Reference,
    /// What is committed, and the state after each; one digest more.
    chain: Vec<(Transaction, Mark)>,
    digests: Vec<StateDigest>,
    leader: Option<(MachineId, Epoch)>,
    followers: Vec<MachineId>,
    next: Zxid,
    /// How much of the chain each replica has on disk.
    disk: Vec<usize>,
    accepted: Vec<Epoch>,
    current: Vec<Epoch>,
}

fn plan(replicas: u16, workloads: &[WorkloadKind]) -> Plan {
    let client = |workload| ClientPlan { workload, session_timeout_ms: 4_000, start_ms: 0, rounds: 10, think_ms: 100, skip: vec![] };
    Plan {
        format: PLAN_FORMAT,
        family: "tale".into(),
        seed: Seed(1),
        cluster: Cluster { replicas, supervisor_ms: 100 },
        coordination: Coordination {
            tick_ms: 1_000,
            init_limit: 10,
            sync_limit: 5,
            snap_count: 100,
            snap_retain: 3,
            snap_chunk: 10,
            commit_log_count: 500,
            plant: None,
        },
        weather: Weather {
            link: LinkWeather { latency_us: 100, jitter_us: 0, tail_ppm: 0, tail_us: 0, loss_ppm: 0, duplicate_ppm: 0 },
            links: vec![],
            disk: DiskWeather { sync_us: 100, jitter_us: 0, tail_ppm: 0, tail_us: 0, other_us: 10 },
            clocks: vec![],
        },
        heal: Heal { at_ms: 10, bound_ms: 60_000, absent: vec![] },
        budget: Budget::Majority,
        clients: workloads.iter().copied().map(client).collect(),
        faults: vec![],
    }
}

pub fn mark(zxid: Zxid) -> Mark {
    Mark(zxid.0.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

impl Tale {
    /// An ensemble that has never run, and clients with these workloads.
    pub fn new(replicas: u16, workloads: &[WorkloadKind]) -> Tale {
        let count = usize::from(replicas);
        let reference = Reference::new();
        Tale {
            recording: Recording {
                format: RECORDING_FORMAT,
                plan: plan(replicas, workloads),
                notes: vec![],
                ending: Ending::Finished,
                events: 1_000,
                end_ns: 0,
                hash: String::new(),
            },
            digests: vec![reference.digest()],
            reference,
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
        MachineId(self.recording.plan.cluster.replicas + nth)
    }

    /// The next note, a ms later.
    pub fn say(&mut self, machine: MachineId, fact: impl Into<Fact>) {
        let at_ns = (self.recording.notes.len() as u64 + 1) * 1_000_000;
        self.recording.notes.push(Note { at_ns, machine, fact: fact.into() });
        self.recording.end_ns = at_ns;
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
        self.say(machine, Happening::Booted { life: 0 });
        let digest = self.digests[self.disk[at]];
        let (accepted, current) = (self.accepted[at], self.current[at]);
        self.say(machine, ReplicaFact::Recovered { accepted, current, snapshot: last, last, applied: last, digest, torn_bytes: 0 });
    }

    /// A replica starts on a log that has one transaction more than was committed.
    pub fn boot_with(&mut self, machine: MachineId, stray: Zxid) {
        let at = machine.index();
        self.say(machine, Happening::Booted { life: 1 });
        let (accepted, current) = (self.accepted[at], self.current[at]);
        let (applied, digest) = (self.zxid(self.disk[at]), self.digests[self.disk[at]]);
        self.say(machine, ReplicaFact::Recovered { accepted, current, snapshot: applied, last: stray, applied, digest, torn_bytes: 0 });
    }

    /// A replica goes down.
    pub fn crash(&mut self, machine: MachineId) {
        self.say(machine, Happening::Crashed { power: true, disk_lost: false, lost_bytes: 0, lied_bytes: 0 });
        self.followers.retain(|follower| *follower != machine);
        self.leader = self.leader.filter(|(leader, _)| *leader != machine);
    }

    /// A leader is elected, brings these followers up by DIFF, and all serve.
    pub fn lead(&mut self, leader: MachineId, epoch: Epoch, followers: &[MachineId]) {
        let last = self.zxid(self.disk[leader.index()]);
        self.begin(leader, epoch, last);
        for follower in followers {
            self.follow(*follower, leader, epoch, last);
        }
        let quorum = [&[leader], followers].concat();
        self.say(leader, ReplicaFact::Established { epoch, last, quorum });
        self.say(leader, ReplicaFact::Serving { epoch, leader });
        for follower in followers {
            self.say(*follower, ReplicaFact::Serving { epoch, leader });
        }
        self.leader = Some((leader, epoch));
        self.followers = followers.to_vec();
        self.next = Zxid::new(epoch, 1);
    }

    /// A leader begins to synchronise.
    pub fn begin(&mut self, leader: MachineId, epoch: Epoch, last: Zxid) {
        let current = self.current[leader.index()];
        self.say(leader, ReplicaFact::Looking { round: 1, last });
        self.say(leader, ReplicaFact::Elected { round: 1, leader, epoch: current, zxid: last, tie: false });
        self.say(leader, ReplicaFact::EpochAccepted { epoch });
        self.say(leader, ReplicaFact::Synchronizing { epoch, last });
        (self.accepted[leader.index()], self.current[leader.index()]) = (epoch, epoch);
    }

    /// A follower takes over a history by DIFF and adopts the epoch; it does not serve yet.
    pub fn follow(&mut self, follower: MachineId, leader: MachineId, epoch: Epoch, last: Zxid) {
        let at = follower.index();
        let peer_last = self.zxid(self.disk[at]);
        self.say(follower, ReplicaFact::Looking { round: 1, last: peer_last });
        self.say(follower, ReplicaFact::Elected { round: 1, leader, epoch, zxid: last, tie: false });
        self.say(follower, ReplicaFact::EpochAccepted { epoch });
        self.say(leader, ReplicaFact::SyncSent { peer: follower, mode: SyncMode::Diff, peer_last, to: last, proposals: 0 });
        for position in self.disk[at]..self.disk[leader.index()] {
            let (zxid, mark) = (self.chain[position].0.zxid, self.chain[position].1);
            self.say(follower, ReplicaFact::Logged { zxid, mark });
            self.say(follower, ReplicaFact::Delivered { zxid, mark, digest: self.digests[position + 1] });
        }
        self.disk[at] = self.disk[leader.index()];
        self.adopt(follower, leader, epoch, last);
    }

    pub fn adopt(&mut self, follower: MachineId, leader: MachineId, epoch: Epoch, last: Zxid) {
        self.say(follower, ReplicaFact::Adopted { epoch, leader, last });
        (self.accepted[follower.index()], self.current[follower.index()]) = (epoch, epoch);
    }

    /// A follower joins a leader that is at work, by the leader's whole state.
    pub fn join_by_snapshot(&mut self, follower: MachineId) {
        let (leader, epoch) = self.leader.expect("somebody leads");
        let (to, digest, at) = (self.last(), self.digest(), follower.index());
        let peer_last = self.zxid(self.disk[at]);
        self.say(follower, ReplicaFact::Looking { round: 1, last: peer_last });
        self.say(follower, ReplicaFact::Elected { round: 1, leader, epoch, zxid: to, tie: false });
        self.say(follower, ReplicaFact::EpochAccepted { epoch });
        self.say(leader, ReplicaFact::SyncSent { peer: follower, mode: SyncMode::Snap, peer_last, to, proposals: 0 });
        self.say(follower, ReplicaFact::Installed { to, digest });
        self.disk[at] = self.chain.len();
        self.adopt(follower, leader, epoch, to);
        self.say(follower, ReplicaFact::Serving { epoch, leader });
        self.followers.push(follower);
    }

    /// A follower joins whose log has more than was committed: it is cut back first.
    pub fn join_by_cut(&mut self, follower: MachineId, stray: Zxid) {
        let (leader, epoch) = self.leader.expect("somebody leads");
        let (at, last) = (follower.index(), self.last());
        let to = self.zxid(self.disk[at]);
        self.say(follower, ReplicaFact::Looking { round: 1, last: stray });
        self.say(follower, ReplicaFact::Elected { round: 1, leader, epoch, zxid: last, tie: false });
        self.say(follower, ReplicaFact::EpochAccepted { epoch });
        self.say(leader, ReplicaFact::SyncSent { peer: follower, mode: SyncMode::Trunc, peer_last: stray, to, proposals: 0 });
        self.say(follower, ReplicaFact::Truncated { to, removed: 1 });
        for position in self.disk[at]..self.chain.len() {
            let (zxid, mark) = (self.chain[position].0.zxid, self.chain[position].1);
            self.say(follower, ReplicaFact::Logged { zxid, mark });
            self.say(follower, ReplicaFact::Delivered { zxid, mark, digest: self.digests[position + 1] });
        }
        self.disk[at] = self.chain.len();
        self.adopt(follower, leader, epoch, last);
        self.say(follower, ReplicaFact::Serving { epoch, leader });
        self.followers.push(follower);
    }

    /// The leader proposes and logs a write that nobody else gets.
    pub fn stray(&mut self, client: &mut Client, op: Op) -> Zxid {
        let (leader, _) = self.leader.expect("somebody leads");
        let xid = self.invoke(client, op.clone());
        let zxid = self.next;
        let txn = Transaction { zxid, session: client.session, xid, time_ms: 5, request: Request::Op(op), error: None };
        self.say(leader, ReplicaFact::Proposed { txn: Arc::new(txn), mark: mark(zxid) });
        self.say(leader, ReplicaFact::Logged { zxid, mark: mark(zxid) });
        self.say(leader, ReplicaFact::Acked { zxid });
        zxid
    }

    /// A transaction goes all the way: proposed, logged, acknowledged, committed, delivered everywhere.
    pub fn commit(&mut self, session: SessionId, xid: Xid, request: Request) -> Outcome {
        let (leader, _) = self.leader.expect("somebody leads");
        let zxid = self.next;
        self.next = zxid.next();
        let time_ms = 1_000 + self.recording.notes.len() as i64;
        let mut txn = Transaction { zxid, session, xid, time_ms, request, error: None };
        let outcome = self.reference.apply(&txn);
        txn.error = outcome.as_ref().err().copied();
        let digest = self.reference.digest();
        self.say(leader, ReplicaFact::Proposed { txn: Arc::new(txn.clone()), mark: mark(zxid) });
        let quorum = [&[leader][..], &self.followers].concat();
        for member in &quorum {
            self.say(*member, ReplicaFact::Logged { zxid, mark: mark(zxid) });
            self.say(*member, ReplicaFact::Acked { zxid });
            self.disk[member.index()] = self.chain.len() + 1;
        }
        self.say(leader, ReplicaFact::Committed { zxid, quorum: quorum.clone() });
        for member in quorum {
            self.say(member, ReplicaFact::Delivered { zxid, mark: mark(zxid), digest });
        }
        self.chain.push((txn, mark(zxid)));
        self.digests.push(digest);
        outcome
    }

    /// A client opens a session at a replica.
    pub fn open(&mut self, nth: u16, session: i64, at: MachineId) -> Client {
        let client = Client { machine: self.client_machine(nth), session: SessionId(session), conn: 1, xid: 0, at };
        self.commit(client.session, Xid(0), Request::CreateSession { timeout_ms: 4_000 }).expect("a session opens");
        self.attach(&client, false);
        client
    }

    fn attach(&mut self, client: &Client, again: bool) {
        let seen = if again { self.last() } else { Zxid::ZERO };
        let fact = ClientFact::Attached { session: client.session, conn: client.conn, replica: client.at, timeout_ms: 4_000, again, seen };
        self.say(client.machine, Fact::Client(fact));
    }

    /// A client loses its connection and attaches its session to another replica.
    pub fn move_to(&mut self, client: &mut Client, at: MachineId) {
        self.say(client.machine, ClientFact::Detached { session: client.session, conn: client.conn });
        client.conn += 1;
        client.at = at;
        self.attach(client, true);
    }

    /// A client sends a request.
    pub fn invoke(&mut self, client: &mut Client, op: Op) -> Xid {
        client.xid += 1;
        let xid = if matches!(op, Op::SetWatches { .. }) { Xid::SET_WATCHES } else { Xid(client.xid) };
        self.say(client.machine, ClientFact::Invoked { session: client.session, conn: client.conn, xid, op: Arc::new(op) });
        xid
    }

    /// A client gets a reply from the last committed state.
    pub fn reply(&mut self, client: &Client, xid: Xid, result: Outcome) {
        let zxid = self.last();
        self.say(client.machine, ClientFact::Returned { session: client.session, conn: client.conn, xid, zxid, result });
    }

    /// A request and its reply, with these events between.
    pub fn ask_seeing(&mut self, client: &mut Client, op: Op, events: &[(&Client, EventKind, &str)]) -> Outcome {
        let xid = self.invoke(client, op.clone());
        let result = match &op {
            Op::Sync { .. } => {
                let (leader, _) = self.leader.expect("somebody leads");
                let committed = self.last();
                self.say(leader, ReplicaFact::SyncAnswered { session: client.session, xid, committed });
                self.reference.read(&op).expect("a sync")
            }
            _ if op.is_write() => self.commit(client.session, xid, Request::Op(op.clone())),
            _ => self.reference.read(&op).expect("a read"),
        };
        for (watcher, kind, path) in events {
            self.event(watcher, *kind, path);
        }
        self.reply(client, xid, result.clone());
        result
    }

    /// A request and its reply.
    pub fn ask(&mut self, client: &mut Client, op: Op) -> Outcome {
        self.ask_seeing(client, op, &[])
    }

    /// A watch event of the last committed transaction.
    pub fn event(&mut self, client: &Client, kind: EventKind, path: &str) {
        let (zxid, event) = (self.last(), WatchEvent { kind, path: path.into() });
        self.say(client.machine, ClientFact::Watched { session: client.session, conn: client.conn, zxid, event });
    }

    /// The leader expires a session.
    pub fn expire(&mut self, session: SessionId) {
        let (leader, _) = self.leader.expect("somebody leads");
        self.say(leader, ReplicaFact::SessionExpired { session, silent_ms: 4_100, timeout_ms: 4_000, ordered: false });
        self.commit(session, Xid(0), Request::Op(Op::CloseSession)).expect("it was open");
    }

    pub fn recipe(&mut self, client: &Client, fact: RecipeFact) {
        self.say(client.machine, ClientFact::Recipe(fact));
    }

    pub fn finish(&mut self, client: &Client) {
        self.say(client.machine, ClientFact::Finished);
    }
}

pub fn create(path: &str, mode: CreateMode) -> Op {
    Op::Create { path: path.into(), data: Some(Arc::from(*b"x")), mode, stat: false }
}

pub fn set(path: &str, data: u64, version: i32) -> Op {
    Op::SetData { path: path.into(), data: Some(data.to_be_bytes().into()), version }
}

pub fn delete(path: &str) -> Op {
    Op::Delete { path: path.into(), version: -1 }
}

pub fn get(path: &str, watch: bool) -> Op {
    Op::GetData { path: path.into(), watch }
}

pub fn exists(path: &str, watch: bool) -> Op {
    Op::Exists { path: path.into(), watch }
}

pub fn children(path: &str, watch: bool) -> Op {
    Op::GetChildren { path: path.into(), watch, stat: false }
}

pub fn created(outcome: Outcome) -> String {
    match outcome {
        Ok(Reply::Created { path, .. }) => path.to_string(),
        other => panic!("not a creation: {other:?}"),
    }
}
