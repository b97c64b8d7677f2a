//! Streams, as their ends hear of them: order, stalls, refusals, resets, half-open ends.

use stormglass_world::*;

use crate::puppet::*;

fn link_cut(a: u16, b: u16, for_ms: u64) -> What {
    What::Partition { shape: Shape::Link { a: machine(a), b: machine(b) }, for_ms }
}

fn check(faults: &[Fault], orders: &[(u64, u16, &str)], until_ms: u64, heard: &[&str]) {
    let mut world = stage(3);
    load(&mut world, faults);
    tell(&mut world, orders);
    assert_eq!(hear_puppets(&mut world, until_ms), heard, "{orders:?} under {faults:?}");
    assert_eq!(world.ending(), None);
}

#[test]
fn a_stream_opens_and_carries_messages_in_order_and_closes_after_them() {
    check(
        &[],
        &[(0, 0, "open 1; say 0 A"), (25, 0, "say 0 B; say 0 C; close 0; say 0 D")],
        100,
        &["10 1: accepted 0", "10 1: A from 0", "20 0: opened 1", "35 1: B from 0", "35 1: C from 0", "35 1: closed 0"],
    );
    check(&[], &[(0, 0, "open 1"), (30, 1, "say 0 B"), (31, 1, "close 0")], 100, &["10 1: accepted 0", "20 0: opened 1", "40 0: B from 1", "41 0: closed 1"]);
}

#[test]
fn order_holds_under_jitter_and_loss() {
    let mut weather = plain();
    weather.link = LinkWeather { latency_us: 1_000, jitter_us: 9_000, tail_ppm: 50_000, tail_us: 80_000, loss_ppm: 100_000, duplicate_ppm: 100_000 };
    let mut world = World::new(3, &weather);
    for _ in 0..2 {
        world.add(Puppet::default(), 0);
    }
    tell(&mut world, &[(0, 0, "open 1")]);
    let sent: Vec<&str> = ["A", "B", "C", "D"].into_iter().cycle().take(200).collect();
    for (i, word) in sent.iter().enumerate() {
        tell(&mut world, &[(i as u64, 0, &format!("say 0 {word}"))]);
    }
    let heard: Vec<String> = hear_puppets(&mut world, 2_000).into_iter().filter(|line| line.ends_with("from 0")).collect();
    let words: Vec<&str> = heard.iter().map(|line| line.split(' ').nth(2).expect("a word")).collect();
    assert_eq!(words, sent);
    assert!(heard.windows(2).any(|pair| pair[0].split(' ').next() != pair[1].split(' ').next()), "they did not come all at once");
}

#[test]
fn what_meets_a_cut_waits_and_goes_on_in_its_order() {
    check(
        &[at(45, link_cut(0, 1, 1_000))],
        // A has passed, B is on its way when the link is cut, C is sent while it is cut, D after; all that waited is
        // sent anew.
        &[(0, 0, "open 1"), (30, 0, "say 0 A"), (40, 0, "say 0 B"), (500, 0, "say 0 C"), (1_046, 0, "say 0 D")],
        3_000,
        &["10 1: accepted 0", "20 0: opened 1", "40 1: A from 0", "1055 1: B from 0", "1055 1: C from 0", "1056 1: D from 0"],
    );
    // One way is cut: the other is not, and what comes by it is heard.
    let one_way = What::Partition { shape: Shape::OneWay { from: vec![MachineId(0)], to: vec![MachineId(1)] }, for_ms: 1_000 };
    check(
        &[at(45, one_way)],
        &[(0, 0, "open 1"), (50, 0, "say 0 A"), (50, 1, "say 0 B")],
        2_000,
        &["10 1: accepted 0", "20 0: opened 1", "60 0: B from 1", "1055 1: A from 0"],
    );
}

#[test]
fn an_opening_is_refused_by_a_dead_process_and_unheard_by_a_dead_machine() {
    let crash = |power| What::Crash { machine: machine(1), power, restart_ms: None };
    check(&[at(5, crash(false))], &[(10, 0, "open 1")], 5_000, &["30 0: closed 1"]);
    check(&[at(5, crash(true))], &[(10, 0, "open 1")], 5_000, &["3010 0: closed 1"]); // The kernel gives up.
    check(&[at(5, link_cut(0, 1, 4_000))], &[(10, 0, "open 1; say 0 A")], 5_000, &["3010 0: closed 1"]);
    // A cut that is over in time only delays it.
    check(&[at(5, link_cut(0, 1, 1_000))], &[(10, 0, "open 1; say 0 A")], 5_000, &["1015 1: accepted 0", "1015 1: A from 0", "1025 0: opened 1"]);
    let restarted = What::Crash { machine: machine(1), power: true, restart_ms: Some(1_000) };
    check(&[at(5, restarted)], &[(10, 0, "open 1")], 5_000, &["1015 1: accepted 0", "1025 0: opened 1"]);
}

#[test]
fn a_stream_that_waited_for_the_next_life_is_as_good_as_any() {
    let restarted = What::Crash { machine: machine(1), power: true, restart_ms: Some(1_000) };
    check(
        &[at(20, restarted), at(1_050, link_cut(0, 1, 100))],
        &[(15, 0, "open 1"), (1_045, 1, "say 0 A")],
        5_000,
        &["1030 1: accepted 0", "1040 0: opened 1", "1160 0: A from 1"],
    );
}

#[test]
fn a_kernel_that_outlives_its_process_says_so() {
    let crash = What::Crash { machine: machine(1), power: false, restart_ms: Some(500) };
    check(
        &[at(50, crash)],
        &[(0, 0, "open 1"), (45, 1, "say 0 A"), (45, 0, "say 0 B")],
        2_000,
        &["10 1: accepted 0", "20 0: opened 1", "55 0: A from 1", "60 0: closed 1"],
    );
}

#[test]
fn an_end_whose_peer_lost_power_is_half_open_until_it_sends_to_the_next_life() {
    let crash = |restart_ms| What::Crash { machine: machine(1), power: true, restart_ms };
    let opened = ["10 1: accepted 0", "20 0: opened 1"];
    check(&[at(50, crash(Some(500)))], &[(0, 0, "open 1")], 60_000, &opened); // It never learns while it is silent.
    check(&[at(50, crash(Some(500)))], &[(0, 0, "open 1"), (100, 0, "say 0 A")], 60_000, &[opened[0], opened[1], "570 0: closed 1"]);
    check(&[at(50, crash(Some(500)))], &[(0, 0, "open 1"), (800, 0, "say 0 A")], 60_000, &[opened[0], opened[1], "820 0: closed 1"]);
    check(&[at(50, crash(None))], &[(0, 0, "open 1"), (100, 0, "say 0 A")], 60_000, &opened); // Nobody answers.
}

#[test]
fn what_a_machine_had_sent_before_it_lost_power_arrives_unless_it_must_be_sent_again() {
    let crash = What::Crash { machine: machine(1), power: true, restart_ms: None };
    let orders: [(u64, u16, &str); 2] = [(0, 0, "open 1"), (45, 1, "say 0 A; close 0")];
    let opened = ["10 1: accepted 0", "20 0: opened 1"];
    check(&[at(50, crash.clone())], &orders, 5_000, &[opened[0], opened[1], "55 0: A from 1", "55 0: closed 1"]);
    check(&[at(46, link_cut(0, 1, 100)), at(50, crash.clone())], &orders, 5_000, &opened);
    check(&[at(50, crash), at(52, link_cut(0, 1, 100))], &orders, 5_000, &opened);
}

#[test]
fn a_cut_stream_tells_both_ends_each_in_its_time_or_neither() {
    let cut = |silent| What::CutStreams { a: machine(0), b: machine(1), silent };
    let run = |silent| {
        let mut world = stage(3);
        load(&mut world, &[at(45, cut(silent))]);
        tell(
            &mut world,
            &[
                (0, 0, "open 1"),
                (0, 0, "open 2"),
                (40, 0, "say 0 A; say 1 B"),
                (46, 0, "say 0 C"),
                (46, 1, "say 0 D"),
                (1_000, 1, "close 0"),
                (1_000, 0, "close 0"),
            ],
        );
        hear_puppets(&mut world, 60_000).into_iter().skip(4).collect::<Vec<_>>()
    };
    let told = run(false);
    let closed: Vec<(u64, &str)> = told
        .iter()
        .filter(|line| line.contains("closed"))
        .map(|line| line.split_once(' ').expect("a time"))
        .map(|(ms, rest)| (ms.parse().expect("ms"), rest))
        .collect();
    assert_eq!(closed.iter().map(|(_, rest)| *rest).collect::<std::collections::BTreeSet<_>>().into_iter().collect::<Vec<_>>(), ["0: closed 1", "1: closed 0"]);
    assert_ne!(closed[0].0, closed[1].0);
    assert!(closed.iter().all(|(ms, _)| (55..300).contains(ms)), "{closed:?}");
    assert_eq!(told.len(), 3); // Besides, only what was sent on the other stream.
    assert_eq!(run(true), ["50 2: B from 0"]);
}

#[test]
fn a_dropped_message_takes_its_stream_along_and_a_dropped_reply_too() {
    let drop = What::Drop { kind: "B".into(), from: None, to: Some(MachineId(1)), count: 1 };
    let mut world = stage(2);
    load(&mut world, &[at(5, drop)]);
    tell(&mut world, &[(10, 0, "open 1"), (40, 0, "say 0 A; say 0 B; say 0 C")]);
    let heard = hear_puppets(&mut world, 1_000);
    assert_eq!(heard[..3], ["20 1: accepted 0", "30 0: opened 1", "50 1: A from 0"]);
    assert_eq!(heard[3..].iter().filter(|line| line.contains("closed")).count(), 2);
    assert_eq!(heard.len(), 5);

    let mut world = stage_of(vec![Puppet::default(), Puppet { at_ask: "say 0 REPLY", ..Puppet::default() }]);
    load(&mut world, &[at(35, What::DropReply { kind: "ASK".into(), from: None })]);
    // The ping goes back before the message has arrived: it is no reply.
    tell(&mut world, &[(0, 0, "open 1"), (40, 0, "say 0 ASK"), (45, 1, "say 0 PING")]);
    let heard = hear_puppets(&mut world, 1_000);
    assert_eq!(heard[..4], ["10 1: accepted 0", "20 0: opened 1", "50 1: ASK from 0", "55 0: PING from 1"]);
    assert_eq!(heard[4..].iter().filter(|line| line.contains("closed")).count(), 2, "{heard:?}");
    assert_eq!(heard.len(), 6);
}

#[test]
fn a_message_that_is_caught_when_sent_does_not_leave() {
    let cut = What::Partition { shape: Shape::Link { a: Target::Subject, b: Target::Peer }, for_ms: 1_000 };
    check(
        &[on(Moment::Send, "B", 2, cut)],
        &[(0, 0, "open 1"), (30, 0, "say 0 B; say 0 A; say 0 B; say 0 C")],
        5_000,
        &["10 1: accepted 0", "20 0: opened 1", "1040 1: B from 0", "1040 1: A from 0", "1040 1: B from 0", "1040 1: C from 0"],
    );
    // A crash of the sender: neither that message nor what the step wanted after it.
    let crash = What::Crash { machine: Target::Subject, power: false, restart_ms: None };
    check(
        &[on(Moment::Send, "B", 1, crash)],
        &[(0, 0, "open 1"), (30, 0, "say 0 A; say 0 B; say 0 C")],
        5_000,
        &["10 1: accepted 0", "20 0: opened 1", "40 1: A from 0", "40 1: closed 0"],
    );
}

#[test]
fn nothing_is_told_of_a_stream_that_its_own_process_has_closed() {
    let pause = What::Pause { machine: machine(1), for_ms: 500 };
    let mut world = stage_of(vec![Puppet::default(), Puppet { at_ask: "close 0", ..Puppet::default() }]);
    load(&mut world, &[at(45, pause)]);
    tell(&mut world, &[(0, 0, "open 1"), (50, 0, "say 0 A; say 0 ASK; say 0 B")]);
    assert_eq!(hear_puppets(&mut world, 5_000), ["10 1: accepted 0", "20 0: opened 1", "545 1: A from 0", "545 1: ASK from 0", "555 0: closed 1"]);
    assert_eq!(world.look().streams, 0);
}
