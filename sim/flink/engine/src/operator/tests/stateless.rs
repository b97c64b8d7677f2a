//! Maps, filters, and the splitting of lines.

use super::*;
use crate::job::BidMap;

#[test]
fn bids_become_rows() {
    let map = |map, stimulus, expected| check(OperatorKind::Bids(map), [(stimulus, expected, 0)]);
    map(BidMap::Same, bid(7, 2, 1_000, 5), "7 2 1000 5");
    map(BidMap::Euro, bid(7, 2, 1_000, 5), "7 2 908 5");
    map(BidMap::Euro, bid(7, 2, 1, 5), "7 2 0 5"); // Rounded towards zero.
    map(BidMap::Every(5), bid(10, 2, 1_000, 5), "10 2 1000 5");
    map(BidMap::Every(5), bid(7, 2, 1_000, 5), "");
}

#[test]
fn sellers_are_wanted_by_state_and_category() {
    let passes = |stimulus| !tell(&mut alone(&OperatorKind::WantedSellers), stimulus).records.is_empty();
    assert!(passes(person(1, "Ann", "OR", 0)));
    assert!(!passes(person(1, "Ann", "NY", 0)));
    assert!(passes(auction(1, 1, 0, 9)));
    assert!(!passes(record(0, Input::Auction { id: 1, item: "vase".into(), seller: 1, category: 11, initial_bid: 1, reserve: 1, at: 0, expires: 9 })));
}

#[test]
fn lines_wait_for_each_other_or_for_the_watermark() {
    let line = |text: &str, at| record(0, Input::Line { text: text.into(), at });
    check(
        OperatorKind::Words { lines_max: 2 },
        [
            (line("To be, or", 1), "", 0),
            (line("not TO be", 2), "to\nbe\nor\nnot\nto\nbe", 0),
            (line("—", 3), "", 0),
            (line("É1?", 4), "é1", 0),
            (line("that", 5), "", 0),
            (Stimulus::Watermark(4), "that", 0), // No line stays while the watermark passes.
            (line("is", 6), "", 0),
            (Stimulus::End, "", 0), // Not drained: it stays in the savepoint.
        ],
    );
}
