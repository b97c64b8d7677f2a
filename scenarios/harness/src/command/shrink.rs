//! `shrink` and `keep`: the least plan that still fails, as a case. What is tried is the shrinker's.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use super::args::{Cost, Keep, Shrink, jobs_or_cores};
use super::text::{counted, failure};
use super::{law, out, program, signals};
use crate::case::{Case, Expect, Head, Origin, PLAN, head, is_case};
use crate::change::quoted;
use crate::mistake::Mistake;
use crate::plan::{Document, Format, save};
use crate::shrink::{Budget, Progress, Shrunk, Step, Unshrinkable};
use crate::systems::{AnyPlan, Systems};

/// A line so often.
const LINE_EVERY: Duration = Duration::from_secs(2);

/// Shrinks the plan in a file and writes it as a case.
pub fn shrink(systems: &Systems, args: &Shrink) -> Result<u8, Mistake> {
    let source = Source::load(systems, &args.file)?;
    let target = args.save.clone().unwrap_or_else(|| args.file.with_extension(format!("least.{}", extension(&args.file))));
    let shrunk = source.shrunk(systems, &args.cost)?;
    let about = source.about.clone().unwrap_or_else(|| shrunk.cause.rule.clone());
    let case = source.case(&shrunk, about, Expect::again(&shrunk.verdict, &shrunk.hash));
    save(&case.text(Format::of(&target)), &target)?;
    told(systems, &source, &shrunk, &target);
    Ok(0)
}

/// Shrinks the plan in a file and puts it into a folder of cases.
pub fn keep(systems: &Systems, args: &Keep) -> Result<u8, Mistake> {
    let source = Source::load(systems, &args.file)?;
    if !args.folder.is_dir() {
        return Err(Mistake::new(args.folder.display().to_string(), "there is no such folder", "make it, or name another with --folder"));
    }
    let shrunk = source.shrunk(systems, &args.cost)?;
    let target = args.folder.join(format!("{}.toml", shrunk.cause.name()));
    if target.exists() {
        let remedy = "nothing is to be done; take the file away first to keep another example";
        return Err(Mistake::new(target.display().to_string(), "a case of this cause is kept already", remedy));
    }
    let said = || format!("{}: {}", shrunk.cause.rule, shrunk.cause.says);
    let about = args.about.clone().or_else(|| source.about.clone()).unwrap_or_else(said);
    // A plant is there to be seen; a failure is there to be mended.
    let expect = if shrunk.plan.plants().is_empty() { Expect::HOLDS } else { Expect::again(&shrunk.verdict, &shrunk.hash) };
    save(&source.case(&shrunk, about, expect).text(Format::Toml), &target)?;
    told(systems, &source, &shrunk, &target);
    Ok(0)
}

/// What is to be shrunk, and where it comes from.
struct Source<'s> {
    file: PathBuf,
    about: Option<String>,
    origin: Option<Origin>,
    plan: Box<dyn AnyPlan + 's>,
}

impl<'s> Source<'s> {
    fn load(systems: &'s Systems, file: &Path) -> Result<Source<'s>, Mistake> {
        let document = Document::load(file)?;
        let (about, origin, within) = if is_case(&document) {
            let Head { about, origin, .. } = head(&document)?;
            (Some(about), origin, PLAN)
        } else {
            (None, None, &[][..])
        };
        Ok(Source { file: file.into(), about, origin, plan: systems.read(&document, within)? })
    }

    fn shrunk(&self, systems: &'s Systems, cost: &Cost) -> Result<Shrunk<'s>, Mistake> {
        let system = systems.named(self.plan.system()).expect("the plan was read by one of them");
        let cancel: &AtomicBool = &signals::cancel();
        let mut teller = Teller { told: Instant::now() };
        crate::shrink::shrink(system, self.plan.as_ref(), Budget { time: cost.budget, jobs: jobs_or_cores(cost.jobs) }, cancel, &mut teller).map_err(
            |unshrinkable| {
                let place = self.file.display().to_string();
                match unshrinkable {
                    Unshrinkable::Holds => Mistake::new(place, "the plan holds: there is nothing to shrink", "give a plan or a case that fails"),
                    Unshrinkable::Differs => {
                        Mistake::new(place, "two runs of the least plan differ", "make the processes deterministic first: clocks, entropy, threads, addresses")
                    }
                }
            },
        )
    }

    /// The case, with its plan as plain data.
    fn case(&self, shrunk: &Shrunk<'_>, about: String, expect: Expect) -> Case<serde_json::Value> {
        let origin = self.origin.clone().unwrap_or_else(|| self.plan.origin());
        Case { about, origin: Some(origin), expect, plan: shrunk.plan.fields() }
    }
}

fn extension(file: &Path) -> &str {
    if Format::of(file) == Format::Json { "json" } else { "toml" }
}

/// Says what came of it.
fn told(systems: &Systems, source: &Source<'_>, shrunk: &Shrunk<'_>, target: &Path) {
    let law = law(systems, &shrunk.verdict);
    let reproduce = format!("{} replay {}", program(), quoted(&target.display().to_string()));
    let size = |plan: &dyn AnyPlan| {
        let plan = plan.fields();
        let faults = plan["faults"].as_array().map_or(0, Vec::len) as u64;
        format!("{} and {} bytes", counted(faults, "fault", "faults"), plan.to_string().len())
    };
    let end = if shrunk.is_least { "nothing more can be taken away" } else { "the budget is spent" };
    out::say(&format!(
        "{}{} before, {} now; {}, {end}\n",
        failure::text(&shrunk.verdict, law.as_deref(), &reproduce),
        size(source.plan.as_ref()),
        size(shrunk.plan.as_ref()),
        counted(shrunk.runs, "run", "runs")
    ));
}

/// A line now and then.
struct Teller {
    told: Instant,
}

impl Progress for Teller {
    fn smaller(&mut self, step: &Step) {
        if self.told.elapsed() >= LINE_EVERY {
            self.told = Instant::now();
            out::warn(&format!("{} runs: {} faults, {} bytes\n", step.runs, step.faults, step.bytes));
        }
    }
}
