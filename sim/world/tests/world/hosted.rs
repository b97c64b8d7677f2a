//! What a host adds where madsim is built in: virtual clocks and entropy beneath a process, no threads, services beside
//! a world.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use stormglass_world::*;

use crate::peers::*;

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
    world.notes().iter().filter_map(|note| if let Noted::Said(what) = &note.what { Some(what.clone()) } else { None }).collect()
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
