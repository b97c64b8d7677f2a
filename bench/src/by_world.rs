//! The workload in our world, with all that a world does for its living: named dice, running hash, checks after every
//! step, hosted by madsim.

use std::sync::Arc;

use contract::ids::MachineId;
use contract::plan::{DiskWeather, LinkWeather, Weather};
use contract::process::{Effects, Event, Message, Process};
use contract::time::{MILLISECOND, Now};

use crate::workload::{BYTES, LATENCY_MAX_US, LATENCY_MIN_US, PROCESSES, ROUNDS, SEED, TICK_MS, message, reading};

/// 100 bytes; a datagram that is duplicated or delayed is not copied.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Packet(Arc<[u8; BYTES]>);

impl Message for Packet {
    fn kind(&self) -> &'static str {
        "packet"
    }
}

/// One of the five.
#[derive(Clone, Debug)]
struct Talker {
    me: u16,
    round: u64,
    next_ns: u64,
    delivered: u64,
    read: u64,
}

impl Process for Talker {
    type Message = Packet;
    /// The workload has no judge.
    type Fact = ();

    fn step(&mut self, now: Now, event: Event<Packet>, out: &mut Effects<Packet, ()>) {
        match event {
            Event::Boot => {
                self.next_ns = now.mono_ns + TICK_MS * MILLISECOND;
                out.wake_at(self.next_ns);
            }
            Event::Wake => {
                self.round += 1;
                for to in 0..PROCESSES {
                    out.datagram(MachineId(to), Packet(Arc::new(message(self.me, self.round))));
                }
                if self.round < ROUNDS {
                    self.next_ns += TICK_MS * MILLISECOND;
                    out.wake_at(self.next_ns);
                }
            }
            Event::Datagram { message, .. } => {
                self.delivered += 1;
                self.read += reading(&message.0[..]);
            }
            Event::Order(_) | Event::Accepted { .. } | Event::Opened { .. } | Event::Closed { .. } | Event::Message { .. } | Event::Disk(_) => {}
        }
    }

    fn check(&self) -> Result<(), String> {
        if self.round <= ROUNDS { Ok(()) } else { Err("no more rounds than the workload has".into()) }
    }

    fn look(&self) -> Vec<(&'static str, String)> {
        vec![("round", self.round.to_string()), ("delivered", self.delivered.to_string())]
    }
}

/// Carries the workload out; says how many messages were delivered.
pub fn run() -> u64 {
    world::host(SEED, || {
        let mut world = world::World::new(SEED, &weather());
        for me in 0..PROCESSES {
            world.add(Talker { me, round: 0, next_ns: 0, delivered: 0, read: 0 }, 0);
        }
        world.run_until((ROUNDS + 100) * TICK_MS * MILLISECOND);
        let talkers = (0..PROCESSES).map(|me| world.process(MachineId(me)).expect("nothing brings a machine down here"));
        talkers
            .map(|talker| {
                assert!(talker.read > 0, "messages were read");
                talker.delivered
            })
            .sum()
    })
}

/// The others' latency, and nothing lost.
fn weather() -> Weather {
    let jitter_us = (LATENCY_MAX_US - LATENCY_MIN_US) as u32;
    Weather {
        link: LinkWeather { latency_us: LATENCY_MIN_US as u32, jitter_us, tail_ppm: 0, tail_us: 0, loss_ppm: 0, duplicate_ppm: 0 },
        links: vec![],
        disk: DiskWeather { sync_us: 0, jitter_us: 0, tail_ppm: 0, tail_us: 0, other_us: 0 },
        clocks: Vec::new(),
    }
}
