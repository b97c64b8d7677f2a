//! The winning bid of an auction: the highest price of its time, given out when the watermark reaches its expiry (q4,
//! q6). Never an average.
//!
//! A bid may come before its auction. It waits until the watermark reaches its time: no auction that opened before it
//! can come then.

use flink_words::flow::Record;
use flink_words::state::TimeDomain;
use outside_words::data::{EventTime, Field, Input, row};
use serde::{Deserialize, Serialize};

use super::bids::{input, record};
use super::collector::Collector;
use super::keyed::Keyed;
use super::stage::Logic;
use crate::job::KeyBy;

/// Winning bids by auction. Their rows: when the auction closed, its number, category, seller, the price. An auction
/// without a bid has none.
#[derive(Clone, Debug)]
pub(super) struct Winners;

/// What is known of an auction.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Sale {
    auction: Option<Open>,
    /// Times and prices of bids that wait for their auction.
    waiting: Vec<(EventTime, i64)>,
}

/// An auction that is open, or will be.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Open {
    at: EventTime,
    expires: EventTime,
    category: i64,
    seller: i64,
    best: Option<i64>,
}

impl Open {
    fn take(&mut self, (at, price): (EventTime, i64)) {
        if (self.at..=self.expires).contains(&at) {
            self.best = self.best.max(Some(price));
        }
    }
}

impl Logic for Winners {
    type Value = Sale;

    fn on_record(&mut self, _input: usize, from: &Record, watermark: EventTime, keyed: &mut Keyed<Sale>, out: &mut Collector) {
        if from.at <= watermark {
            out.late.push((from.at, watermark));
            return;
        }
        let key = KeyBy::Auction.field(from);
        let sale = keyed.entry(&key, 0);
        let due = match *input(from) {
            Input::Auction { at, expires, category, seller, .. } => {
                let mut auction = Open { at, expires, category, seller, best: None };
                std::mem::take(&mut sale.waiting).into_iter().for_each(|bid| auction.take(bid));
                sale.auction = Some(auction);
                expires
            }
            Input::Bid { price, at, .. } => {
                if let Some(auction) = &mut sale.auction {
                    auction.take((at, price));
                    return;
                }
                sale.waiting.push((at, price));
                at
            }
            Input::Person { .. } | Input::Line { .. } | Input::Tick { .. } | Input::Limit { .. } => panic!("{from:?} must be an auction or a bid"),
        };
        keyed.set_timer(TimeDomain::EventTime, due, &key, 0);
    }

    fn on_timer(&mut self, at: EventTime, key: &Field, _space: i64, keyed: &mut Keyed<Sale>, out: &mut Collector) {
        // A bid's timer may find that its auction came and is over.
        let Some(sale) = keyed.existing(key, 0) else { return };
        match &sale.auction {
            Some(auction) if auction.expires <= at => {
                if let Some(price) = auction.best {
                    let fields = [auction.expires.into(), key.clone(), auction.category.into(), auction.seller.into(), price.into()];
                    out.records.push(record(auction.expires, row(fields)));
                }
                keyed.take(key, 0);
            }
            Some(_) => {}
            None => {
                sale.waiting.retain(|(bid_at, _)| *bid_at > at);
                if sale.waiting.is_empty() {
                    keyed.take(key, 0);
                }
            }
        }
    }
}
