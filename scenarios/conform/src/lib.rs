//! Conformance: what real servers were recorded to answer, asked again of the reference model and of simulated
//! ensembles, answer against answer. Nobody who is asked knows what the recording says.
//!
//! `transcript` reads the recordings of single requests, `flink` reads and plays those of whole processes; both read
//! fields by `fields`. `model` and `replicas` ask single requests; `stage` is an ensemble with a caller for each
//! recorded connection. Answers are compared as the recording writes them (`rendering`): zxids count from the first
//! transaction, session ids are places in the order of opening, and the deletions at the end of a session come in any
//! order, since ZooKeeper promises none.

mod error;
mod fields;
mod transcript;
mod outcome;
mod rendering;
mod comparison;
mod model;
mod stage;
mod replicas;
mod flink;

use std::fmt;
use std::path::{Path, PathBuf};

pub use error::ConformError;
pub use outcome::{Disagreement, Outcome};

/// Who is asked the recorded requests again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The reference by which the judge judges.
    Model,
    /// A simulated ensemble of so many replicas.
    Ensemble(u16),
}

impl Subject {
    /// Those that must agree with the recordings: the reference, and ensembles of one and of three replicas.
    pub const ALL: [Subject; 3] = [Subject::Model, Subject::Ensemble(1), Subject::Ensemble(3)];
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Model => f.write_str("the model"),
            Subject::Ensemble(1) => f.write_str("1 replica"),
            Subject::Ensemble(replicas) => write!(f, "{replicas} replicas"),
        }
    }
}

/// A recording that was read.
#[derive(Clone, Debug)]
pub struct Recorded {
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Requests(transcript::Transcript),
    Processes(flink::Log),
}

/// The recordings at `path`: the file itself, or all `*.jsonl` below the folder, in the order of their names.
pub fn find(path: &Path) -> Result<Vec<PathBuf>, ConformError> {
    let unreadable = |error| ConformError::Unreadable { path: path.into(), error };
    if path.metadata().map_err(unreadable)?.is_file() {
        return Ok(vec![path.into()]);
    }
    let mut found = Vec::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        let unreadable = |error| ConformError::Unreadable { path: folder.clone(), error };
        for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?.path();
            if entry.is_dir() {
                folders.push(entry);
            } else if entry.extension().is_some_and(|extension| extension == "jsonl") {
                found.push(entry);
            }
        }
    }
    found.sort();
    if found.is_empty() { Err(ConformError::Empty { path: path.into() }) } else { Ok(found) }
}

impl Recorded {
    /// Reads a recording. A log of processes may go on where the logs before it in its folder ended; then these are
    /// read too.
    pub fn load(path: &Path) -> Result<Recorded, ConformError> {
        let text = std::fs::read_to_string(path).map_err(|error| ConformError::Unreadable { path: path.into(), error })?;
        let kind = if transcript::is_one(&text) {
            Kind::Requests(transcript::Transcript::read(path, &text)?)
        } else {
            Kind::Processes(flink::Log::read(path, &text)?)
        };
        Ok(Recorded { kind })
    }

    /// Whether `subject` can be asked: a log of processes tells of connections, and the reference has none.
    pub fn suits(&self, subject: Subject) -> bool {
        matches!((&self.kind, subject), (Kind::Requests(_), _) | (Kind::Processes(_), Subject::Ensemble(_)))
    }

    /// Asks all requests again. Panics when the recording does not suit the subject.
    pub fn ask(&self, subject: Subject) -> Outcome {
        match (&self.kind, subject) {
            (Kind::Requests(transcript), Subject::Model) => model::ask(transcript),
            (Kind::Requests(transcript), Subject::Ensemble(replicas)) => world::host(0, || replicas::ask(transcript, replicas)),
            (Kind::Processes(log), Subject::Ensemble(replicas)) => world::host(0, || flink::ask(log, replicas)),
            (Kind::Processes(_), Subject::Model) => unreachable!("the caller has asked whether it suits"),
        }
    }
}
