//! Disks, as their processes see them: answers and their order, what a crash leaves, and every fault of a disk.

use std::collections::BTreeSet;

use stormglass_world::*;

use crate::puppet::*;

fn power(restart_ms: u64) -> What {
    What::Crash { machine: machine(0), power: true, restart_ms: Some(restart_ms) }
}

fn check(faults: &[Fault], orders: &[(u64, u16, &str)], until_ms: u64, heard: &[&str]) {
    let mut world = stage(1);
    load(&mut world, faults);
    tell(&mut world, orders);
    assert_eq!(hear_puppets(&mut world, until_ms), heard, "{orders:?} under {faults:?}");
    assert_eq!(world.ending(), None);
}

#[test]
fn a_disk_answers_in_the_order_of_asking_and_takes_its_time() {
    check(
        &[],
        &[(0, 0, "append log.1 ab; sync log.1; read log.1; append log.1 cd; read log.1; sync log.1")],
        100,
        &["5 0: synced 2", "6 0: read ab", "7 0: read abcd", "12 0: synced 6"],
    );
    check(
        &[],
        &[(0, 0, "read no; list; sync no; truncate no 3; rename no yes; remove no")],
        100,
        &["1 0: read nothing", "2 0: listed ", "7 0: failed 3 Io", "8 0: failed Io", "9 0: failed Io"],
    );
    check(
        &[],
        &[(0, 0, "append b x; append a y; rename b c; list; replace a zz; read a; truncate c 3; read c; remove c; list")],
        100,
        &["1 0: listed a c", "7 0: read zz", "8 0: read x\0\0", "9 0: listed a"],
    );
}

#[test]
fn a_process_crash_keeps_the_page_cache_and_a_power_loss_what_was_synced() {
    let written = (0, 0, "append log.1 ab; sync log.1; syncdir");
    let process = What::Crash { machine: machine(0), power: false, restart_ms: Some(10) };
    check(&[at(20, process)], &[written, (15, 0, "append log.1 cd"), (40, 0, "read log.1")], 100, &["5 0: synced 2", "10 0: synced 3", "41 0: read abcd"]);
    check(&[at(20, power(10))], &[written, (40, 0, "read log.1")], 100, &["5 0: synced 2", "10 0: synced 3", "41 0: read ab"]);
    // Nobody is told of what was under way.
    check(&[at(3, power(10))], &[written, (40, 0, "note back")], 100, &["40 0: back"]);
}

/// What 400 different crashes leave of the same doings.
fn remains(doings: &str, at_ms: u64, reading: &str) -> BTreeSet<String> {
    (0..400)
        .map(|seed| {
            let mut world = World::new(seed, &plain());
            world.add(Puppet::default(), 0);
            load(&mut world, &[at(at_ms, power(10))]);
            tell(&mut world, &[(0, 0, doings), (at_ms + 20, 0, reading)]);
            let heard = hear_puppets(&mut world, at_ms + 100);
            heard.last().and_then(|line| line.split(": ").nth(1)).expect("it reads").to_owned()
        })
        .collect()
}

fn set(lines: &[&str]) -> BTreeSet<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

#[test]
fn a_power_loss_keeps_a_prefix_of_what_was_not_synced() {
    let named = "append f ab; sync f; syncdir; append f cd; append f e";
    // The rest of a torn sector is zeros, as far as the append reached.
    assert_eq!(remains(named, 12, "read f"), set(&["read ab", "read abc", "read abcd", "read abcde", "read ab\0\0", "read abc\0", "read abcd\0"]));
    let cut = "append f abcd; sync f; syncdir; truncate f 1; append f xy";
    assert_eq!(remains(cut, 12, "read f"), set(&["read abcd", "read a", "read ax", "read axy", "read a\0\0", "read ax\0"]));
}

#[test]
fn a_new_name_lasts_only_after_a_directory_sync() {
    assert_eq!(remains("append f ab; sync f", 12, "read f"), set(&["read ab", "read nothing"]));
    assert_eq!(remains("append f ab; sync f; syncdir; rename f g; remove g", 12, "list"), set(&["listed f", "listed g", "listed "]));
    assert_eq!(remains("append f ab; sync f; syncdir; replace f new", 17, "read f"), set(&["read ab", "read new"]));
    assert_eq!(remains("append f ab; sync f; syncdir; replace f new; syncdir", 22, "read f"), set(&["read new"]));
}

#[test]
fn a_stalled_disk_answers_all_at_once() {
    let stall = What::DiskStall { machine: machine(0), for_ms: 100 };
    check(&[at(2, stall)], &[(0, 0, "append f a; sync f; read f"), (50, 0, "list")], 300, &["102 0: synced 2", "102 0: read a", "102 0: listed f"]);
}

#[test]
fn a_full_disk_takes_no_writes_but_still_syncs() {
    let full = What::DiskFull { machine: machine(0), for_ms: 100 };
    let mut world = stage(1);
    load(&mut world, &[at(10, full)]);
    tell(&mut world, &[(0, 0, "append f a"), (20, 0, "append f bcdefgh; replace g new; sync f"), (120, 0, "append f z; read g; read f")]);
    let heard = hear_puppets(&mut world, 300);
    assert_eq!(heard[..4], ["21 0: failed Full", "27 0: failed Full", "32 0: synced 4", "121 0: read nothing"]);
    let text = heard[4].split("read ").nth(1).expect("the file");
    assert!(text.starts_with('a') && text.ends_with('z') && "abcdefghz".starts_with(text.trim_end_matches('z')), "{text}");
}

#[test]
fn a_failed_sync_is_forgotten_by_the_next_one() {
    let error = What::DiskError { machine: machine(0), count: 1 };
    let mut world = stage(1);
    load(&mut world, &[at(12, error), at(40, power(10))]);
    tell(&mut world, &[(0, 0, "append f a; sync f; syncdir"), (15, 0, "append f b"), (16, 0, "append f c; sync f"), (30, 0, "read f"), (60, 0, "read f")]);
    let heard = hear(&mut world, 100);
    // The first write after the fault fails, so the sync is good.
    assert!(heard.contains(&"16 0: failed Io".to_owned()) && heard.contains(&"21 0: synced 6".to_owned()), "{heard:?}");
    assert!(heard.contains(&"15 0: Ended { fault: 0 }".to_owned()), "{heard:?}");

    let error = What::DiskError { machine: machine(0), count: 1 };
    check(
        &[at(17, error), at(40, power(10))],
        // The failed sync covers b; c is synced well after it. The cache shows b until the power fails.
        &[(0, 0, "append f a; sync f; syncdir"), (15, 0, "append f b; sync f"), (25, 0, "append f c; sync f; read f"), (60, 0, "read f")],
        100,
        &["5 0: synced 2", "10 0: synced 3", "20 0: failed 5 Io", "30 0: synced 7", "31 0: read abc", "61 0: read a\0c"],
    );
}

#[test]
fn a_lying_sync_loses_what_it_promised_when_the_power_fails() {
    let lie = What::LyingSync { machine: machine(0), for_ms: 10_000 };
    let mut outcomes = BTreeSet::new();
    for seed in 0..100 {
        let mut world = World::new(seed, &plain());
        world.add(Puppet::default(), 0);
        load(&mut world, &[at(12, lie.clone()), at(40, power(10))]);
        tell(&mut world, &[(0, 0, "append f a; sync f; syncdir"), (15, 0, "append f bc; sync f"), (60, 0, "read f")]);
        let heard = hear(&mut world, 100);
        assert!(heard.contains(&"20 0: synced 5".to_owned()));
        let lied = heard.iter().find_map(|line| line.split("lied_bytes: ").nth(1)).expect("a crash").trim_end_matches(" }").to_owned();
        let read = heard.last().and_then(|line| line.split("read ").nth(1)).expect("it reads").to_owned();
        outcomes.insert((read, lied));
    }
    let outcome = |read: &str, lied: &str| (read.to_owned(), lied.to_owned());
    assert_eq!(outcomes, BTreeSet::from([outcome("a", "2"), outcome("ab", "1"), outcome("ab\0", "1"), outcome("a\0\0", "2"), outcome("abc", "0")]));
    // Once the fault is over, a sync of the same file is a true one.
    let lie = What::LyingSync { machine: machine(0), for_ms: 10 };
    check(
        &[at(12, lie), at(60, power(10))],
        &[(0, 0, "append f a; sync f; syncdir"), (15, 0, "append f bc; sync f"), (30, 0, "sync f"), (80, 0, "read f")],
        100,
        &["5 0: synced 2", "10 0: synced 3", "20 0: synced 5", "35 0: synced 6", "81 0: read abc"],
    );
}

#[test]
fn bits_rot_in_files_of_a_kind() {
    let rot = What::BitRot { machine: machine(0), kind: "log".into() };
    let mut world = stage(1);
    load(&mut world, &[at(20, rot)]);
    tell(&mut world, &[(0, 0, "append log.1 aaaa; append snap.1 bbbb; sync log.1; sync snap.1"), (30, 0, "read snap.1; read log.1")]);
    let heard = hear(&mut world, 100);
    assert_eq!(heard[2..5], ["20 0: Struck { fault: 0, kind: \"bit-rot\" }", "20 0: Rotted { file: \"log.1\" }", "31 0: read bbbb"]);
    let after = world.file(MachineId(0), "log.1").expect("the file is there");
    let flipped: u32 = after.iter().map(|byte| (byte ^ b'a').count_ones()).sum();
    assert_eq!((after.len(), flipped), (4, 1));
}

#[test]
fn a_write_goes_astray_with_the_next_sync_of_its_kind() {
    let astray = What::MisdirectedWrite { machine: machine(0), kind: "log".into() };
    let mut world = stage(1);
    load(&mut world, &[at(20, astray)]);
    tell(
        &mut world,
        &[
            (0, 0, "append log.1 aaaa; append snap.1 bbbb; sync log.1; sync snap.1"),
            (30, 0, "append log.1 cc; sync log.1"),
            (50, 0, "sync log.1; read log.1; read snap.1"),
        ],
    );
    let heard = hear(&mut world, 100);
    assert_eq!(
        heard[2..],
        [
            "20 0: Struck { fault: 0, kind: \"misdirected-write\" }",
            "35 0: Ended { fault: 0 }",
            "35 0: Rotted { file: \"snap.1\" }",
            "35 0: synced 6",
            "55 0: synced 7",
            "56 0: read aaaacc",
            "57 0: read aaaa" // The sector is as long as the file that it hit.
        ]
    );
}

#[test]
fn faults_strike_between_an_append_and_its_sync_and_between_a_sync_and_its_answer() {
    let crash = What::Crash { machine: Target::Subject, power: false, restart_ms: Some(10) };
    check(
        &[on(Moment::Append, "log", 2, crash.clone())],
        &[(0, 0, "append log.1 a; append snap.1 x; append log.1 b; append log.1 c; sync log.1"), (20, 0, "read log.1")],
        100,
        &["21 0: read ab"],
    );
    let crash = What::Crash { machine: Target::Subject, power: true, restart_ms: Some(10) };
    check(
        &[on(Moment::Sync, "log", 1, crash)],
        &[(0, 0, "syncdir; append log.1 a; syncdir; sync log.1; append log.1 b"), (50, 0, "note back")],
        100,
        &["5 0: synced 1", "10 0: synced 3", "50 0: back"],
    );
}

#[test]
fn a_replaced_file_is_durable_with_its_directory_and_then_faults_strike_that_wait_for_it() {
    let crash = What::Crash { machine: Target::Subject, power: true, restart_ms: Some(10) };
    let words = "replace epoch.1 a; syncdir; note on; append log.1 x; sync log.1";
    check(&[on(Moment::Sync, "epoch", 1, crash.clone())], &[(0, 0, words), (50, 0, "read epoch.1")], 100, &["0 0: on", "51 0: read a"]);
    // Without the directory's sync it is never durable; under a lie neither.
    let lie = at(0, What::LyingSync { machine: machine(0), for_ms: 40 });
    let waits = on(Moment::Sync, "epoch", 1, crash);
    check(std::slice::from_ref(&waits), &[(0, 0, "replace epoch.1 a; note on"), (50, 0, "read epoch.1")], 100, &["0 0: on", "51 0: read a"]);
    check(&[lie, waits], &[(1, 0, "replace epoch.1 a; syncdir"), (50, 0, "read epoch.1")], 100, &["11 0: synced 2", "51 0: read a"]);
}

#[test]
fn a_lost_disk_is_empty() {
    let lose = What::LoseDisk { machine: machine(0), restart_ms: 10 };
    let mut world = stage(1);
    load(&mut world, &[at(20, lose)]);
    tell(&mut world, &[(0, 0, "append f ab; sync f; syncdir"), (40, 0, "list; read f")]);
    assert_eq!(
        hear(&mut world, 100)[2..],
        [
            "20 0: Struck { fault: 0, kind: \"lose-disk\" }",
            "20 0: Crashed { power: true, disk_lost: true, lost_bytes: 2, lied_bytes: 0 }",
            "30 0: Booted { life: 1 }",
            "41 0: listed ",
            "42 0: read nothing"
        ]
    );
}

#[test]
fn other_dice_give_a_disk_other_latencies() {
    let mut weather = plain();
    weather.disk.jitter_us = 50_000;
    let mut world = World::new(1, &weather);
    world.add(Puppet::default(), 0);
    tell(&mut world, &[(10, 0, "append f a; sync f")]);
    let mut other = world.clone();
    other.redice(2);
    assert_ne!(hear(&mut world, 100), hear(&mut other, 100));
}
