//! Operators: what records, watermarks and timers do to state, and what comes out. Pure folds, with their state as
//! plain data; never a channel, a barrier or a clock.
//!
//! A record is *late* when what it belongs to is over: a window whose last millisecond the watermark has reached; for
//! joins and averages, a time that the watermark has reached. It is dropped, and the collector says so. A source whose
//! records keep the plan's disorder and that is never idle makes no late record. The watermark is kept in union list
//! state, so that a window that fired before a snapshot does not open again after it (Flink's window operators of SQL
//! do the same).

mod average;
mod bids;
mod collector;
mod counters;
mod fold;
mod join;
mod keyed;
mod lines;
mod newcomers;
mod session;
mod stage;
#[cfg(test)]
pub(crate) mod tests;
mod window;
mod winner;

use std::collections::BTreeSet;

use flink_words::flow::Record;
use flink_words::ids::KeyGroup;
use flink_words::state::{GroupDigest, StateSummary};
use outside_words::data::EventTime;

use crate::job::{BidMap, KeyBy, OperatorKind, Placement};
use crate::state::OperatorState;
use average::Averages;
pub use collector::Collector;
use counters::Counters;
use fold::{Best, Count};
use join::{Interval, Sellers};
use lines::Lines;
use newcomers::Newcomers;
use session::Sessions;
use stage::Stage;
use window::Windowed;
use winner::Winners;

/// An operator with its state.
#[derive(Clone, Debug)]
pub struct Operator {
    body: Body,
}

/// What an operator is: without keys, or a stage of keyed state.
#[derive(Clone, Debug)]
enum Body {
    Identity,
    Bids(BidMap),
    WantedSellers,
    Lines(Lines),
    Sellers(Stage<Sellers>),
    Winners(Stage<Winners>),
    Averages(Stage<Averages>),
    Counts(Stage<Windowed<Count>>),
    Best(Stage<Windowed<Best>>),
    Newcomers(Stage<Windowed<Newcomers>>),
    Sessions(Stage<Sessions>),
    Counters(Stage<Counters>),
    Interval(Stage<Interval>),
}

/// Does the same with every stage of keyed state, and something else for what has none.
macro_rules! keyed {
    ($body:expr, $stage:ident => $then:expr, _ => $none:expr) => {
        match $body {
            Body::Identity | Body::Bids(_) | Body::WantedSellers | Body::Lines(_) => $none,
            Body::Sellers($stage) => $then,
            Body::Winners($stage) => $then,
            Body::Averages($stage) => $then,
            Body::Counts($stage) => $then,
            Body::Best($stage) => $then,
            Body::Newcomers($stage) => $then,
            Body::Sessions($stage) => $then,
            Body::Counters($stage) => $then,
            Body::Interval($stage) => $then,
        }
    };
}

impl Operator {
    /// An operator without state.
    pub fn new(kind: &OperatorKind, placement: Placement) -> Operator {
        let body = match *kind {
            OperatorKind::Identity => Body::Identity,
            OperatorKind::Bids(map) => Body::Bids(map),
            OperatorKind::WantedSellers => Body::WantedSellers,
            OperatorKind::Words { lines_max } => Body::Lines(Lines::new(lines_max)),
            OperatorKind::Sellers => Body::Sellers(Stage::new(Sellers, placement)),
            OperatorKind::Winners => Body::Winners(Stage::new(Winners, placement)),
            OperatorKind::Averages(over) => Body::Averages(Stage::new(Averages::new(over), placement)),
            OperatorKind::Counts { by, window } => Body::Counts(Stage::new(Windowed::new(by, window), placement)),
            OperatorKind::Best { by, window } => Body::Best(Stage::new(Windowed::new(by, window), placement)),
            OperatorKind::Newcomers { window } => Body::Newcomers(Stage::new(Windowed::new(KeyBy::Seller, window), placement)),
            OperatorKind::Sessions { gap_ms } => Body::Sessions(Stage::new(Sessions::new(gap_ms), placement)),
            OperatorKind::Counters => Body::Counters(Stage::new(Counters::default(), placement)),
            OperatorKind::Interval { within_ms } => Body::Interval(Stage::new(Interval::new(within_ms), placement)),
        };
        Operator { body }
    }

    /// Takes the state of a checkpoint, already cut to its key groups and its share of the lists. Before anything else.
    pub fn restore(&mut self, state: OperatorState) {
        if let Body::Lines(lines) = &mut self.body {
            lines.restore(&state.list);
        }
        keyed!(&mut self.body, stage => stage.restore(state), _ => {});
    }

    /// Takes a record of one of its inputs.
    pub fn on_record(&mut self, input: usize, record: &Record, out: &mut Collector) {
        match &mut self.body {
            Body::Identity => out.records.push(record.clone()),
            Body::Bids(map) => bids::map(*map, record, out),
            Body::WantedSellers => bids::wanted_sellers(record, out),
            Body::Lines(lines) => lines.on_record(record, out),
            keyed => keyed!(keyed, stage => stage.on_record(input, record, out), _ => {}),
        }
    }

    /// The watermark over all inputs has gone up: event-time timers up to it fire, in their order. The caller sends the
    /// watermark on afterwards.
    pub fn on_watermark(&mut self, watermark: EventTime, out: &mut Collector) {
        if let Body::Lines(lines) = &mut self.body {
            lines.flush(out);
        }
        keyed!(&mut self.body, stage => stage.on_watermark(watermark, out), _ => {});
    }

    /// The wall clock, in ms: processing-time timers up to it fire. An operator that sets such timers sets them by the
    /// wall clock that it heard last.
    pub fn on_processing_time(&mut self, wall_ms: i64, out: &mut Collector) {
        keyed!(&mut self.body, stage => stage.on_processing_time(wall_ms, out), _ => {});
    }

    /// When [`Operator::on_processing_time`] is due, by the wall clock in ms.
    pub fn next_processing_ms(&self) -> Option<i64> {
        keyed!(&self.body, stage => stage.next_processing_ms(), _ => None)
    }

    /// All inputs have ended; if they were drained, [`Operator::on_watermark`] with the latest watermark came before.
    /// What was merely stopped gives out nothing: it goes on from its savepoint.
    pub fn on_end(&mut self, out: &mut Collector) {
        keyed!(&mut self.body, stage => stage.on_end(out), _ => {});
    }

    /// The state as it is now (the synchronous part of a snapshot).
    pub fn snapshot(&self) -> OperatorState {
        let unkeyed = self.unkeyed();
        OperatorState { groups: keyed!(&self.body, stage => stage.groups(None), _ => Default::default()), ..unkeyed }
    }

    /// The same, with the keyed state of these groups alone: what an incremental checkpoint writes.
    pub fn snapshot_of(&self, groups: &BTreeSet<KeyGroup>) -> OperatorState {
        let unkeyed = self.unkeyed();
        OperatorState { groups: keyed!(&self.body, stage => stage.groups(Some(groups)), _ => Default::default()), ..unkeyed }
    }

    /// All but the keyed state.
    fn unkeyed(&self) -> OperatorState {
        match &self.body {
            Body::Lines(lines) => OperatorState { list: lines.snapshot(), ..OperatorState::default() },
            body => keyed!(body, stage => stage.unkeyed(), _ => OperatorState::default()),
        }
    }

    /// The key groups whose state has changed since [`Operator::mark_saved`] or the restore; a group that has lost all
    /// of its state is among them.
    pub fn changed(&self) -> BTreeSet<KeyGroup> {
        keyed!(&self.body, stage => stage.changed(), _ => BTreeSet::new())
    }

    /// What has changed so far is written.
    pub fn mark_saved(&mut self) {
        keyed!(&mut self.body, stage => stage.mark_saved(), _ => {});
    }

    /// What was written of these groups came to nothing: the next incremental snapshot must write them again.
    pub fn mark_changed(&mut self, groups: &BTreeSet<KeyGroup>) {
        keyed!(&mut self.body, stage => stage.mark_changed(groups), _ => {});
    }

    /// The operator's part of a summary, as [`OperatorState::summary`] gives it. Digests of groups that have not
    /// changed are remembered.
    pub fn summary(&mut self) -> StateSummary {
        let groups: Vec<GroupDigest> = keyed!(&mut self.body, stage => stage.digests(), _ => Vec::new());
        StateSummary { groups, ..self.unkeyed().summary() }
    }

    /// What holds between steps: each key that was touched is of a group of its own (KS-RANGE), and no event-time timer
    /// is behind the watermark (TM-ORDER).
    pub fn check(&self) -> Result<(), String> {
        keyed!(&self.body, stage => stage.check(), _ => Ok(()))
    }
}
