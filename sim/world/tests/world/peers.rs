//! Processes that talk all to all, write to their disks and look at what lies beneath them, in a storm with every kind
//! of fault.

use std::time::Instant;

use stormglass_world::*;

/// A message with a payload.
#[derive(Clone, Hash)]
pub struct Packet(pub u64, pub Vec<u8>);
impl Message for Packet {
    fn kind(&self) -> &'static str {
        "PACKET"
    }
}

/// Sends to all by streams and datagrams every 10 ms, and appends and syncs what it gets.
#[derive(Clone, Default)]
pub struct Peer {
    me: u16,
    all: u16,
    round: u64,
    got: u64,
    conns: Vec<ConnId>,
    /// Done once, at the tenth round.
    deed: Option<Deed>,
    /// What the monotonic clock beneath said at the start.
    booted: Option<Instant>,
}

/// Looks beneath a process, which has been up for 100 ms; it is told when it started.
pub type Deed = fn(Instant) -> String;

impl Process for Peer {
    type Message = Packet;
    /// What it saw beneath it.
    type Fact = String;
    fn step(&mut self, now: Now, event: Event<Packet>, out: &mut Effects<Packet, String>) {
        match event {
            Event::Boot => {
                self.booted = Some(Instant::now());
                self.conns = (0..self.me).map(|peer| out.open(MachineId(peer))).collect();
                out.wake_at(now.mono_ns + 10 * MILLISECOND);
            }
            Event::Wake => {
                self.round += 1;
                if self.round == 10
                    && let (Some(deed), Some(booted)) = (self.deed, self.booted)
                {
                    out.note(deed(booted));
                }
                for conn in &self.conns {
                    out.send(*conn, Packet(self.round, vec![1; 50]));
                }
                for peer in (0..self.all).filter(|peer| *peer != self.me) {
                    out.datagram(MachineId(peer), Packet(self.round, vec![2; 50]));
                }
                out.wake_at(now.mono_ns + 10 * MILLISECOND);
            }
            Event::Accepted { conn, .. } => self.conns.push(conn),
            Event::Closed { conn, peer } => {
                self.conns.retain(|other| *other != conn);
                if peer.0 < self.me {
                    self.conns.push(out.open(peer));
                }
            }
            Event::Message { message, .. } | Event::Datagram { message, .. } => {
                self.got += message.0 + message.1.len() as u64;
                if self.got.is_multiple_of(7) {
                    out.append("log.0", message.1);
                    out.sync("log.0", Token(self.got));
                }
            }
            Event::Opened { .. } | Event::Order(_) | Event::Disk(_) => {}
        }
    }
    fn look(&self) -> Vec<(&'static str, String)> {
        vec![("round", self.round.to_string()), ("got", self.got.to_string())]
    }
}

pub const END_NS: u64 = 4 * SECOND;

pub fn weather() -> Weather {
    Weather {
        link: LinkWeather { latency_us: 500, jitter_us: 3_000, tail_ppm: 10_000, tail_us: 50_000, loss_ppm: 10_000, duplicate_ppm: 10_000 },
        links: vec![],
        disk: DiskWeather { sync_us: 1_000, jitter_us: 4_000, tail_ppm: 10_000, tail_us: 50_000, other_us: 200 },
        clocks: vec![ClockWeather { machine: MachineId(1), offset_ms: 50, drift_ppm: 300 }],
    }
}

/// Faults of every kind, about one each 100 ms.
pub fn storm() -> Vec<Fault> {
    let machine = |number| Target::Machine(MachineId(number));
    let whats = [
        What::Partition { shape: Shape::Halves { side: vec![MachineId(0), MachineId(1)] }, for_ms: 300 },
        What::Crash { machine: machine(2), power: true, restart_ms: Some(150) },
        What::Pause { machine: machine(3), for_ms: 200 },
        What::DiskStall { machine: machine(1), for_ms: 200 },
        What::CutStreams { a: machine(4), b: machine(1), silent: false },
        What::ClockStep { machine: machine(4), by_ms: 700 },
        What::SlowLink { a: machine(0), b: machine(4), extra_ms: 20, for_ms: 500 },
        What::LyingSync { machine: machine(2), for_ms: 300 },
        What::Blackout { machines: vec![MachineId(0), MachineId(2)], restart_ms: 300 },
        What::Drop { kind: "PACKET".into(), from: None, to: None, count: 5 },
        What::DiskError { machine: machine(3), count: 2 },
        What::ClockDrift { machine: machine(0), ppm: -5_000 },
        What::DiskFull { machine: machine(0), for_ms: 200 },
        What::BitRot { machine: machine(4), kind: "log".into() },
        What::LoseDisk { machine: machine(1), restart_ms: 100 },
        What::MisdirectedWrite { machine: machine(3), kind: "log".into() },
        What::DropReply { kind: "PACKET".into(), from: None },
    ];
    let mut faults: Vec<Fault> = whats.into_iter().enumerate().map(|(i, what)| Fault { when: When::At { ms: 150 * (i as u64 + 1) }, what }).collect();
    let on = When::On { moment: Moment::Sync, kind: "log".into(), machine: None, nth: 20, after_ms: 0 };
    faults.push(Fault { when: on, what: What::Crash { machine: Target::Subject, power: true, restart_ms: Some(50) } });
    faults
}

pub fn world_of(seed: u64, deed: Option<Deed>) -> World<Peer> {
    let mut world = World::new(seed, &weather());
    for me in 0..5 {
        world.add(Peer { me, all: 5, deed, ..Peer::default() }, u64::from(me) * MILLISECOND);
    }
    // Whoever looks beneath is left in peace, so that each looks once.
    let faults = if deed.is_none() { storm() } else { vec![] };
    world.load(&faults, &Heal { at_ms: 3_000, bound_ms: 1_000, absent: vec![MachineId(4)] }, Budget::Majority, 100);
    world
}

pub fn run(seed: u64) -> World<Peer> {
    let mut world = world_of(seed, None);
    world.run_until(END_NS);
    world
}
