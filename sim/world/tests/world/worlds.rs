//! A world as a value: the same on every thread, cloned at any event, with other dice. The processes are those of
//! `peers`.

use std::collections::BTreeSet;

use stormglass_world::*;

use crate::peers::*;

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
fn a_seed_says_the_same_on_every_machine_and_whether_or_not_madsim_is_built_in() {
    let check = |seed, hash: &str| assert_eq!(host(seed, || run(seed).hash()), hash, "seed {seed}");
    check(7, "acafb32f9184de7db49cadfd766b040e");
    check(8, "99b2dac56449f5d74911c815e535c5a3");
    check(9, "5f02fac1b0e2c8ceb06c6c851e58e273");
}

#[test]
fn every_fault_of_the_storm_struck() {
    let world = run(7);
    let struck: BTreeSet<u32> =
        world.notes().iter().filter_map(|note| if let Noted::World(Happening::Struck { fault, .. }) = note.what { Some(fault) } else { None }).collect();
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
fn a_host_is_not_inside_another_one() {
    let inner = || host(7, || host(8, || ()));
    let panic = std::panic::catch_unwind(inner).expect_err("it panics");
    let words = panic.downcast_ref::<&str>().copied().unwrap_or_default();
    assert!(words.contains("inside another one"), "{words}");
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
