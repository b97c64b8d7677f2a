//! What every plan of every family must satisfy.

use std::collections::BTreeSet;

use contract::fault::When;
use contract::plan::Budget;
use harness::System;
use harness::family::Family;
use harness::plan::{Document, Format, read, text};
use zookeeper_words::Plan;
use zookeeper_words::settings::WorkloadKind;

use super::{FAMILIES, families};
use crate::Zookeeper;

/// Seeds that each test draws from.
const SEEDS: std::ops::Range<u64> = 0..500;

fn plans(family: &Family<Zookeeper>) -> impl Iterator<Item = Plan> {
    SEEDS.map(|seed| family.plan(seed))
}

#[test]
fn names_and_numbers_are_unique() {
    assert_eq!(FAMILIES.iter().map(|family| family.name).collect::<BTreeSet<_>>().len(), FAMILIES.len());
    assert_eq!(FAMILIES.iter().map(|family| family.number).collect::<BTreeSet<_>>().len(), FAMILIES.len());
}

#[test]
fn every_plan_can_be_run() {
    for family in &families() {
        for plan in plans(family) {
            assert_eq!(plan.check(), Ok(()), "{} {:?}", family.name, plan.seed);
            assert_eq!(plan.family, family.name);
            assert!((20_000..=120_000).contains(&plan.heal.at_ms));
            assert!((2..=6).contains(&plan.settings.clients.len()));
            for client in &plan.settings.clients {
                let ticks = client.session_timeout_ms / plan.settings.coordination.tick_ms;
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
    for family in &families() {
        let texts: Vec<String> = plans(family).map(|plan| text(&plan, Format::Json)).collect();
        let again: Vec<String> = plans(family).map(|plan| text(&plan, Format::Json)).collect();
        assert_eq!(texts, again, "{}", family.name);
        assert_eq!(texts.iter().collect::<BTreeSet<_>>().len(), texts.len(), "{}", family.name);
    }
}

#[test]
fn plans_survive_being_written_and_read() {
    for family in &families() {
        for plan in plans(family).step_by(10) {
            for format in [Format::Toml, Format::Json] {
                let document = Document::parse(&text(&plan, format), format, "a plan").expect("it was written just now");
                assert_eq!(read::<Zookeeper>(&document, &[]).map_err(|error| error.to_string()), Ok(plan.clone()));
            }
        }
    }
}

fn named(name: &str) -> Family<Zookeeper> {
    families().into_iter().find(|family| family.name == name).expect("the table names families that exist")
}

/// How many of the family's plans have a fault of each of these names.
fn check(family: &str, names: &[&str]) {
    let family = named(family);
    let all: BTreeSet<&str> = plans(&family).flat_map(|plan| plan.faults.into_iter().map(|fault| fault.what.about().name)).collect();
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
fn every_family_draws_the_faults_of_its_classes() {
    check("weather", &["slow-link"]);
    check("partitions", CUTS);
    check("crashes", CRASHES);
    check("disks", DISKS);
    check("clocks", &["clock-step", "clock-drift"]);
    check("pauses", &["pause"]);
    check("sessions", &["pause", "cut-streams", "drop-reply", "order", "partition-one-way", "partition-halves"]);
    check("catch-up", &["partition-isolate", "partition-link", "partition-halves", "crash-power", "crash-process"]);
    check("logs", &["crash-power", "blackout", "lose-disk", "lying-sync", "bit-rot", "disk-full", "disk-error"]);
    check("unrestricted", &[CUTS, CRASHES, DISKS, &["slow-link", "clock-step", "clock-drift", "pause", "order"]].concat());
}

#[test]
fn calm_has_no_fault_and_the_others_mostly_have_some() {
    for family in &families() {
        let struck = plans(family).filter(|plan| !plan.faults.is_empty()).count();
        assert_eq!(struck, if family.name == "calm" { 0 } else { SEEDS.count() }, "{}", family.name);
    }
}

#[test]
fn the_swarm_switches_classes_off() {
    let family = named("unrestricted");
    for name in ["pause", "slow-link", "clock-step", "order"] {
        let with = plans(&family).filter(|plan| plan.faults.iter().any(|fault| fault.what.about().name == name)).count();
        assert!((30..450).contains(&with), "{name} in {with} of 500 plans");
    }
}

#[test]
fn faults_fall_at_times_and_on_events() {
    for family in families().iter().filter(|family| family.name != "calm") {
        let (at, on): (Vec<_>, Vec<_>) = plans(family).flat_map(|plan| plan.faults).partition(|fault| matches!(fault.when, When::At { .. }));
        assert!(at.len() > 500 && on.len() > 500, "{}: {} at times, {} on events", family.name, at.len(), on.len());
    }
}

#[test]
fn sizes_budgets_workloads_and_absences_vary() {
    let all: Vec<Plan> = families().iter().flat_map(|family| plans(family).collect::<Vec<_>>()).collect();
    let sizes: BTreeSet<u16> = all.iter().map(|plan| plan.settings.cluster.replicas).collect();
    assert_eq!(sizes.into_iter().collect::<Vec<_>>(), [3, 5, 7, 9]);
    let kinds: BTreeSet<WorkloadKind> = all.iter().flat_map(|plan| plan.settings.clients.iter().map(|client| client.workload)).collect();
    assert_eq!(kinds.len(), 14);
    let everyone = |name| all.iter().filter(|plan| plan.family == name && plan.budget == Budget::Everyone).count();
    assert!((30..400).contains(&everyone("observers")) && everyone("reconfig") == SEEDS.count() && everyone("crashes") == 0);
    assert!(all.iter().any(|plan| !plan.settings.cluster.groups.is_empty() && !plan.settings.cluster.weights.is_empty()));
    let unrestricted = |name| all.iter().filter(|plan| plan.family == name && plan.budget == Budget::Unrestricted).count();
    assert!((10..150).contains(&unrestricted("disks")));
    assert_eq!((unrestricted("crashes"), unrestricted("unrestricted")), (0, SEEDS.count()));
    assert!(all.iter().any(|plan| plan.heal.absent.len() == 2) && all.iter().any(|plan| plan.heal.absent.is_empty()));
}

#[test]
fn idle_rules_exist_and_have_a_reason() {
    let rules = Zookeeper::rules();
    for family in &families() {
        for idle in &family.idle {
            let is_known = rules.abouts().any(|rule| rule.id == idle.what || rule.scope == idle.what);
            assert!(is_known && !idle.reason.is_empty(), "{}: {idle:?}", family.name);
        }
    }
}

#[test]
fn rules_are_idle_where_there_is_nothing_for_them_and_nowhere_else() {
    let rules = Zookeeper::rules();
    let check = |name: &str, rule: &str, idle: bool| {
        let scope = rules.abouts().find(|about| about.id == rule).expect("the rule exists").scope;
        assert_eq!(named(name).excuse(rule, Some(scope)).is_some(), idle, "{rule} in {name}");
    };
    check("calm", "zab.total-order", false);
    check("calm", "config.joint-quorum", true);
    check("unrestricted", "config.joint-quorum", true);
    check("reconfig", "config.joint-quorum", false);
    check("crashes", "live.leader", false);
    check("crashes", "local.at-home", true);
    check("local-sessions", "local.at-home", false);
}
