//! Windows of all kinds: when they fire, what is late, and what merges.

use super::*;
use crate::job::{KeyBy, Window};

const TEN: Window = Window { size_ms: 10_000, slide_ms: 10_000 };
const SLIDING: Window = Window { size_ms: 10_000, slide_ms: 2_000 };

#[test]
fn a_time_is_in_all_windows_around_it() {
    let ends = |window: Window, at, expected: &[EventTime]| assert_eq!(window.ends(at).collect::<Vec<_>>(), expected);
    ends(TEN, 0, &[10_000]);
    ends(TEN, 9_999, &[10_000]);
    ends(TEN, 10_000, &[20_000]);
    ends(TEN, -1, &[0]);
    ends(SLIDING, 3_500, &[4_000, 6_000, 8_000, 10_000, 12_000]);
    ends(SLIDING, 4_000, &[6_000, 8_000, 10_000, 12_000, 14_000]);
}

#[test]
fn a_window_fires_when_its_last_millisecond_is_over() {
    check(
        OperatorKind::Counts { by: KeyBy::Auction, window: TEN },
        [
            (bid(1, 1, 1, 0), "", 0),
            (bid(1, 1, 1, 9_999), "", 0),
            (bid(2, 1, 1, 5_000), "", 0),
            (bid(2, 1, 1, 10_000), "", 0),
            (Stimulus::Watermark(9_998), "", 0),
            (bid(1, 1, 1, 3), "", 0), // Behind the watermark, but its window is open.
            (Stimulus::Watermark(9_999), "10000 3 1\n10000 1 2", 0),
            (bid(1, 1, 1, 9_999), "", 1),
            (Stimulus::Watermark(9_999), "", 0), // The same again, or an older one, is nothing.
            (Stimulus::Watermark(5), "", 0),
            (Stimulus::Watermark(30_000), "20000 1 2", 0),
        ],
    );
}

#[test]
fn a_late_record_still_counts_in_windows_that_are_open() {
    check(
        OperatorKind::Counts { by: KeyBy::Auction, window: SLIDING },
        [(Stimulus::Watermark(5_999), "", 0), (bid(1, 1, 1, 3_500), "", 2), (Stimulus::Watermark(20_000), "8000 1 1\n10000 1 1\n12000 1 1", 0)],
    );
}

#[test]
fn all_of_the_highest_score_are_best() {
    let kind = OperatorKind::Best { by: KeyBy::Auction, window: TEN };
    let steps =
        [(bid(1, 5, 70, 3), "", 0), (bid(1, 4, 80, 2), "", 0), (bid(1, 3, 80, 1), "", 0), (Stimulus::Watermark(9_999), "10000 80 1 3 1\n10000 80 1 4 2", 0)];
    check(kind, steps);
    // The second stage takes rows: end, score, and what else there is.
    let kind = OperatorKind::Best { by: KeyBy::Column(0), window: TEN };
    let steps = [(row(9_999, &[10_000, 2, 7]), "", 0), (row(9_999, &[10_000, 3, 8]), "", 0), (Stimulus::Watermark(9_999), "10000 3 8", 0)];
    check(kind, steps);
}

#[test]
fn newcomers_open_an_auction_in_the_window_of_their_registration() {
    check(
        OperatorKind::Newcomers { window: TEN },
        [
            (person(1, "Ann", "NY", 9_999), "", 0),
            (auction(7, 1, 1, 99), "", 0),
            (auction(8, 1, 2, 99), "", 0), // A second auction is no second row.
            (person(2, "Bob", "NY", 9_999), "", 0),
            (auction(9, 2, 10_000, 99_999), "", 0), // In the next window.
            (Stimulus::Watermark(30_000), "1 Ann 0", 0),
        ],
    );
}

#[test]
fn sessions_merge_where_they_overlap() {
    check(
        OperatorKind::Sessions { gap_ms: 10_000 },
        [
            (bid(1, 1, 1, 0), "", 0),
            (bid(1, 1, 1, 15_000), "", 0),
            (bid(1, 2, 1, 0), "", 0),
            (bid(1, 1, 1, 8_000), "", 0), // Between two sessions of the first bidder: they are one.
            (Stimulus::Watermark(9_999), "2 1 0 10000", 0),
            (bid(1, 2, 1, 10_000), "", 0), // At a session's end begins another.
            (bid(1, 2, 1, -1), "", 1),
            (bid(1, 2, 1, 5_000), "", 0), // Behind the watermark, but its session is not over.
            (Stimulus::Watermark(24_999), "2 2 5000 20000\n1 3 0 25000", 0),
        ],
    );
}
