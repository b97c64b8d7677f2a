//! The command line as data. clap reads it; what it cannot read becomes one clear error. Never a file, never a run.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::change::Set;

/// Deterministic simulation testing: from a seed to a storm to a verdict.
#[derive(Debug, Parser)]
#[command(version, disable_help_subcommand = true, after_help = AFTER)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

const AFTER: &str = "Exit codes: 0 every rule holds, 1 a rule is broken, 2 the system is stuck, 3 a process crashed, 64 usage or bad input. \
    `replay` of a case: 4 it holds now, 5 it fails otherwise, 6 it is stale. \
    With --strict: 7 a fault never struck.";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Plan storms from many seeds, run them on all cores, judge each, print a summary.
    Fuzz(Fuzz),
    /// Plan, run and judge one storm.
    Run(Run),
    /// Run and judge the plan in a file.
    Replay(Replay),
    /// Find the least plan that still fails as the one in a file does, for the same cause.
    Shrink(Shrink),
    /// Shrink the plan in a file, and put it among the cases that `cargo test` runs.
    Keep(Keep),
    /// List the families: the named ways to draw a plan from a seed.
    Families(List),
    /// List the rules: what must be true of every run.
    Rules(List),
    /// List the probes: states that a long fuzz must reach.
    Probes(List),
    /// List the plants: known bugs that can be switched on, to see that a rule finds them.
    Plants(List),
}

/// `fuzz`.
#[derive(Debug, Args)]
pub struct Fuzz {
    /// How many seeds, from 0 on, or which: A..B (B left out) or A..=B. [default: 200, or all while --for lasts]
    #[arg(long, value_name = "N|A..B", value_parser = seeds, allow_hyphen_values = true)]
    pub seeds: Option<Seeds>,
    /// Only this family; may be given several times. [default: all]
    #[arg(long = "family", value_name = "FAMILY")]
    pub families: Vec<String>,
    /// Only families of this system.
    #[arg(long, value_name = "SYSTEM")]
    pub system: Option<String>,
    /// Stop after so long: 90s, 10m, 8h, 1h30m.
    #[arg(long = "for", value_name = "TIME", value_parser = length, allow_hyphen_values = true)]
    pub length: Option<Duration>,
    /// Keep what is found in a folder, and go on where the last fuzz with that folder was, however it ended. It goes on
    /// after failures; each cause has a folder of its own in DIR/findings.
    #[arg(long, value_name = "DIR")]
    pub night: Option<PathBuf>,
    /// How many runs at a time. [default: one a core]
    #[arg(long, value_name = "J", value_parser = jobs, allow_hyphen_values = true)]
    pub jobs: Option<usize>,
    /// Go on after a failure.
    #[arg(long)]
    pub keep_going: bool,
    /// A fault that never struck, or was spared by the fault budget, fails the fuzz.
    #[arg(long)]
    pub strict: bool,
    /// What is otherwise than the families draw it, in every run.
    #[command(flatten)]
    pub changes: Change,
}

/// `run`.
#[derive(Debug, Args)]
pub struct Run {
    /// The family that draws the plan; `families` lists them.
    #[arg(long, value_name = "FAMILY")]
    pub family: String,
    /// The family's system, where several have a family of that name.
    #[arg(long, value_name = "SYSTEM")]
    pub system: Option<String>,
    /// The seed that decides everything: any whole number below 2^64.
    #[arg(long, value_name = "SEED", value_parser = seed, allow_hyphen_values = true)]
    pub seed: u64,
    /// Write the plan to a file, to be edited and replayed: TOML, or JSON if its name ends in .json.
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
    /// How it is told.
    #[command(flatten)]
    pub telling: Telling,
    /// What is otherwise than the family draws it.
    #[command(flatten)]
    pub changes: Change,
}

/// How one run is told.
#[derive(Debug, Args)]
pub struct Telling {
    /// Print one JSON object instead.
    #[arg(long)]
    pub json: bool,
    /// A fault that never struck, or was spared by the fault budget, is an error (exit code 7) if all else holds.
    #[arg(long)]
    pub strict: bool,
}

/// What is to be otherwise than it is drawn.
#[derive(Debug, Args)]
pub struct Change {
    /// Set a field of the plan by its path in a plan file, as in heal.bound_ms=60000; may be given several times.
    #[arg(long = "set", value_name = "FIELD=VALUE", value_parser = Set::parse)]
    pub sets: Vec<Set>,
    /// Switch on a known bug, to see that a rule finds it; may be given several times. `plants` lists them.
    #[arg(long = "plant", value_name = "NAME")]
    pub plants: Vec<String>,
}

/// `families`, `rules`, `probes`, `plants`.
#[derive(Debug, Args)]
pub struct List {
    /// Only those of this system.
    #[arg(long, value_name = "SYSTEM")]
    pub system: Option<String>,
}

/// `replay`.
#[derive(Debug, Args)]
pub struct Replay {
    /// A plan that `run … --save FILE` wrote, edited or not; or a case, of which the plan is taken.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Write the plan to a file, in the present format: TOML, or JSON if its name ends in .json.
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
    /// How it is told.
    #[command(flatten)]
    pub telling: Telling,
}

/// `shrink`.
#[derive(Debug, Args)]
pub struct Shrink {
    /// A plan or a case that fails.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Where to write the case: TOML, or JSON if its name ends in .json. [default: beside FILE, its name with `.least`]
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
    /// What it may cost.
    #[command(flatten)]
    pub cost: Cost,
}

/// What shrinking may cost.
#[derive(Debug, Args)]
pub struct Cost {
    /// Begin no run after so long; what is least until then is written.
    #[arg(long, value_name = "TIME", value_parser = length, default_value = "60s")]
    pub budget: Duration,
    /// How many runs at a time. [default: one a core]
    #[arg(long, value_name = "J", value_parser = jobs, allow_hyphen_values = true)]
    pub jobs: Option<usize>,
}

/// `keep`.
#[derive(Debug, Args)]
pub struct Keep {
    /// A plan or a case that fails.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The folder of cases. What has a plant there must fail for ever; what has none must hold, once it is mended.
    #[arg(long, value_name = "DIR", default_value = "cases")]
    pub folder: PathBuf,
    /// What went wrong, in a sentence. [default: the rule and its witness]
    #[arg(long, value_name = "TEXT")]
    pub about: Option<String>,
    /// What it may cost.
    #[command(flatten)]
    pub cost: Cost,
}

/// Which seeds, the last one included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seeds {
    /// The first.
    pub first: u64,
    /// The last.
    pub last: u64,
}

impl Seeds {
    /// Seeds of a fuzz that was told no number of them.
    pub const DEFAULT: Seeds = Seeds { first: 0, last: 199 };
    /// Every seed there is.
    pub const ALL: Seeds = Seeds { first: 0, last: u64::MAX };
}

fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("a seed is a whole number from 0 to {}", u64::MAX))
}

fn seeds(text: &str) -> Result<Seeds, String> {
    let Some((first, last)) = text.split_once("..") else {
        return match seed(text)? {
            0 => Err("give at least one seed".into()),
            count => Ok(Seeds { first: 0, last: count - 1 }),
        };
    };
    let first = seed(first)?;
    let last = match last.strip_prefix('=') {
        Some(last) => Some(seed(last)?),
        None => seed(last)?.checked_sub(1),
    };
    match last {
        Some(last) if first <= last => Ok(Seeds { first, last }),
        Some(_) | None => Err("no seed lies in that range; in A..B, B is left out".into()),
    }
}

fn jobs(text: &str) -> Result<usize, String> {
    /// Beyond it there are no machines, and each job is a thread.
    const JOBS_MAX: usize = 1_024;
    text.parse().ok().filter(|jobs| (1..=JOBS_MAX).contains(jobs)).ok_or_else(|| format!("give a whole number from 1 to {JOBS_MAX}"))
}

/// So many jobs, or one a core.
pub fn jobs_or_cores(jobs: Option<usize>) -> usize {
    jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
}

/// Reads `1h30m`, `10m`, `90s`, `500ms`: whole numbers, each with its unit.
fn length(text: &str) -> Result<Duration, String> {
    let bad = || "give whole numbers with their units, as in 90s, 10m, 8h or 1h30m".to_string();
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(bad)?;
        let number: u64 = rest[..digits].parse().map_err(|_| bad())?;
        rest = &rest[digits..];
        let unit = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let ms_each: u64 = match &rest[..unit] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(bad()),
        };
        rest = &rest[unit..];
        total = number.checked_mul(ms_each).and_then(|ms| total.checked_add(Duration::from_millis(ms))).ok_or_else(bad)?;
    }
    if total.is_zero() { Err(bad()) } else { Ok(total) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_a_number_or_a_range() {
        let check = |text: &str, first, last| assert_eq!(seeds(text), Ok(Seeds { first, last }), "{text}");
        check("1", 0, 0);
        check("200", 0, 199);
        check("5..8", 5, 7);
        check("5..=8", 5, 8);
        check("0..=18446744073709551615", 0, u64::MAX);
        check("18446744073709551615", 0, u64::MAX - 1);
        check("18446744073709551614..18446744073709551615", u64::MAX - 1, u64::MAX - 1);
        for bad in ["", "0", "-1", "5..5", "8..5", "0..0", "..", "1..", "..4", "1...3", "x", "1.5", "18446744073709551616", " 7"] {
            assert!(seeds(bad).is_err(), "{bad:?} is no seeds");
        }
    }

    #[test]
    fn lengths_have_units() {
        let check = |text: &str, seconds| assert_eq!(length(text), Ok(Duration::from_secs(seconds)), "{text}");
        check("90s", 90);
        check("10m", 600);
        check("8h", 28_800);
        check("1h30m", 5_400);
        check("2d", 172_800);
        check("1000ms", 1);
        for bad in ["", "10", "m", "0s", "-5m", "1.5h", "10 m", "10x", "99999999999999999999s", "18446744073709551615d"] {
            assert!(length(bad).is_err(), "{bad:?} is no length of time");
        }
    }

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
