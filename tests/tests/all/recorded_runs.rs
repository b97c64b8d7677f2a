//! Recorded runs: the hash and the verdict of 20 seeds of each family, and of every case, plant and hole, as they were
//! when `tests/data/runs.txt` was written. A change that is meant to change no run changes no line; never a judgement
//! of what is right.
//!
//! After a change that must change runs, `STORMGLASS_RENEW=1 cargo test recorded_runs` writes the file anew; its commit
//! says which lines changed, and why.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use contract::verdict::Verdict;
use harness::case::files;
use harness::change::Changes;
use harness::run::Wanted;
use harness::systems::{AnyPlan, Systems};
use harness::testing::open;

use crate::systems;

/// Seeds of each family in the file: 0 to 19.
const SEEDS: u64 = 20;
/// Those that `cargo test` runs. `STORMGLASS_RECORDED_RUNS=all` runs all of them, as the gate does.
const SEEDS_USUALLY: u64 = 2;
/// Renews the file.
const RENEW: &str = "STORMGLASS_RENEW";

/// How many seeds of each family are run here and now.
fn seeds() -> u64 {
    let is_set = |name| std::env::var_os(name).is_some();
    if is_set(RENEW) || is_set("STORMGLASS_RECORDED_RUNS") { SEEDS } else { SEEDS_USUALLY }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What two runs must have in common to be the same run.
fn line(name: &str, plan: &dyn AnyPlan) -> String {
    let report = plan.run(Wanted::VERDICT);
    let verdict = match &report.judgement.verdict {
        Verdict::Holds => "holds".into(),
        Verdict::Broken { rule, .. } => format!("broken {rule}"),
        Verdict::Stuck { rule, .. } => format!("stuck {rule}"),
        Verdict::Crashed { place, .. } => format!("crashed {place}"),
    };
    format!("{name} events={} facts={} hash={} {verdict}", report.events, report.facts, report.hash)
}

/// All plans by the names that they have in the file.
fn plans(systems: &Systems) -> Vec<(String, Box<dyn AnyPlan + '_>)> {
    let mut plans = vec![];
    for system in systems.iter() {
        for family in system.families() {
            let drawn = |seed| system.draw(family.name, seed, &Changes::default()).expect("a family draws plans that can be run").0;
            plans.extend((0..seeds()).map(|seed| (format!("{} {seed}", family.name), drawn(seed))));
        }
    }
    for folder in ["cases", "plants", "holes"] {
        for path in files(&root().join("scenarios").join(folder)).unwrap_or_else(|mistake| panic!("{mistake}")) {
            let name = path.file_name().and_then(|name| name.to_str()).expect("a case has a name");
            plans.push((format!("{folder}/{name}"), open(systems, &path).2));
        }
    }
    plans
}

/// The lines of all plans in their order, worked out by two threads.
fn lines() -> Vec<String> {
    let systems = systems();
    let plans = plans(&systems);
    let half = plans.len().div_ceil(2);
    std::thread::scope(|scope| {
        let work = |part: &[(String, Box<dyn AnyPlan + '_>)]| part.iter().map(|(name, plan)| line(name, plan.as_ref())).collect::<Vec<_>>();
        let parts: Vec<_> = plans.chunks(half).map(|part| scope.spawn(move || work(part))).collect();
        parts.into_iter().flat_map(|part| part.join().expect("a run does not panic")).collect()
    })
}

/// Lines by the names of their plans, which end before `events=`.
fn by_name(lines: impl IntoIterator<Item = String>) -> BTreeMap<String, String> {
    let name = |line: &str| line.split(" events=").next().unwrap_or_default().to_string();
    lines.into_iter().map(|line| (name(&line), line)).collect()
}

#[test]
fn every_recorded_run_is_what_it_was() {
    let file = root().join("tests/data/runs.txt");
    let lines = lines();
    if std::env::var_os(RENEW).is_some() {
        fs::write(&file, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).expect("the file can be written");
    }
    let was = by_name(fs::read_to_string(&file).expect("the file is there").lines().map(ToString::to_string));
    let is = by_name(lines);
    let differ: Vec<String> = is.iter().filter_map(|(name, is)| was.get(name).filter(|was| *was != is).map(|was| format!("was {was}\nis  {is}"))).collect();
    assert!(differ.is_empty(), "{} of {} runs changed:\n{}", differ.len(), is.len(), differ.join("\n"));
    let unrun = |name: &str| name.rsplit_once(' ').and_then(|(_, seed)| seed.parse().ok()).is_some_and(|seed: u64| seed >= seeds());
    let recorded: Vec<&String> = was.keys().filter(|name| !unrun(name)).collect();
    assert_eq!(recorded, is.keys().collect::<Vec<_>>(), "a line for each run, and a run for each line");
}
