//! What operators give out, in tables: records, watermarks and clocks go in, rows come out. Never a whole job: tests/tests/jobs has those.

mod counters;
mod joins;
mod snapshots;
mod stateless;
mod windows;

use vocab::plan::{InputPlan, StreamPlan};
use vocab::stream::data::{Datum, EventTime, Field, Input, Record, Row};
use vocab::stream::job::JobKind;

use super::{Collector, Operator, OperatorKind, Placement};

/// A plan with nothing but a job.
pub(crate) fn plan(job: JobKind) -> StreamPlan {
    let input = InputPlan { records: 10, partitions: 2, until_ms: 1_000, disorder_ms: 100, idle_ms: 0 };
    StreamPlan { slots: 4, parallelism: 2, max_parallelism: 8, ..StreamPlan::of(job, input) }
}

/// What an operator is told.
enum Told {
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
    Operator::new(kind, Placement { index: 0, parallelism: 1, max_parallelism: 8 }, &plan(JobKind::Q0))
}

/// Tells an operator something; what holds between steps must hold then.
fn tell(operator: &mut Operator, told: Told) -> Collector {
    let mut out = Collector::default();
    match told {
        Told::Record(input, record) => operator.on_record(input, &record, &mut out),
        Told::Watermark(watermark) => operator.on_watermark(watermark, &mut out),
        Told::Clock(wall_ms) => operator.on_processing_time(wall_ms, &mut out),
        Told::End => operator.on_end(&mut out),
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
fn check(kind: OperatorKind, course: impl IntoIterator<Item = (Told, &'static str, usize)>) {
    let mut operator = alone(&kind);
    for (step, (told, expected, late)) in course.into_iter().enumerate() {
        let out = tell(&mut operator, told);
        assert_eq!((rows(&out).as_str(), out.late.len()), (expected, late), "step {step} of {kind:?}");
    }
}

fn record(input: usize, what: Input) -> Told {
    Told::Record(input, Record { at: what.at(), datum: Datum::Input(what.into()) })
}

fn bid(auction: i64, bidder: i64, price: i64, at: EventTime) -> Told {
    record(1, Input::Bid { auction, bidder, price, at })
}

fn auction(id: i64, seller: i64, at: EventTime, expires: EventTime) -> Told {
    record(0, Input::Auction { id, item: "lamp".into(), seller, category: 10, initial_bid: 1, reserve: 1, at, expires })
}

fn person(id: i64, name: &str, state: &str, at: EventTime) -> Told {
    record(0, Input::Person { id, name: name.into(), city: "Salem".into(), state: state.into(), at })
}

fn row(at: EventTime, fields: &[i64]) -> Told {
    Told::Record(0, Record { at, datum: Datum::Row(fields.iter().map(|field| Field::Int(*field)).collect()) })
}
