//! A world as a value: clones, other dice, hosts, services beside it. The processes here talk all to all, write to their disks and notice everything beneath them.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant, SystemTime};

use world::*;

/// A message with a payload.
#[derive(Clone, Hash)]
struct Packet(u64, Vec<u8>);
impl Message for Packet {
    fn kind(&self) -> &'static str {
        "PACKET"
    }
}

#[derive(Clone, Debug, Hash, PartialEq)]
enum Fact {
    World(Happening),
    Saw(String),
}
impl From<Happening> for Fact {
    fn from(happening: Happening) -> Fact {
        Fact::World(happening)
    }
}

/// Sends to all by streams and datagrams every 10 ms, and appends and syncs what it gets.
#[derive(Clone, Default)]
struct Peer {
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
type Deed = fn(Instant) -> String;

impl Process for Peer {
    type Message = Packet;
    type Fact = Fact;
    fn step(&mut self, now: Now, event: Event<Packet>, out: &mut Effects<Packet, Fact>) {
        let log = FileName::from("log.0");
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
                    out.note(Fact::Saw(deed(booted)));
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
                    out.append(&log, message.1);
                    out.sync(&log, Token(self.got));
                }
            }
            Event::Opened { .. } | Event::Order(_) | Event::Disk(_) => {}
        }
    }
    fn look(&self) -> Vec<(&'static str, String)> {
        vec![("round", self.round.to_string()), ("got", self.got.to_string())]
    }
}

const END_NS: u64 = 4 * SECOND;

fn weather() -> Weather {
    Weather {
        link: LinkWeather { latency_us: 500, jitter_us: 3_000, tail_ppm: 10_000, tail_us: 50_000, loss_ppm: 10_000, duplicate_ppm: 10_000 },
        links: vec![],
        disk: DiskWeather { sync_us: 1_000, jitter_us: 4_000, tail_ppm: 10_000, tail_us: 50_000, other_us: 200 },
        clocks: vec![ClockWeather { machine: MachineId(1), offset_ms: 50, drift_ppm: 300 }],
    }
}

/// Faults of every kind, about one each 100 ms.
fn storm() -> Vec<Fault> {
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

fn world_of(seed: u64, deed: Option<Deed>) -> World<Peer> {
    let mut world = World::new(seed, &weather());
    for me in 0..5 {
        world.add(Peer { me, all: 5, deed, ..Peer::default() }, u64::from(me) * MILLISECOND);
    }
    // Whoever looks beneath is left in peace, so that each looks once.
    let faults = if deed.is_none() { storm() } else { vec![] };
    world.load(&faults, &Heal { at_ms: 3_000, bound_ms: 1_000, absent: vec![MachineId(4)] }, Budget::Majority, 100);
    world
}

fn run(seed: u64) -> World<Peer> {
    let mut world = world_of(seed, None);
    world.run_until(END_NS);
    world
}

#[test]
fn the_same_seed_gives_the_same_run_on_every_thread_hosted_or_not() {
    let of = |world: &World<Peer>| (world.hash(), world.events(), world.look(), world.notes().to_vec());
    let here = of(&run(7));
    assert!(here.1 > 10_000, "{} events", here.1);
    for _ in 0..2 {
        assert_eq!(std::thread::spawn(move || of(&run(7))).join().expect("it runs"), here);
        assert_eq!(host(7, || of(&run(7))), here);
    }
    assert_ne!(run(8).hash(), here.0);
}

#[test]
fn every_fault_of_the_storm_struck() {
    let world = run(7);
    let struck: BTreeSet<u32> =
        world.notes().iter().filter_map(|note| if let Fact::World(Happening::Struck { fault, .. }) = note.fact { Some(fault) } else { None }).collect();
    assert_eq!(struck.len(), storm().len(), "{struck:?}");
}

#[test]
fn a_world_stepped_one_by_one_is_the_world_that_ran() {
    let mut world = world_of(7, None);
    while world.next_ns().is_some_and(|next_ns| next_ns <= END_NS) {
        assert!(world.step());
    }
    assert_eq!((world.hash(), world.events()), (run(7).hash(), run(7).events()));
}

#[test]
fn clones_from_twenty_places_end_as_the_run_does_and_with_other_dice_elsewhere() {
    let whole = run(7).hash();
    let mut world = world_of(7, None);
    let mut elsewhere = BTreeSet::new();
    for place in 0..20u64 {
        // Not at round times: between any two events.
        world.run_until(place * 150 * MILLISECOND + place * 1_234_567);
        let mut clone = world.clone();
        let mut other = world.clone();
        clone.run_until(END_NS);
        assert_eq!(clone.hash(), whole, "cloned at {} ns", world.now_ns());
        other.redice(place + 1_000);
        other.run_until(END_NS);
        assert_ne!(other.hash(), whole, "with other dice from {} ns", world.now_ns());
        elsewhere.insert(other.hash());
    }
    assert_eq!(elsewhere.len(), 20);
    // The original is none the worse for it.
    world.run_until(END_NS);
    assert_eq!(world.hash(), whole);
}

#[test]
fn a_clone_of_a_later_time_brings_its_time_to_a_host() {
    let mut world = world_of(7, Some(|_| format!("{:?}", madsim::time::TimeHandle::try_current().map(|clock| clock.elapsed()))));
    world.run_until(60 * MILLISECOND);
    let clone = world.clone();
    let seen = host(7, move || {
        let mut clone = clone;
        clone.run_until(END_NS);
        saw(&clone)
    });
    assert_eq!((seen.len(), seen[0].as_str()), (5, "Some(100ms)"));
    world.run_until(END_NS);
    assert_eq!(saw(&world)[0], "None");
}

fn saw(world: &World<Peer>) -> Vec<String> {
    world.notes().iter().filter_map(|note| if let Fact::Saw(what) = &note.fact { Some(what.clone()) } else { None }).collect()
}

/// What the deed of each process saw under a host of this seed.
fn seen(seed: u64, deed: Deed) -> Vec<String> {
    host(seed, move || {
        let mut world = world_of(seed, Some(deed));
        world.run_until(200 * MILLISECOND);
        assert_eq!(world.ending(), None);
        saw(&world)
    })
}

#[test]
fn what_lies_beneath_a_hosted_process_is_virtual_and_seeded() {
    let check = |what: &str, deed: Deed| {
        let first = seen(7, deed);
        assert_eq!(first.len(), 5, "{what}: each process looks once");
        assert_eq!(first, seen(7, deed), "{what}: the same twice");
        assert_ne!(first, seen(8, deed), "{what}: another seed, another");
    };
    check("SystemTime::now", |_| format!("{:?}", SystemTime::now()));
    check("the order of a HashMap", |_| format!("{:?}", (0..50).map(|i| (i, ())).collect::<HashMap<_, _>>().keys().collect::<Vec<_>>()));
    check("getrandom", |_| {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).expect("the system has entropy, real or not");
        format!("{bytes:?}")
    });
    // The monotonic clock is the world's whatever the seed; machine 1 drifts, so its tenth round comes a little early.
    assert_eq!(seen(7, |booted| format!("{:?}", booted.elapsed())), ["100ms", "99.970009ms", "100ms", "100ms", "100ms"]);
}

#[test]
fn a_thread_cannot_be_started_from_a_hosted_process() {
    let ending = host(7, || {
        let mut world = world_of(
            7,
            Some(|_| {
                std::thread::spawn(|| ()).join().expect("it does not get so far");
                String::new()
            }),
        );
        world.run_until(SECOND);
        world.ending().cloned()
    });
    match ending {
        Some(Ending::Crashed { machine: MachineId(0), message, .. }) => assert!(message.contains("started a system thread"), "{message}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn services_run_beside_a_world_and_change_nothing_in_it() {
    let (hash, ticks, sleeps) = host_async(7, || async {
        let runtime = madsim::runtime::Handle::current();
        let ticks = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
        let counter = ticks.clone();
        let node = runtime.create_node().name("ticker").build();
        node.spawn(async move {
            loop {
                madsim::time::sleep(Duration::from_millis(7)).await;
                counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            }
        });
        let mut world = world_of(7, None);
        pump(&mut world, END_NS / 2).await;
        let half = ticks.load(std::sync::atomic::Ordering::Relaxed);
        pump(&mut world, END_NS).await;
        let sleeps = madsim::time::TimeHandle::current().elapsed();
        runtime.kill(node.id());
        madsim::time::sleep(Duration::from_millis(1)).await;
        assert!((270..290).contains(&half), "{half} ticks of 7 ms in 2 s");
        (world.hash(), ticks.load(std::sync::atomic::Ordering::Relaxed), sleeps)
    });
    assert_eq!(hash, run(7).hash());
    assert!((540..575).contains(&ticks), "{ticks} ticks of 7 ms in 4 s");
    assert!(sleeps >= Duration::from_nanos(END_NS) && sleeps < Duration::from_nanos(END_NS) + Duration::from_millis(10), "{sleeps:?}");
}

#[test]
fn a_look_shows_every_machine() {
    let mut world = world_of(7, None);
    world.run_until(SECOND);
    let look = world.look();
    assert_eq!((look.now_ns, look.machines.len()), (SECOND, 5));
    assert!(look.machines[0].is_up && look.machines[0].process[0].0 == "round" && !look.machines[0].files.is_empty());
    assert_eq!(look, world.clone().look());
}
