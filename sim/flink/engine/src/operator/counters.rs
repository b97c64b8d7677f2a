//! Counters: totals by key and second at event-time timers, judged by the limit of that second; and how many ticks came
//! since the last time, at processing-time timers. Limits are broadcast state. Never a window.
//!
//! A limit that comes behind the watermark is kept all the same, since the broadcast state must be the same everywhere;
//! it is told as late, for seconds before were judged without it.

use std::collections::BTreeMap;

use flink_words::flow::Record;
use flink_words::state::TimeDomain;
use outside::codec::{decode, encode};
use outside_words::data::{EventTime, Field, Input, row};
use serde::{Deserialize, Serialize};

use super::bids::{input, record};
use super::collector::Collector;
use super::keyed::Keyed;
use super::stage::Logic;
use crate::job::KeyBy;

/// A second of event time and of the wall clock.
const SECOND_MS: i64 = 1_000;

/// The logic of counters. Its rows: key, second, total of values up to its end, 1 if that is over the limit; and key,
/// `delta`, ticks since the last such row, ticks in all.
#[derive(Clone, Debug, Default)]
pub(super) struct Counters {
    /// From when on which limit holds; of two of the same time the greater.
    limits: BTreeMap<EventTime, i64>,
    /// The wall clock as it was last heard, in ms.
    wall_ms: i64,
}

/// What is counted of a key.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Counter {
    /// The sum of the values of all seconds that are over.
    total: i64,
    /// The sum of the values of each second that is not.
    seconds: BTreeMap<i64, i64>,
    /// How many ticks there were.
    ticks: i64,
    /// How many of them have been told.
    told: i64,
}

impl Counters {
    /// The limit that holds at a time.
    fn limit(&self, at: EventTime) -> Option<i64> {
        self.limits.range(..=at).next_back().map(|(_, limit)| *limit)
    }
}

impl Logic for Counters {
    type Value = Counter;

    fn on_record(&mut self, _input: usize, from: &Record, watermark: EventTime, keyed: &mut Keyed<Counter>, out: &mut Collector) {
        match *input(from) {
            Input::Limit { limit, at } => {
                let kept = self.limits.entry(at).or_insert(limit);
                *kept = limit.max(*kept);
                if at <= watermark {
                    out.late.push((at, watermark));
                }
            }
            Input::Tick { value, at, .. } => {
                let second = at.div_euclid(SECOND_MS);
                let end = second * SECOND_MS + (SECOND_MS - 1);
                if end <= watermark {
                    out.late.push((end, watermark));
                    return;
                }
                let key = KeyBy::Key.field(from);
                let counter = keyed.entry(&key, 0);
                *counter.seconds.entry(second).or_default() += value;
                let is_first = counter.told == counter.ticks;
                counter.ticks += 1;
                keyed.set_timer(TimeDomain::EventTime, end, &key, 0);
                if is_first {
                    let next_second = (self.wall_ms.div_euclid(SECOND_MS) + 1) * SECOND_MS;
                    keyed.set_timer(TimeDomain::ProcessingTime, next_second, &key, 0);
                }
            }
            Input::Person { .. } | Input::Auction { .. } | Input::Bid { .. } | Input::Line { .. } => panic!("{from:?} must be a tick or a limit"),
        }
    }

    fn on_timer(&mut self, at: EventTime, key: &Field, _space: i64, keyed: &mut Keyed<Counter>, out: &mut Collector) {
        let limit = self.limit(at);
        let counter = keyed.entry(key, 0);
        let second = at.div_euclid(SECOND_MS);
        counter.total += counter.seconds.remove(&second).expect("a second has a timer only while it has ticks");
        let is_over = limit.is_some_and(|limit| counter.total > limit);
        out.records.push(record(at, row([key.clone(), second.into(), counter.total.into(), i64::from(is_over).into()])));
    }

    fn on_processing_timer(&mut self, key: &Field, keyed: &mut Keyed<Counter>, out: &mut Collector) {
        let counter = keyed.entry(key, 0);
        let fresh = counter.ticks - counter.told;
        counter.told = counter.ticks;
        // Its time is nobody's: no operator follows.
        out.records.push(record(0, row([key.clone(), "delta".into(), fresh.into(), counter.ticks.into()])));
    }

    fn on_clock(&mut self, wall_ms: i64) {
        self.wall_ms = wall_ms;
    }

    fn broadcast(&self) -> Option<Vec<u8>> {
        Some(encode(&self.limits))
    }

    fn restore_broadcast(&mut self, bytes: &[u8]) {
        self.limits = decode(bytes).expect("broadcast state is restored as its operator saved it");
    }
}
