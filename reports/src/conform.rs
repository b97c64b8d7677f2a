//! `conform`: recordings of real servers, asked again of the model and of ensembles. What is told is where we and the
//! real server differ; never a run of our own.

use std::path::{Path, PathBuf};

use clap::{ArgMatches, Args, Command, FromArgMatches};
use conform::{ConformError, Disagreement, Recorded, Subject, find};
use harness::command::text::counted;
use harness::command::{Extra, out};
use harness::mistake::Mistake;

use crate::text::conform::{disagreements, line};

/// The arguments.
#[derive(Debug, Args)]
struct Conform {
    /// A folder of recordings (*.jsonl, also in folders below), or one recording.
    #[arg(value_name = "DIR")]
    path: PathBuf,
    /// Whom to ask: `model`, or the number of replicas of an ensemble; may be given several times. [default: model, 1,
    /// 3]
    #[arg(long = "subject", value_name = "WHO", value_parser = subject)]
    subjects: Vec<Subject>,
    /// How many disagreements of a file to tell in full.
    #[arg(long, value_name = "N", default_value_t = 10)]
    most: usize,
}

fn subject(text: &str) -> Result<Subject, String> {
    match (text, text.parse()) {
        ("model", _) => Ok(Subject::Model),
        (_, Ok(replicas)) if (1..=101).contains(&replicas) => Ok(Subject::Ensemble(replicas)),
        _ => Err("give `model`, or a number of replicas from 1 to 101".into()),
    }
}

/// The verb.
pub fn verb() -> Extra {
    let about = "Ask the model and simulated ensembles what real servers were recorded to answer, and tell where they differ";
    Extra { command: Conform::augment_args(Command::new("conform")).about(about), run }
}

fn run(matches: &ArgMatches) -> Result<u8, Mistake> {
    conform(&Conform::from_arg_matches(matches).expect("clap has read what it was asked to read"))
}

/// Exit code of a disagreement: a promise is broken.
const DISAGREES: u8 = 1;

/// Asks all recordings again.
fn conform(args: &Conform) -> Result<u8, Mistake> {
    let files = find(&args.path).map_err(mistake)?;
    // A file that cannot be read is told before the first minute is spent.
    let recorded = files.iter().map(|file| Recorded::load(file)).collect::<Result<Vec<_>, _>>().map_err(mistake)?;
    let subjects = if args.subjects.is_empty() { Subject::ALL.to_vec() } else { args.subjects.clone() };
    let (mut requests, mut differ) = (0, 0);
    for (file, recorded) in files.iter().zip(&recorded) {
        let name = name(file, &args.path);
        let mut asked = Vec::new();
        for subject in subjects.iter().copied().filter(|subject| recorded.suits(*subject)) {
            let outcome = recorded.ask(subject);
            out::say(&disagreements(&name, subject, &outcome.disagreements, args.most));
            asked.push((subject, outcome));
        }
        requests += asked.iter().map(|(_, outcome)| outcome.requests).max().unwrap_or(0);
        differ += lines(asked.iter().flat_map(|(_, outcome)| &outcome.disagreements));
        out::say(&line(&name, &asked));
    }
    out::say(&format!("{}, {differ} disagree\n", counted_plainly(requests)));
    Ok(if differ == 0 { 0 } else { DISAGREES })
}

/// Requests on which anybody differs, each once.
fn lines<'d>(disagreements: impl Iterator<Item = &'d Disagreement>) -> usize {
    disagreements.map(|disagreement| (disagreement.line, &disagreement.request)).collect::<std::collections::BTreeSet<_>>().len()
}

/// A number that other programs read has no commas.
fn counted_plainly(requests: u64) -> String {
    counted(requests, "request", "requests").replace(',', "")
}

/// A file's name below the folder that was given.
fn name(file: &Path, folder: &Path) -> String {
    let below = file.strip_prefix(folder).ok().filter(|below| !below.as_os_str().is_empty());
    below.unwrap_or(file).display().to_string()
}

/// What cannot be asked again, as the user's mistake.
fn mistake(error: ConformError) -> Mistake {
    Mistake::new(error.place(), error.what(), error.remedy())
}
