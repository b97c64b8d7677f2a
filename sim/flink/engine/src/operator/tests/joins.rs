//! Joins, winning bids and averages: whatever comes first, and what is forgotten when.

use outside_words::data::LATEST;

use super::*;
use crate::job::Over;

#[test]
fn sellers_are_never_forgotten() {
    check(
        OperatorKind::Sellers,
        [
            (auction(7, 1, 5, 99), "", 0),
            (person(1, "Ann", "OR", 9), "Ann Salem OR 7", 0),
            (Stimulus::Watermark(90_000), "", 0),
            (auction(8, 1, 3, 99), "Ann Salem OR 8", 0), // Long behind the watermark.
            (auction(9, 2, 3, 99), "", 0),
        ],
    );
}

#[test]
fn an_interval_has_both_its_ends() {
    check(
        OperatorKind::Interval { within_ms: 5_000 },
        [
            (bid(7, 1, 10, 999), "", 0),
            (bid(7, 2, 20, 1_000), "", 0),
            (auction(7, 1, 1_000, 99), "7 lamp 2 20 1000", 0),
            (bid(7, 3, 30, 6_000), "7 lamp 3 30 6000", 0),
            (bid(7, 4, 40, 6_001), "", 0),
            (Stimulus::Watermark(5_999), "", 0),
            (bid(7, 5, 50, 5_999), "", 1),
            (bid(7, 6, 60, 6_000), "7 lamp 6 60 6000", 0), // The auction is kept as long as it is needed.
        ],
    );
}

#[test]
fn what_no_partner_can_come_for_is_forgotten() {
    for kind in [OperatorKind::Interval { within_ms: 5_000 }, OperatorKind::Winners] {
        let mut operator = alone(&kind);
        for stimulus in [bid(7, 1, 10, 500), auction(7, 1, 1_000, 4_000), bid(7, 1, 10, 1_500), bid(8, 1, 10, 2_000)] {
            tell(&mut operator, stimulus);
        }
        assert!(!operator.snapshot().groups.is_empty());
        tell(&mut operator, Stimulus::Watermark(6_000));
        assert!(operator.snapshot().groups.is_empty(), "{kind:?}: {:?}", operator.snapshot());
    }
}

#[test]
fn the_winner_is_the_highest_bid_while_the_auction_is_open() {
    check(
        OperatorKind::Winners,
        [
            (bid(7, 1, 900, 999), "", 0), // Before it opened.
            (bid(7, 1, 50, 1_000), "", 0),
            (auction(7, 3, 1_000, 4_000), "", 0),
            (auction(8, 3, 1_000, 4_000), "", 0), // Nobody bids for it.
            (bid(7, 1, 60, 4_000), "", 0),
            (bid(7, 1, 900, 4_001), "", 0), // After it closed.
            (Stimulus::Watermark(3_999), "", 0),
            (bid(7, 1, 900, 3_999), "", 1),
            (Stimulus::Watermark(4_000), "4000 7 10 3 60", 0),
            (bid(7, 1, 900, 4_500), "", 0), // Waits for an auction that never comes.
            (Stimulus::Watermark(LATEST), "", 0),
        ],
    );
}

#[test]
fn averages_follow_the_order_of_closings() {
    // Closed at, auction, category, seller, price.
    let closings = || [(row(30, &[30, 1, 10, 5, 100]), "", 0), (row(20, &[20, 3, 10, 5, 50]), "", 0), (row(20, &[20, 2, 10, 6, 10]), "", 0)];
    let all = [(Stimulus::Watermark(19), "", 0), (Stimulus::Watermark(30), "10 1 10 10\n10 2 60 30\n10 3 160 53", 0), (row(30, &[30, 9, 10, 5, 1]), "", 1)];
    check(OperatorKind::Averages(Over::All), closings().into_iter().chain(all));
    let last_ten = [(Stimulus::Watermark(30), "5 3 20 50\n6 2 20 10\n5 1 30 75", 0)];
    let by_seller = closings().into_iter().chain(last_ten);
    check(OperatorKind::Averages(Over::LastTen), by_seller);
}

#[test]
fn only_the_last_ten_prices_count() {
    let mut operator = alone(&OperatorKind::Averages(Over::LastTen));
    for closed in 1..=11 {
        tell(&mut operator, row(closed, &[closed, closed, 10, 5, if closed == 1 { 1_000 } else { closed }]));
    }
    let out = rows(&tell(&mut operator, Stimulus::Watermark(11)));
    // 2 to 11 are 65.
    assert_eq!(out.lines().last(), Some("5 11 11 6"));
}
