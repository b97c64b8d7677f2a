//! What every plan of every family must satisfy.

use std::collections::BTreeSet;

use vocab::plan::{Budget, Format, Plan, When, WorkloadKind};

use super::{Family, families, plan};

/// Seeds that each test draws from.
const SEEDS: std::ops::Range<u64> = 0..500;

fn plans(family: &'static Family) -> impl Iterator<Item = Plan> {
    SEEDS.map(|seed| family.plan(seed))
}

#[test]
fn names_and_numbers_are_unique() {
    assert_eq!(families().iter().map(|family| family.name).collect::<BTreeSet<_>>().len(), families().len());
    assert_eq!(families().iter().map(|family| family.number).collect::<BTreeSet<_>>().len(), families().len());
    assert!(plan("no-such-family", 1).is_none());
}

#[test]
fn every_plan_can_be_run() {
    for family in families() {
        for plan in plans(family) {
            assert_eq!(plan.check(), Ok(()), "{} {:?}", family.name, plan.seed);
            assert_eq!(plan.family, family.name);
            assert!((20_000..=120_000).contains(&plan.heal.at_ms));
            assert!((2..=6).contains(&plan.clients.len()));
            for client in &plan.clients {
                let ticks = client.session_timeout_ms / plan.coordination.tick_ms;
                assert!((2..=20).contains(&ticks) && client.rounds > 0 && client.think_ms > 0, "{client:?}");
            }
            for fault in &plan.faults {
                assert!(!matches!(fault.when, When::At { ms } if ms >= plan.heal.at_ms), "a fault after the heal: {fault:?}");
            }
        }
    }
}

#[test]
fn equal_seeds_give_equal_plans_and_others_differ() {
    for family in families() {
        let texts: Vec<String> = plans(family).map(|plan| plan.text(Format::Json)).collect();
        let again: Vec<String> = plans(family).map(|plan| plan.text(Format::Json)).collect();
        assert_eq!(texts, again, "{}", family.name);
        assert_eq!(texts.iter().collect::<BTreeSet<_>>().len(), texts.len(), "{}", family.name);
    }
}

#[test]
fn plans_survive_being_written_and_read() {
    for family in families() {
        for plan in plans(family).step_by(10) {
            for format in [Format::Toml, Format::Json] {
                assert_eq!(Plan::parse(&plan.text(format), format, "a plan").map_err(|error| error.to_string()), Ok(plan.clone()));
            }
        }
    }
}

/// How many of the family's plans have a blow of each of these names.
fn check(family: &str, names: &[&str]) {
    let family = super::family(family).expect("the table names families that exist");
    let all: BTreeSet<&str> = plans(family).flat_map(|plan| plan.faults.into_iter().map(|fault| fault.what.name())).collect();
    for name in names {
        assert!(all.contains(name), "{} never draws {name}; it draws {all:?}", family.name);
    }
}

const CUTS: &[&str] = &[
    "partition-halves",
    "partition-isolate",
    "partition-one-way",
    "partition-bridge",
    "partition-ring",
    "partition-link",
    "cut-streams",
    "drop",
    "drop-reply",
];
const CRASHES: &[&str] = &["crash-power", "crash-process", "blackout", "lose-disk", "restart"];
const DISKS: &[&str] = &["disk-stall", "disk-full", "disk-error", "lying-sync", "bit-rot", "misdirected-write", "lose-disk", "crash-power"];

#[test]
fn every_family_draws_the_blows_of_its_classes() {
    check("weather", &["slow-link"]);
    check("partitions", CUTS);
    check("crashes", CRASHES);
    check("disks", DISKS);
    check("clocks", &["clock-step", "clock-drift"]);
    check("pauses", &["pause"]);
    check("sessions", &["pause", "cut-streams", "drop-reply", "order", "partition-one-way", "partition-halves"]);
    check("catch-up", &["partition-isolate", "partition-link", "partition-halves", "crash-power", "crash-process"]);
    check("logs", &["crash-power", "blackout", "lose-disk", "lying-sync", "bit-rot", "disk-full", "disk-error"]);
    check(
        "stream-failover",
        &["crash-power", "crash-process", "blackout", "restart", "pause", "cut-streams", "drop", "drop-reply", "slow-link", "partition-link"],
    );
    check("checkpoints", &["drop", "drop-reply", "partition-isolate", "partition-link", "crash-power", "order", "slow-link"]);
    check("zombies", &["partition-link", "pause", "crash-power", "order"]);
    check("outside", &["order", "crash-power", "partition-isolate", "partition-link", "pause", "disk-stall", "cut-streams"]);
    check("ha-cut", &["blackout", "partition-isolate", "partition-link", "crash-power", "pause"]);
    check("stream-everything", &[CRASHES, CUTS, &["clock-step", "order", "pause", "slow-link"]].concat());
    check("everything", &[CUTS, CRASHES, DISKS, &["slow-link", "clock-step", "clock-drift", "pause", "order"]].concat());
}

#[test]
fn calm_has_no_blow_and_the_others_mostly_have_some() {
    for family in families() {
        let blown = plans(family).filter(|plan| !plan.faults.is_empty()).count();
        assert_eq!(blown, if family.name.ends_with("calm") { 0 } else { SEEDS.count() }, "{}", family.name);
    }
}

#[test]
fn the_swarm_switches_classes_off() {
    let family = super::family("everything").expect("it exists");
    for name in ["pause", "slow-link", "clock-step", "order"] {
        let with = plans(family).filter(|plan| plan.faults.iter().any(|fault| fault.what.name() == name)).count();
        assert!((30..450).contains(&with), "{name} in {with} of 500 plans");
    }
}

#[test]
fn blows_fall_at_times_and_on_events() {
    for family in families().iter().filter(|family| !family.name.ends_with("calm")) {
        let (at, on): (Vec<_>, Vec<_>) = plans(family).flat_map(|plan| plan.faults).partition(|fault| matches!(fault.when, When::At { .. }));
        assert!(at.len() > 500 && on.len() > 500, "{}: {} at times, {} on events", family.name, at.len(), on.len());
    }
}

#[test]
fn sizes_budgets_workloads_and_absences_vary() {
    let all: Vec<Plan> = families().iter().flat_map(plans).collect();
    let sizes: BTreeSet<u16> = all.iter().map(|plan| plan.cluster.replicas).collect();
    assert_eq!(sizes.into_iter().collect::<Vec<_>>(), [3, 5, 7, 9]);
    let kinds: BTreeSet<WorkloadKind> = all.iter().flat_map(|plan| plan.clients.iter().map(|client| client.workload)).collect();
    assert_eq!(kinds.len(), 14);
    let everyone = |name| all.iter().filter(|plan| plan.family == name && plan.budget == Budget::Everyone).count();
    assert!((30..400).contains(&everyone("observers")) && everyone("reconfig") == SEEDS.count() && everyone("crashes") == 0);
    assert!(all.iter().any(|plan| !plan.cluster.groups.is_empty() && !plan.cluster.weights.is_empty()));
    let unrestricted = |name| all.iter().filter(|plan| plan.family == name && plan.budget == Budget::Unrestricted).count();
    assert!((10..150).contains(&unrestricted("disks")));
    assert_eq!(unrestricted("crashes"), 0);
    assert!(all.iter().any(|plan| plan.heal.absent.len() == 2) && all.iter().any(|plan| plan.heal.absent.is_empty()));
}

#[test]
fn idle_rules_exist_and_have_a_reason() {
    for family in families() {
        for idle in family.idle {
            assert!(models::rule(idle.rule).is_some() && !idle.reason.is_empty(), "{}: {idle:?}", family.name);
        }
    }
}
