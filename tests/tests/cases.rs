//! Cases: plans of failures once found, which must hold for ever, plants, which a rule must see, and the holes of the real system, which a fence must close. Never a seed: families may change, a case stays.

use std::collections::BTreeSet;
use std::path::Path;

use scenarios::cases::{Case, Word, load_cases};
use scenarios::run::judged;
use vocab::fact::Fact;
use vocab::happening::Happening;
use vocab::plan::{Fencing, Plan, Plant, StreamPlant};
use vocab::stream::{MasterFact, StreamFact};
use vocab::verdict::Verdict;

/// All cases of a folder, which has some.
fn cases(folder: &str) -> Vec<(String, Case)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios").join(folder);
    let cases = load_cases(&path).unwrap_or_else(|error| panic!("{error}"));
    assert!(!cases.is_empty(), "{}: no case is left", path.display());
    cases.into_iter().map(|(path, case)| (path.display().to_string(), case)).collect()
}

/// The plants that a plan switches on, of the service and of the engine.
fn planted(plan: &Plan) -> Vec<&'static str> {
    let engine = plan.stream.as_ref().and_then(|stream| stream.plant);
    plan.coordination.plant.map(Plant::name).into_iter().chain(engine.map(StreamPlant::name)).collect()
}

/// What is wrong with a case's verdict, if anything is.
fn flaw(file: &str, case: &Case) -> Option<String> {
    let verdict = judged(&case.plan).1.verdict;
    (!case.expect.is_met_by(&verdict))
        .then(|| format!("{file}: expected {:?}, got {verdict:?}\n  about: {}\n  reproduce: stormglass replay {file}", case.expect, case.about))
}

fn all_met(cases: &[(String, Case)]) {
    let flaws: Vec<String> = cases.iter().filter_map(|(file, case)| flaw(file, case)).collect();
    assert!(flaws.is_empty(), "\n{}", flaws.join("\n"));
}

#[test]
fn every_case_gives_its_verdict() {
    let cases = cases("cases");
    for (file, case) in &cases {
        assert_eq!((case.expect.verdict, planted(&case.plan)), (Word::Holds, vec![]), "{file}: a failure that was mended holds, without a plant");
    }
    all_met(&cases);
}

#[test]
fn every_plant_is_seen_by_the_rule_one_expects() {
    let plants = cases("plants");
    let seen: BTreeSet<&str> = plants.iter().flat_map(|(_, case)| planted(&case.plan)).collect();
    let all = Plant::ALL.into_iter().map(Plant::name).chain(StreamPlant::ALL.into_iter().map(StreamPlant::name));
    assert_eq!(seen, all.collect(), "every plant has its case");
    for (file, case) in &plants {
        assert_eq!(planted(&case.plan).len(), 1, "{file}: one plant is switched on, so that nobody else is to blame");
        assert!(case.expect.rule.is_some(), "{file}: no rule is named that must break");
    }
    all_met(&plants);
}

#[test]
fn without_its_plant_the_same_plan_holds() {
    for (file, mut case) in cases("plants") {
        case.plan.coordination.plant = None;
        if let Some(stream) = &mut case.plan.stream {
            stream.plant = None;
        }
        let verdict = judged(&case.plan).1.verdict;
        assert_eq!(verdict.word(), "holds", "{file}: the rule blames the plan, not the plant: {verdict:?}");
    }
}

#[test]
fn the_holes_of_flink_are_seen_and_the_fence_closes_them() {
    let holes = cases("holes");
    for (file, case) in &holes {
        assert_eq!(planted(&case.plan), Vec::<&str>::new(), "{file}: the hole is Flink's own");
        assert_eq!(case.plan.stream.as_ref().map(|stream| stream.fencing), Some(Fencing::Unfenced), "{file}: it is as Flink is");
    }
    all_met(&holes);
    for (file, mut case) in holes {
        if let Some(stream) = &mut case.plan.stream {
            stream.fencing = Fencing::Fenced;
        }
        let verdict = judged(&case.plan).1.verdict;
        assert_eq!(verdict.word(), "holds", "{file}: the fence does not help: {verdict:?}");
    }
}

#[test]
fn without_a_fence_a_restore_may_fail_for_ever() {
    let (_, case) = cases("holes").into_iter().find(|(file, _)| file.ends_with("restore-that-cannot-succeed.toml")).expect("the case is kept");
    let (recording, judgement) = judged(&case.plan);
    let Verdict::Broken { witness, .. } = &judgement.verdict else { panic!("{:?}", judgement.verdict) };
    assert!(witness.contains("inc.refs"), "{witness}");
    let is_end = |fact: &Fact| matches!(fact, Fact::Stream(StreamFact::Master(MasterFact::ResultStored { .. })));
    let gives_up = |fact: &Fact| matches!(fact, Fact::World(Happening::Exited { why, .. }) if why.contains("cannot be read"));
    let count = |which: &dyn Fn(&Fact) -> bool| recording.notes.iter().filter(|note| which(&note.fact)).count();
    assert_eq!(count(&is_end), 0, "the job has no end");
    assert!(count(&gives_up) > 20, "whoever leads finds the handle without its content, and gives up: {}", count(&gives_up));
}
