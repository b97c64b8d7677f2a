//! A stage: keyed state, the watermark that it has seen, and the logic that is told of records and timers. It knows
//! when what fires; never what that means.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use flink_words::flow::Record;
use flink_words::ids::KeyGroup;
use flink_words::state::{Fired, GroupDigest, TimeDomain};
use outside::codec::{decode, encode};
use outside_words::data::{EARLIEST, EventTime, Field, LATEST};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::collector::Collector;
use super::keyed::Keyed;
use crate::job::Placement;
use crate::state::{GroupState, OperatorState};

/// What an operator over keyed state does. `space` is the namespace: a window's end, or 0.
pub(super) trait Logic: Clone + Debug {
    /// What is kept by key and namespace.
    type Value: Clone + Debug + Default + Serialize + DeserializeOwned;

    /// A record came on an input.
    fn on_record(&mut self, input: usize, record: &Record, watermark: EventTime, keyed: &mut Keyed<Self::Value>, out: &mut Collector);

    /// An event-time timer fired.
    fn on_timer(&mut self, at: EventTime, key: &Field, space: i64, keyed: &mut Keyed<Self::Value>, out: &mut Collector);

    /// A processing-time timer fired.
    fn on_processing_timer(&mut self, _key: &Field, _keyed: &mut Keyed<Self::Value>, _out: &mut Collector) {}

    /// The wall clock shows this, in ms.
    fn on_clock(&mut self, _wall_ms: i64) {}

    /// The broadcast state, of logics that have some.
    fn broadcast(&self) -> Option<Vec<u8>> {
        None
    }

    /// Takes broadcast state of a snapshot.
    fn restore_broadcast(&mut self, _bytes: &[u8]) {}
}

/// A stage of keyed state.
#[derive(Clone, Debug)]
pub(super) struct Stage<L: Logic> {
    logic: L,
    keyed: Keyed<L::Value>,
    watermark: EventTime,
}

impl<L: Logic> Stage<L> {
    pub fn new(logic: L, placement: Placement) -> Stage<L> {
        Stage { logic, keyed: Keyed::new(placement), watermark: EARLIEST }
    }

    pub fn restore(&mut self, state: OperatorState) {
        self.keyed.restore(state.groups);
        if let Some(bytes) = &state.broadcast {
            self.logic.restore_broadcast(bytes);
        }
        let watermarks = state.union.iter().map(|bytes| decode(bytes).expect("union state is restored as its operator saved it"));
        self.watermark = least(watermarks);
    }

    pub fn on_record(&mut self, input: usize, record: &Record, out: &mut Collector) {
        self.logic.on_record(input, record, self.watermark, &mut self.keyed, out);
    }

    pub fn on_watermark(&mut self, watermark: EventTime, out: &mut Collector) {
        // A fresh attempt's inputs begin before all time, behind what was restored.
        if watermark <= self.watermark {
            return;
        }
        self.watermark = watermark;
        self.fire(TimeDomain::EventTime, watermark, out);
    }

    pub fn on_processing_time(&mut self, wall_ms: i64, out: &mut Collector) {
        self.logic.on_clock(wall_ms);
        self.fire(TimeDomain::ProcessingTime, wall_ms, out);
    }

    fn fire(&mut self, domain: TimeDomain, by: EventTime, out: &mut Collector) {
        let mut fired: Option<Fired> = None;
        // Ends: no logic sets a timer that is due at once.
        while let Some((at, key, space)) = self.keyed.take_due(domain, by) {
            let fired = fired.get_or_insert(Fired { domain, first: at, last: at, count: 0, by, in_order: true });
            fired.in_order &= fired.last <= at;
            fired.last = at;
            fired.count += 1;
            match domain {
                TimeDomain::EventTime => self.logic.on_timer(at, &key, space, &mut self.keyed, out),
                TimeDomain::ProcessingTime => self.logic.on_processing_timer(&key, &mut self.keyed, out),
            }
        }
        out.fired.extend(fired);
    }

    pub fn next_processing_ms(&self) -> Option<i64> {
        self.keyed.next_timer(TimeDomain::ProcessingTime)
    }

    /// Of an input that was drained nothing more will come: what processing-time timers wait for is given out now.
    /// These timers do not fire, they are done away with.
    pub fn on_end(&mut self, out: &mut Collector) {
        if self.watermark != LATEST {
            return;
        }
        for (at, key, space) in self.keyed.keys_with_timers(TimeDomain::ProcessingTime) {
            self.keyed.delete_timer(TimeDomain::ProcessingTime, at, &key, space);
            self.logic.on_processing_timer(&key, &mut self.keyed, out);
        }
    }

    pub fn groups(&self, only: Option<&BTreeSet<KeyGroup>>) -> BTreeMap<KeyGroup, GroupState> {
        self.keyed.groups(only)
    }

    pub fn unkeyed(&self) -> OperatorState {
        OperatorState { union: vec![encode(&self.watermark)], broadcast: self.logic.broadcast(), ..OperatorState::default() }
    }

    pub fn changed(&self) -> BTreeSet<KeyGroup> {
        self.keyed.changed().clone()
    }

    pub fn mark_saved(&mut self) {
        self.keyed.mark_saved();
    }

    pub fn mark_changed(&mut self, groups: &BTreeSet<KeyGroup>) {
        self.keyed.mark_changed(groups);
    }

    pub fn digests(&mut self) -> Vec<GroupDigest> {
        self.keyed.digests()
    }

    pub fn check(&self) -> Result<(), String> {
        self.keyed.check()?;
        match self.keyed.next_timer(TimeDomain::EventTime) {
            Some(at) if at <= self.watermark => Err(format!("a timer at {at} has not fired, where the watermark is {}", self.watermark)),
            Some(_) | None => Ok(()),
        }
    }
}

/// The watermark of several is the least.
fn least(watermarks: impl Iterator<Item = EventTime>) -> EventTime {
    watermarks.min().unwrap_or(EARLIEST)
}
