//! Operators: what records, watermarks and timers do to state, and what comes out. Pure folds, with their state as plain data; never a channel, a barrier or a clock.

use vocab::plan::StreamPlan;
use vocab::stream::data::{EventTime, Record};
use vocab::stream::state::Fired;

use crate::state::OperatorState;

/// Which operator, with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OperatorKind {
    /// Lets everything through (to be replaced by the catalogue).
    Identity,
}

/// Where an operator runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Its index among its vertex' subtasks.
    pub index: u16,
    /// How many there are.
    pub parallelism: u16,
    /// How many key groups there are.
    pub max_parallelism: u16,
}

/// What an operator gives out in one call, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Collector {
    /// Records.
    pub records: Vec<Record>,
    /// Timers that fired.
    pub fired: Vec<Fired>,
    /// What was dropped for coming behind the watermark: its time, and the watermark.
    pub late: Vec<(EventTime, EventTime)>,
}

/// An operator with its state.
#[derive(Clone, Debug)]
pub struct Operator {
    kind: OperatorKind,
}

impl Operator {
    /// An operator without state.
    pub fn new(kind: &OperatorKind, placement: Placement, plan: &StreamPlan) -> Operator {
        let _ = (placement, plan);
        Operator { kind: kind.clone() }
    }

    /// Takes the state of a checkpoint, already cut to its key groups and its share of the lists. Before anything else.
    pub fn restore(&mut self, state: OperatorState) {
        let _ = state;
    }

    /// Takes a record of one of its inputs.
    pub fn on_record(&mut self, input: usize, record: &Record, out: &mut Collector) {
        let _ = (input, &self.kind);
        out.records.push(record.clone());
    }

    /// The watermark over all inputs has gone up: event-time timers up to it fire, in their order. The caller sends the watermark on afterwards.
    pub fn on_watermark(&mut self, watermark: EventTime, out: &mut Collector) {
        let _ = (watermark, out);
    }

    /// The wall clock, in ms: processing-time timers up to it fire.
    pub fn on_processing_time(&mut self, wall_ms: i64, out: &mut Collector) {
        let _ = (wall_ms, out);
    }

    /// When [`Operator::on_processing_time`] is due, by the wall clock in ms.
    pub fn next_processing_ms(&self) -> Option<i64> {
        None
    }

    /// All inputs have ended; if they were drained, [`Operator::on_watermark`] with the latest watermark came before.
    pub fn on_end(&mut self, out: &mut Collector) {
        let _ = out;
    }

    /// The state as it is now (the synchronous part of a snapshot).
    pub fn snapshot(&self) -> OperatorState {
        OperatorState::default()
    }

    /// What holds between steps.
    pub fn check(&self) -> Result<(), String> {
        Ok(())
    }
}
