//! Every other kind of fault strikes and ends; triggers; the heal; the supervisor.

use stormglass_world::*;

use crate::puppet::*;

/// All that was noted under these faults, with the heal at 100 s.
fn check(faults: &[Fault], orders: &[(u64, u16, &str)], until_ms: u64, heard: &[&str]) {
    let mut world = stage(4);
    load(&mut world, faults);
    tell(&mut world, orders);
    assert_eq!(hear(&mut world, until_ms), heard, "{orders:?} under {faults:?}");
    assert_eq!(world.ending(), None);
}

/// Which ways are cut while a partition of this shape holds among six, as `from to` digits.
fn cut_ways(shape: Shape) -> String {
    let mut world = stage(6);
    load(&mut world, &[at(10, What::Partition { shape, for_ms: 10 })]);
    world.run_until(15 * MILLISECOND);
    let ways = world.look().cut.iter().map(|(from, to)| format!("{}{}", from.0, to.0)).collect::<Vec<_>>().join(" ");
    world.run_until(25 * MILLISECOND);
    assert_eq!(world.look().cut, []);
    ways
}

#[test]
fn every_shape_cuts_its_ways_and_mends_them() {
    let of = |numbers: &[u16]| numbers.iter().map(|number| MachineId(*number)).collect::<Vec<_>>();
    assert_eq!(cut_ways(Shape::Halves { side: of(&[0, 1, 2, 3]) }), "04 05 14 15 24 25 34 35 40 41 42 43 50 51 52 53");
    assert_eq!(cut_ways(Shape::Isolate { machine: machine(2) }), "02 12 20 21 23 24 25 32 42 52");
    assert_eq!(cut_ways(Shape::OneWay { from: of(&[0, 1]), to: of(&[1, 2]) }), "01 02 12");
    assert_eq!(cut_ways(Shape::Bridge { side: of(&[0, 1]), over: MachineId(2) }), "03 04 05 13 14 15 30 31 40 41 50 51");
    assert_eq!(cut_ways(Shape::Ring(Ring { order: of(&[0, 2, 4, 1, 3]) })), "01 04 10 12 21 23 32 34 40 43"); // Machine 5 reaches everybody.
    assert_eq!(cut_ways(Shape::Link { a: machine(1), b: machine(5) }), "15 51");
}

#[test]
fn overlapping_cuts_hold_until_the_last_is_over() {
    let cut = |shape, for_ms| What::Partition { shape, for_ms };
    let faults = [at(10, cut(Shape::Isolate { machine: machine(0) }, 50)), at(20, cut(Shape::Link { a: machine(0), b: machine(1) }, 100))];
    let mut world = stage(3);
    load(&mut world, &faults);
    tell(&mut world, &[(5, 0, "cast 1 A"), (30, 0, "cast 1 B; cast 2 B"), (70, 0, "cast 1 C; cast 2 C"), (115, 0, "cast 1 D"), (121, 0, "cast 1 A")]);
    // A was on its way when the link was cut.
    assert_eq!(hear_puppets(&mut world, 1_000), ["80 2: cast C from 0", "131 1: cast A from 0"]);
}

#[test]
fn a_slow_link_is_slow_both_ways_for_its_time() {
    check(
        &[at(10, What::SlowLink { a: machine(0), b: machine(1), extra_ms: 30, for_ms: 100 })],
        &[(20, 0, "cast 1 A; cast 2 A"), (20, 1, "cast 0 B"), (120, 0, "cast 1 C")],
        1_000,
        &[
            "10 0: Struck { fault: 0, kind: \"slow-link\" }",
            "30 2: cast A from 0",
            "60 1: cast A from 0",
            "60 0: cast B from 1",
            "110 0: Ended { fault: 0 }",
            "130 1: cast C from 0",
        ],
    );
}

#[test]
fn any_number_of_slow_links_stack_and_each_ends_by_itself() {
    let slow = |at_ms, extra_ms, for_ms| at(at_ms, What::SlowLink { a: machine(0), b: machine(1), extra_ms, for_ms });
    let mut faults = vec![slow(10, u32::MAX, 100); 4_300];
    faults.push(slow(10, 30, 3_600_000_000));
    let mut world = stage(2);
    load(&mut world, &faults);
    tell(&mut world, &[(5, 0, "open 1"), (50, 0, "say 0 A; cast 1 A"), (150, 0, "cast 1 B"), (100_010, 0, "cast 1 C")]);
    // A never arrives, nor does the answer to the opening. B is as late as the one that holds on makes it, and the heal
    // ends that one too.
    let heard = hear_puppets(&mut world, 200_000);
    assert_eq!(heard, ["15 1: accepted 0", "190 1: cast B from 0", "3005 0: closed 1", "100020 1: cast C from 0"]);
    assert_eq!(world.ending(), None);
}

#[test]
fn datagrams_are_lost_and_doubled_as_often_as_the_weather_says() {
    let mut weather = plain();
    weather.link = LinkWeather { latency_us: 1_000, jitter_us: 20_000, tail_ppm: 0, tail_us: 0, loss_ppm: 200_000, duplicate_ppm: 100_000 };
    let mut world = World::new(5, &weather);
    for _ in 0..2 {
        world.add(Puppet::default(), 0);
    }
    let words = ["A", "B", "C", "D"];
    for ms in 0..4_000 {
        tell(&mut world, &[(ms, 0, &format!("cast 1 {}", words[ms as usize % 4]))]);
    }
    let heard = hear_puppets(&mut world, 5_000);
    assert!((3_450..3_750).contains(&heard.len()), "{} arrived: 80 % of 4000, and a tenth twice", heard.len());
    let order: Vec<&str> = heard.iter().map(|line| line.split(' ').nth(3).expect("a word")).collect();
    assert!(order.windows(2).any(|pair| pair == ["D", "C"]), "some overtake others");
}

#[test]
fn a_kind_of_message_is_dropped_so_many_times() {
    let drop = What::Drop { kind: "A".into(), from: Some(MachineId(0)), to: None, count: 2 };
    check(
        &[at(10, drop)],
        &[(20, 0, "cast 1 A; cast 1 B; cast 2 A; cast 1 A"), (20, 2, "cast 1 A")],
        100,
        &["10 0: Struck { fault: 0, kind: \"drop\" }", "20 0: Ended { fault: 0 }", "30 1: cast B from 0", "30 1: cast A from 0", "30 1: cast A from 2"],
    );
    let reply = What::DropReply { kind: "A".into(), from: Some(MachineId(0)) };
    check(
        &[at(10, reply)],
        &[(20, 0, "cast 1 A"), (25, 1, "cast 0 B"), (35, 1, "cast 0 C; cast 0 D")],
        100,
        &["10 0: Struck { fault: 0, kind: \"drop-reply\" }", "30 0: Ended { fault: 0 }", "30 1: cast A from 0", "35 0: cast B from 1", "45 0: cast D from 1"],
    );
}

#[test]
fn a_pause_fills_the_inbox_and_ends_with_all_of_it_in_order() {
    check(
        &[at(10, What::Pause { machine: machine(1), for_ms: 100 }), at(50, What::Pause { machine: machine(1), for_ms: 20 })],
        &[(5, 1, "wake 30; append f a; sync f; sync f"), (20, 0, "cast 1 A"), (90, 0, "cast 1 B")],
        1_000,
        &[
            "10 1: Struck { fault: 0, kind: \"pause\" }",
            "10 1: Paused",
            "50 1: Struck { fault: 1, kind: \"pause\" }",
            "50 1: Paused",
            "70 1: Ended { fault: 1 }", // The first one holds on.
            "110 1: Ended { fault: 0 }",
            "110 1: Resumed { inbox: 5 }",
            "110 1: synced 3",
            "110 1: synced 4",
            "110 1: wake at 110 ms",
            "110 1: cast A from 0",
            "110 1: cast B from 0",
        ],
    );
    // A crash empties the inbox and ends the pause.
    check(
        &[at(10, What::Pause { machine: machine(1), for_ms: 100 }), at(50, What::Crash { machine: machine(1), power: false, restart_ms: Some(10) })],
        &[(20, 0, "cast 1 A"), (70, 0, "cast 1 B")],
        1_000,
        &[
            "10 1: Struck { fault: 0, kind: \"pause\" }",
            "10 1: Paused",
            "50 1: Struck { fault: 1, kind: \"crash-process\" }",
            "50 1: Crashed { power: false, disk_lost: false, lost_bytes: 0, lied_bytes: 0 }",
            "60 1: Booted { life: 1 }",
            "80 1: cast B from 0",
            "110 1: Ended { fault: 0 }",
        ],
    );
}

#[test]
fn clocks_step_and_drift_and_alarms_follow_them() {
    check(
        &[at(10, What::ClockStep { machine: machine(0), by_ms: -3_000 }), at(1_000, What::ClockDrift { machine: machine(0), ppm: 100_000 })],
        &[(5, 0, "clock; wake 2100"), (15, 0, "clock"), (1_010, 0, "clock")],
        3_000,
        &[
            "5 0: mono 5 wall 5",
            "10 0: Struck { fault: 0, kind: \"clock-step\" }",
            "10 0: ClockStepped { by_ms: -3000 }",
            "15 0: mono 15 wall -2985",
            "1000 0: Struck { fault: 1, kind: \"clock-drift\" }",
            "1010 0: mono 1011 wall -1989",
            "2000 0: wake at 2100 ms",
        ],
    );
    let mut weather = plain();
    weather.clocks = vec![ClockWeather { machine: MachineId(0), offset_ms: 70, drift_ppm: -100_000 }];
    let mut world = World::new(1, &weather);
    world.add(Puppet::default(), 0);
    tell(&mut world, &[(100, 0, "clock; wake 900")]);
    assert_eq!(hear(&mut world, 2_000), ["100 0: mono 90 wall 160", "1000 0: wake at 900 ms"]);
}

#[test]
fn a_later_alarm_replaces_an_earlier_one_and_one_in_the_past_comes_at_once() {
    check(
        &[],
        &[(0, 0, "wake 50"), (10, 0, "wake 100"), (20, 0, "wake 30"), (40, 0, "wake 5"), (60, 0, "wake 500; wake 80")],
        1_000,
        &["30 0: wake at 30 ms", "40 0: wake at 40 ms", "80 0: wake at 80 ms"],
    );
}

#[test]
fn crashed_machines_come_back_in_their_time_or_not_before_the_heal() {
    let crash = |number, restart_ms| What::Crash { machine: machine(number), power: true, restart_ms };
    let mut world = stage(4);
    let faults = [
        at(10, crash(0, Some(500))),
        at(20, crash(0, Some(1_000))), // The second decides.
        at(10, crash(1, None)),
        at(10, crash(2, None)),
        at(300, What::Restart { machine: MachineId(2) }),
    ];
    world.load(&faults, &Heal { at_ms: 5_000, bound_ms: 0, absent: vec![MachineId(3)] }, Budget::Majority, 500);
    let heard = hear(&mut world, 10_000);
    let boots: Vec<&str> =
        heard.iter().filter(|line| line.contains("Booted") || line.contains("LeftOut") || line.contains("Healed")).map(String::as_str).collect();
    assert_eq!(
        boots,
        [
            "300 2: Booted { life: 1 }",
            "1020 0: Booted { life: 1 }",
            "5000 0: Healed",
            "5000 3: LeftOut { machine: MachineId(3) }",
            "5000 1: Booted { life: 1 }"
        ]
    );
    assert!(world.is_healed() && world.process(MachineId(3)).is_none() && world.process(MachineId(1)).is_some());
}

#[test]
fn a_blackout_takes_all_at_once_and_gives_each_back_in_its_own_time() {
    let mut world = stage(4);
    load(&mut world, &[at(10, What::Blackout { machines: vec![MachineId(0), MachineId(1), MachineId(3)], restart_ms: 1_000 })]);
    let heard = hear(&mut world, 10_000);
    assert_eq!(heard.iter().filter(|line| line.starts_with("10 ") && line.contains("Crashed { power: true")).count(), 3);
    let boots: Vec<u64> =
        heard.iter().filter(|line| line.contains("Booted")).map(|line| line.split(' ').next().and_then(|ms| ms.parse().ok()).expect("ms")).collect();
    assert!(boots.len() == 3 && boots[0] < boots[1] && boots[1] < boots[2] && boots[2] <= 1_010, "{boots:?}");
}

#[test]
fn the_heal_ends_what_lasts_and_cancels_what_waits() {
    let mut world = stage(2);
    let faults = [
        at(10, What::Partition { shape: Shape::Isolate { machine: machine(0) }, for_ms: 1_000_000 }),
        at(10, What::Pause { machine: machine(1), for_ms: 1_000_000 }),
        at(10, What::DiskStall { machine: machine(0), for_ms: 1_000_000 }),
        at(10, What::ClockDrift { machine: machine(0), ppm: 50_000 }),
        at(10, What::Drop { kind: "A".into(), from: None, to: None, count: 5 }),
        on(Moment::Send, "B", 1, What::Crash { machine: Target::Subject, power: true, restart_ms: None }),
        at(1_000, What::ClockStep { machine: machine(0), by_ms: 1 }), // At the very time of the heal: too late.
    ];
    world.load(&faults, &Heal { at_ms: 1_000, bound_ms: 0, absent: vec![] }, Budget::Majority, 500);
    tell(&mut world, &[(5, 0, "append f a; sync f"), (20, 0, "cast 1 C"), (1_000, 0, "cast 1 A; cast 1 B")]);
    let heard = hear(&mut world, 5_000);
    assert_eq!(
        heard.iter().filter(|line| !line.starts_with("10 ")).map(String::as_str).collect::<Vec<_>>(),
        [
            "1000 0: Ended { fault: 0 }",
            "1000 1: Ended { fault: 1 }",
            "1000 1: Resumed { inbox: 0 }",
            "1000 0: Ended { fault: 2 }",
            "1000 0: Ended { fault: 3 }",
            "1000 0: Ended { fault: 4 }",
            "1000 0: Healed",
            "1000 0: synced 2",
            "1010 1: cast A from 0",
            "1010 1: cast B from 0"
        ]
    );
}

#[test]
fn a_trigger_counts_its_kind_on_its_machine_and_may_strike_later() {
    let order = |word: &str| What::Order { machine: Target::Peer, word: word.into() };
    let when = When::On { moment: Moment::Deliver, kind: "A".into(), machine: Some(MachineId(1)), nth: 2, after_ms: 25 };
    check(
        &[Fault { when, what: order("note hit") }],
        &[(0, 0, "cast 1 A; cast 2 A; cast 1 B"), (50, 2, "cast 1 A"), (100, 0, "cast 1 A")],
        1_000,
        &[
            "10 1: cast A from 0",
            "10 2: cast A from 0",
            "10 1: cast B from 0",
            "60 1: cast A from 2",
            "85 2: Struck { fault: 0, kind: \"order\" }",
            "85 2: hit",
            "110 1: cast A from 0",
        ],
    );
    // A message counts as taken when a frozen process takes it, not before.
    check(
        &[at(5, What::Pause { machine: machine(1), for_ms: 100 }), on(Moment::Deliver, "A", 1, order("note hit"))],
        &[(0, 0, "cast 1 A")],
        1_000,
        &[
            "5 1: Struck { fault: 0, kind: \"pause\" }",
            "5 1: Paused",
            "105 1: Ended { fault: 0 }",
            "105 1: Resumed { inbox: 1 }",
            "105 1: cast A from 0",
            "105 0: Struck { fault: 1, kind: \"order\" }",
            "105 0: hit",
        ],
    );
}

#[test]
fn a_process_that_leaves_comes_back_through_its_supervisor() {
    check(
        &[],
        &[(10, 0, "note bye; exit restart; note never"), (20, 1, "cast 0 A")],
        1_000,
        &["10 0: bye", "10 0: never", "10 0: Exited { why: \"told to\", damaged: false }", "510 0: Booted { life: 1 }"],
    );
}
