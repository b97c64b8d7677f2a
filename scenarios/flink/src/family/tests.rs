//! What the plans of families with a stream engine must satisfy, beyond what those of all must.

use std::collections::BTreeSet;

use contract::fault::{Fault, What, When};
use contract::plan::Budget;
use flink_words::Plan;
use flink_words::job::JobKind;
use flink_words::settings::{RestartPlan, SinkKind, StepAction, StreamPlan};
use harness::family::PlanDice;
use harness::plan::{Document, Format, read, text};

use super::{EngineFamily, FAMILIES, families, plan, service};
use crate::Flink;

const SEEDS: std::ops::Range<u64> = 0..500;

fn plans(name: &str) -> Vec<Plan> {
    let all = families();
    let family = all.iter().find(|family| family.name == name).expect("the family exists");
    SEEDS.map(|seed| family.plan(seed)).collect()
}

fn streams(name: &str) -> Vec<StreamPlan> {
    plans(name).into_iter().map(|plan| plan.settings.stream).collect()
}

#[test]
fn every_plan_can_be_run() {
    for family in families() {
        for plan in SEEDS.map(|seed| family.plan(seed)) {
            let told = format!("{} {:?}", family.name, plan.seed);
            assert_eq!(plan.check(), Ok(()), "{told}");
            assert_ne!(plan.budget, Budget::Unrestricted, "{told}: nothing stands upon what may be lost");
            assert_eq!((plan.family.as_str(), plan.system.as_str()), (family.name, "flink"));
            assert!((20_000..=120_000).contains(&plan.heal.at_ms), "{told}");
            for fault in &plan.faults {
                assert!(!matches!(fault.when, When::At { ms } if ms >= plan.heal.at_ms), "{told}: a fault after the heal: {fault:?}");
            }
        }
    }
}

#[test]
fn equal_seeds_give_equal_plans_and_others_differ() {
    for (family, again) in families().iter().zip(families()) {
        let texts: Vec<String> = SEEDS.map(|seed| text(&family.plan(seed), Format::Json)).collect();
        assert_eq!(texts, SEEDS.map(|seed| text(&again.plan(seed), Format::Json)).collect::<Vec<_>>(), "{}", family.name);
        assert_eq!(texts.iter().collect::<BTreeSet<_>>().len(), texts.len(), "{}", family.name);
    }
}

#[test]
fn plans_survive_being_written_and_read() {
    for family in families() {
        for plan in SEEDS.step_by(10).map(|seed| family.plan(seed)) {
            for format in [Format::Toml, Format::Json] {
                let document = Document::parse(&text(&plan, format), format, "a plan").expect("it is what was written");
                assert_eq!(read::<Flink>(&document, &[]), Ok(plan.clone()));
            }
        }
    }
}

#[test]
fn every_family_draws_the_faults_of_its_classes() {
    let check = |family: &str, names: &[&str]| {
        let all: BTreeSet<&str> = plans(family).into_iter().flat_map(|plan| plan.faults.into_iter().map(|fault| fault.what.about().name)).collect();
        for name in names {
            assert!(all.contains(name), "{family} never draws {name}; it draws {all:?}");
        }
    };
    let cuts = ["partition-halves", "partition-isolate", "partition-one-way", "partition-bridge", "partition-ring", "partition-link", "cut-streams"];
    let crashes = ["crash-power", "crash-process", "blackout", "lose-disk", "restart"];
    let disks = ["disk-stall", "disk-full", "disk-error", "lying-sync", "bit-rot", "misdirected-write", "lose-disk", "crash-power"];
    let rest = ["drop", "drop-reply", "clock-step", "order", "pause", "slow-link"];
    check(
        "stream-failover",
        &["crash-power", "crash-process", "blackout", "restart", "pause", "cut-streams", "drop", "drop-reply", "slow-link", "partition-link"],
    );
    check("checkpoints", &["drop", "drop-reply", "partition-isolate", "partition-link", "crash-power", "order", "slow-link"]);
    check("zombies", &["partition-link", "pause", "crash-power", "order"]);
    check("outside", &["order", "crash-power", "partition-isolate", "partition-link", "pause", "disk-stall", "cut-streams"]);
    check("ha-cut", &["blackout", "partition-isolate", "partition-link", "crash-power", "pause"]);
    check("stream-everything", &[&crashes[..], &cuts, &rest].concat());
    check("everything", &[&cuts[..], &crashes, &disks, &rest, &["clock-drift"]].concat());
}

#[test]
fn only_calm_has_no_faults_and_all_others_have_some_at_times_and_some_on_events() {
    for EngineFamily { name, .. } in &FAMILIES {
        let plans = plans(name);
        let struck = plans.iter().filter(|plan| !plan.faults.is_empty()).count();
        assert_eq!(struck, if name.ends_with("calm") { 0 } else { SEEDS.count() }, "{name}");
        let (at, on): (Vec<_>, Vec<_>) = plans.into_iter().flat_map(|plan| plan.faults).partition(|fault| matches!(fault.when, When::At { .. }));
        assert!(struck == 0 || at.len() > 500 && on.len() > 500, "{name}: {} at times, {} on events", at.len(), on.len());
    }
}

#[test]
fn the_swarm_switches_classes_off() {
    let plans = plans("everything");
    for name in ["pause", "slow-link", "clock-step", "order"] {
        let with = plans.iter().filter(|plan| plan.faults.iter().any(|fault| fault.what.about().name == name)).count();
        assert!((30..450).contains(&with), "{name} in {with} of 500 plans");
    }
}

#[test]
fn every_engine_can_work() {
    for family in families() {
        for plan in SEEDS.map(|seed| family.plan(seed)) {
            let stream = &plan.settings.stream;
            let told = format!("{} {:?}", family.name, plan.seed);
            let ticks = stream.ha.session_timeout_ms / plan.settings.service.coordination.tick_ms;
            assert!((2..=20).contains(&ticks), "{told}: a session of {ticks} ticks");
            assert!((1..=3).contains(&stream.parallelism) && (8..=32).contains(&stream.max_parallelism), "{told}");
            assert!((500..=4_000).contains(&stream.checkpoints.interval_ms) && (1..=3).contains(&stream.checkpoints.retained), "{told}");
            assert!((200..=3_000).contains(&stream.input.records) && stream.input.until_ms < plan.heal.at_ms, "{told}");
            assert!(u64::from(stream.txn_timeout_ms) > plan.heal.at_ms + 60_000, "{told}: a transaction may run out of time");
            assert!(plan.heal.bound_ms > 120_000, "{told}");
            assert_eq!(plan.weather.clocks.len(), usize::from(plan.machines()), "{told}: every machine has a clock");
            assert!(stream.steps.is_sorted_by_key(|step| step.at_ms), "{told}");
        }
    }
}

/// The engine takes part beside the service, and changes nothing of it but the time that a healed run has.
#[test]
fn the_service_is_drawn_as_it_is_without_an_engine() {
    for EngineFamily { name, number, service, service_faults, .. } in &FAMILIES {
        for seed in SEEDS.step_by(10) {
            let part = service::plan(service, PlanDice { seed, family: *number }, *service_faults);
            let whole = plan(name, seed);
            let first = part.machines();
            assert_eq!((&whole.settings.service, &whole.faults[..part.faults.len()]), (&part.settings, &part.faults[..]), "{name} {seed}");
            assert_eq!((whole.budget, whole.supervisor_ms, &whole.heal.absent), (part.budget, part.supervisor_ms, &part.heal.absent), "{name} {seed}");
            let (mut with, without) = (whole.weather, part.weather);
            with.clocks.truncate(usize::from(first));
            with.links.retain(|link| link.from.0 < first && link.to.0 < first);
            assert_eq!(with, without, "{name} {seed}");
        }
    }
}

#[test]
fn the_first_run_that_people_try_is_the_one_they_were_told_of() {
    let plan = plan("stream-failover", 7);
    let stream = &plan.settings.stream;
    assert_eq!((plan.settings.service.replicas(), stream.masters, stream.workers), (3, 2, 3));
    assert!(stream.job.name().starts_with('q') && plan.faults.len() >= 5, "{:?}, {} faults", stream.job, plan.faults.len());
}

#[test]
fn settings_vary() {
    let all: Vec<StreamPlan> = ["stream-everything", "stream-failover", "checkpoints"].iter().flat_map(|name| streams(name)).collect();
    let jobs: BTreeSet<JobKind> = all.iter().map(|stream| stream.job).collect();
    assert_eq!(jobs.len(), JobKind::ALL.len());
    let part = |name: &str, is: fn(&StreamPlan) -> bool| {
        let count = all.iter().filter(|stream| is(stream)).count();
        assert!((10..all.len() - 10).contains(&count), "{name} in {count} of {}", all.len());
    };
    part("unaligned", |stream| stream.checkpoints.unaligned);
    part("aligned with a timeout", |stream| stream.checkpoints.aligned_timeout_ms > 0);
    part("incremental", |stream| stream.checkpoints.incremental);
    part("inline", |stream| stream.checkpoints.inline_bytes > 0);
    part("concurrent", |stream| stream.checkpoints.max_concurrent > 1);
    part("tolerant", |stream| stream.checkpoints.tolerable_failures > 0);
    part("idempotent", |stream| stream.sink == SinkKind::Idempotent);
    part("few buffers", |stream| stream.network.buffers().1 <= 12);
    part("idle splits", |stream| stream.input.idle_ms > 0);
    part("no disorder", |stream| stream.input.disorder_ms == 0);
    part("one subtask", |stream| stream.parallelism == 1);
    part("fixed delay", |stream| matches!(stream.restart, RestartPlan::FixedDelay { .. }));
    part("failure rate", |stream| matches!(stream.restart, RestartPlan::FailureRate { .. }));
    part("tolerates SUSPENDED", |stream| stream.ha.tolerates_suspended);
    let off = |name| streams(name).iter().filter(|stream| stream.restart == RestartPlan::Off).count();
    assert!((1..40).contains(&off("stream-failover")) && off("zombies") == 0 && off("rescale") == 0);
}

#[test]
fn steps_are_where_they_belong() {
    let count = |name: &str, is: fn(StepAction) -> bool| streams(name).iter().filter(|stream| stream.steps.iter().any(|step| is(step.action))).count();
    let rescales = |name| count(name, |action| matches!(action, StepAction::Rescale { .. }));
    let savepoints = |name| count(name, |action| action == StepAction::Savepoint);
    assert_eq!((rescales("rescale"), savepoints("savepoints")), (SEEDS.count(), SEEDS.count()));
    assert!((50..300).contains(&rescales("stream-everything")) && rescales("stream-failover") == 0 && savepoints("zombies") == 0);
    let up = streams("rescale")
        .iter()
        .filter(|stream| stream.parallelism == 2 && stream.steps.iter().any(|step| step.action == StepAction::Rescale { parallelism: 3 }))
        .count();
    assert!(up > 20, "{up} of 500 go from 2 to 3");
}

#[test]
fn zombies_hold_back_what_a_leader_writes_for_longer_than_its_session() {
    let mut seeds = 0;
    for plan in plans("zombies") {
        let stream = &plan.settings.stream;
        let masters: Vec<_> = plan.settings.stream_machines().masters().collect();
        let holds = |fault: &&Fault| {
            let by_master = matches!(&fault.when, When::On { kind, machine: Some(machine), after_ms: 0, .. } if kind == "multi" && masters.contains(machine));
            by_master && matches!(fault.what, What::Partition { for_ms, .. } if for_ms > stream.ha.session_timeout_ms.into())
        };
        let retained = stream.checkpoints.retained == 1 && stream.checkpoints.inline_bytes == 0;
        seeds += usize::from(retained && plan.faults.iter().filter(holds).count() >= usize::from(plan.settings.service.replicas()));
    }
    assert!(seeds > 100, "{seeds} of 500 plans could show the hole of Flink 2.3.0");
}

#[test]
fn the_outside_loses_nothing_that_it_has_made_durable() {
    for family in families() {
        for plan in SEEDS.map(|seed| family.plan(seed)) {
            let machines = plan.settings.stream_machines();
            let outside = [machines.log(), machines.ledger(), machines.blobs()];
            for fault in &plan.faults {
                let destroys = matches!(
                    fault.what,
                    What::LoseDisk { .. } | What::BitRot { .. } | What::MisdirectedWrite { .. } | What::LyingSync { .. } | What::DiskFull { .. }
                );
                assert!(!(destroys && fault.what.about().machines.iter().any(|machine| outside.contains(machine))), "{}: {fault:?}", family.name);
            }
        }
    }
}

#[test]
fn idle_rules_exist_and_have_a_reason() {
    let rules: Vec<_> = flink_models::rules().abouts().collect();
    for family in families() {
        for idle in &family.idle {
            assert!(rules.iter().any(|rule| [rule.id, rule.scope].contains(&idle.what)) && !idle.reason.is_empty(), "{}: {idle:?}", family.name);
        }
    }
}

#[test]
fn names_and_numbers_of_families_are_unique() {
    let names: BTreeSet<&str> = FAMILIES.iter().map(|family| family.name).collect();
    let numbers: BTreeSet<u64> = FAMILIES.iter().map(|family| family.number).collect();
    assert_eq!((names.len(), numbers.len()), (FAMILIES.len(), FAMILIES.len()));
    assert_eq!(FAMILIES.last().map(|family| family.name), Some("everything"));
}
