//! Recorded runs: the hash and the verdict of 20 seeds of each family, and of every case, plant and hole, as they were when `tests/data/runs.txt` was written. A change that is meant to change no run
//! changes no line; never a judgement of what is right.
//!
//! After a change that must change runs, `STORMGLASS_RENEW=1 cargo test --test recorded_runs` writes the file anew; its commit says which lines changed, and why.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use scenarios::cases::load_cases;
use scenarios::family::families;
use scenarios::run::judged;
use vocab::plan::Plan;
use vocab::verdict::Verdict;

/// Seeds of each family: 0 to 19.
const SEEDS: u64 = 20;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What two runs must have in common to be the same run.
fn line(name: &str, plan: &Plan) -> String {
    let (recording, judgement) = judged(plan);
    let verdict = match &judgement.verdict {
        Verdict::Holds => "holds".into(),
        Verdict::Broken { rule, .. } => format!("broken {rule}"),
        Verdict::Stuck { rule, .. } => format!("stuck {rule}"),
        Verdict::Crashed { place, .. } => format!("crashed {place}"),
    };
    format!("{name} events={} facts={} hash={} {verdict}", recording.events, recording.notes.len(), recording.hash)
}

/// All plans by the names that they have in the file.
fn plans() -> Vec<(String, Plan)> {
    let drawn = families().iter().flat_map(|family| (0..SEEDS).map(|seed| (format!("{} {seed}", family.name), family.plan(seed))));
    let mut plans: Vec<(String, Plan)> = drawn.collect();
    for folder in ["cases", "plants", "holes"] {
        let cases = load_cases(&root().join("scenarios").join(folder)).unwrap_or_else(|error| panic!("{error}"));
        plans.extend(cases.into_iter().map(|(path, case)| {
            let name = path.file_name().and_then(|name| name.to_str()).expect("a case has a name");
            (format!("{folder}/{name}"), case.plan)
        }));
    }
    plans
}

/// The lines of all plans in their order, worked out by two threads.
fn lines() -> Vec<String> {
    let plans = plans();
    let half = plans.len().div_ceil(2);
    std::thread::scope(|scope| {
        let parts = plans.chunks(half).map(|part| scope.spawn(move || part.iter().map(|(name, plan)| line(name, plan)).collect::<Vec<_>>()));
        let parts: Vec<_> = parts.collect();
        parts.into_iter().flat_map(|part| part.join().expect("a run does not panic")).collect()
    })
}

#[test]
fn every_recorded_run_is_what_it_was() {
    let file = root().join("tests/data/runs.txt");
    let now = lines();
    if std::env::var_os("STORMGLASS_RENEW").is_some() {
        fs::write(
            &file,
            now.iter().fold(String::new(), |mut text, line| {
                let _ = writeln!(text, "{line}");
                text
            }),
        )
        .expect("the file can be written");
    }
    let text = fs::read_to_string(&file).expect("the file is there");
    let differ: Vec<String> = text.lines().zip(&now).filter(|(was, is)| was != is).map(|(was, is)| format!("was {was}\nis  {is}")).collect();
    assert!(differ.is_empty(), "{} of {} runs changed:\n{}", differ.len(), now.len(), differ.join("\n"));
    assert_eq!(text.lines().count(), now.len(), "a run for each line");
}
