//! Cases: plans of failures once found, which must hold for ever, and plants, which a rule must see. Never a seed: families may change, a case stays.

use std::collections::BTreeSet;
use std::path::Path;

use scenarios::cases::{Case, Word, load_cases};
use scenarios::run::judged;
use vocab::plan::Plant;

/// All cases of a folder, which has some.
fn cases(folder: &str) -> Vec<(String, Case)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios").join(folder);
    let cases = load_cases(&path).unwrap_or_else(|error| panic!("{error}"));
    assert!(!cases.is_empty(), "{}: no case is left", path.display());
    cases.into_iter().map(|(path, case)| (path.display().to_string(), case)).collect()
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
        assert_eq!((case.expect.verdict, case.plan.coordination.plant), (Word::Holds, None), "{file}: a failure that was mended holds, without a plant");
    }
    all_met(&cases);
}

#[test]
fn every_plant_is_seen_by_the_rule_one_expects() {
    let plants = cases("plants");
    let planted: BTreeSet<Plant> = plants.iter().filter_map(|(_, case)| case.plan.coordination.plant).collect();
    assert_eq!(planted, BTreeSet::from(Plant::ALL), "every plant has its case");
    for (file, case) in &plants {
        assert!(case.plan.coordination.plant.is_some(), "{file}: no plant is switched on");
        assert!(case.expect.rule.is_some(), "{file}: no rule is named that must break");
    }
    all_met(&plants);
}

#[test]
fn without_its_plant_the_same_plan_holds() {
    for (file, mut case) in cases("plants") {
        case.plan.coordination.plant = None;
        let verdict = judged(&case.plan).1.verdict;
        assert_eq!(verdict.word(), "holds", "{file}: the rule blames the plan, not the plant: {verdict:?}");
    }
}
