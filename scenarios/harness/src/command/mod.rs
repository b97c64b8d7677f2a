//! The command: `fuzz`, `run`, `replay`, `shrink`, `keep` and the lists, for the systems of a program. Each verb reads what it needs, has
//! it run and judged, and tells; it says its exit code, or the user's mistake.

mod args;
mod fuzz;
mod lists;
mod night;
pub mod out;
mod progress;
mod run;
mod shrink;
mod signals;
pub mod text;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Arg, ArgMatches, CommandFactory, FromArgMatches};
use contract::verdict::Verdict;

use crate::change::{Changes, quoted};
use crate::mistake::Mistake;
use crate::system::System;
use crate::systems::{AnySystem, Systems};
use args::{Change, Cli, Verb};

/// The command of one system: all of a program's `main`.
pub fn main<S: System>() -> ExitCode {
    Program::new(Systems::of::<S>()).main()
}

/// A verb of a program's own, beside those of the harness.
pub struct Extra {
    /// Its name, arguments and help.
    pub command: clap::Command,
    /// Does it, and says the exit code.
    pub run: fn(&ArgMatches) -> Result<u8, Mistake>,
}

/// A program: its systems, and verbs of its own.
pub struct Program {
    systems: Systems,
    extras: Vec<Extra>,
}

impl Program {
    /// A program for these systems.
    pub fn new(systems: Systems) -> Program {
        Program { systems, extras: Vec::new() }
    }

    /// The same with a verb more.
    #[must_use]
    pub fn with(mut self, extra: Extra) -> Program {
        self.extras.push(extra);
        self
    }

    /// Reads the command line, does what it says, and gives the exit code.
    pub fn main(&self) -> ExitCode {
        let matches = match self.command().try_get_matches() {
            Ok(matches) => matches,
            Err(told) => return refuse(&told),
        };
        match self.run(&matches) {
            Ok(code) => ExitCode::from(code),
            Err(mistake) => {
                out::warn(&format!("error: {mistake}\n"));
                ExitCode::from(Mistake::EXIT_CODE)
            }
        }
    }

    fn command(&self) -> clap::Command {
        let mut command = Cli::command().name(name());
        let mut flags: Vec<_> = self.systems.iter().flat_map(AnySystem::flags).collect();
        flags.sort_by_key(|flag| flag.name);
        flags.dedup_by_key(|flag| flag.name);
        for flag in flags {
            for verb in ["run", "fuzz"].into_iter().filter(|verb| flag.fuzzes || *verb == "run") {
                command = command.mut_subcommand(verb, |verb| verb.arg(Arg::new(flag.name).long(flag.name).value_name(flag.value).help(flag.help)));
            }
        }
        self.extras.iter().fold(command, |command, extra| command.subcommand(extra.command.clone()))
    }

    fn run(&self, matches: &ArgMatches) -> Result<u8, Mistake> {
        let (verb, of_verb) = matches.subcommand().expect("clap asks for a verb");
        if let Some(extra) = self.extras.iter().find(|extra| extra.command.get_name() == verb) {
            return (extra.run)(of_verb);
        }
        let cli = Cli::from_arg_matches(matches).expect("clap has read what it was asked to read");
        let systems = &self.systems;
        match &cli.verb {
            Verb::Fuzz(args) => fuzz::fuzz(systems, args, self.changes(&args.changes, of_verb)?),
            Verb::Run(args) => run::run(systems, args, self.changes(&args.changes, of_verb)?),
            Verb::Replay(args) => run::replay(systems, args),
            Verb::Shrink(args) => shrink::shrink(systems, args),
            Verb::Keep(args) => shrink::keep(systems, args),
            Verb::Families(list) => Ok(lists::families(&chosen(systems, list.system.as_deref())?)),
            Verb::Rules(list) => Ok(lists::rules(&chosen(systems, list.system.as_deref())?)),
            Verb::Probes(list) => Ok(lists::probes(&chosen(systems, list.system.as_deref())?)),
            Verb::Plants(list) => Ok(lists::plants(&chosen(systems, list.system.as_deref())?)),
        }
    }

    /// What is to be otherwise than it is drawn. A plant that no system has is told at once.
    fn changes(&self, change: &Change, matches: &ArgMatches) -> Result<Changes, Mistake> {
        let given = |name: &str| matches.try_get_one::<String>(name).ok().flatten().cloned();
        let mut flags: Vec<(String, String)> = vec![];
        for flag in self.systems.iter().flat_map(AnySystem::flags) {
            if let Some(value) = given(flag.name).filter(|_| !flags.iter().any(|(name, _)| name == flag.name)) {
                flags.push((flag.name.into(), value));
            }
        }
        let plants: Vec<&str> = self.systems.iter().flat_map(AnySystem::plants).map(|plant| plant.name).collect();
        if let Some(unknown) = change.plants.iter().find(|name| !plants.contains(&name.as_str())) {
            let mut known = plants;
            known.dedup();
            return Err(Mistake::new(format!("--plant {unknown}"), "there is no such plant", format!("give one of: {}", known.join(", "))));
        }
        Ok(Changes { flags, sets: change.sets.clone(), plants: change.plants.clone() })
    }
}

/// What clap says: help and version go to standard output and are no mistake; the rest is one.
fn refuse(told: &clap::Error) -> ExitCode {
    match told.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            out::say(&told.render().to_string());
            ExitCode::SUCCESS
        }
        _ => {
            out::warn(&told.render().to_string());
            ExitCode::from(Mistake::EXIT_CODE)
        }
    }
}

/// The systems that are meant: the one of that name, or all.
fn chosen<'s>(systems: &'s Systems, name: Option<&str>) -> Result<Vec<&'s dyn AnySystem>, Mistake> {
    match name {
        None => Ok(systems.iter().collect()),
        Some(name) => match systems.named(name) {
            Some(system) => Ok(vec![system]),
            None => {
                let known: Vec<&str> = systems.iter().map(AnySystem::name).collect();
                Err(Mistake::new(format!("--system {name}"), "there is no such system", format!("give one of {}", known.join(", "))))
            }
        },
    }
}

/// The family that is meant, with its system.
fn family<'s>(systems: &[&'s dyn AnySystem], name: &str) -> Result<(&'s dyn AnySystem, &'static str), Mistake> {
    let all = systems.iter().flat_map(|system| system.families().into_iter().map(|family| (*system, family.name)));
    let found: Vec<_> = all.clone().filter(|(_, family)| *family == name).collect();
    match found.as_slice() {
        [] => {
            let known: Vec<&str> = all.map(|(_, family)| family).collect();
            Err(Mistake::new(format!("--family {name}"), "there is no such family", format!("give one of {}", known.join(", "))))
        }
        [found] => Ok(*found),
        several => {
            let of: Vec<&str> = several.iter().map(|(system, _)| system.name()).collect();
            let remedy = format!("say which with --system {}", of.join(" or --system "));
            Err(Mistake::new(format!("--family {name}"), format!("several systems have such a family: {}", of.join(", ")), remedy))
        }
    }
}

/// The broken rule's statement and source.
fn law(systems: &Systems, verdict: &Verdict) -> Option<String> {
    let (broken, _, _) = text::failure::parts(verdict);
    let broken = broken?;
    let rule = systems.iter().flat_map(AnySystem::rules).find(|rule| rule.id == broken)?;
    Some(format!("{} ({})", rule.law, rule.source))
}

/// How this program was called, so that what is printed can be pasted.
fn program() -> String {
    let name = std::env::args_os().next().filter(|name| !name.is_empty());
    name.map_or_else(|| "stormglass".into(), |name| quoted(&name.to_string_lossy()))
}

/// This program's own name, for help.
fn name() -> String {
    let path = std::env::args_os().next().map(std::path::PathBuf::from);
    path.as_deref().and_then(std::path::Path::file_stem).map_or_else(|| "stormglass".into(), |name| name.to_string_lossy().into_owned())
}
