//! `run` and `replay`: one storm. Never more than one.

use super::args::{Replay, Run, Telling};
use super::text::{failure, last_line, one_run};
use super::{chosen, family, law, out, program};
use crate::case::{Compared, Expect, PLAN, head, is_case};
use crate::change::{Changes, quoted};
use crate::mistake::Mistake;
use crate::plan::{Document, Format, save};
use crate::run::Wanted;
use crate::systems::{AnyPlan, Systems};

/// The exit code of a run that holds, though not all of its faults struck, for whoever is strict.
const INERT: u8 = 7;
/// The exit code of a case whose plan names what is there no longer.
const STALE: u8 = 6;

/// Draws, runs and judges a storm. The plan is saved before it runs, so that a name which cannot be written costs
/// nothing.
pub fn run(systems: &Systems, args: &Run, changes: Changes) -> Result<u8, Mistake> {
    let (system, family) = family(&chosen(systems, args.system.as_deref())?, &args.family)?;
    let (plan, notes) = system.draw(family, args.seed, &changes)?;
    out::warn(&notes);
    if let Some(target) = &args.save {
        save(&plan.text(Format::of(target)), target)?;
    }
    let of = args.system.as_ref().map(|system| format!(" --system {system}")).unwrap_or_default();
    let reproduce = format!("{} run --family {family} --seed {}{of}{changes}", program(), args.seed);
    Ok(tell(systems, plan.as_ref(), None, &args.telling, &reproduce))
}

/// Runs and judges the plan in a file.
pub fn replay(systems: &Systems, args: &Replay) -> Result<u8, Mistake> {
    let document = Document::load(&args.file)?;
    let expect = if is_case(&document) { Some(head(&document)?.expect) } else { None };
    let plan = match systems.read(&document, if expect.is_some() { PLAN } else { &[] }) {
        Ok(plan) => plan,
        Err(mistake) if expect.is_some() => {
            out::warn(&format!("case: stale, its plan cannot be run any more\nerror: {mistake}\n"));
            return Ok(STALE);
        }
        Err(mistake) => return Err(mistake),
    };
    if let Some(target) = &args.save {
        save(&plan.text(Format::of(target)), target)?;
    }
    let reproduce = format!("{} replay {}", program(), quoted(&args.file.display().to_string()));
    Ok(tell(systems, plan.as_ref(), expect.as_ref(), &args.telling, &reproduce))
}

/// Runs and judges the plan, tells of it and of how it compares with what is expected, and says the exit code.
fn tell(systems: &Systems, plan: &dyn AnyPlan, expect: Option<&Expect>, telling: &Telling, reproduce: &str) -> u8 {
    let report = plan.run(Wanted::ACCOUNT);
    let verdict = &report.judgement.verdict;
    let compared = expect.map(|expect| expect.compared(verdict, &report.hash));
    if telling.json {
        out::say(&last_line::json(&report, compared, reproduce));
    } else {
        let failure = failure::text(verdict, law(systems, verdict).as_deref(), reproduce);
        let case = compared.map(|compared| format!("case: {}\n", compared.text())).unwrap_or_default();
        out::say(&format!("{}{failure}{case}{}", one_run::text(&report), last_line::line(&report)));
    }
    let code = compared.and_then(Compared::exit_code).unwrap_or_else(|| verdict.exit_code());
    if code == 0 && telling.strict && !report.strikes.is_whole() { INERT } else { code }
}
