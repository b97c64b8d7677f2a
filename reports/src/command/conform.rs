//! `conform`: recordings of real servers, asked again of the model and of ensembles. What is told is where we and the real server differ; never a run of our own.

use std::path::Path;

use scenarios::conform::{Disagreement, Recorded, Subject, find};

use crate::args::Conform;
use crate::mistake::Mistake;
use crate::out;
use crate::text::{conform, counted};

/// Exit code of a disagreement: a promise is broken.
const DISAGREES: u8 = 1;

/// `stormglass conform`.
pub fn conform(args: &Conform) -> Result<u8, Mistake> {
    let files = find(&args.path)?;
    // A file that cannot be read is told before the first minute is spent.
    let recorded = files.iter().map(|file| Recorded::load(file)).collect::<Result<Vec<_>, _>>()?;
    let subjects = if args.subjects.is_empty() { Subject::ALL.to_vec() } else { args.subjects.clone() };
    let (mut requests, mut differ) = (0, 0);
    for (file, recorded) in files.iter().zip(&recorded) {
        let name = name(file, &args.path);
        let mut asked = Vec::new();
        for subject in subjects.iter().copied().filter(|subject| recorded.suits(*subject)) {
            let outcome = recorded.ask(subject);
            out::say(&conform::disagreements(&name, subject, &outcome.disagreements, args.most));
            asked.push((subject, outcome));
        }
        requests += asked.iter().map(|(_, outcome)| outcome.requests).max().unwrap_or(0);
        differ += lines(asked.iter().flat_map(|(_, outcome)| &outcome.disagreements));
        out::say(&conform::line(&name, &asked));
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
