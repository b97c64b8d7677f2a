//! Machines in hand, for tests of replicas without a world: messages in queues, a disk of two maps, and a clock that
//! moves when nothing else can. Never a fault that a test does not ask for.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use contract::ids::{ConnId, MachineId};
use contract::plant::Plants;
use contract::process::{DiskAnswer, Effect, Effects, Event, FileName, Message as _, Process};
use contract::time::Now;
use zookeeper_replica::{Server, ServerConfig};
use zookeeper_words::ensemble::Ensemble;
use zookeeper_words::fact::{Fact, Mark, ReplicaFact, StateDigest};
use zookeeper_words::ids::{SessionId, Xid, Zxid};
use zookeeper_words::message::{ConnectRequest, Message};
use zookeeper_words::service::{CreateMode, ErrorCode, Op, Reply, acl};
use zookeeper_words::settings::Coordination;

/// A disk whose names are durable at once and whose content is when synced.
#[derive(Default)]
struct Disk {
    cached: BTreeMap<FileName, Vec<u8>>,
    durable: BTreeMap<FileName, usize>,
}

impl Disk {
    fn lose_power(&mut self, keep: u32) {
        for (name, bytes) in &mut self.cached {
            let durable = self.durable.get(name).copied().unwrap_or(0).min(bytes.len());
            let extra = bytes.len() - durable;
            bytes.truncate(durable + if extra == 0 { 0 } else { keep as usize % (extra + 1) });
        }
    }
}

pub struct Machine {
    pub process: Option<Server>,
    disk: Disk,
    inbox: VecDeque<Event<Message>>,
    wake_ns: Option<u64>,
}

/// Machines 0..n are replicas; machine n is a client, which only this test plays.
pub struct Bench {
    pub machines: Vec<Machine>,
    pub conns: BTreeMap<ConnId, (MachineId, MachineId)>,
    next_conn: ConnId,
    pub now_ns: u64,
    pub facts: Vec<(MachineId, ReplicaFact)>,
    pub replies: VecDeque<(ConnId, Message)>,
    /// The kinds of all messages that were ever sent.
    pub sent: BTreeSet<&'static str>,
    /// The kinds of all files that were ever written to, and of all that were synced.
    pub written: BTreeSet<String>,
    pub synced: BTreeSet<String>,
    config: Coordination,
    ensemble: Ensemble,
}

/// Small numbers, so that little is enough.
pub fn settings() -> Coordination {
    Coordination { tick_ms: 500, snap_count: 7, snap_retain: 2, snap_chunk: 3, commit_log_count: 5, ..Coordination::default() }
}

impl Bench {
    /// So many voters, all starting.
    pub fn new(replicas: u16, config: Coordination) -> Bench {
        Bench::of(Ensemble { voters: (0..replicas).map(MachineId).collect(), ..Ensemble::default() }, config)
    }

    /// The members of an ensemble, all starting.
    pub fn of(ensemble: Ensemble, config: Coordination) -> Bench {
        let replicas = (ensemble.voters.len() + ensemble.observers.len()) as u16;
        let machine = || Machine { process: None, disk: Disk::default(), inbox: VecDeque::new(), wake_ns: None };
        let mut bench = Bench {
            machines: (0..replicas).map(|_| machine()).collect(),
            conns: BTreeMap::new(),
            next_conn: ConnId(1),
            now_ns: 0,
            facts: Vec::new(),
            replies: VecDeque::new(),
            sent: BTreeSet::new(),
            written: BTreeSet::new(),
            synced: BTreeSet::new(),
            config,
            ensemble,
        };
        (0..replicas).for_each(|m| bench.boot(MachineId(m)));
        bench
    }

    pub fn client(&self) -> MachineId {
        MachineId(self.machines.len() as u16)
    }

    pub fn boot(&mut self, m: MachineId) {
        // The client speaks from where the transcripts' did.
        let addresses = BTreeMap::from([(self.client(), "127.0.0.1".into())]);
        let config = ServerConfig {
            me: m,
            ensemble: self.ensemble.clone(),
            observers_claim: true,
            coordination: self.config.clone(),
            plants: Plants::none(),
            addresses,
        };
        let machine = &mut self.machines[m.index()];
        machine.process = Some(Server::new(config));
        machine.inbox = VecDeque::from([Event::Boot]);
        machine.wake_ns = None;
    }

    pub fn crash(&mut self, m: MachineId, keep: Option<u32>) {
        self.machines[m.index()].process = None;
        self.machines[m.index()].inbox.clear();
        self.machines[m.index()].wake_ns = None;
        if let Some(keep) = keep {
            self.machines[m.index()].disk.lose_power(keep);
        }
        let gone: Vec<ConnId> = self.conns.iter().filter(|(_, (a, b))| *a == m || *b == m).map(|(conn, _)| *conn).collect();
        for conn in gone {
            self.hang_up(conn, m);
        }
    }

    pub fn hang_up(&mut self, conn: ConnId, by: MachineId) {
        if let Some((a, b)) = self.conns.remove(&conn) {
            let other = if a == by { b } else { a };
            self.give(other, Event::Closed { conn, peer: by });
        }
    }

    fn give(&mut self, to: MachineId, event: Event<Message>) {
        match self.machines.get_mut(to.index()) {
            Some(machine) if machine.process.is_some() => machine.inbox.push_back(event),
            Some(_) => {}
            None => {
                if let Event::Message { conn, message, .. } = event {
                    self.replies.push_back((conn, message));
                }
            }
        }
    }

    /// Takes the first event of the `choice`-th machine that has one; with none anywhere, the clock moves to the next
    /// alarm.
    pub fn step(&mut self, choice: u32) {
        let busy: Vec<usize> = (0..self.machines.len()).filter(|i| !self.machines[*i].inbox.is_empty()).collect();
        let Some(i) = busy.get(choice as usize % busy.len().max(1)).copied() else {
            let (at_ns, i) = (0..self.machines.len()).filter_map(|i| Some((self.machines[i].wake_ns?, i))).min().expect("some replica always waits for a time");
            self.now_ns = self.now_ns.max(at_ns);
            self.machines[i].wake_ns = None;
            self.machines[i].inbox.push_back(Event::Wake);
            return;
        };
        let event = self.machines[i].inbox.pop_front().expect("it is busy");
        let mut out = Effects::new(self.next_conn);
        let now = Now { mono_ns: self.now_ns, wall_ns: self.now_ns as i64 };
        let server = self.machines[i].process.as_mut().expect("only a live machine has an inbox");
        server.step(now, event, &mut out);
        server.check().expect("what holds between steps holds");
        self.next_conn = out.next_conn;
        self.machines[i].wake_ns = out.wake_ns.or(self.machines[i].wake_ns);
        let me = MachineId(i as u16);
        for fact in out.notes {
            if let Fact::Replica(fact) = fact {
                assert!(!matches!(fact, ReplicaFact::Illegal { .. }), "{me}: {fact:?}");
                self.facts.push((me, fact));
            }
        }
        out.list.into_iter().for_each(|effect| self.carry_out(me, effect));
    }

    fn carry_out(&mut self, me: MachineId, effect: Effect<Message>) {
        let kind = |file: &FileName| file.split('.').next().unwrap_or_default().to_owned();
        match &effect {
            Effect::Append { file, .. } | Effect::Rename { to: file, .. } => drop(self.written.insert(kind(file))),
            // A file that is put in the place of another is durable with its directory, whose sync follows each time.
            Effect::Replace { file, .. } => {
                self.written.insert(kind(file));
                self.synced.insert(kind(file));
            }
            Effect::Sync { file, .. } => drop(self.synced.insert(kind(file))),
            _ => {}
        }
        let disk = &mut self.machines[me.index()].disk;
        match effect {
            Effect::Open { conn, to } => {
                if self.machines.get(to.index()).is_some_and(|machine| machine.process.is_some()) {
                    self.conns.insert(conn, (me, to));
                    self.give(to, Event::Accepted { conn, from: me });
                    self.give(me, Event::Opened { conn, to });
                } else {
                    self.give(me, Event::Closed { conn, peer: to });
                }
            }
            Effect::Send { conn, message } => {
                self.sent.insert(message.kind());
                if let Some((a, b)) = self.conns.get(&conn).copied() {
                    self.give(if a == me { b } else { a }, Event::Message { conn, from: me, message });
                }
            }
            Effect::Close { conn } => self.hang_up(conn, me),
            Effect::Datagram { .. } => unreachable!("the service sends none"),
            Effect::Append { file, bytes } => disk.cached.entry(file).or_default().extend(bytes),
            Effect::Truncate { file, len } => {
                disk.cached.entry(file.clone()).or_default().truncate(len as usize);
                let durable = disk.durable.entry(file).or_default();
                *durable = (*durable).min(len as usize);
            }
            Effect::Replace { file, bytes } => {
                disk.durable.insert(file.clone(), bytes.len());
                disk.cached.insert(file, bytes);
            }
            Effect::Rename { from, to } => {
                let (bytes, durable) = (disk.cached.remove(&from).expect("a renamed file is there"), disk.durable.remove(&from).unwrap_or(0));
                disk.cached.insert(to.clone(), bytes);
                disk.durable.insert(to, durable);
            }
            Effect::Remove { file } => {
                disk.cached.remove(&file);
                disk.durable.remove(&file);
            }
            Effect::Sync { file, token } => {
                let len = disk.cached.get(&file).map_or(0, Vec::len);
                disk.durable.insert(file, len);
                self.give(me, Event::Disk(DiskAnswer::Synced { token }));
            }
            Effect::SyncDir { token } => self.give(me, Event::Disk(DiskAnswer::Synced { token })),
            Effect::Read { file, token } => {
                let bytes = disk.cached.get(&file).cloned();
                self.give(me, Event::Disk(DiskAnswer::Read { token, bytes }));
            }
            Effect::List { token } => {
                let files = disk.cached.keys().cloned().collect();
                self.give(me, Event::Disk(DiskAnswer::Listed { token, files }));
            }
            Effect::Exit(exit) => panic!("{me} left: {exit:?}"),
        }
    }

    pub fn until(&mut self, steps_max: u32, choices: &mut impl FnMut() -> u32, done: impl Fn(&Bench) -> bool) {
        for _ in 0..steps_max {
            if done(self) {
                return;
            }
            self.step(choices());
        }
        let look: Vec<_> = self.machines.iter().map(|machine| machine.process.as_ref().map(Server::look)).collect();
        panic!("not in {steps_max} steps: {look:#?}");
    }

    pub fn leader(&self) -> Option<MachineId> {
        (0..self.machines.len() as u16).map(MachineId).find(|m| self.machines[m.index()].process.as_ref().is_some_and(Server::is_leading))
    }

    /// An operator's order to a replica.
    pub fn order(&mut self, m: MachineId, word: &str) {
        self.give(m, Event::Order(word.into()));
    }

    /// The names of the files on a machine's disk.
    pub fn files(&self, m: MachineId) -> impl Iterator<Item = &str> {
        self.machines[m.index()].disk.cached.keys().map(AsRef::as_ref)
    }

    /// A stream of the client to a replica.
    pub fn dial(&mut self, at: MachineId) -> ConnId {
        let conn = self.next_conn;
        self.next_conn = ConnId(conn.0 + 1);
        self.conns.insert(conn, (self.client(), at));
        self.give(at, Event::Accepted { conn, from: self.client() });
        conn
    }

    /// Sends on a stream of the client.
    pub fn send(&mut self, conn: ConnId, message: Message) {
        self.sent.insert(message.kind());
        let (from, to) = self.conns[&conn];
        self.give(to, Event::Message { conn, from, message });
    }

    /// Until nothing is under way any more, without waiting for any time.
    pub fn settle(&mut self) {
        while self.machines.iter().any(|machine| !machine.inbox.is_empty()) {
            self.step(0);
        }
    }

    /// Whether all replicas serve.
    pub fn all_serve(&self) -> bool {
        self.machines.iter().all(|machine| machine.process.as_ref().is_some_and(Server::is_serving))
    }

    /// A client session at a serving replica, and a create in it; whether it was answered.
    pub fn create(&mut self, at: MachineId, choices: &mut impl FnMut() -> u32, path: &str) -> bool {
        let op = Op::Create { path: path.into(), data: Some(Arc::from(*b"x")), mode: CreateMode::PersistentSequential, acl: acl::open(), stat: true };
        let result = self.ask(at, choices, op);
        assert!(!matches!(result, Some(Err(_))), "{result:?}");
        result.is_some()
    }

    /// A client session at a serving replica, and a request in it; the answer, if one came.
    pub fn ask(&mut self, at: MachineId, choices: &mut impl FnMut() -> u32, op: Op) -> Option<Result<Reply, ErrorCode>> {
        self.replies.clear();
        let conn = self.dial(at);
        let connect = ConnectRequest { last_zxid_seen: Zxid::ZERO, timeout_ms: 4_000, session: SessionId::NONE, password: 0, read_only: false };
        self.send(conn, Message::Connect(connect));
        let op = Arc::new(op);
        for _ in 0..2_000 {
            match self.replies.pop_front() {
                Some((_, Message::Connected(_))) => self.send(conn, Message::Request { xid: Xid(1), op: op.clone() }),
                Some((_, Message::Reply { result, .. })) => {
                    self.hang_up(conn, self.client());
                    return Some(result);
                }
                _ if !self.conns.contains_key(&conn) => return None,
                _ => self.step(choices()),
            }
        }
        self.hang_up(conn, self.client());
        None
    }
}

/// Every delivery of a zxid is of the same transaction and leaves the same tree.
pub fn deliveries_agree(facts: &[(MachineId, ReplicaFact)]) -> BTreeMap<Zxid, (Mark, StateDigest)> {
    let mut seen = BTreeMap::new();
    for (replica, fact) in facts {
        if let ReplicaFact::Delivered { zxid, mark, digest } = fact {
            let first = *seen.entry(*zxid).or_insert((*mark, *digest));
            assert_eq!(first, (*mark, *digest), "{replica} delivered another {zxid}");
        }
    }
    seen
}
