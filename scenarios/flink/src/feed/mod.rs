//! The feed: what stands in the log of a run, and when. Drawn from the plan's dice alone, so that it is the same on
//! every machine; never from how the run goes.
//!
//! `market` draws persons, auctions and bids as Nexmark does; lines, ticks and limits are drawn here. `partitions`
//! deals all of them out.

mod market;
mod partitions;

use std::collections::BTreeSet;
use std::sync::Arc;

use contract::dice::Dice;
use contract::plan::Seed;
use flink_words::settings::{InputPlan, StreamPlan};
use outside::FeedRecord;
use outside_words::data::{EventTime, Input, Topic};

use market::Market;
use partitions::Partitions;

/// Records are appended in batches, as producers send them (linger.ms): each time the log has something new to tell
/// costs an event.
const LINGER_MS: u64 = 10;
/// A public-domain text for the jobs that count words: sonnets and speeches of Shakespeare's.
const TEXT: &str = include_str!("../../data/shakespeare.txt");
/// Of so many keys are the ticks.
const TICK_KEYS: u64 = 24;

/// What is drawn, in turn: Nexmark's one person, three auctions and 46 bids; where there are ticks, a limit after every
/// 49 of them; lines alone.
const TURNS: [(Topic, u64); 6] = [(Topic::Persons, 1), (Topic::Auctions, 3), (Topic::Bids, 46), (Topic::Limits, 1), (Topic::Ticks, 49), (Topic::Lines, 1)];

/// The feed of a plan's job, in order of time.
///
/// Its records are spread evenly from the start to `until_ms`. A record's event time is the time of its append, less at
/// most `disorder_ms`: so within a partition, and over all of them, none is further behind any that stands before it.
/// No two records of a topic are equal.
pub fn feed(seed: Seed, stream: &StreamPlan) -> Vec<FeedRecord> {
    let (seed, input) = (seed.0, &stream.input);
    let topics = stream.job.topics();
    let mut partitions = Partitions::draw(Dice::named(seed, "feed-partitions", 0, 0), topics, input);
    let mut drawer = Drawer::new(seed, input);
    let turns = TURNS.iter().filter(|(topic, _)| topics.contains(topic)).flat_map(|(topic, count)| (0..*count).map(|_| *topic));
    let turns: Vec<Topic> = turns.collect();
    let count = u64::from(input.records);
    (0..count)
        .map(|number| {
            let at_ms = if count > 1 { input.until_ms * number / (count - 1) } else { 0 };
            let input = drawer.draw(turns[(number % turns.len() as u64) as usize], at_ms);
            let split = partitions.place(at_ms, &input);
            // Rounded up: nothing is there before its event time.
            FeedRecord { at_ms: at_ms.next_multiple_of(LINGER_MS).min(stream.input.until_ms), split, input }
        })
        .collect()
}

/// Draws records, no two alike.
struct Drawer {
    dice: Dice,
    disorder_ms: u64,
    market: Market,
    lines: Vec<Arc<str>>,
    next_line: usize,
    drawn: BTreeSet<Arc<Input>>,
}

impl Drawer {
    fn new(seed: u64, input: &InputPlan) -> Drawer {
        let lines: Vec<Arc<str>> = TEXT.lines().map(Arc::from).collect();
        let mut dice = Dice::named(seed, "feed", 0, 0);
        let next_line = dice.below(lines.len() as u64) as usize;
        Drawer { dice, disorder_ms: input.disorder_ms.into(), market: Market::new(input.until_ms), lines, next_line, drawn: BTreeSet::new() }
    }

    /// The next record of a topic, of about this time.
    fn draw(&mut self, topic: Topic, at_ms: u64) -> Arc<Input> {
        let behind_ms = self.dice.between(0, self.disorder_ms);
        let at = at_ms.saturating_sub(behind_ms) as EventTime;
        let mut input = match topic {
            Topic::Persons => self.market.person(at, &mut self.dice),
            Topic::Auctions => self.market.auction(at, &mut self.dice),
            Topic::Bids => self.market.bid(at, &mut self.dice),
            Topic::Lines => {
                self.next_line += 1;
                Input::Line { text: self.lines[self.next_line % self.lines.len()].clone(), at }
            }
            Topic::Ticks => {
                // The lesser of two: low keys come more often.
                let key = self.dice.below(TICK_KEYS).min(self.dice.below(TICK_KEYS));
                Input::Tick { key: key as i64, value: self.dice.between(1, 100) as i64, at }
            }
            Topic::Limits => Input::Limit { limit: self.dice.between(100, 1_000) as i64, at },
        };
        while self.drawn.contains(&input) {
            input = self.other(input);
        }
        let input = Arc::new(input);
        self.drawn.insert(input.clone());
        input
    }

    /// A record like this one, but not equal to it.
    fn other(&mut self, input: Input) -> Input {
        match input {
            Input::Bid { auction, bidder, price, at } => Input::Bid { auction, bidder, price: price + 1, at },
            Input::Tick { key, value, at } => Input::Tick { key, value: value + 1, at },
            Input::Limit { limit, at } => Input::Limit { limit: limit + 1, at },
            Input::Line { at, .. } => {
                self.next_line += 1;
                let page = self.next_line / self.lines.len();
                // A text that is longer than the text has pages.
                let text = &self.lines[self.next_line % self.lines.len()];
                Input::Line { text: format!("{text} {page}").into(), at }
            }
            Input::Person { .. } | Input::Auction { .. } => unreachable!("each has a number of its own"),
        }
    }
}

#[cfg(test)]
mod tests;
