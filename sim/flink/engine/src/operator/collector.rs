//! What comes out of an operator in one call. Data; never where it goes.

use flink_words::flow::Record;
use flink_words::state::Fired;
use outside_words::data::EventTime;

/// What an operator gives out in one call, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Collector {
    /// Records.
    pub records: Vec<Record>,
    /// Timers that fired.
    pub fired: Vec<Fired>,
    /// What was dropped for coming behind the watermark: its time, or the last millisecond of the window that had
    /// closed; and the watermark.
    pub late: Vec<(EventTime, EventTime)>,
}
