//! `run` and `replay`: one storm. Never more than one.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::catch_unwind;
use std::path::Path;

use vocab::ids::MachineId;
use vocab::plan::Plan;
use vocab::recording::{Ending, RECORDING_FORMAT, Recording};
use vocab::verdict::{Judgement, Verdict};

use super::{no_family, program, quoted, reproduce};
use crate::args::{Replay, Run};
use crate::conf::Conf;
use crate::mistake::Mistake;
use crate::text::{failure, last_line, one_run};
use crate::{input, out, save};

/// `stormglass run`: the plan is saved before it runs, so that a name which cannot be written costs nothing.
pub fn run(args: &Run) -> Result<u8, Mistake> {
    let mut plan = scenarios::family::plan(&args.family, args.seed).ok_or_else(|| no_family(&args.family))?;
    let changes = args.changes.changes();
    let mut flags = String::new();
    let conf = args.conf.as_deref().map(Conf::load).transpose()?;
    if let Some((conf, file)) = conf.as_ref().zip(args.conf.as_deref()) {
        out::warn(&conf.notes());
        conf.change(&mut plan)?;
        flags = format!(" --conf {}", quoted(&name(file)));
    }
    changes.change(&mut plan)?;
    plan.check().map_err(|flaw| match conf.and_then(|conf| conf.blamed(&flaw)) {
        Some(error) => Mistake::from(error),
        None => changes.blamed(flaw).into(),
    })?;
    if let Some(target) = &args.save {
        save::save(&plan, target)?;
    }
    Ok(tell(&plan, args.json, &(reproduce(&args.family, args.seed, &changes) + &flags)))
}

/// `stormglass replay`.
pub fn replay(args: &Replay) -> Result<u8, Mistake> {
    let plan = input::load(&args.file)?;
    Ok(tell(&plan, args.json, &format!("{} replay {}", program(), quoted(&name(&args.file)))))
}

/// A file's name as it was given.
fn name(file: &Path) -> String {
    file.display().to_string()
}

/// Runs and judges the plan, tells of it, and says the exit code.
fn tell(plan: &Plan, json: bool, reproduce: &str) -> u8 {
    let (recording, judgement) = catch_unwind(|| scenarios::run::judged(plan)).unwrap_or_else(|panic| dead(plan, panic.as_ref()));
    let verdict = &judgement.verdict;
    if json {
        out::say(&last_line::json(&recording, &judgement, reproduce));
    } else {
        let about = one_run::text(&recording, &judgement);
        let failure = failure::text(verdict, law(verdict).as_deref(), reproduce);
        out::say(&format!("{about}{failure}{}", last_line::line(&recording, verdict)));
    }
    verdict.exit_code()
}

/// What is left when the harness itself panicked, not a process: our bug, and a verdict all the same, as `fuzz` says it.
fn dead(plan: &Plan, panic: &(dyn Any + Send)) -> (Recording, Judgement) {
    let said = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
    let message = said.unwrap_or_else(|| "a panic without words".into());
    let place = "the harness itself, not a process".to_string();
    let ending = Ending::Crashed { machine: MachineId(0), place: place.clone(), message: message.clone() };
    let recording = Recording { format: RECORDING_FORMAT, plan: plan.clone(), notes: Vec::new(), ending, events: 0, end_ns: 0, hash: "0".repeat(32) };
    (recording, Judgement { verdict: Verdict::Crashed { place, message }, tallies: BTreeMap::new() })
}

/// The broken rule's statement and source.
pub fn law(verdict: &Verdict) -> Option<String> {
    let (broken, _, _) = failure::parts(verdict);
    broken.and_then(models::rule).map(|rule| format!("{} ({})", rule.law, rule.source))
}
