//! The fault budget: what may be destroyed, what must wait, what is left out.

use stormglass_world::*;

use crate::puppet::*;

fn lose(number: u16) -> What {
    What::LoseDisk { machine: machine(number), restart_ms: 10 }
}

/// What happened among machines that claim these, without boots.
fn check(claims: &[(u128, u128)], budget: Budget, faults: &[Fault], orders: &[(u64, u16, &str)], happened: &[&str]) {
    let mut world = stage_of(claims.iter().map(|(a, b)| Puppet::claiming(*a, *b)).chain([Puppet::default()]).collect());
    world.load(faults, &Heal { at_ms: 20_000, bound_ms: 0, absent: vec![] }, budget, 500);
    tell(&mut world, orders);
    let heard: Vec<String> = hear(&mut world, 15_000).into_iter().filter(|line| !line.contains("Booted")).collect();
    assert_eq!(heard, happened, "{claims:?} under {faults:?}");
}

const GONE: &str = "Crashed { power: true, disk_lost: true, lost_bytes: 0, lied_bytes: 0 }";

#[test]
fn a_disk_is_lost_while_a_majority_of_the_others_covers_it() {
    let struck = ["10 0: Struck { fault: 0, kind: \"lose-disk\" }".to_owned(), format!("10 0: {GONE}")];
    let struck: Vec<&str> = struck.iter().map(String::as_str).collect();
    let spared = ["3010 0: Spared { fault: 0, kind: \"lose-disk\" }"];
    let at_ten = [at(10, lose(0))];
    let check = |claims: &[(u128, u128)], budget, happened: &[&str]| check(claims, budget, &at_ten, &[], happened);
    check(&[(1, 5), (1, 5), (1, 5)], Budget::Majority, &struck);
    check(&[(1, 5), (1, 5), (1, 4)], Budget::Majority, &spared); // Of three, both others.
    check(&[(1, 5), (2, 4), (2, 6)], Budget::Majority, &spared); // Neither component may be above.
    check(&[(1, 5), (1, 5), (1, 5), (1, 5), (0, 0)], Budget::Majority, &struck); // Of five, three others.
    check(&[(1, 5), (1, 5), (1, 5), (0, 5), (0, 0)], Budget::Majority, &spared);
    check(&[(1, 5)], Budget::Majority, &spared); // Nobody else.
    check(&[(1, 5), (0, 0), (0, 0)], Budget::Unrestricted, &struck);
    check(&[(1, 5), (1, 5), (1, 5), (1, 5), (1, 5)], Budget::Everyone, &struck);
    check(&[(1, 5), (1, 5), (1, 5), (1, 5), (1, 4)], Budget::Everyone, &spared); // A majority is not everyone.
    check(&[(1, 5)], Budget::Everyone, &spared); // Where there are no others, nobody covers it.
}

#[test]
fn a_fault_that_must_wait_strikes_when_the_others_have_caught_up() {
    check(
        &[(1, 5), (1, 5), (1, 4)],
        Budget::Majority,
        &[at(10, lose(0))],
        &[(1_000, 2, "claim 1 5")],
        &["1010 0: Struck { fault: 0, kind: \"lose-disk\" }", &format!("1010 0: {GONE}")],
    );
}

#[test]
fn a_machine_that_is_down_or_damaged_covers_nobody() {
    let crash = at(5, What::Crash { machine: machine(2), power: false, restart_ms: Some(2_000) });
    check(
        &[(1, 5), (1, 5), (1, 5)],
        Budget::Majority,
        &[crash, at(10, lose(0))],
        &[],
        &[
            "5 2: Struck { fault: 0, kind: \"crash-process\" }",
            "5 2: Crashed { power: false, disk_lost: false, lost_bytes: 0, lied_bytes: 0 }",
            "2010 0: Struck { fault: 1, kind: \"lose-disk\" }",
            &format!("2010 0: {GONE}"),
        ],
    );
    let rot = at(20, What::BitRot { machine: machine(2), kind: "f".into() });
    check(
        &[(1, 5), (1, 5), (1, 5)],
        Budget::Majority,
        &[rot, at(30, lose(0))],
        &[(0, 2, "append f a; sync f")],
        &["5 2: synced 2", "20 2: Struck { fault: 0, kind: \"bit-rot\" }", "20 2: Rotted { file: \"f\" }", "3030 0: Spared { fault: 1, kind: \"lose-disk\" }"],
    );
}

#[test]
fn rot_waits_for_a_file_and_for_the_budget() {
    let rot = at(20, What::BitRot { machine: machine(0), kind: "f".into() });
    check(
        &[(1, 5), (1, 5), (1, 5)],
        Budget::Majority,
        std::slice::from_ref(&rot),
        &[(1_000, 0, "append f a; sync f")],
        &["1005 0: synced 2", "1020 0: Struck { fault: 0, kind: \"bit-rot\" }", "1020 0: Rotted { file: \"f\" }"],
    );
    check(
        &[(1, 5), (1, 5), (1, 4)],
        Budget::Majority,
        &[rot],
        &[(0, 0, "append f a; sync f")],
        &["5 0: synced 2", "3020 0: Spared { fault: 0, kind: \"bit-rot\" }"],
    );
}

#[test]
fn a_lie_is_shown_only_where_the_budget_permits_its_loss() {
    let lost = |claims: &[(u128, u128)]| -> u64 {
        let run = |seed| {
            let mut world = World::new(seed, &plain());
            for (a, b) in claims {
                world.add(Puppet::claiming(*a, *b), 0);
            }
            load(
                &mut world,
                &[
                    at(12, What::LyingSync { machine: machine(0), for_ms: 1_000 }),
                    at(40, What::Crash { machine: machine(0), power: true, restart_ms: Some(10) }),
                ],
            );
            tell(&mut world, &[(0, 0, "append f a; sync f; syncdir"), (15, 0, "append f bc; sync f")]);
            hear(&mut world, 100).iter().find_map(|line| line.split("lied_bytes: ").nth(1)?.trim_end_matches(" }").parse::<u64>().ok()).expect("a crash")
        };
        (0..40).map(run).sum()
    };
    assert!(lost(&[(1, 5), (1, 5), (1, 5)]) > 20);
    assert_eq!(lost(&[(1, 5), (1, 5), (1, 4)]), 0);
}

#[test]
fn nobody_stays_away_when_a_machine_that_is_down_may_come_back_with_a_hole_in_its_disk() {
    let heard = |lies: bool, seed| -> (bool, bool) {
        let mut world = World::new(seed, &plain());
        for _ in 0..4 {
            world.add(Puppet::claiming(1, 5), 0);
        }
        let lie = at(12, What::LyingSync { machine: machine(0), for_ms: 1_000 });
        let crash = at(40, What::Crash { machine: machine(0), power: true, restart_ms: None });
        let faults: Vec<Fault> = if lies { vec![lie, crash] } else { vec![crash] };
        world.load(&faults, &Heal { at_ms: 2_000, bound_ms: 0, absent: vec![MachineId(3)] }, Budget::Majority, 500);
        tell(&mut world, &[(0, 0, "append f a; sync f; syncdir"), (15, 0, "append f bc; sync f")]);
        let lines = hear(&mut world, 3_000);
        let says = |word: &str| lines.iter().any(|line| line.contains(word));
        (!says("lied_bytes: 0"), says("LeftOut"))
    };
    let all: std::collections::BTreeSet<(bool, bool)> = (0..40).map(|seed| heard(true, seed)).collect();
    assert_eq!(all, [(false, true), (true, false)].into(), "(a lie was shown, somebody is left out)");
    assert_eq!(heard(false, 1), (false, true));
}

#[test]
fn a_liar_covers_nobody_until_a_true_sync() {
    let faults = [at(2, What::LyingSync { machine: machine(2), for_ms: 100 }), at(200, lose(0))];
    check(
        &[(1, 5), (1, 5), (1, 5)],
        Budget::Majority,
        &faults,
        &[(3, 2, "append f a; sync f"), (1_000, 2, "sync f")],
        &[
            "2 2: Struck { fault: 0, kind: \"lying-sync\" }",
            "8 2: synced 2",
            "102 2: Ended { fault: 0 }",
            "1005 2: synced 3",
            "1020 0: Struck { fault: 1, kind: \"lose-disk\" }",
            &format!("1020 0: {GONE}"),
        ],
    );
}

#[test]
fn the_operator_wipes_a_damaged_disk_as_soon_as_nothing_is_lost_by_it() {
    check(
        &[(1, 5), (1, 5), (1, 4)],
        Budget::Majority,
        &[],
        &[(0, 0, "append f a"), (10, 0, "exit damaged"), (7_001, 2, "claim 1 5"), (8_000, 0, "list")],
        &["10 0: Exited { why: \"told to\", damaged: true }", "7010 0: Wiped", "8001 0: listed "],
    );
    check(
        &[(1, 5), (0, 0), (0, 0)],
        Budget::Unrestricted,
        &[],
        &[(10, 0, "exit damaged")],
        &["10 0: Exited { why: \"told to\", damaged: true }", "10 0: Wiped"],
    );
}

#[test]
fn what_a_life_before_had_claimed_still_counts() {
    // The second life claims nothing yet: it has not read its disk.
    let crash = at(5, What::Crash { machine: machine(0), power: false, restart_ms: Some(10) });
    let mut world = stage_of(vec![Puppet::claiming(0, 0), Puppet::claiming(1, 4), Puppet::claiming(1, 5)]);
    load(&mut world, &[crash, at(50, lose(0))]);
    tell(&mut world, &[(1, 0, "claim 1 5")]);
    let heard = hear(&mut world, 10_000);
    assert!(heard.contains(&"3050 0: Spared { fault: 1, kind: \"lose-disk\" }".to_owned()), "{heard:?}");
}
