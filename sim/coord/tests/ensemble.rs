//! Properties of an ensemble under any order of deliveries and any crash, with no world: messages in hand, a disk of two maps, and a clock that moves when nothing else can.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use coord::message::{ConnectRequest, Message};
use coord::{Server, ServerConfig};
use proptest::prelude::*;
use vocab::fact::{Fact, Mark, ReplicaFact, StateDigest};
use vocab::ids::{ConnId, MachineId, SessionId, Xid, Zxid};
use vocab::plan::Coordination;
use vocab::process::{DiskAnswer, Effect, Effects, Event, FileName, Process};
use vocab::service::{CreateMode, Op};
use vocab::time::{MILLISECOND, Now};

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

struct Machine {
    process: Option<Server>,
    disk: Disk,
    inbox: VecDeque<Event<Message>>,
    wake_ns: Option<u64>,
}

/// Machines 0..n are replicas; machine n is a client, which only this test plays.
struct Bench {
    machines: Vec<Machine>,
    conns: BTreeMap<ConnId, (MachineId, MachineId)>,
    next_conn: ConnId,
    now_ns: u64,
    facts: Vec<(MachineId, ReplicaFact)>,
    replies: VecDeque<Message>,
    config: Coordination,
}

fn settings() -> Coordination {
    Coordination { tick_ms: 500, init_limit: 10, sync_limit: 5, snap_count: 7, snap_retain: 2, snap_chunk: 3, commit_log_count: 5, plant: None }
}

impl Bench {
    fn new(replicas: u16) -> Bench {
        let machine = || Machine { process: None, disk: Disk::default(), inbox: VecDeque::new(), wake_ns: None };
        let mut bench = Bench {
            machines: (0..replicas).map(|_| machine()).collect(),
            conns: BTreeMap::new(),
            next_conn: ConnId(1),
            now_ns: 0,
            facts: Vec::new(),
            replies: VecDeque::new(),
            config: settings(),
        };
        (0..replicas).for_each(|m| bench.boot(MachineId(m)));
        bench
    }

    fn client(&self) -> MachineId {
        MachineId(self.machines.len() as u16)
    }

    fn boot(&mut self, m: MachineId) {
        let replicas = (0..self.machines.len() as u16).map(MachineId).collect();
        let machine = &mut self.machines[m.index()];
        machine.process = Some(Server::new(ServerConfig { me: m, replicas, coordination: self.config.clone() }));
        machine.inbox = VecDeque::from([Event::Boot]);
        machine.wake_ns = None;
    }

    fn crash(&mut self, m: MachineId, keep: Option<u32>) {
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

    fn hang_up(&mut self, conn: ConnId, by: MachineId) {
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
                if let Event::Message { message, .. } = event {
                    self.replies.push_back(message);
                }
            }
        }
    }

    /// Takes the first event of the `choice`-th machine that has one; with none anywhere, the clock moves to the next alarm.
    fn step(&mut self, choice: u32) {
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

    fn until(&mut self, steps_max: u32, choices: &mut impl FnMut() -> u32, done: impl Fn(&Bench) -> bool) {
        for _ in 0..steps_max {
            if done(self) {
                return;
            }
            self.step(choices());
        }
        let look: Vec<_> = self.machines.iter().map(|machine| machine.process.as_ref().map(Server::look)).collect();
        panic!("not in {steps_max} steps: {look:#?}");
    }

    fn leader(&self) -> Option<MachineId> {
        (0..self.machines.len() as u16).map(MachineId).find(|m| self.machines[m.index()].process.as_ref().is_some_and(Server::is_leading))
    }

    /// A client session at a serving replica, and a create in it; whether it was answered.
    fn create(&mut self, at: MachineId, choices: &mut impl FnMut() -> u32, path: &str) -> bool {
        let client = self.client();
        let conn = self.next_conn;
        self.next_conn = ConnId(conn.0 + 1);
        self.conns.insert(conn, (client, at));
        self.replies.clear();
        self.give(at, Event::Accepted { conn, from: client });
        let connect = ConnectRequest { last_zxid_seen: Zxid::ZERO, timeout_ms: 4_000, session: SessionId::NONE, password: 0 };
        self.give(at, Event::Message { conn, from: client, message: Message::Connect(connect) });
        for _ in 0..2_000 {
            match self.replies.pop_front() {
                Some(Message::Connected(_)) => {
                    let op = Op::Create { path: path.into(), data: Some(Arc::from(*b"x")), mode: CreateMode::PersistentSequential, stat: true };
                    self.give(at, Event::Message { conn, from: client, message: Message::Request { xid: Xid(1), op: Arc::new(op) } });
                }
                Some(Message::Reply { result, .. }) => {
                    assert!(result.is_ok(), "{result:?}");
                    self.hang_up(conn, client);
                    return true;
                }
                _ if !self.conns.contains_key(&conn) => return false,
                _ => self.step(choices()),
            }
        }
        self.hang_up(conn, client);
        false
    }
}

/// Every delivery of a zxid is of the same transaction and leaves the same tree.
fn deliveries_agree(facts: &[(MachineId, ReplicaFact)]) -> BTreeMap<Zxid, (Mark, StateDigest)> {
    let mut seen = BTreeMap::new();
    for (replica, fact) in facts {
        if let ReplicaFact::Delivered { zxid, mark, digest } = fact {
            let first = *seen.entry(*zxid).or_insert((*mark, *digest));
            assert_eq!(first, (*mark, *digest), "{replica} delivered another {zxid}");
        }
    }
    seen
}

#[test]
fn a_fresh_ensemble_elects_and_serves() {
    for replicas in [1, 3, 5] {
        let mut bench = Bench::new(replicas);
        let mut turn = 0;
        let mut choices = || {
            turn += 1;
            turn
        };
        bench.until(20_000, &mut choices, |bench| bench.machines.iter().all(|machine| machine.process.as_ref().is_some_and(Server::is_serving)));
        for m in 0..replicas {
            assert!(bench.create(MachineId(m), &mut choices, "/n-"), "machine {m} of {replicas}");
        }
        let delivered = deliveries_agree(&bench.facts);
        assert_eq!(delivered.len(), 2 * usize::from(replicas), "a session and a node each");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the order of deliveries and the crashes, replicas that deliver a zxid deliver the same transaction, and the ensemble comes back with all that was acknowledged.
    #[test]
    fn acknowledged_writes_survive_any_crash(seed in any::<u64>(), blows in prop::collection::vec((0u16..3, any::<Option<u32>>(), 0u32..400), 1..8)) {
        let mut dice = vocab::dice::Dice::named(seed, "ensemble", 0, 0);
        let mut choices = || dice.word();
        let mut bench = Bench::new(3);
        let mut answered = 0;
        for (victim, keep, steps) in blows {
            bench.until(50_000, &mut choices, |bench| bench.leader().is_some());
            let leader = bench.leader().expect("just awaited");
            for _ in 0..6 {
                answered += u32::from(bench.create(leader, &mut choices, "/n-"));
            }
            (0..steps).for_each(|_| bench.step(choices()));
            bench.crash(MachineId(victim), keep);
            (0..steps / 2).for_each(|_| bench.step(choices()));
            bench.boot(MachineId(victim));
        }
        bench.now_ns += 10 * MILLISECOND;
        bench.until(100_000, &mut choices, |bench| bench.machines.iter().all(|machine| machine.process.as_ref().is_some_and(Server::is_serving)));
        deliveries_agree(&bench.facts);
        let servers: Vec<&Server> = bench.machines.iter().filter_map(|machine| machine.process.as_ref()).collect();
        let newest = servers.iter().map(|server| server.last_applied()).max();
        for server in servers.iter().filter(|server| Some(server.last_applied()) == newest) {
            let nodes = server.look().into_iter().find(|(name, _)| *name == "znodes").map(|(_, count)| count.parse::<u32>().expect("a count"));
        prop_assert!(nodes >= Some(4 + answered), "{answered} answered, {nodes:?} there");
        }
    }
}
