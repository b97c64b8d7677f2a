//! Averages of winning prices. Closings wait until the watermark has reached them and are then taken in their order, so
//! that no average depends on which came first.

use std::collections::BTreeMap;

use flink_words::flow::{Datum, Record};
use flink_words::state::TimeDomain;
use outside_words::data::{EventTime, Field, row};
use serde::{Deserialize, Serialize};

use super::bids::record;
use super::collector::Collector;
use super::keyed::Keyed;
use super::stage::Logic;
use crate::job::Over;

/// How many prices the average of q6 goes over.
const LAST: usize = 10;

/// Averages by category, or by seller. Over all: category, count, sum, average. Over the last ten: seller, auction,
/// when it closed, average.
#[derive(Clone, Debug)]
pub(super) struct Averages {
    over: Over,
}

impl Averages {
    pub fn new(over: Over) -> Averages {
        Averages { over }
    }
}

/// The prices of one category or seller.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Prices {
    /// By time and auction: what the watermark has not reached yet.
    waiting: BTreeMap<(EventTime, i64), i64>,
    count: i64,
    sum: i64,
    /// The last ten, the latest last.
    last: Vec<i64>,
}

impl Logic for Averages {
    type Value = Prices;

    fn on_record(&mut self, _input: usize, record: &Record, watermark: EventTime, keyed: &mut Keyed<Prices>, out: &mut Collector) {
        let Datum::Row(fields) = &record.datum else { panic!("{record:?} must be a closing") };
        let [Field::Int(expires), Field::Int(auction), Field::Int(category), Field::Int(seller), Field::Int(price)] = fields[..] else {
            panic!("{record:?} must be a closing");
        };
        if expires <= watermark {
            out.late.push((expires, watermark));
            return;
        }
        let key = match self.over {
            Over::All => Field::Int(category),
            Over::LastTen => Field::Int(seller),
        };
        keyed.entry(&key, 0).waiting.insert((expires, auction), price);
        keyed.set_timer(TimeDomain::EventTime, expires, &key, 0);
    }

    fn on_timer(&mut self, at: EventTime, key: &Field, _space: i64, keyed: &mut Keyed<Prices>, out: &mut Collector) {
        let prices = keyed.entry(key, 0);
        while let Some(first) = prices.waiting.first_entry().filter(|first| first.key().0 <= at) {
            let ((expires, auction), price) = first.remove_entry();
            prices.count += 1;
            prices.sum += price;
            let fields = match self.over {
                Over::All => [key.clone(), prices.count.into(), prices.sum.into(), (prices.sum / prices.count).into()],
                Over::LastTen => {
                    prices.last.push(price);
                    if prices.last.len() > LAST {
                        prices.last.remove(0);
                    }
                    let average = prices.last.iter().sum::<i64>() / prices.last.len() as i64;
                    [key.clone(), auction.into(), expires.into(), average.into()]
                }
            };
            out.records.push(record(at, row(fields)));
        }
    }
}
