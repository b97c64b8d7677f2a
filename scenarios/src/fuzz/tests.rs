//! The engine with a runner of its own: no world, verdicts by table.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use vocab::fact::{Fact, ReplicaFact};
use vocab::ids::{Epoch, MachineId, Zxid};
use vocab::plan::{Plan, Plant};
use vocab::recording::{Ending, Note, RECORDING_FORMAT, Recording};
use vocab::verdict::{Judgement, Tally, Verdict};

use super::{Complaint, End, FAILURES_KEPT, Failure, IDLE_RUNS, PROBE_SEEDS, Progress, Ran, Summary, Wish, fuzz};
use crate::change::{Bug, Changes, Set};
use crate::family::{Family, families, family};

fn broken() -> Verdict {
    Verdict::Broken { rule: "zab.some".into(), witness: "this and that".into() }
}

/// A run of 10 events, one fact and 1 s, with this verdict, that judged 3 things by one rule and none by another.
fn ran(plan: &Plan, verdict: Verdict) -> (Recording, Judgement) {
    let fact = ReplicaFact::Elected { round: 1, leader: MachineId(0), epoch: Epoch(0), zxid: Zxid::ZERO, tie: true, by: vec![] };
    let recording = Recording {
        format: RECORDING_FORMAT,
        plan: plan.clone(),
        notes: vec![Note { at_ns: 1, machine: MachineId(0), fact: Fact::Replica(fact) }],
        ending: Ending::Finished,
        events: 10,
        end_ns: 1_000_000_000,
        hash: String::new(),
    };
    let tallies = BTreeMap::from([("a.busy".into(), Tally { judged: 3, waived: 1 }), ("a.idle".into(), Tally::default())]);
    (recording, Judgement { verdict, tallies })
}

fn wish(seeds: RangeInclusive<u64>, jobs: usize) -> Wish {
    let families: Vec<&'static Family> = ["calm", "crashes"].into_iter().filter_map(family).collect();
    Wish { seeds, families, jobs, keep_going: false, time_limit: None, changes: Changes::default() }
}

fn planted() -> Changes {
    Changes { plant: Some(Bug::Service(Plant::NoTrunc)), ..Changes::default() }
}

#[derive(Default)]
struct Heard {
    ran: Vec<Ran>,
    failed: Vec<Failure>,
}

impl Progress for Heard {
    fn ran(&mut self, ran: &Ran) {
        self.ran.push(*ran);
    }
    fn failed(&mut self, failure: &Failure) {
        self.failed.push(failure.clone());
    }
}

/// Fuzzes with these failing (seed, family).
fn heard(wish: &Wish, failing: &[(u64, &str)]) -> (Summary, Heard) {
    let mut heard = Heard::default();
    let runner = |plan: &Plan| {
        // Later runs are over sooner: the report must not follow the order in which threads come back.
        for _ in 0..900_u64.saturating_sub(plan.seed.0.saturating_mul(30)) * 100 {
            std::hint::spin_loop();
        }
        let verdict = if failing.contains(&(plan.seed.0, &plan.family)) { broken() } else { Verdict::Holds };
        ran(plan, verdict)
    };
    let summary = fuzz(wish, &runner, &AtomicBool::new(false), &mut heard);
    (summary, heard)
}

#[test]
fn the_first_failure_in_order_is_the_one_reported_whatever_the_number_of_threads() {
    for jobs in [1, 2, 8] {
        let (summary, heard) = heard(&wish(0..=40, jobs), &[(12, "crashes"), (13, "calm"), (12, "calm"), (30, "calm")]);
        assert_eq!(summary.end, End::Failure);
        assert_eq!(heard.failed.len(), 1);
        assert_eq!((heard.failed[0].seed, heard.failed[0].family), (12, "calm"));
        assert_eq!(summary.failures, heard.failed);
        assert_eq!((summary.total.runs, summary.seeds, summary.total.events), (25, 12, 250), "with {jobs} threads");
        assert_eq!(heard.ran.len(), 25);
        assert_eq!(summary.exit_code(), 1);
    }
}

#[test]
fn runs_are_reported_in_order_and_add_up() {
    let (summary, heard) = heard(&wish(3..=20, 4), &[]);
    let order: Vec<(u64, &str)> = heard.ran.iter().map(|ran| (ran.seed, ran.family)).collect();
    assert_eq!(order, (3..=20).flat_map(|seed| [(seed, "calm"), (seed, "crashes")]).collect::<Vec<_>>());
    assert_eq!(heard.ran.iter().map(|ran| ran.done).collect::<Vec<_>>(), (1..=36).collect::<Vec<_>>());
    assert!(heard.ran.iter().all(|ran| ran.planned == 36));
    assert_eq!((summary.end, summary.exit_code(), summary.seeds, summary.total.runs), (End::Done, 0, 18, 36));
    assert_eq!((summary.total.facts, summary.total.virtual_ns), (36, 36_000_000_000));
    assert_eq!(summary.total.rules["a.busy"], Tally { judged: 108, waived: 36 });
    assert_eq!(summary.families.iter().map(|family| (family.name, family.count.runs)).collect::<Vec<_>>(), [("calm", 18), ("crashes", 18)]);
    assert_eq!(summary.probes[0], 36, "the tie in every run");
    assert_eq!(summary.probes[1..].iter().sum::<u64>(), 0);
}

#[test]
fn keep_going_counts_all_failures_and_keeps_the_first() {
    let (summary, heard) = heard(&Wish { keep_going: true, ..wish(0..=9, 3) }, &[(7, "calm"), (2, "crashes")]);
    assert_eq!((summary.end, summary.total.runs, summary.total.failed), (End::Done, 20, 2));
    assert_eq!(
        heard.failed.iter().map(|failure| failure.command.as_str()).collect::<Vec<_>>(),
        ["stormglass run --family crashes --seed 2", "stormglass run --family calm --seed 7"]
    );
    assert_eq!(summary.families[1].count.failed, 1);
    let all = fuzz(&Wish { keep_going: true, ..wish(0..=150, 2) }, &|plan: &Plan| ran(plan, broken()), &AtomicBool::new(false), &mut Heard::default());
    assert_eq!((all.failures.len(), all.total.failed), (FAILURES_KEPT, 302));
}

#[test]
fn a_plant_is_switched_on_in_every_plan_and_in_the_command() {
    let wish = Wish { changes: planted(), ..wish(5..=5, 1) };
    let seen = Mutex::new(vec![]);
    let runner = |plan: &Plan| {
        seen.lock().unwrap().push(plan.coordination.plant);
        ran(plan, broken())
    };
    let summary = fuzz(&wish, &runner, &AtomicBool::new(false), &mut Heard::default());
    assert_eq!(summary.failures[0].command, "stormglass run --family calm --seed 5 --plant no-trunc");
    assert_eq!(*seen.lock().unwrap(), [Some(Plant::NoTrunc)]);
}

#[test]
fn fields_are_set_in_every_plan_that_has_them_and_in_the_command() {
    let changes = |text: &str| Changes { sets: vec![Set::parse(text).expect("it is a field and a value")], ..Changes::default() };
    let families: Vec<_> = ["stream-calm", "everything"].into_iter().filter_map(family).collect();
    let wish = Wish { families, changes: changes("stream.fencing=unfenced"), keep_going: true, ..wish(0..=60, 1) };
    let seen = Mutex::new((0, 0));
    let runner = |plan: &Plan| {
        let mut seen = seen.lock().unwrap();
        match &plan.stream {
            Some(stream) => seen.0 += u32::from(stream.fencing == vocab::plan::Fencing::Unfenced),
            None => seen.1 += 1,
        }
        ran(plan, broken())
    };
    let summary = fuzz(&wish, &runner, &AtomicBool::new(false), &mut Heard::default());
    assert_eq!(summary.failures[0].command, "stormglass run --family stream-calm --seed 0 --set stream.fencing=unfenced");
    let (changed, without) = *seen.lock().unwrap();
    assert_eq!(changed + without, 122);
    assert!(without < 10, "{without} plans of everything have no stream engine");
    // What some plan cannot be is told with its seed.
    let wish = Wish { changes: changes("stream.checkpoints.retained=0"), ..wish };
    let summary = fuzz(&wish, &runner, &AtomicBool::new(false), &mut Heard::default());
    let Verdict::Crashed { place, message } = &summary.failures[0].verdict else { panic!("{:?}", summary.failures[0]) };
    assert!(place.starts_with("the plan") && message.contains("retained is 0"), "{place}: {message}");
}

#[test]
fn it_ends_when_told_to_or_when_the_time_is_over_and_keeps_what_was_found() {
    let (cancel, runs) = (AtomicBool::new(false), AtomicU64::new(0));
    let runner = |plan: &Plan| {
        if runs.fetch_add(1, Ordering::Relaxed) == 6 {
            cancel.store(true, Ordering::Relaxed);
        }
        ran(plan, Verdict::Holds)
    };
    let mut told = Heard::default();
    let summary = fuzz(&wish(0..=u64::MAX, 2), &runner, &cancel, &mut told);
    assert_eq!(summary.end, End::Cancelled);
    assert!((7..=9).contains(&summary.total.runs) && told.ran.len() as u64 == summary.total.runs, "{} runs", summary.total.runs);
    assert_eq!(summary.exit_code(), 0);
    let (summary, _) = heard(&Wish { time_limit: Some(Duration::from_millis(20)), ..wish(0..=u64::MAX, 2) }, &[]);
    assert_eq!(summary.end, End::Time);
    assert!(summary.total.runs > 0);
}

#[test]
fn every_seed_of_64_bits_can_be_fuzzed() {
    let (summary, heard) = heard(&wish(u64::MAX - 1..=u64::MAX, 2), &[(u64::MAX, "crashes")]);
    assert_eq!(heard.ran[0].planned, 4);
    assert_eq!(summary.failures[0].command, format!("stormglass run --family crashes --seed {}", u64::MAX));
}

#[test]
fn a_panic_of_the_harness_is_a_verdict() {
    let runner = |plan: &Plan| if plan.seed.0 == 1 { panic!("the judge fell over") } else { ran(plan, Verdict::Holds) };
    let summary = fuzz(&wish(0..=3, 2), &runner, &AtomicBool::new(false), &mut Heard::default());
    let Verdict::Crashed { place, message } = &summary.failures[0].verdict else { panic!("{:?}", summary.failures) };
    assert_eq!((place.as_str(), message.as_str()), ("the harness itself, not a process", "the judge fell over"));
    assert_eq!((summary.failures[0].seed, summary.exit_code()), (1, 3));
}

#[test]
fn an_idle_rule_is_complained_of_after_enough_runs() {
    let runner = |plan: &Plan| ran(plan, Verdict::Holds);
    let idle = |seeds: u64, changes| {
        let wish = Wish { changes, ..wish(0..=seeds - 1, 1) };
        fuzz(&wish, &runner, &AtomicBool::new(false), &mut Heard::default())
    };
    assert_eq!(idle(IDLE_RUNS - 1, Changes::default()).complaints, []);
    let summary = idle(IDLE_RUNS, Changes::default());
    let expected = ["calm", "crashes"].map(|family| Complaint::Idle { family, rule: "a.idle".into(), runs: IDLE_RUNS });
    assert_eq!(summary.complaints, expected);
    assert_eq!(summary.exit_code(), 1);
    assert_eq!(idle(IDLE_RUNS, planted()).complaints, []);
}

#[test]
fn a_required_probe_must_be_hit_in_a_thousand_seeds_of_all_families() {
    let runner = |plan: &Plan| ran(plan, Verdict::Holds);
    let all: Vec<&'static Family> = families().iter().collect();
    let unhit = |families: &[&'static Family], seeds: u64| {
        let wish = Wish { families: families.to_vec(), ..wish(0..=seeds - 1, 2) };
        let summary = fuzz(&wish, &runner, &AtomicBool::new(false), &mut Heard::default());
        summary.complaints.into_iter().filter(|complaint| matches!(complaint, Complaint::Unhit { .. })).count()
    };
    let required = crate::probes::probes().iter().filter(|probe| probe.required).count();
    assert_eq!(unhit(&all, PROBE_SEEDS - 1), 0);
    assert_eq!(unhit(&all, PROBE_SEEDS), required - 1, "all but the tie");
    assert_eq!(unhit(&all[1..], PROBE_SEEDS), 0, "some states have a family of their own");
    assert!(required >= 40 && families().len() >= 10);
}
