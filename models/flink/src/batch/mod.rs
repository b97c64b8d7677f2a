//! What jobs must give out: a pure function of all inputs, for each job, by sorting and grouping. It shares no code
//! with the operators and knows no timer, no watermark and no order of arrival.
//!
//! Numbers of persons and auctions are taken to be unique. What is late, and so left out by a run, is each job's own
//! affair; here nothing is. A run says when it drops something, and without that its output must be this.
//!
//! | job | late is |
//! |---|---|
//! | q0, q1, q2, q3 | nothing |
//! | q4, q6 | an auction, a bid or a closing whose time the watermark has reached |
//! | q5, q7, q8, word-count | a record for a window whose last millisecond the watermark has reached; the record still counts in later windows |
//! | q11 | a bid whose session would have ended by the watermark |
//! | counters | a tick of a second whose last millisecond the watermark has reached; a limit whose time it has reached, though that one holds from then on |
//! | interval-join | an auction or a bid whose time the watermark has reached |

mod auctions;
mod bids;
mod counts;

use std::collections::BTreeMap;

use flink_words::job::JobKind;
use outside_words::data::{EventTime, Field, Input, Row};

/// What a job gives out for these inputs, in no particular order.
pub fn batch(job: JobKind, inputs: &[&Input]) -> Vec<Row> {
    match job {
        JobKind::Q0 => bids::q0(inputs),
        JobKind::Q1 => bids::q1(inputs),
        JobKind::Q2 => bids::q2(inputs),
        JobKind::Q3 => auctions::q3(inputs),
        JobKind::Q4 => auctions::q4(inputs),
        JobKind::Q5 => bids::q5(inputs),
        JobKind::Q6 => auctions::q6(inputs),
        JobKind::Q7 => bids::q7(inputs),
        JobKind::Q8 => auctions::q8(inputs),
        JobKind::Q11 => bids::q11(inputs),
        JobKind::WordCount => counts::word_count(inputs),
        JobKind::Counters => counts::counters(inputs),
        JobKind::IntervalJoin => auctions::interval_join(inputs),
    }
}

/// The form in which two outputs are compared as multisets: sorted rows; of counters the deltas of a key are one, since
/// it is the wall clock that cuts them up.
pub fn normal(job: JobKind, rows: Vec<Row>) -> Vec<Row> {
    let (deltas, mut rest): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(|row| is_delta(job, row));
    let mut sums: BTreeMap<Field, i64> = BTreeMap::new();
    for row in deltas {
        *sums.entry(row[0].clone()).or_default() += number(&row[2]);
    }
    rest.extend(sums.into_iter().map(|(key, sum)| told(key, sum)));
    rest.sort();
    rest
}

/// What is left of an idempotent sink's rows, in the order in which they were written: the last one of each key,
/// sorted. A delta's last row says how many there were in all.
pub fn keyed(job: JobKind, rows: Vec<Row>) -> Vec<Row> {
    let mut last: BTreeMap<Vec<Field>, Row> = BTreeMap::new();
    for row in rows {
        let key = key_columns(job).map_or_else(|| row.to_vec(), |columns| columns.iter().map(|column| row[*column].clone()).collect());
        let row = if is_delta(job, &row) { told(row[0].clone(), number(&row[3])) } else { row };
        last.insert(key, row);
    }
    let mut rows: Vec<Row> = last.into_values().collect();
    rows.sort();
    rows
}

/// The columns by which a row is replaced; `None` is all of them.
fn key_columns(job: JobKind) -> Option<&'static [usize]> {
    match job {
        JobKind::Q0 | JobKind::Q1 | JobKind::Q2 | JobKind::Q3 | JobKind::Q7 | JobKind::Q8 | JobKind::IntervalJoin => None,
        JobKind::Q4 | JobKind::Q6 | JobKind::Counters => Some(&[0, 1]),
        JobKind::Q5 | JobKind::Q11 | JobKind::WordCount => Some(&[0, 2]),
    }
}

/// Whether what a job has given out at a consistent cut is `batch` of the inputs before the cut. Of the other jobs it
/// is a part of `batch` of all inputs ([`within`]): what time has not closed is not there yet.
pub fn is_monotone(job: JobKind) -> bool {
    match job {
        JobKind::Q0 | JobKind::Q1 | JobKind::Q2 | JobKind::Q3 | JobKind::IntervalJoin => true,
        JobKind::Q4 | JobKind::Q5 | JobKind::Q6 | JobKind::Q7 | JobKind::Q8 | JobKind::Q11 | JobKind::WordCount | JobKind::Counters => false,
    }
}

/// Whether one output is part of another, as multisets, both in [`normal`] form or both [`keyed`]; else the first row
/// that is there once too often. A key's deltas are part of those that are more.
pub fn within(job: JobKind, part: &[Row], whole: &[Row]) -> Result<(), Row> {
    let mut most: BTreeMap<&Field, i64> = BTreeMap::new();
    let mut left: BTreeMap<&Row, usize> = BTreeMap::new();
    for row in whole {
        if is_delta(job, row) {
            *most.entry(&row[0]).or_default() += number(&row[2]);
        } else {
            *left.entry(row).or_default() += 1;
        }
    }
    for row in part {
        let fits = if is_delta(job, row) {
            most.get(&row[0]).is_some_and(|most| number(&row[2]) <= *most)
        } else {
            left.get_mut(row).is_some_and(|left| left.checked_sub(1).map(|rest| *left = rest).is_some())
        };
        if !fits {
            return Err(row.clone());
        }
    }
    Ok(())
}

/// How a delta is told in a row of counters.
const DELTA: &str = "delta";

fn is_delta(job: JobKind, row: &Row) -> bool {
    job == JobKind::Counters && matches!(&row[1], Field::Text(word) if &**word == DELTA)
}

/// All the deltas of a key as one row.
fn told(key: Field, sum: i64) -> Row {
    [key, DELTA.into(), sum.into(), sum.into()].into()
}

fn number(field: &Field) -> i64 {
    match field {
        Field::Int(number) => *number,
        Field::Text(text) => panic!("{text:?} stands where only numbers do"),
    }
}

/// A bid.
#[derive(Clone, Copy)]
struct Bid {
    auction: i64,
    bidder: i64,
    price: i64,
    at: EventTime,
}

/// The bids among the inputs.
fn bids_of(inputs: &[&Input]) -> Vec<Bid> {
    let bids = inputs.iter().filter_map(|input| match **input {
        Input::Bid { auction, bidder, price, at } => Some(Bid { auction, bidder, price, at }),
        Input::Person { .. } | Input::Auction { .. } | Input::Line { .. } | Input::Tick { .. } | Input::Limit { .. } => None,
    });
    bids.collect()
}

/// Things by what they have in common.
fn grouped<K: Ord, T>(things: impl IntoIterator<Item = T>, of: impl Fn(&T) -> K) -> BTreeMap<K, Vec<T>> {
    let mut groups: BTreeMap<K, Vec<T>> = BTreeMap::new();
    for thing in things {
        groups.entry(of(&thing)).or_default().push(thing);
    }
    groups
}
