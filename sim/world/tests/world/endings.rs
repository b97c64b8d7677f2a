//! How a run ends other than well: a panic of a process or of the world, a broken invariant, a spin. Each is data, and
//! says who is to blame.

use stormglass_world::*;

use crate::puppet::*;

#[test]
fn a_panic_a_broken_invariant_and_a_spin_end_the_run_as_data() {
    let ending = |words: &str| {
        let mut world = stage(2);
        tell(&mut world, &[(10, 1, words)]);
        world.run_until(SECOND);
        assert_eq!(world.now_ns(), 10 * MILLISECOND);
        assert!(!world.step());
        world.ending().cloned()
    };
    match ending("panic") {
        Some(Ending::Crashed { machine, place, message }) => {
            assert_eq!((machine, message.as_str()), (MachineId(1), "told to panic"));
            assert!(place.starts_with("sim/world/tests/world/puppet.rs:"), "{place}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(ending("misbehave"), Some(Ending::Inconsistent { machine: MachineId(1), what: "a puppet is told nothing bad".into() }));
    let mut world = stage(1);
    world.set_events_max(1_000);
    tell(&mut world, &[(0, 0, "note on")]);
    for _ in 0..2_000 {
        world.order(MachineId(0), "note on");
    }
    world.run_until(SECOND);
    assert_eq!(world.ending(), Some(&Ending::Runaway { events: 1_000 }));
}

#[test]
fn a_process_that_asks_for_what_no_machine_can_do_is_to_blame() {
    let check = |words: &str, said: &str| {
        let mut world = stage(2);
        tell(&mut world, &[(10, 1, words)]);
        world.run_until(SECOND);
        match world.ending() {
            Some(Ending::Crashed { machine: MachineId(1), message, .. }) => assert_eq!(message, said, "{words}"),
            other => panic!("{words}: {other:?}"),
        }
    };
    check("open 1", "it opens a stream to itself");
    check("open 2", "it opens a stream to machine 2, which does not exist");
    check("cast 2 A", "it sends a datagram to machine 2, which does not exist");
    check("append f x; truncate f 2000000000", "it cuts f to 2000000000 bytes, more than a file has");
}

#[test]
fn a_process_that_leaves_whenever_it_is_started_spins_if_its_supervisor_takes_no_time() {
    let run = |supervisor_ms| {
        let mut world = stage_of(vec![Puppet { at_boot: "exit restart", ..Puppet::default() }, Puppet::default()]);
        world.load(&[], &Heal { at_ms: 1_000, bound_ms: 0, absent: vec![] }, Budget::Majority, supervisor_ms);
        world.run_until(SECOND);
        (world.ending().cloned(), world.now_ns(), world.events())
    };
    assert_eq!(run(0), (Some(Ending::Runaway { events: 500_000 }), 0, 500_000));
    assert_eq!(run(1), (None, SECOND, 1_002));
}

#[test]
fn any_number_of_events_is_no_spin_while_time_goes_on() {
    let mut world = stage(1);
    for ms in 0..1_200 {
        world.run_until(ms * MILLISECOND);
        (0..500).for_each(|_| world.order(MachineId(0), ""));
    }
    world.run_until(2 * SECOND);
    assert_eq!((world.ending(), world.events()), (None, 600_001));
}
