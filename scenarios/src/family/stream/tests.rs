//! What the plans of families with a stream engine must satisfy, beyond what those of all must.

use std::collections::BTreeSet;

use vocab::plan::{Budget, Plan, RestartPlan, SinkKind, StepAction, StreamPlan, What, When};
use vocab::stream::job::JobKind;

use crate::family::{Family, families, family};

const SEEDS: std::ops::Range<u64> = 0..500;

fn with_stream() -> impl Iterator<Item = &'static Family> {
    families().iter().filter(|family| family.has_stream())
}

fn plans(name: &str) -> Vec<Plan> {
    let family = family(name).expect("the family exists");
    SEEDS.map(|seed| family.plan(seed)).collect()
}

fn streams(name: &str) -> Vec<StreamPlan> {
    plans(name).into_iter().filter_map(|plan| plan.stream).collect()
}

#[test]
fn every_engine_can_work() {
    assert_eq!(with_stream().count(), 10);
    for family in with_stream() {
        for plan in SEEDS.map(|seed| family.plan(seed)) {
            let Some(stream) = &plan.stream else {
                assert_eq!((family.name, plan.budget), ("everything", Budget::Unrestricted));
                continue;
            };
            let told = format!("{} {:?}", family.name, plan.seed);
            let ticks = stream.ha.session_timeout_ms / plan.coordination.tick_ms;
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
fn everything_draws_for_the_service_what_it_drew_without_an_engine() {
    let with = family("everything").expect("it exists");
    let without = Family { taste: super::Taste { stream: None, ..with.taste }, ..*with };
    for seed in SEEDS {
        let (mut whole, part) = (with.plan(seed), without.plan(seed));
        let first = part.machines();
        whole.stream = None;
        whole.faults.truncate(part.faults.len());
        whole.heal.bound_ms = part.heal.bound_ms;
        whole.weather.clocks.truncate(usize::from(first));
        whole.weather.links.retain(|link| link.from.0 < first && link.to.0 < first);
        assert_eq!(whole, part);
    }
}

#[test]
fn the_first_run_that_people_try_is_the_one_they_were_told_of() {
    let plan = family("stream-failover").expect("it exists").plan(7);
    let stream = plan.stream.as_ref().expect("a stream engine takes part");
    assert_eq!((plan.replicas(), stream.masters, stream.workers), (3, 2, 3));
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
        let stream = plan.stream.as_ref().expect("a stream engine takes part");
        let masters: Vec<_> = plan.stream_machines().expect("it has machines").masters().collect();
        let holds = |fault: &&vocab::plan::Fault| {
            let by_master = matches!(&fault.when, When::On { kind, machine: Some(machine), after_ms: 0, .. } if kind == "multi" && masters.contains(machine));
            by_master && matches!(fault.what, What::Partition { for_ms, .. } if for_ms > stream.ha.session_timeout_ms.into())
        };
        let retained = stream.checkpoints.retained == 1 && stream.checkpoints.inline_bytes == 0;
        seeds += usize::from(retained && plan.faults.iter().filter(holds).count() >= usize::from(plan.replicas()));
    }
    assert!(seeds > 100, "{seeds} of 500 plans could show the hole of Flink 2.3.0");
}

#[test]
fn the_outside_loses_nothing_that_it_has_made_durable() {
    for family in with_stream() {
        for plan in SEEDS.map(|seed| family.plan(seed)) {
            let Some(machines) = plan.stream_machines() else { continue };
            let outside = [machines.log(), machines.ledger(), machines.blobs()];
            for fault in &plan.faults {
                let destroys = matches!(
                    fault.what,
                    What::LoseDisk { .. } | What::BitRot { .. } | What::MisdirectedWrite { .. } | What::LyingSync { .. } | What::DiskFull { .. }
                );
                assert!(!(destroys && fault.what.machines().iter().any(|machine| outside.contains(machine))), "{}: {fault:?}", family.name);
            }
        }
    }
}
