//! The reference of jobs, in tables: inputs as short words, rows as lines. Never an operator; tests/tests/jobs compares
//! the two.

use flink_words::job::JobKind;
use outside_words::data::{EventTime, Field, Input, Row};
use stormglass_flink_models::batch::{batch, is_monotone, keyed, normal, within};

/// Rows as text, columns apart by blanks, sorted as text.
fn told(rows: &[Row]) -> Vec<String> {
    let column = |field: &Field| match field {
        Field::Int(number) => number.to_string(),
        Field::Text(text) => text.to_string(),
    };
    let mut lines: Vec<String> = rows.iter().map(|row| row.iter().map(column).collect::<Vec<_>>().join(" ")).collect();
    lines.sort();
    lines
}

/// What comes out does not depend on which input is first.
fn check(job: JobKind, inputs: &[Input], expected: &[&str]) {
    let mut inputs: Vec<&Input> = inputs.iter().collect();
    assert_eq!(told(&batch(job, &inputs)), expected, "{}", job.name());
    inputs.reverse();
    assert_eq!(told(&batch(job, &inputs)), expected, "{}, the other way round", job.name());
}

fn bid(auction: i64, bidder: i64, price: i64, at: EventTime) -> Input {
    Input::Bid { auction, bidder, price, at }
}

fn auction(id: i64, seller: i64, category: i64, at: EventTime, expires: EventTime) -> Input {
    Input::Auction { id, item: "lamp".into(), seller, category, initial_bid: 1, reserve: 1, at, expires }
}

fn person(id: i64, name: &str, state: &str, at: EventTime) -> Input {
    Input::Person { id, name: name.into(), city: "Salem".into(), state: state.into(), at }
}

#[test]
fn bids_are_rows() {
    let bids = [bid(10, 1, 1_000, 1), bid(7, 1, 1, 2)];
    check(JobKind::Q0, &bids, &["10 1 1000 1", "7 1 1 2"]);
    check(JobKind::Q1, &bids, &["10 1 908 1", "7 1 0 2"]);
    check(JobKind::Q2, &bids, &["10 1 1000 1"]);
}

#[test]
fn persons_are_joined_with_their_auctions() {
    let inputs = [person(1, "Ann", "OR", 9_999), person(2, "Bob", "NY", 1), auction(7, 1, 10, 10_000, 99), auction(8, 1, 11, 5, 99), auction(9, 2, 10, 2, 99)];
    check(JobKind::Q3, &inputs, &["Ann Salem OR 7"]);
    check(JobKind::Q8, &inputs, &["1 Ann 0", "2 Bob 0"]);
}

#[test]
fn the_winning_bid_is_of_the_auctions_own_time() {
    let inputs = [
        auction(7, 1, 10, 1_000, 4_000),
        auction(8, 1, 10, 1_000, 3_000),
        auction(9, 2, 10, 1_000, 3_000), // Nobody bids for it.
        bid(7, 1, 900, 999),
        bid(7, 1, 51, 1_000),
        bid(7, 1, 60, 4_000),
        bid(7, 1, 900, 4_001),
        bid(8, 1, 31, 2_000),
        bid(1, 1, 1, 2_000), // There is no such auction.
    ];
    check(JobKind::Q4, &inputs, &["10 1 31 31", "10 2 91 45"]);
    check(JobKind::Q6, &inputs, &["1 7 4000 45", "1 8 3000 31"]);
    check(JobKind::IntervalJoin, &inputs, &["7 lamp 1 51 1000", "7 lamp 1 60 4000", "7 lamp 1 900 4001", "8 lamp 1 31 2000"]);
}

#[test]
fn an_interval_has_both_its_ends() {
    let inputs = [auction(7, 1, 10, 1_000, 9), bid(7, 1, 1, 999), bid(7, 2, 1, 1_000), bid(7, 3, 1, 6_000), bid(7, 4, 1, 6_001)];
    check(JobKind::IntervalJoin, &inputs, &["7 lamp 2 1 1000", "7 lamp 3 1 6000"]);
}

#[test]
fn windows_are_open_at_their_ends() {
    let bids = [bid(1, 1, 5, 9_999), bid(2, 1, 9, 10_000), bid(2, 2, 9, 19_999), bid(3, 1, 8, 19_999)];
    check(JobKind::Q7, &bids, &["10000 5 1 1 9999", "20000 9 2 1 10000", "20000 9 2 2 19999"]);
    // The first window with a bid ends right after it, the last one 10 s later.
    check(
        JobKind::Q5,
        &[bid(1, 1, 5, 1_999), bid(1, 1, 5, 2_000), bid(2, 1, 5, 11_999)],
        &["10000 2 1", "12000 1 1", "12000 1 2", "14000 1 2", "16000 1 2", "18000 1 2", "2000 1 1", "20000 1 2", "4000 2 1", "6000 2 1", "8000 2 1"],
    );
    let line = |text: &str, at| Input::Line { text: text.into(), at };
    check(JobKind::WordCount, &[line("To be,", 4_999), line("to-BE", 0), line("be", 5_000)], &["10000 1 be", "5000 2 be", "5000 2 to"]);
}

#[test]
fn a_session_ends_where_its_gap_does() {
    let bids = [bid(1, 1, 1, 0), bid(1, 1, 1, 9_999), bid(1, 1, 1, 19_999), bid(1, 2, 1, 5)];
    check(JobKind::Q11, &bids, &["1 1 19999 29999", "1 2 0 19999", "2 1 5 10005"]);
}

#[test]
fn totals_are_judged_by_the_limit_of_their_second() {
    let (tick, limit) = (|value, at| Input::Tick { key: 1, value, at }, |limit, at| Input::Limit { limit, at });
    let inputs = [tick(3, 999), tick(0, 1_000), tick(5, 2_500), limit(2, 1_000), limit(1, 1_000), limit(8, 2_999), limit(0, 3_000)];
    check(JobKind::Counters, &inputs, &["1 0 3 0", "1 1 3 1", "1 2 8 0", "1 delta 3 3"]);
}

fn row(fields: &[i64]) -> Row {
    fields.iter().map(|field| Field::Int(*field)).collect()
}

fn delta(key: i64, fresh: i64, all: i64) -> Row {
    [key.into(), "delta".into(), fresh.into(), all.into()].into()
}

#[test]
fn the_normal_form_adds_deltas_up() {
    let rows = vec![delta(1, 2, 2), row(&[1, 0, 5, 0]), delta(2, 1, 1), delta(1, 3, 5)];
    assert_eq!(told(&normal(JobKind::Counters, rows)), ["1 0 5 0", "1 delta 5 5", "2 delta 1 1"]);
    let rows = vec![row(&[2, 1, 1]), row(&[1, 1, 1]), row(&[1, 1, 1])];
    assert_eq!(told(&normal(JobKind::Q5, rows)), ["1 1 1", "1 1 1", "2 1 1"]);
}

#[test]
fn the_last_row_stands_under_a_key() {
    let check = |job, rows: &[Row], expected: &[&str]| assert_eq!(told(&keyed(job, rows.to_vec())), expected, "{}", job.name());
    // End, count, word: a window and a word.
    check(JobKind::WordCount, &[row(&[10, 1, 7]), row(&[10, 2, 7]), row(&[20, 1, 7])], &["10 2 7", "20 1 7"]);
    check(JobKind::Q0, &[row(&[1, 1]), row(&[1, 2]), row(&[1, 1])], &["1 1", "1 2"]);
    // What came before the restore is replaced, and the last one knows the sum.
    check(JobKind::Counters, &[delta(1, 2, 2), delta(1, 9, 11), delta(1, 3, 5)], &["1 delta 5 5"]);
}

#[test]
fn a_part_has_nothing_once_too_often() {
    let check = |job, part: &[Row], whole: &[Row], stranger: Option<Row>| assert_eq!(within(job, part, whole).err(), stranger);
    let (a, b) = (row(&[1, 1, 1]), row(&[2, 1, 1]));
    check(JobKind::Q5, &[], std::slice::from_ref(&a), None);
    check(JobKind::Q5, &[a.clone(), a.clone()], &[a.clone(), b.clone(), a.clone()], None);
    check(JobKind::Q5, &[a.clone(), a.clone()], &[a.clone(), b.clone()], Some(a.clone()));
    check(JobKind::Q5, std::slice::from_ref(&b), std::slice::from_ref(&a), Some(b.clone()));
    check(JobKind::Counters, &[delta(1, 4, 4)], &[delta(1, 5, 5)], None);
    check(JobKind::Counters, &[delta(1, 6, 6)], &[delta(1, 5, 5)], Some(delta(1, 6, 6)));
    check(JobKind::Counters, &[delta(2, 1, 1)], &[delta(1, 5, 5)], Some(delta(2, 1, 1)));
}

#[test]
fn what_waits_for_time_is_not_monotone() {
    let monotone: Vec<&str> = JobKind::ALL.into_iter().filter(|job| is_monotone(*job)).map(JobKind::name).collect();
    assert_eq!(monotone, ["q0", "q1", "q2", "q3", "interval-join"]);
}
