//! Determinism: a run is a function of its plan. The same hash again, on another thread, beside other runs, and through
//! a file; another one for another seed. Another process and the command line are
//! `reports/tests/command/determinism.rs`.

use std::collections::BTreeSet;

use flink_scenarios::Flink;
use harness::family::Family;
use harness::plan::{Document, Format, read, text};
use harness::run::judged;
use harness::system::{Plan, System};
use zookeeper_scenarios::Zookeeper;

/// A seed at which every family has some storm.
const SEED: u64 = 4;

fn plans<S: System>(seed: u64) -> Vec<Plan<S>> {
    S::families().iter().map(|family: &Family<S>| family.plan(seed)).collect()
}

fn is_the_same_on_any_thread<S: System>()
where
    harness::system::Recording<S>: PartialEq,
{
    let here: Vec<_> = plans::<S>(SEED).iter().map(judged::<S>).collect();
    // All at once, so that their threads, allocations and runtimes lie about one another differently.
    let there: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = plans::<S>(SEED).into_iter().map(|plan| scope.spawn(move || judged::<S>(&plan))).collect();
        threads.into_iter().map(|thread| thread.join().expect("a run does not panic")).collect()
    });
    for ((here, judged_here), (there, judged_there)) in here.iter().zip(&there) {
        let family = &here.plan.family;
        assert_eq!(here.hash, there.hash, "{family}");
        assert!(here == there, "{family}: equal hashes, unequal recordings");
        assert!(judged_here == judged_there, "{family}: equal recordings, unequal judgements");
    }
}

#[test]
fn the_same_plan_gives_the_same_recording_on_any_thread() {
    is_the_same_on_any_thread::<Zookeeper>();
    is_the_same_on_any_thread::<Flink>();
}

fn goes_through_a_file<S: System>() {
    for (plan, format) in plans::<S>(SEED).into_iter().zip([Format::Toml, Format::Json].into_iter().cycle()) {
        let document = Document::parse(&text(&plan, format), format, "the plan").expect("what was written can be read");
        let back = read::<S>(&document, &[]).expect("what was written is a plan");
        assert!(plan == back, "{}: {format:?}", plan.family);
        assert_eq!(judged::<S>(&plan).0.hash, judged::<S>(&back).0.hash, "{}: {format:?}", plan.family);
    }
}

#[test]
fn a_plan_that_went_through_a_file_is_the_same_plan() {
    goes_through_a_file::<Zookeeper>();
    goes_through_a_file::<Flink>();
}

fn hashes<S: System>() -> Vec<String> {
    plans::<S>(SEED).iter().chain(&plans::<S>(SEED + 1)).map(|plan| judged::<S>(plan).0.hash).collect()
}

#[test]
fn other_seeds_and_families_are_other_runs() {
    let all = [hashes::<Zookeeper>(), hashes::<Flink>()].concat();
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
}
