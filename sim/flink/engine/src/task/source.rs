//! A source reader: splits of the log, what was fetched of them, offsets and watermarks (FLIP-27). Never which reader
//! gets which split.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use contract::time::MILLISECOND;
use flink_words::fact::WorkerFact;
use outside_words::data::{EARLIEST, EventTime, Input};
use outside_words::ids::SplitId;
use outside_words::message::Ask;

use super::context::{Errand, TaskContext};
use super::valve::Change;
use crate::message::Up;

/// Records asked for at a time (max.poll.records is 500; our splits are small).
const FETCH_MAX: u32 = 32;
/// How long until a split without new records is asked again, in ns.
const POLL_NS: u64 = 50 * MILLISECOND;

/// A split at its reader.
#[derive(Clone, Debug)]
struct Split {
    /// The offset of the next record.
    offset: u64,
    fetched: VecDeque<Arc<Input>>,
    /// A fetch is under way.
    is_asked: bool,
    /// No record will follow what was fetched.
    is_last: bool,
    /// Not before then is it asked again.
    poll_ns: u64,
    /// The latest event time seen.
    latest: Option<EventTime>,
    /// When its last record came, or it was assigned.
    active_ns: u64,
    is_idle: bool,
}

impl Split {
    fn is_finished(&self) -> bool {
        self.is_last && self.fetched.is_empty()
    }
}

/// A source reader.
#[derive(Clone, Debug, Default)]
pub struct SourceReader {
    splits: BTreeMap<SplitId, Split>,
    /// The enumerator has no more for it.
    has_all: bool,
    /// It has asked for a split and got no answer.
    is_asking: bool,
    /// The split that was read last.
    last_read: Option<SplitId>,
    watermark: Option<EventTime>,
    is_idle: bool,
    /// It reads no more: stopped with a savepoint.
    is_stopped: bool,
}

impl SourceReader {
    /// Takes splits.
    pub fn assign(&mut self, splits: &[(SplitId, u64)], has_all: bool, context: &mut TaskContext) {
        self.restore(splits, context);
        self.has_all |= has_all;
        self.is_asking = false;
        context.note(WorkerFact::Assigned { attempt: context.attempt, splits: splits.to_vec() });
    }

    /// Takes the splits of a checkpoint.
    pub fn restore(&mut self, splits: &[(SplitId, u64)], context: &TaskContext) {
        let active_ns = context.now.mono_ns;
        for (split, offset) in splits {
            self.splits.entry(*split).or_insert(Split {
                offset: *offset,
                fetched: VecDeque::new(),
                is_asked: false,
                is_last: false,
                poll_ns: 0,
                latest: None,
                active_ns,
                is_idle: false,
            });
        }
    }

    /// The splits and the offsets of their next records.
    pub fn offsets(&self) -> Vec<(SplitId, u64)> {
        self.splits.iter().map(|(split, state)| (*split, state.offset)).collect()
    }

    /// Asks for what is wanted: records, or a split.
    pub fn ask(&mut self, context: &mut TaskContext) {
        if self.is_stopped {
            return;
        }
        let now_ns = context.now.mono_ns;
        for (split, state) in &mut self.splits {
            if !state.is_asked && !state.is_last && state.poll_ns <= now_ns && state.fetched.len() < FETCH_MAX as usize {
                state.is_asked = true;
                let offset = state.offset + state.fetched.len() as u64;
                context.ask(Errand::Fetch(*split), Ask::Fetch { split: *split, offset, count_max: FETCH_MAX });
            }
        }
        if !self.has_all && !self.is_asking && self.splits.values().all(Split::is_finished) {
            self.is_asking = true;
            context.up(Up::RequestSplit { attempt: context.attempt });
        }
    }

    /// The log answered; `None` if it could not.
    pub fn on_fetched(&mut self, split: SplitId, answer: Option<(Vec<Arc<Input>>, bool)>, now_ns: u64) {
        let state = self.splits.get_mut(&split).expect("what is fetched was assigned, and stays");
        state.is_asked = false;
        let Some((records, last)) = answer else {
            state.poll_ns = now_ns + POLL_NS;
            return;
        };
        if records.is_empty() && !last {
            state.poll_ns = now_ns + POLL_NS;
        }
        if !records.is_empty() {
            state.active_ns = now_ns;
        }
        state.is_last = last;
        state.fetched.extend(records);
    }

    /// Takes up to `count_max` records of one split.
    pub fn read(&mut self, count_max: usize) -> Vec<Arc<Input>> {
        let after = self.splits.keys().copied().filter(|split| Some(*split) > self.last_read);
        let order: Vec<SplitId> = after.chain(self.splits.keys().copied().filter(|split| Some(*split) <= self.last_read)).collect();
        let Some(split) = order.into_iter().find(|split| !self.splits[split].fetched.is_empty()) else { return Vec::new() };
        self.last_read = Some(split);
        let state = self.splits.get_mut(&split).expect("it was just found");
        let count = count_max.min(state.fetched.len());
        let records: Vec<Arc<Input>> = state.fetched.drain(..count).collect();
        state.offset += count as u64;
        state.latest = records.iter().map(|input| input.at()).chain(state.latest).max();
        state.is_idle = false;
        records
    }

    /// Whether there are records to read.
    pub fn is_ready(&self) -> bool {
        !self.is_stopped && self.splits.values().any(|split| !split.fetched.is_empty())
    }

    /// Whether all splits that it will ever have are read.
    pub fn is_exhausted(&self) -> bool {
        self.has_all && !self.is_stopped && self.splits.values().all(Split::is_finished)
    }

    /// From here on it reads no more.
    pub fn stop(&mut self) {
        self.is_stopped = true;
    }

    /// What the reader's watermark and idleness come to now: the least over splits that are neither finished nor idle.
    pub fn settle(&mut self, context: &TaskContext) -> Vec<Change> {
        let idle_ns = u64::from(context.plan.input.idle_ms) * MILLISECOND;
        let now_ns = context.now.mono_ns;
        for split in self.splits.values_mut().filter(|split| idle_ns > 0 && split.fetched.is_empty()) {
            split.is_idle |= now_ns >= split.active_ns + idle_ns;
        }
        let mut changes = Vec::new();
        let unfinished = self.splits.values().filter(|split| !split.is_finished());
        let is_idle = idle_ns > 0 && self.splits.values().any(|split| !split.is_finished()) && unfinished.clone().all(|split| split.is_idle);
        if self.is_idle && !is_idle {
            changes.push(Change::Idle(false));
        }
        let behind = i64::from(context.plan.input.disorder_ms) + 1;
        let watermark = |split: &Split| split.latest.map_or(EARLIEST, |latest| latest - behind);
        let least = unfinished.filter(|split| !split.is_idle).map(watermark).min();
        if let Some(least) = least.filter(|least| *least > self.watermark.unwrap_or(EARLIEST)) {
            self.watermark = Some(least);
            changes.push(Change::Watermark(least));
        }
        if is_idle && !self.is_idle {
            changes.push(Change::Idle(true));
        }
        self.is_idle = is_idle;
        changes
    }

    /// When a split must be asked again, or becomes idle.
    pub fn wake_ns(&self, idle_ms: u32) -> Option<u64> {
        if self.is_stopped {
            return None;
        }
        let polls =
            self.splits.values().filter(|split| !split.is_asked && !split.is_last && split.fetched.len() < FETCH_MAX as usize).map(|split| split.poll_ns);
        let idle_ns = u64::from(idle_ms) * MILLISECOND;
        let idles = self.splits.values().filter(|split| idle_ns > 0 && !split.is_idle && !split.is_finished() && split.fetched.is_empty());
        polls.chain(idles.map(|split| split.active_ns + idle_ns)).min()
    }
}
