//! The jobs that read bids alone: q0, q1, q2, q5, q7, q11 of Nexmark. Never an auction.

use outside_words::data::{EventTime, Field, Input, Row};

use super::{Bid, bids_of, grouped};

/// auction, bidder, price, time.
fn row(bid: &Bid, price: i64) -> Row {
    [bid.auction.into(), bid.bidder.into(), price.into(), bid.at.into()].into()
}

/// Every bid as it came.
pub fn q0(inputs: &[&Input]) -> Vec<Row> {
    bids_of(inputs).iter().map(|bid| row(bid, bid.price)).collect()
}

/// Every bid in euro: 0.908 of a dollar, rounded towards zero.
pub fn q1(inputs: &[&Input]) -> Vec<Row> {
    bids_of(inputs).iter().map(|bid| row(bid, bid.price * 908 / 1_000)).collect()
}

/// The bids for every fifth auction.
pub fn q2(inputs: &[&Input]) -> Vec<Row> {
    bids_of(inputs).iter().filter(|bid| bid.auction.rem_euclid(5) == 0).map(|bid| row(bid, bid.price)).collect()
}

/// For each window of 10 s that ends at an even second: the auctions with most bids in it. end, count, auction.
pub fn q5(inputs: &[&Input]) -> Vec<Row> {
    let in_windows = bids_of(inputs).into_iter().flat_map(|bid| {
        // All even seconds `end` with `end - 10 s <= at < end`.
        let first_end = (bid.at.div_euclid(2_000) + 1) * 2_000;
        (0..5).map(move |step| (first_end + step * 2_000, bid.auction))
    });
    let mut rows = Vec::new();
    for (end, bids) in grouped(in_windows, |(end, _)| *end) {
        let counts: Vec<(i64, usize)> = grouped(bids, |(_, auction)| *auction).into_iter().map(|(auction, bids)| (auction, bids.len())).collect();
        let most = counts.iter().map(|(_, count)| *count).max().unwrap_or_default();
        rows.extend(
            counts.into_iter().filter(|(_, count)| *count == most).map(|(auction, count)| Row::from([end.into(), (count as i64).into(), auction.into()])),
        );
    }
    rows
}

/// For each window of 10 s: the bids of the highest price in it. end, price, auction, bidder, time.
pub fn q7(inputs: &[&Input]) -> Vec<Row> {
    let mut rows = Vec::new();
    for (window, bids) in grouped(bids_of(inputs), |bid| bid.at.div_euclid(10_000)) {
        let end: EventTime = (window + 1) * 10_000;
        let highest = bids.iter().map(|bid| bid.price).max();
        let best = bids.iter().filter(|bid| Some(bid.price) == highest);
        rows.extend(best.map(|bid| Row::from([end, bid.price, bid.auction, bid.bidder, bid.at].map(Field::Int))));
    }
    rows
}

/// For each bidder: runs of bids of which each follows the one before in less than 10 s. bidder, count, beginning, end
/// (10 s after the last one).
pub fn q11(inputs: &[&Input]) -> Vec<Row> {
    let mut rows = Vec::new();
    for (bidder, bids) in grouped(bids_of(inputs), |bid| bid.bidder) {
        let mut times: Vec<EventTime> = bids.iter().map(|bid| bid.at).collect();
        times.sort_unstable();
        for session in times.chunk_by(|before, after| after - before < 10_000) {
            let (first, last) = (session[0], session[session.len() - 1]);
            rows.push([bidder, session.len() as i64, first, last + 10_000].map(Field::Int).into());
        }
    }
    rows
}
