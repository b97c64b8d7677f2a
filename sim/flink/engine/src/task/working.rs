//! A task's work on one buffer, one batch of records, or one timer: what it costs and what comes of it. Never more than
//! that at a time, so that tasks of a worker take turns.

use std::sync::Arc;

use contract::time::{MICROSECOND, MILLISECOND, Now};
use flink_words::fact::WorkerFact;
use flink_words::flow::{Datum, Record};
use flink_words::settings::StreamPlan;
use outside_words::data::{EventTime, Input, LATEST};

use super::channel::elements;
use super::context::TaskContext;
use super::core::Task;
use super::gate::Polled;
use super::valve::Change;
use super::work::Work;
use crate::message::{Buffer, Element};
use crate::operator::Collector;

/// What an element costs: 50,000 a second and core, as a job with state and serialization has it.
pub const ELEMENT_NS: u64 = 20 * MICROSECOND;
/// What a buffer or an event costs besides.
pub const BUFFER_NS: u64 = 50 * MICROSECOND;

impl Task {
    /// Works, if there is anything to do and room for what comes of it. Says what it cost.
    pub fn work_once(&mut self, context: &mut TaskContext) -> Option<u64> {
        if !self.is_running() || context.wants.end.is_some() {
            return None;
        }
        let cost = self.do_next(context)?;
        self.settle(context);
        Some(cost)
    }

    /// Whether [`Task::work_once`] would do something.
    pub fn is_ready(&self, now: Now) -> bool {
        if !self.is_running() {
            return false;
        }
        if self.pending.is_some() {
            return self.work.is_flushed();
        }
        let urgent = !self.has_room();
        let is_due = !urgent && self.timer_ns(now).is_some_and(|at_ns| at_ns <= now.mono_ns);
        let reads = match &self.work {
            Work::Source { reader, .. } => !urgent && (reader.is_ready() || reader.is_exhausted() && !self.ending.has_ended()),
            Work::Operator(_) | Work::Sink(_) | Work::Finished => false,
        };
        is_due || reads || self.gate.is_ready(urgent)
    }

    /// When the work itself must hear of the time.
    pub(super) fn work_wake_ns(&self, plan: &StreamPlan) -> Option<u64> {
        match &self.work {
            Work::Source { reader, .. } if !self.ending.has_ended() => reader.wake_ns(plan.input.idle_ms),
            Work::Source { .. } | Work::Operator(_) | Work::Sink(_) | Work::Finished => None,
        }
    }

    /// When a timer gives the task something to do. One that is due and has no room is heard when there is some.
    pub fn timer_wake_ns(&self, now: Now) -> Option<u64> {
        self.timer_ns(now).filter(|_| self.has_room() && self.pending.is_none())
    }

    fn has_room(&self) -> bool {
        self.output.is_available() && self.work.is_available()
    }

    /// When the operator's next processing-time timer is due, by the monotonic clock.
    fn timer_ns(&self, now: Now) -> Option<u64> {
        let Work::Operator(operator) = &self.work else { return None };
        if self.ending.is_stopping() {
            return None;
        }
        let ahead_ms = operator.next_processing_ms()?.saturating_sub(now.wall_ms()).max(0);
        Some(now.mono_ns + ahead_ms as u64 * MILLISECOND)
    }

    fn do_next(&mut self, context: &mut TaskContext) -> Option<u64> {
        if self.pending.is_some() {
            return self.fix_if_flushed(context).then_some(BUFFER_NS);
        }
        let urgent = !self.has_room();
        if !urgent && self.timer_ns(context.now).is_some_and(|at_ns| at_ns <= context.now.mono_ns) {
            return Some(self.fire(context));
        }
        if let Work::Source { .. } = &self.work {
            return if urgent { None } else { self.read(context) };
        }
        match self.gate.poll(urgent)? {
            Polled::Elements { channel, buffer } => Some(self.on_elements(channel, &buffer, context)),
            Polled::Began(checkpoint) => {
                context.note(WorkerFact::AlignmentBegan { attempt: context.attempt, checkpoint });
                Some(0)
            }
            Polled::Snapshot(barrier) => {
                self.snapshot(barrier, context);
                Some(BUFFER_NS)
            }
            Polled::Aborted { checkpoint, why } => {
                self.give_up(checkpoint, why, context);
                Some(BUFFER_NS)
            }
            Polled::EndOfData { drained } => {
                if let (Work::Operator(operator), true) = (&mut self.work, drained) {
                    let mut collector = Collector::default();
                    operator.on_end(&mut collector);
                    self.emit(collector, context);
                }
                self.end_data(drained, context);
                Some(BUFFER_NS)
            }
            Polled::Ended => Some(0),
        }
    }

    fn on_elements(&mut self, channel: usize, buffer: &Arc<Buffer>, context: &mut TaskContext) -> u64 {
        let input = self.gate.channels()[channel].input;
        let mut collector = Collector::default();
        for element in elements(buffer) {
            match element {
                Element::Record(record) => match &mut self.work {
                    Work::Operator(operator) => operator.on_record(input, record, &mut collector),
                    Work::Sink(sink) => sink.on_record(record, context),
                    // A subtask that had finished hears of nothing but ends.
                    Work::Source { .. } | Work::Finished => {}
                },
                Element::Watermark(watermark) => {
                    let changes = self.valve.on_watermark(channel, *watermark);
                    self.emit(std::mem::take(&mut collector), context);
                    self.on_changes(changes, context);
                }
                Element::Idle(idle) => {
                    let changes = self.valve.on_idle(channel, *idle);
                    self.emit(std::mem::take(&mut collector), context);
                    self.on_changes(changes, context);
                }
            }
        }
        self.emit(collector, context);
        BUFFER_NS + elements(buffer).len() as u64 * ELEMENT_NS
    }

    fn on_changes(&mut self, changes: Vec<Change>, context: &mut TaskContext) {
        for change in changes {
            match change {
                Change::Watermark(watermark) => self.advance(watermark, context),
                Change::Idle(idle) => {
                    context.note(WorkerFact::Idle { attempt: context.attempt, idle });
                    self.output.idle(idle, context.now.mono_ns);
                }
            }
        }
    }

    /// The watermark goes up: timers fire, then it is sent on.
    fn advance(&mut self, watermark: EventTime, context: &mut TaskContext) {
        let mut collector = Collector::default();
        match &mut self.work {
            Work::Operator(operator) => operator.on_watermark(watermark, &mut collector),
            Work::Source { chain: Some(operator), .. } => operator.on_watermark(watermark, &mut collector),
            Work::Source { chain: None, .. } | Work::Sink(_) | Work::Finished => {}
        }
        self.emit(collector, context);
        context.note(WorkerFact::WatermarkAdvanced { attempt: context.attempt, watermark });
        self.output.watermark(watermark, context.now.mono_ns);
    }

    fn fire(&mut self, context: &mut TaskContext) -> u64 {
        let mut collector = Collector::default();
        if let Work::Operator(operator) = &mut self.work {
            operator.on_processing_time(context.now.wall_ms(), &mut collector);
        }
        let cost = BUFFER_NS + collector.records.len() as u64 * ELEMENT_NS;
        self.emit(collector, context);
        cost
    }

    fn emit(&mut self, collector: Collector, context: &mut TaskContext) {
        for fired in collector.fired {
            context.note(WorkerFact::TimersFired { attempt: context.attempt, fired });
        }
        for (at, watermark) in collector.late {
            context.note(WorkerFact::DroppedLate { attempt: context.attempt, at, watermark });
        }
        for record in collector.records {
            self.output.record(&record, context.now.mono_ns);
        }
    }

    /// A source reads some records, or finds that there will be none.
    fn read(&mut self, context: &mut TaskContext) -> Option<u64> {
        let count_max = usize::from(context.plan.network.buffer_records);
        let Work::Source { reader, .. } = &mut self.work else { return None };
        if reader.is_exhausted() && !self.ending.has_ended() {
            self.end_source(true, context);
            return Some(BUFFER_NS);
        }
        if !reader.is_ready() {
            return None;
        }
        let inputs = reader.read(count_max);
        let changes = reader.settle(context);
        let cost = BUFFER_NS + inputs.len() as u64 * ELEMENT_NS;
        self.read_through(&inputs, context);
        self.on_changes(changes, context);
        Some(cost)
    }

    fn read_through(&mut self, inputs: &[Arc<Input>], context: &mut TaskContext) {
        let mut collector = Collector::default();
        for input in inputs {
            let record = Record { at: input.at(), datum: Datum::Input(input.clone()) };
            match &mut self.work {
                Work::Source { chain: Some(operator), .. } => operator.on_record(0, &record, &mut collector),
                Work::Source { chain: None, .. } | Work::Operator(_) | Work::Sink(_) | Work::Finished => collector.records.push(record),
            }
        }
        self.emit(collector, context);
    }

    /// A source has no more: its watermark goes to the end of time before it says so.
    pub(super) fn end_source(&mut self, drained: bool, context: &mut TaskContext) {
        self.advance(LATEST, context);
        if let Work::Source { chain: Some(operator), .. } = &mut self.work {
            let mut collector = Collector::default();
            operator.on_end(&mut collector);
            self.emit(collector, context);
        }
        self.end_data(drained, context);
    }

    /// A source whose splits fell silent says so.
    pub(super) fn settle_idleness(&mut self, context: &mut TaskContext) {
        if self.ending.has_ended() {
            return;
        }
        let Work::Source { reader, .. } = &mut self.work else { return };
        let changes = reader.settle(context);
        self.on_changes(changes, context);
    }
}
