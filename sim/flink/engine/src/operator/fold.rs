//! Folds of windows: counts, and the records of the highest score. Never which window.

use flink_words::flow::{Datum, Record};
use outside_words::data::{EventTime, Field, Input, row};
use serde::{Deserialize, Serialize};

use super::bids::record;
use super::collector::Collector;
use super::window::Fold;
use crate::job::Window;

/// How many records there were. Its row: the window's end, the count, the key.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Count(i64);

impl Fold for Count {
    fn add(&mut self, _record: &Record) {
        self.0 += 1;
    }

    fn close(self, key: &Field, _window: Window, end: EventTime, out: &mut Collector) {
        out.records.push(record(end - 1, row([end.into(), self.0.into(), key.clone()])));
    }
}

/// The records of the highest score, all of them if there are several. Their rows: the window's end, the score, and
/// whatever else there is to say, in order.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Best {
    score: i64,
    said: Vec<Vec<Field>>,
}

impl Fold for Best {
    fn add(&mut self, record: &Record) {
        let (score, said) = match &record.datum {
            Datum::Input(input) => match **input {
                Input::Bid { auction, bidder, price, at } => (price, vec![auction.into(), bidder.into(), at.into()]),
                Input::Person { .. } | Input::Auction { .. } | Input::Line { .. } | Input::Tick { .. } | Input::Limit { .. } => {
                    panic!("{input:?} has no price")
                }
            },
            Datum::Row(row) => match &row[..] {
                [_, Field::Int(score), said @ ..] => (*score, said.to_vec()),
                fields => panic!("a row needs a score in its second column: {fields:?}"),
            },
        };
        if self.said.is_empty() || score > self.score {
            self.score = score;
            self.said.clear();
        }
        if score == self.score {
            self.said.push(said);
        }
    }

    fn close(mut self, _key: &Field, _window: Window, end: EventTime, out: &mut Collector) {
        self.said.sort();
        for said in self.said {
            let row = [Field::Int(end), Field::Int(self.score)].into_iter().chain(said).collect();
            out.records.push(record(end - 1, row));
        }
    }
}
