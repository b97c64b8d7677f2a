//! Properties of an ensemble under any order of deliveries and any crash, with no world.

use contract::ids::MachineId;
use contract::process::Process;
use contract::time::MILLISECOND;
use proptest::prelude::*;
use zookeeper_replica::Server;
use zookeeper_words::fact::StateDigest;

use crate::bench::{Bench, deliveries_agree, settings};

#[test]
fn a_fresh_ensemble_elects_and_serves() {
    for replicas in [1, 3, 5] {
        let mut bench = Bench::new(replicas, settings());
        let mut choice = 0;
        let mut choices = || {
            choice += 1;
            choice
        };
        bench.until(20_000, &mut choices, |bench| bench.machines.iter().all(|machine| machine.process.as_ref().is_some_and(Server::is_serving)));
        for m in 0..replicas {
            assert!(bench.create(MachineId(m), &mut choices, "/n-"), "machine {m} of {replicas}");
        }
        let delivered = deliveries_agree(&bench.facts);
        assert_eq!(delivered.len(), 2 * usize::from(replicas), "a session and a node each");
    }
}

#[test]
fn old_snapshots_and_logs_go_and_the_rest_is_enough() {
    let mut bench = Bench::new(3, settings());
    let mut choice = 0;
    let mut choices = || {
        choice += 1;
        choice
    };
    let all_serve = |bench: &Bench| bench.machines.iter().all(|machine| machine.process.as_ref().is_some_and(Server::is_serving));
    bench.until(20_000, &mut choices, all_serve);
    for i in 0..60 {
        assert!(bench.create(MachineId(i % 3), &mut choices, "/n-"));
    }
    bench.settle();
    for m in (0..3).map(MachineId) {
        let count = |kind: &str| bench.files(m).filter(|name| name.starts_with(kind)).count();
        assert_eq!(count("snapshot."), 2, "{m} keeps snap_retain snapshots");
        assert!((1..=3).contains(&count("log.")), "{m} keeps the logs that they need, and has {}", count("log."));
    }
    let before: Vec<StateDigest> = bench.machines.iter().filter_map(|machine| machine.process.as_ref()).map(Server::digest).collect();
    (0..3).map(MachineId).for_each(|m| bench.crash(m, Some(0)));
    (0..3).map(MachineId).for_each(|m| bench.boot(m));
    bench.until(20_000, &mut choices, all_serve);
    let after: Vec<StateDigest> = bench.machines.iter().filter_map(|machine| machine.process.as_ref()).map(Server::digest).collect();
    assert_eq!(before, after, "all of it comes back from what was kept");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the order of deliveries and the crashes, replicas that deliver a zxid deliver the same transaction, and
    /// the ensemble comes back with all that was acknowledged.
    #[test]
    fn acknowledged_writes_survive_any_crash(seed in any::<u64>(), faults in prop::collection::vec((0u16..3, any::<Option<u32>>(), 0u32..400), 1..8)) {
        let mut dice = contract::dice::Dice::named(seed, "ensemble", 0, 0);
        let mut choices = || dice.word();
        let mut bench = Bench::new(3, settings());
        let mut answered = 0;
        for (victim, keep, steps) in faults {
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
