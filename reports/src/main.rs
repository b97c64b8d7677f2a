//! The `stormglass` command: a plan in, a verdict out, as text, JSON and an exit code. Never what happens in a run, nor what must be true of it.

mod args;
mod command;
mod conf;
mod input;
mod mistake;
mod out;
mod progress;
mod save;
mod text;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use args::{Cli, Verb};
use mistake::Mistake;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(told) => return refuse(&told),
    };
    let done = match &cli.verb {
        Verb::Fuzz(args) => command::fuzz::fuzz(args),
        Verb::Run(args) => command::run::run(args),
        Verb::Replay(args) => command::run::replay(args),
        Verb::Conform(args) => command::conform::conform(args),
        Verb::Families => Ok(command::lists::families()),
        Verb::Jobs => Ok(command::lists::jobs()),
        Verb::Rules => Ok(command::lists::rules()),
        Verb::Probes => Ok(command::lists::probes()),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(mistake) => {
            out::warn(&format!("error: {mistake}\n"));
            ExitCode::from(Mistake::EXIT_CODE)
        }
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
