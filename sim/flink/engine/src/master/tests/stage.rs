//! A stage for whole runs: one replica of the coordination service, masters, workers and the outside, over streams that
//! take a millisecond. Machines can be killed and links cut by hand, or when a message is about to leave. Never a
//! world: no dice, no weather.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use contract::ids::{ConnId, MachineId};
use contract::plant::Plants;
use contract::process::{DiskAnswer, Effect, Effects, Event, FileName, Message as _, Process};
use contract::time::{MILLISECOND, Now};
use flink_words::fact::{Fact, MasterFact, StreamFact};
use flink_words::settings::{StreamMachines, StreamPlan};
use outside::{BlobProcess, FeedRecord, LedgerProcess, LogProcess};
use outside_words::data::{Input, Topic};
use outside_words::ids::SplitId;
use zookeeper_replica::{Server, ServerConfig};
use zookeeper_words::settings::Coordination;

use crate::config::Config;
use crate::hosting::Hosted;
use crate::master::MasterProcess;
use crate::message::{Message, Out};
use crate::worker::WorkerProcess;

/// How long everything takes.
const LATENCY_NS: u64 = MILLISECOND;
/// How long a stream over a cut link takes to fail.
const REFUSED_NS: u64 = 200 * MILLISECOND;
/// How long a process that left by itself stays away.
const RESTART_NS: u64 = 500 * MILLISECOND;
/// The replica's machine.
pub(super) const REPLICA: MachineId = MachineId(0);

enum Machine {
    Replica(Box<Hosted<Server>>),
    Master(Box<MasterProcess>),
    Worker(Box<WorkerProcess>),
    Log(Box<Hosted<LogProcess>>),
    Ledger(Box<Hosted<LedgerProcess>>),
    Blobs(Box<Hosted<BlobProcess>>),
}

/// The stage.
pub(super) struct Stage {
    plan: Arc<StreamPlan>,
    places: StreamMachines,
    machines: BTreeMap<MachineId, Machine>,
    disks: BTreeMap<MachineId, BTreeMap<FileName, Vec<u8>>>,
    alarms: BTreeMap<MachineId, u64>,
    lives: BTreeMap<MachineId, u32>,
    queue: BTreeMap<(u64, u64), (MachineId, u32, Event<Message>)>,
    queued: u64,
    now_ns: u64,
    conns: BTreeMap<ConnId, (MachineId, MachineId)>,
    next_conn: ConnId,
    cut: BTreeSet<(MachineId, MachineId)>,
    /// The next message of this kind from this machine is lost, and its link is cut.
    pub ambush: Option<(&'static str, MachineId)>,
    pub facts: Vec<(u64, Fact)>,
}

impl Stage {
    pub fn new(plan: StreamPlan) -> Stage {
        let places = StreamMachines::new(1, &plan);
        let mut stage = Stage {
            plan: Arc::new(plan),
            places,
            machines: BTreeMap::new(),
            disks: BTreeMap::new(),
            alarms: BTreeMap::new(),
            lives: BTreeMap::new(),
            queue: BTreeMap::new(),
            queued: 0,
            now_ns: 0,
            conns: BTreeMap::new(),
            next_conn: ConnId(1),
            cut: BTreeSet::new(),
            ambush: None,
            facts: Vec::new(),
        };
        (0..=places.count()).map(MachineId).for_each(|machine| stage.start(machine));
        stage
    }

    pub fn masters(&self) -> Vec<MachineId> {
        self.places.masters().collect()
    }

    pub fn workers(&self) -> Vec<MachineId> {
        self.places.workers().collect()
    }

    /// What masters said, in order.
    pub fn said(&self) -> impl Iterator<Item = &MasterFact> {
        self.facts.iter().filter_map(|(_, fact)| if let Fact::Stream(StreamFact::Master(fact)) = fact { Some(fact) } else { None })
    }

    /// Who leads, by the masters' own word.
    pub fn leader(&self) -> Option<MachineId> {
        self.masters().into_iter().find(|machine| {
            let Some(Machine::Master(master)) = self.machines.get(machine) else { return false };
            master.look().iter().any(|(name, value)| *name == "leads" && value != "no")
        })
    }

    /// How the leader stands, for people.
    pub fn look(&self) -> String {
        let look = self.leader().and_then(|leader| self.machines.get(&leader)).map(|machine| match machine {
            Machine::Master(master) => master.look(),
            Machine::Replica(_) | Machine::Worker(_) | Machine::Log(_) | Machine::Ledger(_) | Machine::Blobs(_) => Vec::new(),
        });
        format!("{look:?}")
    }

    pub fn is_done(&self) -> bool {
        self.machines.values().any(|machine| matches!(machine, Machine::Master(master) if master.is_done()))
    }

    /// Runs until something holds, and says whether it came to that.
    pub fn run(&mut self, for_ms: u64, until: impl Fn(&Stage) -> bool) -> bool {
        let end_ns = self.now_ns + for_ms * MILLISECOND;
        while !until(self) {
            let next = self.queue.first_key_value().map(|((at_ns, _), _)| *at_ns);
            let alarm = self.alarms.iter().map(|(machine, at_ns)| (*at_ns, *machine)).min();
            let at_ns = next.into_iter().chain(alarm.map(|(at_ns, _)| at_ns)).min().unwrap_or(u64::MAX);
            if at_ns > end_ns {
                self.now_ns = end_ns;
                return false;
            }
            self.now_ns = self.now_ns.max(at_ns);
            match alarm {
                Some((alarm_ns, machine)) if next.is_none_or(|next| alarm_ns < next) => {
                    self.alarms.remove(&machine);
                    self.step(machine, Event::Wake);
                }
                Some(_) | None => {
                    let (_, (machine, life, event)) = self.queue.pop_first().expect("it was just looked at");
                    if life == self.lives[&machine] {
                        self.step(machine, event);
                    }
                }
            }
        }
        true
    }

    /// Kills a machine; its streams are reset.
    pub fn kill(&mut self, machine: MachineId) {
        self.machines.remove(&machine);
        self.alarms.remove(&machine);
        *self.lives.entry(machine).or_default() += 1;
        self.reset(|a, b| a == machine || b == machine);
    }

    /// Starts a machine that is down, or again.
    pub fn start(&mut self, machine: MachineId) {
        let (plan, plants, lot) = (self.plan.clone(), Plants::none(), u64::from(machine.0));
        let config = Config { me: machine, plan, plants, machines: self.places, servers: vec![REPLICA], lot };
        let process = if machine == REPLICA {
            Machine::Replica(Box::new(Hosted::new(Server::new(ServerConfig::new(REPLICA, vec![REPLICA], coordination())))))
        } else if machine == self.places.log() {
            Machine::Log(Box::new(Hosted::new(LogProcess::new(feed(&self.plan)))))
        } else if machine == self.places.ledger() {
            Machine::Ledger(Box::new(Hosted::new(LedgerProcess::new(self.plan.txn_timeout_ms))))
        } else if machine == self.places.blobs() {
            Machine::Blobs(Box::new(Hosted::new(BlobProcess::new())))
        } else if self.places.masters().any(|master| master == machine) {
            Machine::Master(Box::new(MasterProcess::new(config)))
        } else {
            Machine::Worker(Box::new(WorkerProcess::new(config)))
        };
        self.machines.insert(machine, process);
        *self.lives.entry(machine).or_default() += 1;
        self.later(LATENCY_NS, machine, Event::Boot);
    }

    /// Cuts a link, or mends it.
    pub fn cut(&mut self, a: MachineId, b: MachineId, is_cut: bool) {
        let link = (a.min(b), a.max(b));
        if is_cut {
            self.cut.insert(link);
            self.reset(|from, to| (from.min(to), from.max(to)) == link);
        } else {
            self.cut.remove(&link);
        }
    }

    fn reset(&mut self, is_hit: impl Fn(MachineId, MachineId) -> bool) {
        let hit: Vec<(ConnId, MachineId, MachineId)> = self.conns.iter().filter(|(_, (a, b))| is_hit(*a, *b)).map(|(conn, (a, b))| (*conn, *a, *b)).collect();
        for (conn, a, b) in hit {
            self.conns.remove(&conn);
            self.later(LATENCY_NS, a, Event::Closed { conn, peer: b });
            self.later(LATENCY_NS, b, Event::Closed { conn, peer: a });
        }
    }

    fn later(&mut self, in_ns: u64, machine: MachineId, event: Event<Message>) {
        self.queued += 1;
        let life = self.lives.get(&machine).copied().unwrap_or_default();
        self.queue.insert((self.now_ns + in_ns, self.queued), (machine, life, event));
    }

    fn step(&mut self, me: MachineId, event: Event<Message>) {
        if let Event::Message { conn, .. } | Event::Accepted { conn, .. } | Event::Opened { conn, .. } = &event
            && !self.conns.contains_key(conn)
        {
            return;
        }
        let Some(machine) = self.machines.get_mut(&me) else {
            if event == Event::Boot {
                self.start(me);
            }
            return;
        };
        let now = Now { mono_ns: self.now_ns, wall_ns: self.now_ns as i64 };
        let mut out: Out = Effects::new(self.next_conn);
        match machine {
            Machine::Replica(server) => server.step(now, event, &mut out),
            Machine::Master(master) => {
                master.step(now, event, &mut out);
                master.check().unwrap();
            }
            Machine::Worker(worker) => {
                worker.step(now, event, &mut out);
                worker.check().unwrap();
            }
            Machine::Log(process) => process.step(now, event, &mut out),
            Machine::Ledger(process) => process.step(now, event, &mut out),
            Machine::Blobs(process) => process.step(now, event, &mut out),
        }
        self.next_conn = out.next_conn;
        self.facts.extend(out.notes.into_iter().map(|fact| (self.now_ns / MILLISECOND, fact)));
        if let Some(at_ns) = out.wake_ns {
            self.alarms.insert(me, at_ns);
        }
        for effect in out.list {
            self.carry_out(me, effect);
        }
    }

    fn carry_out(&mut self, me: MachineId, effect: Effect<Message>) {
        match effect {
            Effect::Open { conn, to } if self.machines.contains_key(&to) && !self.cut.contains(&(me.min(to), me.max(to))) => {
                self.conns.insert(conn, (me, to));
                self.later(LATENCY_NS, to, Event::Accepted { conn, from: me });
                self.later(LATENCY_NS, me, Event::Opened { conn, to });
            }
            Effect::Open { conn, to } => self.later(REFUSED_NS, me, Event::Closed { conn, peer: to }),
            Effect::Send { conn, message } => {
                let Some((a, b)) = self.conns.get(&conn).copied() else { return };
                let to = if a == me { b } else { a };
                if self.ambush == Some((message.kind(), me)) {
                    self.ambush = None;
                    return self.cut(me, to, true);
                }
                self.later(LATENCY_NS, to, Event::Message { conn, from: me, message });
            }
            Effect::Close { conn } => {
                let Some((a, b)) = self.conns.get(&conn).copied() else { return };
                let peer = if a == me { b } else { a };
                self.later(LATENCY_NS, peer, Event::Closed { conn, peer: me });
            }
            Effect::Exit(_) => {
                self.kill(me);
                self.later(RESTART_NS, me, Event::Boot);
            }
            Effect::Datagram { to, message } => self.later(LATENCY_NS, to, Event::Datagram { from: me, message }),
            effect => {
                if let Some(answer) = on_disk(self.disks.entry(me).or_default(), effect) {
                    self.later(LATENCY_NS, me, Event::Disk(answer));
                }
            }
        }
    }
}

fn coordination() -> Coordination {
    Coordination { jute_max_buffer: 1 << 20, ..Coordination::default() }
}

/// A disk that never fails, and is as durable at once as it will ever be.
fn on_disk(files: &mut BTreeMap<FileName, Vec<u8>>, effect: Effect<Message>) -> Option<DiskAnswer> {
    match effect {
        Effect::Append { file, bytes } => files.entry(file).or_default().extend(bytes),
        Effect::Truncate { file, len } => files.entry(file).or_default().truncate(len as usize),
        Effect::Replace { file, bytes } => drop(files.insert(file, bytes)),
        Effect::Rename { from, to } => {
            let bytes = files.remove(&from).unwrap_or_default();
            files.insert(to, bytes);
        }
        Effect::Remove { file } => drop(files.remove(&file)),
        Effect::Sync { token, .. } | Effect::SyncDir { token } => return Some(DiskAnswer::Synced { token }),
        Effect::Read { file, token } => return Some(DiskAnswer::Read { token, bytes: files.get(&file).cloned() }),
        Effect::List { token } => return Some(DiskAnswer::Listed { token, files: files.keys().cloned().collect() }),
        effect => unreachable!("{effect:?} is none of a disk"),
    }
    None
}

/// Bids, or ticks and limits, spread over the plan's time.
fn feed(plan: &StreamPlan) -> Vec<FeedRecord> {
    let topics = plan.job.topics();
    let count = u64::from(plan.input.records);
    let record = |number: u64| {
        let at_ms = plan.input.until_ms * number / count.max(1);
        let topic = topics[(number % topics.len() as u64) as usize];
        let at = at_ms as i64;
        let number = number as i64;
        let input = match topic {
            Topic::Bids => Input::Bid { auction: number % 7, bidder: number, price: 100 + number, at },
            Topic::Ticks => Input::Tick { key: number % 5, value: number, at },
            Topic::Limits => Input::Limit { limit: 10 + number, at },
            Topic::Persons => Input::Person { id: number, name: "n".into(), city: "c".into(), state: "OR".into(), at },
            Topic::Auctions | Topic::Lines => Input::Line { text: "a word".into(), at },
        };
        let partition = (number as u64 / topics.len() as u64 % u64::from(plan.input.partitions)) as u16;
        FeedRecord { at_ms, split: SplitId { topic, partition }, input: Arc::new(input) }
    };
    (0..count).map(record).collect()
}
