//! Maps and filters without state: bids as rows, and who is wanted as a seller. Never anything that a record before had
//! a say in.

use flink_words::flow::{Datum, Record};
use outside_words::data::{EventTime, Input, Row, row};

use super::collector::Collector;
use crate::job::BidMap;

/// A dollar in thousandths of a euro (Nexmark's q1).
const EURO_PER_MILLE: i64 = 908;
/// The states whose persons q3 wants.
const WANTED_STATES: [&str; 3] = ["OR", "ID", "CA"];
/// The category whose auctions q3 wants.
const WANTED_CATEGORY: i64 = 10;

/// A record of a row.
pub(super) fn record(at: EventTime, row: Row) -> Record {
    Record { at, datum: Datum::Row(row) }
}

/// The input that a record carries. Panics on a row: a graph connects what fits.
pub(super) fn input(record: &Record) -> &Input {
    match &record.datum {
        Datum::Input(input) => input,
        Datum::Row(row) => panic!("an operator that reads the log must not get the row {row:?}"),
    }
}

/// A bid as a row: auction, bidder, price, time.
pub(super) fn map(map: BidMap, from: &Record, out: &mut Collector) {
    let Input::Bid { auction, bidder, price, at } = *input(from) else { panic!("{from:?} must be a bid") };
    let price = match map {
        BidMap::Same => price,
        BidMap::Euro => price * EURO_PER_MILLE / 1000,
        BidMap::Every(number) if auction % number == 0 => price,
        BidMap::Every(_) => return,
    };
    out.records.push(record(from.at, row([auction.into(), bidder.into(), price.into(), at.into()])));
}

/// Lets through whom q3 wants.
pub(super) fn wanted_sellers(from: &Record, out: &mut Collector) {
    let wanted = match input(from) {
        Input::Person { state, .. } => WANTED_STATES.contains(&&**state),
        Input::Auction { category, .. } => *category == WANTED_CATEGORY,
        Input::Bid { .. } | Input::Line { .. } | Input::Tick { .. } | Input::Limit { .. } => panic!("{from:?} must be a person or an auction"),
    };
    if wanted {
        out.records.push(from.clone());
    }
}
