//! What operators give out, in tables: records, watermarks and clocks go in, rows come out. Never a whole job:
//! tests/tests/jobs has those.

mod counters;
mod joins;
mod snapshots;
mod stateless;
mod windows;

use flink_words::flow::{Datum, Record};
use flink_words::job::JobKind;
use flink_words::settings::{InputPlan, StreamPlan};
use outside_words::data::{EventTime, Field, Input, Row};

use super::{Collector, Operator};
use crate::job::{OperatorKind, Placement};

/// A plan with nothing but a job.
pub(crate) fn plan(job: JobKind) -> StreamPlan {
    let input = InputPlan { records: 10, partitions: 2, until_ms: 1_000, disorder_ms: 100, idle_ms: 0 };
    StreamPlan { slots: 4, parallelism: 2, max_parallelism: 8, ..StreamPlan::of(job, input) }
}

/// What an operator hears.
enum Stimulus {
    /// A record of an input.
    Record(usize, Record),
    /// A watermark.
    Watermark(EventTime),
    /// The wall clock, in ms.
    Clock(i64),
    /// The end of all inputs.
    End,
}

/// The only subtask of an operator.
fn alone(kind: &OperatorKind) -> Operator {
    Operator::new(kind, Placement { index: 0, parallelism: 1, max_parallelism: 8 })
}

/// Tells an operator something; what holds between steps must hold then.
fn tell(operator: &mut Operator, stimulus: Stimulus) -> Collector {
    let mut out = Collector::default();
    match stimulus {
        Stimulus::Record(input, record) => operator.on_record(input, &record, &mut out),
        Stimulus::Watermark(watermark) => operator.on_watermark(watermark, &mut out),
        Stimulus::Clock(wall_ms) => operator.on_processing_time(wall_ms, &mut out),
        Stimulus::End => operator.on_end(&mut out),
    }
    assert_eq!(operator.check(), Ok(()));
    out
}

/// The rows of what was given out, one a line, columns apart by blanks.
fn rows(out: &Collector) -> String {
    let row = |record: &Record| match &record.datum {
        Datum::Row(row) => line(row),
        Datum::Input(input) => format!("{input:?}"),
    };
    out.records.iter().map(row).collect::<Vec<_>>().join("\n")
}

fn line(row: &Row) -> String {
    let column = |field: &Field| match field {
        Field::Int(number) => number.to_string(),
        Field::Text(text) => text.to_string(),
    };
    row.iter().map(column).collect::<Vec<_>>().join(" ")
}

/// Tells an operator one thing after the other; after each come these rows, and so many late records.
fn check(kind: OperatorKind, steps: impl IntoIterator<Item = (Stimulus, &'static str, usize)>) {
    let mut operator = alone(&kind);
    for (step, (stimulus, expected, late)) in steps.into_iter().enumerate() {
        let out = tell(&mut operator, stimulus);
        assert_eq!((rows(&out).as_str(), out.late.len()), (expected, late), "step {step} of {kind:?}");
    }
}

fn record(input: usize, what: Input) -> Stimulus {
    Stimulus::Record(input, Record { at: what.at(), datum: Datum::Input(what.into()) })
}

fn bid(auction: i64, bidder: i64, price: i64, at: EventTime) -> Stimulus {
    record(1, Input::Bid { auction, bidder, price, at })
}

fn auction(id: i64, seller: i64, at: EventTime, expires: EventTime) -> Stimulus {
    record(0, Input::Auction { id, item: "lamp".into(), seller, category: 10, initial_bid: 1, reserve: 1, at, expires })
}

fn person(id: i64, name: &str, state: &str, at: EventTime) -> Stimulus {
    record(0, Input::Person { id, name: name.into(), city: "Salem".into(), state: state.into(), at })
}

fn row(at: EventTime, fields: &[i64]) -> Stimulus {
    Stimulus::Record(0, Record { at, datum: Datum::Row(fields.iter().map(|field| Field::Int(*field)).collect()) })
}
