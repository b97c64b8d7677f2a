//! The jobs that there are, by name. Names and what they read; never their operators, nor what must come out of them.

use serde::{Deserialize, Serialize};

use outside_words::data::Topic;

/// A job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JobKind {
    /// Nexmark q0: bids pass through.
    Q0,
    /// Nexmark q1: the price in euro.
    Q1,
    /// Nexmark q2: bids for some auctions.
    Q2,
    /// Nexmark q3: who sells in some states; a join that never forgets.
    Q3,
    /// Nexmark q4: the average of the winning prices by category.
    Q4,
    /// Nexmark q5: the auctions with most bids in sliding windows.
    Q5,
    /// Nexmark q6: the average of a seller's last ten winning prices.
    Q6,
    /// Nexmark q7: the highest bids in tumbling windows.
    Q7,
    /// Nexmark q8: who registered and opened an auction in the same window.
    Q8,
    /// Nexmark q11: how often a bidder bids in a session.
    Q11,
    /// Words of a text counted in tumbling windows.
    WordCount,
    /// A counter a key, with event-time and processing-time timers, and a broadcast rule.
    Counters,
    /// Auctions joined with the bids of their first seconds.
    IntervalJoin,
}

impl JobKind {
    /// All jobs, in the order of their declaration.
    pub const ALL: [JobKind; 13] = [
        JobKind::Q0,
        JobKind::Q1,
        JobKind::Q2,
        JobKind::Q3,
        JobKind::Q4,
        JobKind::Q5,
        JobKind::Q6,
        JobKind::Q7,
        JobKind::Q8,
        JobKind::Q11,
        JobKind::WordCount,
        JobKind::Counters,
        JobKind::IntervalJoin,
    ];

    /// The name in files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            JobKind::Q0 => "q0",
            JobKind::Q1 => "q1",
            JobKind::Q2 => "q2",
            JobKind::Q3 => "q3",
            JobKind::Q4 => "q4",
            JobKind::Q5 => "q5",
            JobKind::Q6 => "q6",
            JobKind::Q7 => "q7",
            JobKind::Q8 => "q8",
            JobKind::Q11 => "q11",
            JobKind::WordCount => "word-count",
            JobKind::Counters => "counters",
            JobKind::IntervalJoin => "interval-join",
        }
    }

    /// What it does, in a sentence.
    pub fn about(self) -> &'static str {
        match self {
            JobKind::Q0 => "Nexmark q0: every bid as it came.",
            JobKind::Q1 => "Nexmark q1: every bid with its price in euro.",
            JobKind::Q2 => "Nexmark q2: the bids for every fifth auction (Nexmark's every 123rd would hit too few).",
            JobKind::Q3 => "Nexmark q3: persons of Oregon, Idaho and California joined with their auctions of category 10.",
            JobKind::Q4 => "Nexmark q4: the running average of winning prices by category.",
            JobKind::Q5 => "Nexmark q5: the auctions with most bids in sliding windows of 10 s every 2 s.",
            JobKind::Q6 => "Nexmark q6: the average of each seller's last ten winning prices.",
            JobKind::Q7 => "Nexmark q7: the highest bids in tumbling windows of 10 s.",
            JobKind::Q8 => "Nexmark q8: persons who registered and opened an auction in the same window of 10 s.",
            JobKind::Q11 => "Nexmark q11: how many bids a bidder makes in a session, which ends after 10 s without one.",
            JobKind::WordCount => "The words of a text, counted in tumbling windows of 5 s.",
            JobKind::Counters => "A counter a key: totals at event-time timers, deltas at processing-time timers, limits from a broadcast stream.",
            JobKind::IntervalJoin => "Auctions joined with the bids of their first 5 s.",
        }
    }

    /// The topics that it reads, a source each, in the order of its source vertices.
    pub fn topics(self) -> &'static [Topic] {
        match self {
            JobKind::Q0 | JobKind::Q1 | JobKind::Q2 | JobKind::Q5 | JobKind::Q7 | JobKind::Q11 => &[Topic::Bids],
            JobKind::Q3 | JobKind::Q8 => &[Topic::Persons, Topic::Auctions],
            JobKind::Q4 | JobKind::Q6 | JobKind::IntervalJoin => &[Topic::Auctions, Topic::Bids],
            JobKind::WordCount => &[Topic::Lines],
            JobKind::Counters => &[Topic::Ticks, Topic::Limits],
        }
    }
}
