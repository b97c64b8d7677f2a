//! Inputs for jobs, drawn so that much meets: few keys, many ties, times at the edges of windows. Never a time further
//! back than the plan allows.

use std::collections::BTreeMap;
use std::sync::Arc;

use flink_words::job::JobKind;
use flink_words::settings::{InputPlan, StreamPlan};
use outside_words::data::{EventTime, Input, Topic};
use proptest::prelude::*;

use super::executor::Log;

/// How far back a record may come, in ms.
pub const DISORDER_MS: u32 = 3_000;
/// Partitions a topic.
pub const PARTITIONS: u16 = 3;
/// Key groups.
pub const MAX_PARALLELISM: u16 = 8;

/// A record before it is one of a topic: numbers to choose by, its time, how late it comes, and into which partition.
#[derive(Clone, Debug)]
pub struct Draft {
    numbers: [u8; 3],
    at: EventTime,
    delay_ms: EventTime,
    partition: u16,
}

/// Drafts for a topic.
pub fn drafts(most: usize) -> impl Strategy<Value = Vec<Draft>> {
    let at = (0..40i64, prop_oneof![Just(0), Just(1), Just(999), 0..1_000i64]).prop_map(|(second, ms)| second * 1_000 + ms);
    let draft = (any::<[u8; 3]>(), at, 0..=i64::from(DISORDER_MS), 0..PARTITIONS);
    proptest::collection::vec(draft.prop_map(|(numbers, at, delay_ms, partition)| Draft { numbers, at, delay_ms, partition }), 0..most)
}

/// What a draft is in a topic. Persons and auctions are numbered one by one.
fn input(topic: Topic, number: i64, Draft { numbers: [a, b, c], at, .. }: &Draft) -> Input {
    let at = *at;
    let (a, b, c) = (i64::from(*a), i64::from(*b), i64::from(*c));
    let pick = |words: &[&str], lot: i64| -> Arc<str> { words[lot as usize % words.len()].into() };
    match topic {
        Topic::Persons => Input::Person {
            id: number,
            name: pick(&["Ann", "Bob", "Cy"], a),
            city: pick(&["Boise", "Salem"], b),
            state: pick(&["OR", "ID", "CA", "NY"], c),
            at,
        },
        Topic::Auctions => {
            let expires = at + 1 + b * 100;
            Input::Auction { id: number, item: pick(&["lamp", "vase"], a), seller: a % 4, category: 10 + c % 2, initial_bid: 1, reserve: 2, at, expires }
        }
        Topic::Bids => Input::Bid { auction: a % 9, bidder: b % 4, price: 100 + c % 7, at },
        Topic::Lines => Input::Line { text: pick(&["To be, or not to be:", "THE question.", "", "—", "Straße, straße; ÉTÉ été"], a), at },
        Topic::Ticks => Input::Tick { key: a % 5, value: b % 11 - 2, at },
        Topic::Limits => Input::Limit { limit: a % 40, at },
    }
}

/// The log of a job: each partition in the order of time and delay, so that no record comes more than its delay after a
/// later one.
pub fn log(job: JobKind, drafts: &[Vec<Draft>]) -> Log {
    let mut log = BTreeMap::new();
    for (topic, drafts) in job.topics().iter().zip(drafts) {
        let mut numbered: Vec<(usize, &Draft)> = drafts.iter().enumerate().collect();
        numbered.sort_by_key(|(_, draft)| draft.at + draft.delay_ms);
        let of = |partition| numbered.iter().filter(move |(_, draft)| draft.partition == partition).map(|(i, draft)| Arc::new(input(*topic, *i as i64, draft)));
        log.insert(*topic, (0..PARTITIONS).map(|partition| of(partition).collect()).collect());
    }
    log
}

/// A plan with nothing but a job and its input.
pub fn plan(job: JobKind) -> StreamPlan {
    let input = InputPlan { records: 0, partitions: PARTITIONS, until_ms: 0, disorder_ms: DISORDER_MS, idle_ms: 0 };
    StreamPlan { slots: 4, parallelism: 2, max_parallelism: MAX_PARALLELISM, ..StreamPlan::of(job, input) }
}
