//! A small world for workers: streams with latency, disks that never fail, machines that crash. Never the world of a
//! run: that one is another crate's.

use std::collections::BTreeMap;

use contract::ids::{ConnId, MachineId};
use contract::process::{DiskAnswer, Effect, Event, FileName, Process};
use contract::time::{MICROSECOND, MILLISECOND, Now};
use flink_words::fact::{Fact, StreamFact};
use outside::{BlobProcess, LedgerProcess, LogProcess};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::master::Master;
use crate::hosting::Hosted;
use crate::message::{Message, Out};
use crate::worker::WorkerProcess;

/// What a machine runs.
#[expect(clippy::large_enum_variant, reason = "a handful of machines")]
pub enum Machine {
    Worker(WorkerProcess),
    Master(Master),
    Log(Hosted<LogProcess>),
    Ledger(Hosted<LedgerProcess>),
    Blobs(Hosted<BlobProcess>),
    Down,
}

impl Machine {
    fn step(&mut self, now: Now, event: Event<Message>, out: &mut Out) {
        match self {
            Machine::Worker(process) => {
                process.step(now, event, out);
                process.check().expect("a worker keeps its laws");
            }
            Machine::Master(process) => process.step(now, event, out),
            Machine::Log(process) => process.step(now, event, out),
            Machine::Ledger(process) => process.step(now, event, out),
            Machine::Blobs(process) => process.step(now, event, out),
            Machine::Down => {}
        }
    }
}

pub struct Stage {
    pub now_ns: u64,
    pub machines: Vec<Machine>,
    pub facts: Vec<(MachineId, StreamFact)>,
    pub events: u64,
    seed: u64,
    lives: Vec<u32>,
    alarms: Vec<Option<u64>>,
    queue: BTreeMap<(u64, u64), (MachineId, u32, Event<Message>)>,
    conns: BTreeMap<ConnId, [MachineId; 2]>,
    /// When what was sent last arrives, by stream and sender.
    last_ns: BTreeMap<(ConnId, MachineId), u64>,
    disks: Vec<BTreeMap<FileName, Vec<u8>>>,
    next_conn: ConnId,
}

impl Stage {
    pub fn new(seed: u64, machines: Vec<Machine>) -> Stage {
        let count = machines.len();
        let mut stage = Stage {
            now_ns: 0,
            machines,
            facts: Vec::new(),
            events: 0,
            seed,
            lives: vec![0; count],
            alarms: vec![None; count],
            queue: BTreeMap::new(),
            conns: BTreeMap::new(),
            last_ns: BTreeMap::new(),
            disks: vec![BTreeMap::new(); count],
            next_conn: ConnId(1),
        };
        for machine in 0..count {
            stage.push(MachineId(machine as u16), 0, Event::Boot);
        }
        stage
    }

    pub fn master(&self) -> &Master {
        self.machines.iter().find_map(|machine| if let Machine::Master(master) = machine { Some(master) } else { None }).expect("every stage has one")
    }

    pub fn crash(&mut self, machine: MachineId) {
        self.machines[machine.index()] = Machine::Down;
        self.lives[machine.index()] += 1;
        self.alarms[machine.index()] = None;
        let cut: Vec<(ConnId, [MachineId; 2])> = self.conns.iter().filter(|(_, ends)| ends.contains(&machine)).map(|(conn, ends)| (*conn, *ends)).collect();
        for (conn, ends) in cut {
            self.close(conn, ends, machine);
        }
    }

    pub fn boot(&mut self, machine: MachineId, process: Machine) {
        self.machines[machine.index()] = process;
        self.push(machine, 0, Event::Boot);
    }

    /// One event further.
    pub fn step(&mut self) -> bool {
        let alarm = (0..self.machines.len()).filter_map(|i| self.alarms[i].map(|at| (at.max(self.now_ns), i))).min();
        let first = self.queue.first_key_value().map(|((at, _), _)| *at);
        let (machine, event) = match (alarm, first) {
            (Some((at, i)), first) if first.is_none_or(|first| at < first) => {
                self.now_ns = at;
                self.alarms[i] = None;
                (MachineId(i as u16), Event::Wake)
            }
            (_, Some(_)) => {
                let ((at, _), (machine, life, event)) = self.queue.pop_first().expect("it is there");
                self.now_ns = at;
                if self.lives[machine.index()] != life {
                    return true;
                }
                (machine, event)
            }
            (_, None) => return false,
        };
        self.events += 1;
        let now = Now { mono_ns: self.now_ns, wall_ns: self.now_ns as i64 };
        let mut out = Out::new(self.next_conn);
        self.machines[machine.index()].step(now, event, &mut out);
        self.next_conn = out.next_conn;
        if let Some(ns) = out.wake_ns {
            self.alarms[machine.index()] = Some(ns);
        }
        for fact in out.notes {
            if let Fact::Stream(fact) = fact {
                self.facts.push((machine, fact));
            }
        }
        for effect in out.list {
            self.carry_out(machine, effect);
        }
        true
    }

    fn carry_out(&mut self, machine: MachineId, effect: Effect<Message>) {
        let disk = &mut self.disks[machine.index()];
        match effect {
            Effect::Open { conn, to } => {
                if matches!(self.machines[to.index()], Machine::Down) {
                    return self.push(machine, MILLISECOND, Event::Closed { conn, peer: to });
                }
                self.conns.insert(conn, [machine, to]);
                self.deliver(conn, machine, to, Event::Accepted { conn, from: machine });
                self.deliver(conn, to, machine, Event::Opened { conn, to });
            }
            Effect::Send { conn, message } => {
                if let Some(ends) = self.conns.get(&conn).copied() {
                    let to = if ends[0] == machine { ends[1] } else { ends[0] };
                    self.deliver(conn, machine, to, Event::Message { conn, from: machine, message });
                }
            }
            Effect::Close { conn } => {
                if let Some(ends) = self.conns.get(&conn).copied() {
                    self.close(conn, ends, machine);
                }
            }
            Effect::Append { file, bytes } => disk.entry(file).or_default().extend(bytes),
            Effect::Truncate { file, len } => disk.entry(file).or_default().truncate(len as usize),
            Effect::Replace { file, bytes } => drop(disk.insert(file, bytes)),
            Effect::Remove { file } => drop(disk.remove(&file)),
            Effect::Rename { from, to } => {
                if let Some(bytes) = disk.remove(&from) {
                    disk.insert(to, bytes);
                }
            }
            Effect::Sync { token, .. } | Effect::SyncDir { token } => self.push(machine, 100 * MICROSECOND, Event::Disk(DiskAnswer::Synced { token })),
            Effect::Read { file, token } => {
                let bytes = disk.get(&file).cloned();
                self.push(machine, 100 * MICROSECOND, Event::Disk(DiskAnswer::Read { token, bytes }));
            }
            Effect::List { token } => {
                let files = disk.keys().cloned().collect();
                self.push(machine, 100 * MICROSECOND, Event::Disk(DiskAnswer::Listed { token, files }));
            }
            Effect::Datagram { .. } | Effect::Exit(_) => panic!("nobody here does that"),
        }
    }

    fn close(&mut self, conn: ConnId, ends: [MachineId; 2], by: MachineId) {
        let peer = if ends[0] == by { ends[1] } else { ends[0] };
        self.deliver(conn, by, peer, Event::Closed { conn, peer: by });
        self.conns.remove(&conn);
    }

    /// In order, with a latency that is different from message to message.
    fn deliver(&mut self, conn: ConnId, from: MachineId, to: MachineId, event: Event<Message>) {
        let lot = xxh3_64_with_seed(&self.events.to_le_bytes(), self.seed);
        let latency_ns = 200 * MICROSECOND + lot % (3 * MILLISECOND);
        let last_ns = self.last_ns.entry((conn, from)).or_default();
        *last_ns = (*last_ns + 1).max(self.now_ns + latency_ns);
        let delay_ns = *last_ns - self.now_ns;
        self.push(to, delay_ns, event);
    }

    fn push(&mut self, machine: MachineId, delay_ns: u64, event: Event<Message>) {
        let number = self.queue.len() as u64 + (self.events << 20);
        let mut key = (self.now_ns + delay_ns, number);
        while self.queue.contains_key(&key) {
            key.1 += 1;
        }
        self.queue.insert(key, (machine, self.lives[machine.index()], event));
    }
}
