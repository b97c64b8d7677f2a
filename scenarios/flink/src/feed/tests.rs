//! Laws of the feed: the same on every machine, in order, no more out of order than it may be, no two records alike.

use std::collections::{BTreeMap, BTreeSet};

use contract::plan::Seed;
use flink_words::job::JobKind;
use flink_words::settings::{InputPlan, StreamPlan};
use outside::FeedRecord;
use outside_words::data::{Input, Topic};
use outside_words::ids::SplitId;

use super::feed;

/// A job with so much input, and the seed that its feed is drawn from.
struct Planned {
    seed: u64,
    stream: StreamPlan,
}

impl Planned {
    fn feed(&self) -> Vec<FeedRecord> {
        feed(Seed(self.seed), &self.stream)
    }
}

fn planned(seed: u64, job: JobKind, records: u32, partitions: u16, disorder_ms: u32) -> Planned {
    Planned { seed, stream: StreamPlan::of(job, InputPlan { records, partitions, until_ms: 20_000, disorder_ms, idle_ms: 0 }) }
}

fn all() -> impl Iterator<Item = Planned> {
    let sizes = [(0, 1, 0), (1, 3, 100), (400, 1, 0), (1_000, 4, 700)];
    let kinds = JobKind::ALL.into_iter().flat_map(move |job| sizes.into_iter().map(move |size| (job, size)));
    (0..4).flat_map(move |seed| kinds.clone().map(move |(job, (records, partitions, disorder_ms))| planned(seed, job, records, partitions, disorder_ms)))
}

fn topic(input: &Input) -> Topic {
    match input {
        Input::Person { .. } => Topic::Persons,
        Input::Auction { .. } => Topic::Auctions,
        Input::Bid { .. } => Topic::Bids,
        Input::Line { .. } => Topic::Lines,
        Input::Tick { .. } => Topic::Ticks,
        Input::Limit { .. } => Topic::Limits,
    }
}

#[test]
fn feeds_are_in_order_and_in_bounds() {
    for plan in all() {
        let stream = &plan.stream;
        let (kind, input) = (stream.job.name(), &stream.input);
        let records = plan.feed();
        assert_eq!(records, plan.feed(), "{kind}: it is the same at every time");
        assert_eq!(records.len(), input.records as usize, "{kind}");
        assert!(records.is_sorted_by_key(|record| record.at_ms), "{kind}");
        assert!(records.last().is_none_or(|last| last.at_ms <= input.until_ms), "{kind}");
        let mut latest: BTreeMap<SplitId, i64> = BTreeMap::new();
        let mut seen: BTreeSet<&Input> = BTreeSet::new();
        for record in &records {
            assert!(record.split.partition < input.partitions && record.split.topic == topic(&record.input), "{kind}: {record:?}");
            assert!(stream.job.topics().contains(&record.split.topic), "{kind}: {record:?}");
            assert!((0..=record.at_ms as i64).contains(&record.input.at()), "{kind}: {record:?} is there before its time");
            let latest = latest.entry(record.split).or_insert(record.input.at());
            *latest = record.input.at().max(*latest);
            assert!(record.input.at() >= *latest - i64::from(input.disorder_ms), "{kind}: {record:?} is behind {latest} by more than the disorder");
            assert!(seen.insert(&record.input), "{kind}: {record:?} is there twice");
        }
    }
}

#[test]
fn other_seeds_give_other_feeds() {
    let feeds: BTreeSet<String> = (0..8).map(|seed| format!("{:?}", planned(seed, JobKind::Q0, 50, 2, 100).feed())).collect();
    assert_eq!(feeds.len(), 8);
}

#[test]
fn topics_have_nexmarks_ratio() {
    let check = |job: JobKind, expected: &[(Topic, usize)]| {
        let mut counts: BTreeMap<Topic, usize> = BTreeMap::new();
        planned(1, job, 1_000, 3, 100).feed().iter().for_each(|record| *counts.entry(record.split.topic).or_default() += 1);
        assert_eq!(counts.into_iter().collect::<Vec<_>>(), expected, "{}", job.name());
    };
    check(JobKind::Q0, &[(Topic::Bids, 1_000)]);
    check(JobKind::Q8, &[(Topic::Persons, 250), (Topic::Auctions, 750)]);
    check(JobKind::Q4, &[(Topic::Auctions, 63), (Topic::Bids, 937)]);
    check(JobKind::WordCount, &[(Topic::Lines, 1_000)]);
    check(JobKind::Counters, &[(Topic::Ticks, 980), (Topic::Limits, 20)]);
}

/// Whether so many seeds in ten have a record, or a pair of them, that a job looks for.
fn often(job: JobKind, at_least: usize, is: impl Fn(&[Input]) -> bool) {
    let feeds = (0..10).map(|seed| planned(seed, job, 1_000, 3, 300).feed().iter().map(|record| (*record.input).clone()).collect::<Vec<_>>());
    let count = feeds.filter(|inputs| is(inputs)).count();
    assert!(count >= at_least, "{}: {count} of 10 feeds have what it looks for", job.name());
}

#[test]
fn jobs_find_what_they_look_for() {
    often(JobKind::Q2, 10, |inputs| inputs.iter().any(|input| matches!(input, Input::Bid { auction, .. } if auction % 123 == 0)));
    often(JobKind::Q3, 10, |inputs| {
        let sellers: BTreeSet<i64> =
            inputs.iter().filter_map(|input| if let Input::Auction { seller, category: 10, .. } = input { Some(*seller) } else { None }).collect();
        inputs.iter().any(|input| matches!(input, Input::Person { id, state, .. } if sellers.contains(id) && ["OR", "ID", "CA"].contains(&&**state)))
    });
    // Of ten auctions at least eight are bid for while they are open.
    often(JobKind::Q4, 10, |inputs| {
        let auctions = inputs.iter().filter_map(|input| if let Input::Auction { id, at, expires, .. } = input { Some((*id, *at..=*expires)) } else { None });
        let (mut count, mut sold) = (0, 0);
        for (id, open) in auctions {
            count += 1;
            sold += usize::from(inputs.iter().any(|input| matches!(input, Input::Bid { auction, at, .. } if *auction == id && open.contains(at))));
        }
        sold * 10 >= count * 5
    });
    often(JobKind::Q8, 10, |inputs| {
        let persons: BTreeMap<i64, i64> =
            inputs.iter().filter_map(|input| if let Input::Person { id, at, .. } = input { Some((*id, *at)) } else { None }).collect();
        let matched = |seller: &i64, at: &i64| persons.get(seller).is_some_and(|registered| registered / 10_000 == at / 10_000);
        inputs.iter().filter(|input| matches!(input, Input::Auction { seller, at, .. } if matched(seller, at))).count() > 100
    });
}

#[test]
fn some_partitions_are_empty_and_some_are_quiet_for_a_while() {
    let (mut empty, mut quiet) = (0, 0);
    for seed in 0..40 {
        let mut times: BTreeMap<u16, Vec<u64>> = BTreeMap::new();
        planned(seed, JobKind::Q0, 2_000, 4, 100).feed().iter().for_each(|record| times.entry(record.split.partition).or_default().push(record.at_ms));
        empty += 4 - times.len();
        quiet += times.values().filter(|times| times.windows(2).any(|pair| pair[1] - pair[0] > 2_000)).count();
    }
    assert!((2..20).contains(&empty) && (5..40).contains(&quiet), "{empty} empty and {quiet} quiet partitions in 40 feeds");
}
