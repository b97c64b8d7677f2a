//! Cases: plans of failures once found, which must hold for ever, plants, which a rule must see, and the holes of the
//! real system, which a fence must close. Never a seed: families may change, a case stays.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use contract::happening::Happening;
use contract::recording::Noted;
use contract::verdict::Verdict;
use flink_scenarios::Flink;
use flink_words::fact::{Fact, MasterFact, StreamFact};
use flink_words::settings::Fencing;
use harness::case::{Word, files, load};
use harness::run::Wanted;
use harness::run::judged;
use harness::systems::AnySystem;
use harness::testing::{cases_of, open};

use crate::systems;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios").join(name)
}

/// All case files of a folder.
fn all(name: &str) -> Vec<PathBuf> {
    files(&folder(name)).unwrap_or_else(|mistake| panic!("{mistake}"))
}

#[test]
fn every_case_gives_its_verdict() {
    let systems = systems();
    for file in all("cases") {
        let (_, expect, plan) = open(&systems, &file);
        let is_good = expect.verdict == Word::Holds && plan.plants().is_empty();
        assert!(is_good, "{}: a failure that was mended holds, without a plant", file.display());
    }
    cases_of(&systems, folder("cases"));
}

#[test]
fn every_plant_is_seen_by_the_rule_one_expects() {
    let systems = systems();
    let mut seen: BTreeSet<(String, Option<String>)> = BTreeSet::new();
    for file in all("plants") {
        let (_, expect, plan) = open(&systems, &file);
        assert_eq!(plan.plants().len(), 1, "{}: one plant is switched on, so that nobody else is to blame", file.display());
        assert!(expect.rule.is_some(), "{}: no rule is named that must break", file.display());
        seen.insert((plan.plants()[0].clone(), expect.rule));
    }
    let known: BTreeSet<_> = systems.iter().flat_map(AnySystem::plants).map(|plant| (plant.name.to_string(), Some(plant.rule.to_string()))).collect();
    assert_eq!(seen, known, "every plant has its case, and the list of plants names its rule");
    cases_of(&systems, folder("plants"));
}

#[test]
fn without_its_plant_the_same_plan_holds() {
    let systems = systems();
    for file in all("plants") {
        let (_, _, plan) = open(&systems, &file);
        let verdict = plan.without_plants().run(Wanted::VERDICT).judgement.verdict;
        assert_eq!(verdict.word(), "holds", "{}: the rule blames the plan, not the plant: {verdict:?}", file.display());
    }
}

#[test]
fn the_holes_of_flink_are_seen_and_the_fence_closes_them() {
    cases_of(&systems(), folder("holes"));
    for file in all("holes") {
        let mut plan = load::<Flink>(&file).unwrap_or_else(|mistake| panic!("{mistake}")).plan;
        assert_eq!(plan.plants, Vec::<String>::new(), "{}: the hole is Flink's own", file.display());
        assert_eq!(plan.settings.stream.fencing, Fencing::Unfenced, "{}: it is as Flink is", file.display());
        plan.settings.stream.fencing = Fencing::Fenced;
        let verdict = judged::<Flink>(&plan).1.verdict;
        assert_eq!(verdict.word(), "holds", "{}: the fence does not help: {verdict:?}", file.display());
    }
}

#[test]
fn without_a_fence_a_restore_may_fail_for_ever() {
    let case = load::<Flink>(&folder("holes").join("restore-that-cannot-succeed.toml")).unwrap_or_else(|mistake| panic!("{mistake}"));
    let (recording, judgement) = judged::<Flink>(&case.plan);
    let Verdict::Broken { witness, .. } = &judgement.verdict else { panic!("{:?}", judgement.verdict) };
    assert!(witness.contains("inc.refs"), "{witness}");
    let is_end = |what: &Noted<Fact>| matches!(what, Noted::Said(Fact::Stream(StreamFact::Master(MasterFact::ResultStored { .. }))));
    let gives_up = |what: &Noted<Fact>| matches!(what, Noted::World(Happening::Exited { why, .. }) if why.contains("cannot be read"));
    let count = |which: &dyn Fn(&Noted<Fact>) -> bool| recording.notes.iter().filter(|note| which(&note.what)).count();
    assert_eq!(count(&is_end), 0, "the job has no end");
    assert!(count(&gives_up) > 20, "whoever leads finds the handle without its content, and gives up: {}", count(&gives_up));
}
