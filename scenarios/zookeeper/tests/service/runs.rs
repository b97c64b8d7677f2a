//! Runs from end to end: they come to their end, or say what waits; they are the same twice, and a clone of one goes on
//! as the original does.

use contract::ids::MachineId;
use contract::recording::Ending;
use contract::time::MILLISECOND;
use contract::verdict::Verdict;
use harness::System;
use harness::run::{drive, judged, record, run, world_of};
use harness::system::Plan;
use stormglass_zookeeper::Zookeeper;

/// Three replicas, two clients and a storm of 5 s without a fault.
fn short(seed: u64) -> Plan<Zookeeper> {
    let mut plan = Zookeeper::families().first().expect("calm is the first").plan(seed);
    assert_eq!(plan.family, "calm");
    plan.settings.cluster.replicas = 3;
    plan.weather.clocks.clear();
    plan.settings.clients.truncate(2);
    plan.settings.clients.iter_mut().for_each(|client| client.start_ms = 0);
    plan.settings.coordination.tick_ms = 500;
    plan.heal.at_ms = 5_000;
    plan
}

#[test]
fn a_run_finishes_holds_and_is_the_same_twice() {
    let (recording, judgement) = judged::<Zookeeper>(&short(1));
    assert_eq!((&recording.ending, &judgement.verdict), (&Ending::Finished, &Verdict::Holds));
    assert!(recording.end_ns >= 5_000 * MILLISECOND && recording.events > 500);
    assert_eq!(run::<Zookeeper>(&short(1)), recording);
    assert_ne!(run::<Zookeeper>(&short(2)).hash, recording.hash);
}

#[test]
fn a_run_that_ends_too_early_tells_what_waits() {
    let mut plan = short(1);
    (plan.heal.at_ms, plan.heal.bound_ms) = (250, 0);
    let Ending::Deadline { waiting } = run::<Zookeeper>(&plan).ending else { panic!("nothing can be done in so short a time") };
    assert_eq!(waiting.len(), 5, "{waiting:?}");
    assert!(waiting[0].starts_with("machine 0, a replica, does not serve: role looking"), "{}", waiting[0]);
    assert!(waiting[4].starts_with("machine 4, a client, is not finished: "), "{}", waiting[4]);
}

#[test]
fn who_is_left_out_is_not_waited_for() {
    let mut plan = short(3);
    plan.heal.absent = vec![MachineId(1)];
    let (recording, judgement) = judged::<Zookeeper>(&plan);
    assert_eq!((recording.ending, judgement.verdict), (Ending::Finished, Verdict::Holds));
}

#[test]
fn a_clone_runs_on_as_the_original_does() {
    let plan = short(4);
    let whole = run::<Zookeeper>(&plan);
    let mut world = world_of::<Zookeeper>(&plan);
    for cut_ms in [0, 300, 1_000, 4_000] {
        world.run_until(cut_ms * MILLISECOND);
        let mut clone = world.clone();
        drive::<Zookeeper>(&mut clone, &plan);
        assert_eq!(record::<Zookeeper>(clone, &plan), whole, "cloned after {cut_ms} ms");
    }
}
