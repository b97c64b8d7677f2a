//! What became of a recording that was asked again: how much was compared, and where we differ from the real server.
//! Data; never the comparison.

/// A request on which we and the real server differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement {
    /// The line in the file, from 1.
    pub line: usize,
    /// What was asked, as recorded.
    pub request: String,
    /// What the real server answered.
    pub real: String,
    /// What we answer.
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
