//! Which partition a record goes to: by its key or in turn. Some partitions are empty, some are quiet for a while, so
//! that watermarks have to do without them; never all of a topic's.

use std::collections::BTreeMap;

use contract::dice::Dice;
use flink_words::settings::InputPlan;
use outside_words::data::{Input, Topic};
use outside_words::ids::SplitId;

/// How often a topic has an empty partition, in a million.
const EMPTY_PPM: u32 = 200_000;
/// How often a topic has a partition that is quiet for a while, in a million.
const QUIET_PPM: u32 = 500_000;
/// How often a topic's records are dealt out in turn and not by their keys, in a million.
const IN_TURN_PPM: u32 = 300_000;

/// How a topic's records are dealt out.
struct Deal {
    in_turn: bool,
    next: u64,
    empty: Option<u16>,
    /// A partition that gets nothing from one time to another, in ms.
    quiet: Option<(u16, u64, u64)>,
}

/// How all topics' records are dealt out.
pub(super) struct Partitions {
    count: u16,
    deals: BTreeMap<Topic, Deal>,
}

impl Partitions {
    /// Draws it.
    pub(super) fn draw(mut dice: Dice, topics: &[Topic], input: &InputPlan) -> Partitions {
        let mut deal = || {
            // All words are drawn, whatever they come to.
            let (in_turn, is_empty, is_quiet) = (dice.chance(IN_TURN_PPM), dice.chance(EMPTY_PPM), dice.chance(QUIET_PPM));
            let first = dice.below(u64::from(input.partitions)) as u16;
            let (from, span) = (dice.below(input.until_ms / 2 + 1), dice.between(input.until_ms / 8, input.until_ms / 3));
            let second = (first + 1) % input.partitions;
            // One partition at least is neither empty nor quiet.
            let empty = (is_empty && input.partitions > 1).then_some(first);
            let quiet = (is_quiet && input.partitions > 2).then_some((second, from, from + span));
            Deal { in_turn, next: 0, empty, quiet }
        };
        Partitions { count: input.partitions, deals: topics.iter().map(|topic| (*topic, deal())).collect() }
    }

    /// The partition of a record that comes at this time.
    pub(super) fn place(&mut self, at_ms: u64, input: &Input) -> SplitId {
        let (topic, key) = key(input);
        let deal = self.deals.get_mut(&topic).expect("every topic that is read is dealt out");
        deal.next += 1;
        let number = key.filter(|_| !deal.in_turn).unwrap_or(deal.next);
        let mut partition = (number % u64::from(self.count)) as u16;
        let shuns = |partition: u16| {
            let is_quiet = deal.quiet.is_some_and(|(quiet, from_ms, until_ms)| quiet == partition && (from_ms..until_ms).contains(&at_ms));
            is_quiet || deal.empty == Some(partition)
        };
        while shuns(partition) {
            partition = (partition + 1) % self.count;
        }
        SplitId { topic, partition }
    }
}

/// The topic that a record is of, and its key, if it has one.
fn key(input: &Input) -> (Topic, Option<u64>) {
    match input {
        Input::Person { id, .. } => (Topic::Persons, Some(*id as u64)),
        Input::Auction { id, .. } => (Topic::Auctions, Some(*id as u64)),
        Input::Bid { auction, .. } => (Topic::Bids, Some(*auction as u64)),
        Input::Line { .. } => (Topic::Lines, None),
        Input::Tick { key, .. } => (Topic::Ticks, Some(*key as u64)),
        Input::Limit { .. } => (Topic::Limits, None),
    }
}
