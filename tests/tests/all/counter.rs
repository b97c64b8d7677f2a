//! A whole system against the world's public API: two nodes pass a number to and fro over a stream and add one each
//! time. The example for people who bring their own.

use world::*;

/// The number, as it travels.
#[derive(Clone, Hash)]
struct Count(u64);
impl Message for Count {
    fn kind(&self) -> &'static str {
        "COUNT"
    }
}

/// Node 0 opens the stream; whoever gets the number adds one and sends it back. A lost stream is opened anew.
#[derive(Clone, Default)]
struct Node {
    calls: Option<MachineId>,
    count: u64,
}
impl Process for Node {
    type Message = Count;
    type Fact = (); // Nothing of its own to note: what the world notes will do.
    fn step(&mut self, now: Now, event: Event<Count>, out: &mut Effects<Count, ()>) {
        match event {
            Event::Boot | Event::Wake => drop(self.calls.map(|peer| out.open(peer))),
            Event::Opened { conn, .. } => out.send(conn, Count(self.count)),
            Event::Message { conn, message, .. } => {
                self.count = message.0 + 1;
                out.send(conn, Count(self.count));
            }
            Event::Closed { .. } => out.wake_at(now.mono_ns + SECOND),
            Event::Accepted { .. } | Event::Datagram { .. } | Event::Order(_) | Event::Disk(_) => {}
        }
    }
    fn look(&self) -> Vec<(&'static str, String)> {
        vec![("count", self.count.to_string())]
    }
}

#[test]
fn two_nodes_count_through_a_crash_and_the_same_seed_counts_the_same() {
    let link = LinkWeather { latency_us: 500, jitter_us: 200, tail_ppm: 1_000, tail_us: 20_000, loss_ppm: 0, duplicate_ppm: 0 };
    let disk = DiskWeather { sync_us: 1_000, jitter_us: 0, tail_ppm: 0, tail_us: 0, other_us: 100 };
    let crash = What::Crash { machine: Target::Machine(MachineId(1)), power: false, restart_ms: Some(500) };
    let run = |seed| {
        host(seed, || {
            let mut world = World::new(seed, &Weather { link, links: vec![], disk, clocks: vec![] });
            world.add(Node { calls: Some(MachineId(1)), count: 0 }, 0);
            world.add(Node::default(), 0);
            let fault = Fault { when: When::At { ms: 5_000 }, what: crash.clone() };
            world.load(&[fault], &Heal { at_ms: 20_000, bound_ms: 0, absent: vec![] }, Budget::Majority, 1_000);
            world.run_until(10 * SECOND);
            (world.process(MachineId(0)).map(|node| node.count), world.notes().len(), world.hash())
        })
    };
    let seven = run(7);
    assert!(seven.0 > Some(7_000) && seven.1 == 5, "{seven:?}"); // Three starts, the fault, the crash.
    assert!(run(7) == seven && run(8).2 != seven.2);
}
