//! Why a recording cannot be asked again: the file, the line, and what to do. Never a disagreement, which is an
//! outcome.

use std::fmt;
use std::path::{Path, PathBuf};

/// What to give instead of what holds no recording.
const RECORDINGS: &str = "give a folder with recordings (*.jsonl), or one of them";
/// What to give instead of a file that is no recording.
const FORMATS: &str = "give recordings of format zookeeper-transcript/1, or logs of the proxy between Flink and ZooKeeper; tests/data/README.md describes both";

/// Why a recording cannot be asked again.
#[derive(Debug)]
pub enum ConformError {
    /// The file or folder cannot be read.
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// There is no recording in the folder.
    Empty {
        /// The folder.
        path: PathBuf,
    },
    /// A line is not what the format says.
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
}

impl ConformError {
    /// The file or folder, and the line if it is one line's fault.
    pub fn place(&self) -> String {
        match self {
            ConformError::Unreadable { path, .. } | ConformError::Empty { path } => path.display().to_string(),
            ConformError::Malformed { path, line, .. } => format!("{}:{line}", path.display()),
        }
    }

    /// What is wrong.
    pub fn what(&self) -> String {
        match self {
            ConformError::Unreadable { error, .. } => error.to_string(),
            ConformError::Empty { .. } => "no recording in it".into(),
            ConformError::Malformed { what, .. } => what.clone(),
        }
    }

    /// What to do.
    pub fn remedy(&self) -> &'static str {
        match self {
            ConformError::Unreadable { .. } | ConformError::Empty { .. } => RECORDINGS,
            ConformError::Malformed { .. } => FORMATS,
        }
    }
}

impl fmt::Display for ConformError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\n  remedy: {}", self.place(), self.what(), self.remedy())
    }
}

impl std::error::Error for ConformError {}

/// A line of a file, for its errors.
#[derive(Clone, Copy, Debug)]
pub struct Place<'p> {
    pub path: &'p Path,
    pub line: usize,
}

impl Place<'_> {
    /// Says what is wrong with this line.
    pub fn error(self, what: impl Into<String>) -> ConformError {
        ConformError::Malformed { path: self.path.into(), line: self.line, what: what.into() }
    }
}
