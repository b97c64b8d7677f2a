//! A user's mistake: where it is, what is wrong, what to do. Never a verdict on a run.

use thiserror::Error;

/// Something that the user must mend; exit code 64 (EX_USAGE).
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{place}: {what}\n  remedy: {remedy}")]
pub struct Mistake {
    /// The file with its line, or the flag as it was given.
    pub place: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

impl Mistake {
    /// The exit code for every mistake.
    pub const EXIT_CODE: u8 = 64;

    /// A mistake at a place.
    pub fn new(place: impl Into<String>, what: impl Into<String>, remedy: impl Into<String>) -> Mistake {
        Mistake { place: place.into(), what: what.into(), remedy: remedy.into() }
    }
}
