//! Determinism: a run is a function of its plan. The same hash again, on another thread, beside other runs, and through a file; another one for another seed. Another process and the command line
//! are `reports/tests/determinism.rs`.

use std::collections::BTreeSet;

use scenarios::family::families;
use scenarios::run::judged;
use vocab::plan::{Format, Plan};

/// A seed at which every family has some storm.
const SEED: u64 = 4;

fn plans(seed: u64) -> Vec<Plan> {
    families().iter().map(|family| family.plan(seed)).collect()
}

#[test]
fn the_same_plan_gives_the_same_recording_on_any_thread() {
    let here: Vec<_> = plans(SEED).iter().map(judged).collect();
    // All at once, so that their threads, allocations and runtimes lie about one another differently.
    let there: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = plans(SEED).into_iter().map(|plan| scope.spawn(move || judged(&plan))).collect();
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
fn a_plan_that_went_through_a_file_is_the_same_plan() {
    for (plan, format) in plans(SEED).into_iter().zip([Format::Toml, Format::Json].into_iter().cycle()) {
        let back = Plan::parse(&plan.text(format), format, "the plan").expect("what was written can be read");
        assert!(plan == back, "{}: {format:?}", plan.family);
        assert_eq!(judged(&plan).0.hash, judged(&back).0.hash, "{}: {format:?}", plan.family);
    }
}

#[test]
fn other_seeds_and_families_are_other_runs() {
    let hashes: BTreeSet<String> = plans(SEED).iter().chain(&plans(SEED + 1)).map(|plan| judged(plan).0.hash).collect();
    assert_eq!(hashes.len(), 2 * families().len());
}
