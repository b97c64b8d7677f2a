//! The engine with sources of its own: no world, verdicts by table; and with a real system.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use contract::recording::Ending;
use contract::verdict::{Judgement, Tally, Verdict};
use judging::{Hits, Probe};

use super::{Complaint, End, FAILURES_KEPT, FailedRun, FamilySource, IDLE_RUNS, PROBE_SEEDS, Progress, Ran, Source, Summary, Wish, fuzz};
use crate::change::{Changes, Set};
use crate::fixture::Greeting;
use crate::strikes::Strikes;
use crate::system::Account;
use crate::systems::{Report, Systems};

fn broken() -> Verdict {
    Verdict::Broken { rule: "zab.some".into(), witness: "this and that".into() }
}

/// A run of 10 events, one fact and 1 s, with this verdict, that judged 3 things by one rule and none by another.
fn ran(seed: u64, family: &str, verdict: Verdict) -> Report {
    let tallies = BTreeMap::from([("a.busy".into(), Tally { judged: 3, waived: 1 }), ("a.idle".into(), Tally::default())]);
    Report {
        seed,
        family: family.into(),
        planned: String::new(),
        ending: Ending::Finished,
        events: 10,
        facts: 1,
        end_ns: 1_000_000_000,
        hash: String::new(),
        judgement: Judgement { verdict, tallies },
        strikes: Strikes::default(),
        hits: Hits::default(),
        account: Account::default(),
    }
}

/// A family whose runs are as a function says.
struct Table<F> {
    family: &'static str,
    probes: Vec<Probe>,
    run: F,
}

impl<F: Fn(u64, &'static str) -> Report + Sync> Source for Table<F> {
    fn system(&self) -> &'static str {
        "table"
    }
    fn family(&self) -> &'static str {
        self.family
    }
    fn probes(&self) -> Vec<Probe> {
        self.probes.clone()
    }
    fn excuse(&self, _rule: &str) -> Option<&'static str> {
        None
    }
    fn run(&self, seed: u64) -> Report {
        (self.run)(seed, self.family)
    }
}

fn wish<'s, F: Fn(u64, &'static str) -> Report + Sync + Copy + 's>(seeds: RangeInclusive<u64>, jobs: usize, run: F) -> Wish<'s> {
    let probe = |name, required| Probe { name, about: "", required };
    let of = |family: &'static str, probes: Vec<Probe>| Box::new(Table { family, probes, run }) as Box<dyn Source + 's>;
    let sources = vec![of("calm", vec![probe("rare", false), probe("both", true)]), of("crashes", vec![probe("both", true), probe("crashes", true)])];
    Wish { seeds, first: 0, sources, is_all: true, jobs, keep_going: false, strict: false, time_limit: None, changes: Changes::default() }
}

fn planted() -> Changes {
    Changes { plants: vec!["no-trunc".into()], ..Changes::default() }
}

#[derive(Default)]
struct Heard {
    ran: Vec<Ran>,
    failed: Vec<FailedRun>,
}

impl Progress for Heard {
    fn ran(&mut self, ran: &Ran) {
        self.ran.push(*ran);
    }
    fn failed(&mut self, failed: &FailedRun) {
        self.failed.push(failed.clone());
    }
}

/// Fuzzes with these failing (seed, family).
fn heard(seeds: RangeInclusive<u64>, jobs: usize, keep_going: bool, failing: &[(u64, &str)]) -> (Summary, Heard) {
    let mut heard = Heard::default();
    let run = |seed: u64, family: &'static str| {
        // Later runs are over sooner: the report must not follow the order in which threads come back.
        for _ in 0..900_u64.saturating_sub(seed.saturating_mul(30)) * 100 {
            std::hint::spin_loop();
        }
        ran(seed, family, if failing.contains(&(seed, family)) { broken() } else { Verdict::Holds })
    };
    let wish = Wish { keep_going, ..wish(seeds, jobs, run) };
    let summary = fuzz(&wish, &AtomicBool::new(false), &mut heard);
    (summary, heard)
}

#[test]
fn the_first_failure_in_order_is_the_one_reported_whatever_the_number_of_threads() {
    for jobs in [1, 2, 8] {
        let (summary, heard) = heard(0..=40, jobs, false, &[(12, "crashes"), (13, "calm"), (12, "calm"), (30, "calm")]);
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
    let (summary, heard) = heard(3..=20, 4, false, &[]);
    let order: Vec<(u64, &str)> = heard.ran.iter().map(|ran| (ran.seed, ran.family)).collect();
    assert_eq!(order, (3..=20).flat_map(|seed| [(seed, "calm"), (seed, "crashes")]).collect::<Vec<_>>());
    assert_eq!(heard.ran.iter().map(|ran| ran.done).collect::<Vec<_>>(), (1..=36).collect::<Vec<_>>());
    assert!(heard.ran.iter().all(|ran| ran.planned == 36));
    assert_eq!((summary.end, summary.exit_code(), summary.seeds, summary.total.runs), (End::Done, 0, 18, 36));
    assert_eq!((summary.total.facts, summary.total.virtual_ns), (36, 36_000_000_000));
    assert_eq!(summary.total.rules["a.busy"], Tally { judged: 108, waived: 36 });
    assert_eq!(summary.families.iter().map(|family| (family.name, family.count.runs)).collect::<Vec<_>>(), [("calm", 18), ("crashes", 18)]);
    let probes: Vec<(&str, u64)> = summary.probes.iter().map(|(probe, hits)| (probe.name, *hits)).collect();
    assert_eq!(probes, [("rare", 0), ("both", 0), ("crashes", 0)], "what both have is one");
}

#[test]
fn keep_going_counts_all_failures_and_keeps_the_first() {
    let (summary, heard) = heard(0..=9, 3, true, &[(7, "calm"), (2, "crashes")]);
    assert_eq!((summary.end, summary.total.runs, summary.total.failed), (End::Done, 20, 2));
    let flags: Vec<&str> = heard.failed.iter().map(|failed| failed.flags.as_str()).collect();
    assert_eq!(flags, ["--family crashes --seed 2", "--family calm --seed 7"]);
    assert_eq!(summary.families[1].count.failed, 1);
    let all = fuzz(&Wish { keep_going: true, ..wish(0..=150, 2, |seed, family| ran(seed, family, broken())) }, &AtomicBool::new(false), &mut Heard::default());
    assert_eq!((all.failures.len(), all.total.failed), (FAILURES_KEPT, 302));
}

#[test]
fn changes_reach_every_plan_and_the_flags_that_repeat_a_failure() {
    let systems = Systems::of::<Greeting>();
    let system = systems.named("greeting").expect("it is there");
    let summary = |changes: Changes| {
        let source = Box::new(FamilySource { system, family: "calm", changes: changes.clone() });
        let wish = Wish { seeds: 5..=6, first: 0, sources: vec![source], is_all: false, jobs: 1, keep_going: true, strict: false, time_limit: None, changes };
        fuzz(&wish, &AtomicBool::new(false), &mut Heard::default())
    };
    let good = summary(Changes::default());
    assert_eq!((good.total.failed, good.probes[0].1), (0, 2), "both runs greet twice");
    let plants = |name: &str| Changes { plants: vec![name.into()], ..Changes::default() };
    let seen = summary(plants("miscount"));
    assert_eq!((seen.total.failed, seen.failures[0].flags.as_str()), (2, "--family calm --seed 5 --plant miscount"));
    let Verdict::Crashed { place, message } = &summary(plants("panic")).failures[0].verdict else { panic!("a process panics") };
    assert!(place.starts_with("machine 0, ") && message == "who said that?", "{place}: {message}");
    let set = |text: &str| Set::parse(text).expect("it is a field and a value");
    let changes = Changes { sets: vec![set("greeters=1")], flags: vec![("word".into(), "ahoy".into())], plants: vec![] };
    // What some plan cannot be is told with its seed.
    let summary = summary(changes);
    assert_eq!(summary.failures[0].flags, "--family calm --seed 5 --word ahoy --set greeters=1");
    let Verdict::Crashed { place, message } = &summary.failures[0].verdict else { panic!("{:?}", summary.failures[0]) };
    assert!(place.starts_with("the plan") && message.contains("--set greeters=1: settings.greeters: nobody to greet"), "{place}: {message}");
}

#[test]
fn it_ends_when_told_to_or_when_the_time_is_over_and_keeps_what_was_found() {
    let (cancel, runs) = (AtomicBool::new(false), AtomicU64::new(0));
    let run = |seed: u64, family: &'static str| {
        if runs.fetch_add(1, Ordering::Relaxed) == 6 {
            cancel.store(true, Ordering::Relaxed);
        }
        ran(seed, family, Verdict::Holds)
    };
    let mut told = Heard::default();
    let summary = fuzz(&wish(0..=u64::MAX, 2, run), &cancel, &mut told);
    assert_eq!(summary.end, End::Cancelled);
    assert!((7..=9).contains(&summary.total.runs) && told.ran.len() as u64 == summary.total.runs, "{} runs", summary.total.runs);
    assert_eq!(summary.exit_code(), 0);
    let limited = Wish { time_limit: Some(Duration::from_millis(20)), ..wish(0..=u64::MAX, 2, |seed, family| ran(seed, family, Verdict::Holds)) };
    let summary = fuzz(&limited, &AtomicBool::new(false), &mut Heard::default());
    assert_eq!(summary.end, End::Time);
    assert!(summary.total.runs > 0);
}

#[test]
fn every_seed_of_64_bits_can_be_fuzzed() {
    let (summary, heard) = heard(u64::MAX - 1..=u64::MAX, 2, false, &[(u64::MAX, "crashes")]);
    assert_eq!(heard.ran[0].planned, 4);
    assert_eq!(summary.failures[0].flags, format!("--family crashes --seed {}", u64::MAX));
}

#[test]
fn an_idle_rule_is_complained_of_after_enough_runs() {
    let idle = |seeds: u64, changes| {
        let wish = Wish { changes, ..wish(0..=seeds - 1, 1, |seed, family| ran(seed, family, Verdict::Holds)) };
        fuzz(&wish, &AtomicBool::new(false), &mut Heard::default())
    };
    assert_eq!(idle(IDLE_RUNS - 1, Changes::default()).complaints, []);
    let summary = idle(IDLE_RUNS, Changes::default());
    let expected = ["calm", "crashes"].map(|family| Complaint::Idle { family, rule: "a.idle".into(), runs: IDLE_RUNS });
    assert_eq!(summary.complaints, expected);
    assert_eq!(summary.exit_code(), 1);
    // With a plant nothing is demanded but that somebody sees it.
    let unseen = Complaint::Unseen { plants: planted().plants, runs: 2 * IDLE_RUNS };
    assert_eq!(idle(IDLE_RUNS, planted()).complaints, [unseen]);
}

#[test]
fn a_family_excuses_rules_by_name_and_by_scope() {
    let systems = Systems::of::<Greeting>();
    let system = systems.named("greeting").expect("it is there");
    assert_eq!(system.excuse("calm", "greeting.counts"), Some("a test says so"));
    assert_eq!(system.excuse("crashes", "greeting.counts"), None);
    assert_eq!(system.excuse("calm", "live.finish"), None);
}

#[test]
fn a_required_probe_must_be_hit_in_a_thousand_seeds_of_all_families() {
    let unhit = |seeds: u64, is_all| {
        let wish = Wish { is_all, ..wish(0..=seeds - 1, 2, |seed, family| ran(seed, family, Verdict::Holds)) };
        let summary = fuzz(&wish, &AtomicBool::new(false), &mut Heard::default());
        let unhit = |complaint: Complaint| if let Complaint::Unhit { probe, .. } = complaint { Some(probe) } else { None };
        summary.complaints.into_iter().filter_map(unhit).collect::<Vec<_>>()
    };
    assert_eq!(unhit(PROBE_SEEDS - 1, true), Vec::<&str>::new());
    assert_eq!(unhit(PROBE_SEEDS, true), ["both", "crashes"], "the rare one is not demanded");
    assert_eq!(unhit(PROBE_SEEDS, false), Vec::<&str>::new(), "some states have a family of their own");
}
