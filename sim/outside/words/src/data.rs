//! What stands in the log, and the rows that go into the ledger. Whole numbers and texts alone; never a float.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Event time in ms since the job's time began; a watermark's too.
pub type EventTime = i64;

/// Before all event time: the watermark of a fresh attempt.
pub const EARLIEST: EventTime = i64::MIN;
/// After all event time: the watermark of an input that has ended.
pub const LATEST: EventTime = i64::MAX;

/// A topic of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Topic {
    /// Nexmark's persons.
    Persons,
    /// Nexmark's auctions.
    Auctions,
    /// Nexmark's bids.
    Bids,
    /// Lines of a text.
    Lines,
    /// Numbers to be counted, by key.
    Ticks,
    /// Limits on what is counted, for everybody.
    Limits,
}

impl Topic {
    /// All topics, in the order of their declaration.
    pub const ALL: [Topic; 6] = [Topic::Persons, Topic::Auctions, Topic::Bids, Topic::Lines, Topic::Ticks, Topic::Limits];
}

/// A record of the log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Input {
    /// Who sells and bids.
    Person {
        /// Her number.
        id: i64,
        /// Her name.
        name: Arc<str>,
        /// Her city.
        city: Arc<str>,
        /// Her state, two letters.
        state: Arc<str>,
        /// When she registered.
        at: EventTime,
    },
    /// What is sold.
    Auction {
        /// Its number.
        id: i64,
        /// What.
        item: Arc<str>,
        /// The seller's number.
        seller: i64,
        /// Of what kind, from 10.
        category: i64,
        /// The first price in cents.
        initial_bid: i64,
        /// The price under which it is not sold, in cents.
        reserve: i64,
        /// When it opened.
        at: EventTime,
        /// When it closes.
        expires: EventTime,
    },
    /// An offer.
    Bid {
        /// For which auction.
        auction: i64,
        /// The bidder's number.
        bidder: i64,
        /// In cents.
        price: i64,
        /// When.
        at: EventTime,
    },
    /// A line of a text.
    Line {
        /// The line.
        text: Arc<str>,
        /// When it was written.
        at: EventTime,
    },
    /// A number for a key.
    Tick {
        /// The key.
        key: i64,
        /// The number.
        value: i64,
        /// When.
        at: EventTime,
    },
    /// A limit, from its time on.
    Limit {
        /// The limit.
        limit: i64,
        /// From when on.
        at: EventTime,
    },
}

impl Input {
    /// Its event time.
    pub fn at(&self) -> EventTime {
        match self {
            Input::Person { at, .. }
            | Input::Auction { at, .. }
            | Input::Bid { at, .. }
            | Input::Line { at, .. }
            | Input::Tick { at, .. }
            | Input::Limit { at, .. } => *at,
        }
    }
}

/// A field of a row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    /// A number.
    Int(i64),
    /// A text.
    Text(Arc<str>),
}

impl From<i64> for Field {
    fn from(number: i64) -> Field {
        Field::Int(number)
    }
}
impl From<&str> for Field {
    fn from(text: &str) -> Field {
        Field::Text(text.into())
    }
}
impl From<&Arc<str>> for Field {
    fn from(text: &Arc<str>) -> Field {
        Field::Text(text.clone())
    }
}

/// A row of results, as it goes into a sink.
pub type Row = Arc<[Field]>;

/// A row of these fields.
pub fn row<const N: usize>(fields: [Field; N]) -> Row {
    Arc::new(fields)
}
