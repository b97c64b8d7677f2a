//! The kinds of operators that a job can have, with their parameters. Data; never what they do.

use outside_words::data::EventTime;

use super::partition::KeyBy;

/// Which operator, with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OperatorKind {
    /// Lets everything through.
    Identity,
    /// Makes rows of bids (q0, q1, q2).
    Bids(BidMap),
    /// Lets through the persons of some states and the auctions of one category (q3).
    WantedSellers,
    /// Splits lines into words; gathers a few lines first, in list state (word-count).
    Words {
        /// How many lines are gathered at most.
        lines_max: usize,
    },
    /// Joins persons with the auctions that they open, for ever (q3).
    Sellers,
    /// Gives the winning bid of each auction when it closes (q4, q6).
    Winners,
    /// Averages of winning prices, in the order of the closings (q4, q6).
    Averages(Over),
    /// Counts records by key and window.
    Counts {
        /// The key.
        by: KeyBy,
        /// The windows.
        window: Window,
    },
    /// Keeps the records of the highest score by key and window: bids by price, rows by their second column.
    Best {
        /// The key.
        by: KeyBy,
        /// The windows.
        window: Window,
    },
    /// Joins persons with the auctions that they open in the same window (q8).
    Newcomers {
        /// The windows.
        window: Window,
    },
    /// Counts the bids of each bidder's sessions (q11).
    Sessions {
        /// How long after a bid its session ends without another, in ms.
        gap_ms: EventTime,
    },
    /// Counts by key, with timers of both kinds, under limits from a broadcast stream.
    Counters,
    /// Joins auctions with the bids of their first time.
    Interval {
        /// How long that is, in ms, its end included.
        within_ms: EventTime,
    },
}

/// What becomes of a bid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BidMap {
    /// A row of all its fields.
    Same,
    /// The same, with the price in euro.
    Euro,
    /// The same, if this divides the auction's number.
    Every(i64),
}

/// Over what an average goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// All prices so far.
    All,
    /// The last ten.
    LastTen,
}

/// Windows of one size, one beginning at each multiple of the slide. `[start, end)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// In ms; a multiple of the slide.
    pub size_ms: EventTime,
    /// How far apart they begin, in ms.
    pub slide_ms: EventTime,
}

impl Window {
    /// The ends of all windows that a time is in, the first one first.
    pub fn ends(self, at: EventTime) -> impl Iterator<Item = EventTime> {
        let last_start = at.div_euclid(self.slide_ms) * self.slide_ms;
        let count = self.size_ms / self.slide_ms;
        (0..count).rev().map(move |back| last_start - back * self.slide_ms + self.size_ms)
    }
}
