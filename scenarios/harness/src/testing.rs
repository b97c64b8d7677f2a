//! A system under `cargo test`, by one line each: seeds of all its families, its cases, its plants. A failure says
//! which rule broke, why, where the plan is and how to replay it.
//!
//! `MADSIM_TEST_SEED` is the first seed, `MADSIM_TEST_NUM` how many, `MADSIM_TEST_JOBS` how many runs at a time;
//! `STORMGLASS_REPLAY` names a plan or a case that [`seeds`] runs instead.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use contract::verdict::Verdict;

use crate::case::{Case, Expect, Head, PLAN, files, head, is_case};
use crate::change::Changes;
use crate::command::text::failure;
use crate::fuzz::{FailedRun, FamilySource, Progress, Ran, Source, Wish, fuzz};
use crate::plan::{Document, Format, save};
use crate::run::Wanted;
use crate::shrink::{Budget, shrink};
use crate::system::System;
use crate::systems::{AnyPlan, AnySystem, Systems};

/// So many seeds where nobody says how many.
const SEEDS: u64 = 6;
/// A plant must be seen within so many seeds of its family.
const PLANT_SEEDS: u64 = 1_000;

/// Runs seeds of all families of a system: [`seeds_of`] it alone.
pub fn seeds<S: System>() {
    seeds_of(&Systems::of::<S>());
}

/// Runs seeds of all families of these systems, and panics at the first run that does not hold, with all that is needed
/// to replay it.
pub fn seeds_of(systems: &Systems) {
    if let Some(file) = std::env::var_os("STORMGLASS_REPLAY") {
        return replay(systems, Path::new(&file));
    }
    let first: u64 = variable("MADSIM_TEST_SEED", 0);
    let count: u64 = variable("MADSIM_TEST_NUM", SEEDS);
    let jobs: usize = variable("MADSIM_TEST_JOBS", std::thread::available_parallelism().map_or(1, usize::from));
    assert!(count > 0 && jobs > 0, "MADSIM_TEST_NUM and MADSIM_TEST_JOBS are at least 1");
    let last = first.checked_add(count - 1).expect("MADSIM_TEST_SEED + MADSIM_TEST_NUM is above the last seed, 2^64 - 1");
    let mut sources: Vec<Box<dyn Source + '_>> = Vec::new();
    for system in systems.iter() {
        sources.extend(system.families().iter().map(|family| source(system, family.name, Changes::default())));
    }
    let families = sources.len();
    let wish =
        Wish { seeds: first..=last, first: 0, sources, is_all: true, jobs, keep_going: false, strict: false, time_limit: None, changes: Changes::default() };
    let found = fuzz(&wish, &AtomicBool::new(false), &mut Silent);
    if let Some(failed) = found.failures.first() {
        let system = systems.named(failed.system).expect("the run is one of these systems'");
        let (plan, _) = system.draw(failed.family, failed.seed, &Changes::default()).expect("it was drawn before");
        panic!("{}", told(systems, &format!("family {}, seed {}", failed.family, failed.seed), &failed.verdict, plan.as_ref()));
    }
    let complaints: Vec<String> = found.complaints.iter().map(ToString::to_string).collect();
    assert!(complaints.is_empty(), "{complaints:?}");
    assert_eq!(found.seeds, count, "every family ran every seed");
    println!("seeds {first}..={last}, {families} families: {} runs, {} events, all hold", found.total.runs, found.total.events);
}

/// Runs all cases of a folder: [`cases_of`] the system alone.
pub fn cases<S: System>(folder: impl AsRef<Path>) {
    cases_of(&Systems::of::<S>(), folder);
}

/// Runs all cases of a folder, and panics if one does not give the verdict that it expects. A folder without cases is a
/// mistake.
pub fn cases_of(systems: &Systems, folder: impl AsRef<Path>) {
    let folder = folder.as_ref();
    let mut flaws = Vec::new();
    let files = files(folder).unwrap_or_else(|mistake| panic!("{mistake}"));
    assert!(!files.is_empty(), "{}: there is no case", folder.display());
    for file in files {
        let (about, expect, plan) = open(systems, &file);
        let verdict = plan.run(Wanted::VERDICT).judgement.verdict;
        if !expect.is_met_by(&verdict) {
            flaws.push(format!("{}: expected {expect:?}\n  about: {about}\n{}", file.display(), told(systems, "it gave", &verdict, plan.as_ref())));
        }
    }
    assert!(flaws.is_empty(), "\n{}", flaws.join("\n"));
}

/// Switches on each plant of a system, and panics unless the rule that must see it does so in a storm of the plant's
/// family, which holds without the plant.
pub fn plants<S: System>() {
    let systems = Systems::of::<S>();
    let system = systems.named(S::NAME).expect("it is the only one");
    let families = system.families();
    // Those of a system that this one contains show in that system's own families, and are tested with it.
    for plant in system.plants().into_iter().filter(|plant| families.iter().any(|family| family.name == plant.family)) {
        let changes = Changes { plants: vec![plant.name.into()], ..Changes::default() };
        let is_seen = |plan: &dyn AnyPlan| matches!(plan.run(Wanted::VERDICT).judgement.verdict, Verdict::Broken { rule, .. } | Verdict::Stuck { rule, .. } if rule == plant.rule);
        let drawn = |seed| system.draw(plant.family, seed, &changes).unwrap_or_else(|mistake| panic!("{mistake}")).0;
        let seed = (0..PLANT_SEEDS).find(|seed| is_seen(drawn(*seed).as_ref()));
        let Some(seed) = seed else { panic!("plant {}: rule {} did not see it in {PLANT_SEEDS} seeds of family {}", plant.name, plant.rule, plant.family) };
        let plan = drawn(seed);
        let verdict = plan.without_plants().run(Wanted::VERDICT).judgement.verdict;
        assert_eq!(verdict, Verdict::Holds, "plant {}, seed {seed}: the rule blames the plan, not the plant", plant.name);
        println!("plant {}: {} sees it at seed {seed} of family {}", plant.name, plant.rule, plant.family);
    }
}

/// A case file: what it is about, what it expects, its plan.
pub fn open<'s>(systems: &'s Systems, file: &Path) -> (String, Expect, Box<dyn AnyPlan + 's>) {
    let read = || {
        let document = Document::load(file)?;
        let Head { about, expect, .. } = head(&document)?;
        Ok::<_, crate::mistake::Mistake>((about, expect, systems.read(&document, PLAN)?))
    };
    read().unwrap_or_else(|mistake| panic!("{mistake}"))
}

/// Runs the plan in a file, and panics if it does not hold.
fn replay(systems: &Systems, file: &Path) {
    let document = Document::load(file).unwrap_or_else(|mistake| panic!("STORMGLASS_REPLAY: {mistake}"));
    let within = if is_case(&document) { PLAN } else { &[] };
    let plan = systems.read(&document, within).unwrap_or_else(|mistake| panic!("STORMGLASS_REPLAY: {mistake}"));
    let verdict = plan.run(Wanted::VERDICT).judgement.verdict;
    assert!(verdict == Verdict::Holds, "{}", told(systems, &file.display().to_string(), &verdict, plan.as_ref()));
}

/// A run that did not hold, with its plan in a file and the command that replays it.
fn told(systems: &Systems, which: &str, verdict: &Verdict, plan: &dyn AnyPlan) -> String {
    let (broken, _, _) = failure::parts(verdict);
    let rule = broken.and_then(|id| systems.iter().flat_map(AnySystem::rules).find(|rule| rule.id == id));
    let law = rule.map(|rule| format!("{} ({})", rule.law, rule.source));
    let test = std::thread::current().name().unwrap_or("seeds").to_string();
    let (replay, least) = match keep(plan) {
        Ok(file) => {
            let replay = format!("STORMGLASS_REPLAY={} cargo test {test}", crate::change::quoted(&file.display().to_string()));
            (replay, least(systems, plan, &file))
        }
        Err(mistake) => (format!("the plan could not be saved: {mistake}"), None),
    };
    let least = least.map(|least| format!("shrunk: {}\n", least.display())).unwrap_or_default();
    format!("{which}\n{}{least}", failure::text(verdict, law.as_deref(), &replay))
}

/// The least plan that fails for the same cause, as a case beside the plan; as far as it comes in a few seconds.
fn least(systems: &Systems, plan: &dyn AnyPlan, beside: &Path) -> Option<PathBuf> {
    const BUDGET: Budget = Budget { time: Duration::from_secs(5), jobs: 2 };
    let shrunk = shrink(systems.named(plan.system())?, plan, BUDGET, &AtomicBool::new(false), &mut Unwatched).ok()?;
    let case = Case::of_failure(plan.origin(), &shrunk.verdict, &shrunk.hash, shrunk.plan.fields());
    let file = beside.with_extension("least.toml");
    save(&case.text(Format::Toml), &file).ok()?;
    Some(file)
}

/// Nobody watches a shrinking within a test.
struct Unwatched;

impl crate::shrink::Progress for Unwatched {
    fn smaller(&mut self, _: &crate::shrink::Step) {}
}

/// Saves a plan where build products lie, so that it survives the test and nobody commits it.
fn keep(plan: &dyn AnyPlan) -> Result<PathBuf, crate::mistake::Mistake> {
    let text = plan.text(Format::Toml);
    let program = std::env::current_exe().unwrap_or_default();
    let target = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").exists()).map_or_else(std::env::temp_dir, Path::to_path_buf);
    let folder = target.join("stormglass");
    // A folder that cannot be made is told by the file that cannot be written.
    let _ = std::fs::create_dir_all(&folder);
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(&format!("{name} = "))).unwrap_or("plan").trim_matches('"').to_string();
    let file = folder.join(format!("{}-{}-{}.toml", field("system"), field("family"), field("seed")));
    save(&text, &file)?;
    Ok(file)
}

fn source<'s>(system: &'s dyn AnySystem, family: &'static str, changes: Changes) -> Box<dyn Source + 's> {
    Box::new(FamilySource { system, family, changes })
}

/// What a variable says, or `usual`. A variable that cannot be read fails the test: whoever sets one wants it heeded.
fn variable<T: FromStr<Err: Display>>(name: &str, usual: T) -> T {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|error| panic!("{name}={text}: {error}")),
        Err(_) => usual,
    }
}

/// Says nothing: what failed is told at the end.
struct Silent;

impl Progress for Silent {
    fn ran(&mut self, _: &Ran) {}
    fn failed(&mut self, _: &FailedRun) {}
}
