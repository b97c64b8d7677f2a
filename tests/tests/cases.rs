//! Cases: plans of failures once found, which must hold for ever, and plants, which a rule must see. Never a seed: families may change, a case stays.

use std::collections::BTreeSet;
use std::path::Path;

use scenarios::cases::{Case, Word, load_cases};
use scenarios::run::judged;
use vocab::plan::{Plan, Plant, StreamPlant};

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
