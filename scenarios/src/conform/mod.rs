//! Conformance: what real servers were recorded to answer, asked again of the reference and of a simulated ensemble, answer against answer. Neither is told what the recording says.
//!
//! `transcript` reads the recordings of single requests, `flink` those of whole processes, both by `fields`; `stage` is an ensemble with a caller for each recorded connection. An answer is compared as the
//! recording writes it (`spoken`): zxids count from the first transaction, session ids are places in the order of opening, and what one transaction deletes of a session that ends comes in
//! no order that ZooKeeper promises.

mod fields;
mod flink;
mod model;
mod replicas;
mod spoken;
mod stage;
mod transcript;

use std::fmt;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Whom the recorded requests are asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The reference by which the judge judges.
    Model,
    /// A simulated ensemble of so many replicas.
    Ensemble(u16),
}

impl Subject {
    /// Those that must agree: the reference, and ensembles of one and of three replicas.
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

/// A request on which we and the real server differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement {
    /// The line in the file, from 1.
    pub line: usize,
    /// What was asked, as recorded.
    pub request: String,
    /// What the real server said.
    pub real: String,
    /// What we say.
    pub ours: String,
}

/// What became of one recording.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Requests that were asked again.
    pub requests: u64,
    /// Watch events that were compared.
    pub events: u64,
    /// Where we differ, in the order of the recording.
    pub disagreements: Vec<Disagreement>,
}

/// Why a recording cannot be asked again.
#[derive(Debug, Error)]
pub enum ConformError {
    /// The file or folder cannot be read.
    #[error("{}: {error}\n  remedy: give a folder with recordings (*.jsonl), or one of them", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// There is nothing in the folder.
    #[error("{}: no recording in it\n  remedy: give a folder with recordings (*.jsonl), or one of them", path.display())]
    Empty {
        /// Which.
        path: PathBuf,
    },
    /// A line is not what the format says.
    #[error("{}:{line}: {what}\n  remedy: give recordings of format zookeeper-transcript/1, or logs of the proxy between Flink and ZooKeeper; tests/data/README.md describes both", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
}

/// A place in a file, for its errors.
#[derive(Clone, Copy, Debug)]
struct Place<'p> {
    path: &'p Path,
    line: usize,
}

impl Place<'_> {
    fn error(self, what: impl Into<String>) -> ConformError {
        ConformError::Malformed { path: self.path.into(), line: self.line, what: what.into() }
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
    /// Reads a recording. A log of processes that goes on where its elder siblings in the folder ended begins with these.
    pub fn load(path: &Path) -> Result<Recorded, ConformError> {
        let text = std::fs::read_to_string(path).map_err(|error| ConformError::Unreadable { path: path.into(), error })?;
        let kind = if transcript::is_one(&text) {
            Kind::Requests(transcript::Transcript::read(path, &text)?)
        } else {
            Kind::Processes(flink::Log::read(path, &text)?)
        };
        Ok(Recorded { kind })
    }

    /// Whether `subject` can be asked: a log of processes is one of connections, which the reference does not have.
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
