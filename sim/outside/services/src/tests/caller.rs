//! How a caller asks again, and when it gives up.

use outside_words::message::Answer;

use super::blobs::{delete, get, put};
use super::stage::Stage;
use crate::{BlobProcess, Lost, Tries};

fn stage() -> Stage<BlobProcess> {
    let mut stage = Stage::new(BlobProcess::new(), 1);
    while stage.go(0) {}
    stage
}

/// Lets everything go its way, and then so much time pass, until it does.
fn wait(stage: &mut Stage<BlobProcess>, ms: u64) {
    while stage.go(0) {}
    for _ in 0..ms / 10 {
        stage.pass(10);
        while stage.go(0) {}
    }
}

#[test]
fn answers_come_in_order_and_find_their_asks() {
    let mut stage = stage();
    let asks = [put("a", b"1"), get("a"), delete("a"), get("a")].map(|ask| stage.ask(0, ask, Tries::AtMost(1)));
    stage.calm();
    let answers = [Answer::Done, Answer::Blob(Some(b"1"[..].into())), Answer::Done, Answer::Blob(None)];
    let expected: Vec<_> = asks.into_iter().zip(answers).map(|(id, answer)| (0, id, Ok(answer))).collect();
    assert_eq!(stage.outcomes, expected);
}

#[test]
fn a_lost_stream_is_opened_anew_and_the_ask_sent_again() {
    for silent in [false, true] {
        let mut stage = stage();
        let id = stage.ask(0, put("a", b"1"), Tries::Forever);
        (0..3).for_each(|_| assert!(stage.go(0)));
        stage.cut(0, silent);
        stage.calm();
        assert_eq!(stage.outcomes, [(0, id, Ok(Answer::Done))], "silent: {silent}");
        let by_ms = if silent { 3_000..3_300 } else { 0..200 };
        assert!(by_ms.contains(&stage.now_ms), "silent: {silent}, at {} ms", stage.now_ms);
    }
}

#[test]
fn a_dead_stream_is_found_though_nobody_waits_for_long() {
    let mut stage = stage();
    stage.ask(0, put("a", b"1"), Tries::Forever);
    stage.calm();
    stage.cut(0, true);
    for second in 1..=6 {
        stage.outcomes.clear();
        let id = stage.ask(0, get("a"), Tries::Forever);
        wait(&mut stage, 1_000);
        let expected = if second < 4 { vec![] } else { vec![(0, id, Ok(Answer::Blob(Some(b"1"[..].into()))))] };
        assert_eq!(stage.outcomes, expected, "in second {second}");
        stage.callers[0].cancel(id);
    }
}

#[test]
fn tries_are_counted() {
    let mut stage = stage();
    stage.order("unavailable 100000");
    let twice = stage.ask(0, put("a", b"1"), Tries::AtMost(2));
    let more = stage.ask(0, get("a"), Tries::Forever);
    wait(&mut stage, 50);
    assert_eq!((stage.callers[0].tried(twice), &stage.outcomes[..]), (1, &[][..]));
    wait(&mut stage, 100);
    assert_eq!(stage.outcomes, [(0, twice, Err(Lost))]);
    wait(&mut stage, 110_000);
    assert_eq!(stage.outcomes[1], (0, more, Ok(Answer::Blob(None))));
    assert!(!stage.callers[0].is_pending(more));
}

#[test]
fn a_service_that_cannot_be_reached_is_a_try() {
    let mut stage = stage();
    let id = stage.ask(0, get("a"), Tries::AtMost(2));
    let forever = stage.ask(0, get("b"), Tries::Forever);
    for _ in 0..2 {
        stage.cut(0, true); // The opening is lost.
        stage.pass(2_200);
    }
    assert_eq!(stage.outcomes, [(0, id, Err(Lost))]);
    assert!(stage.callers[0].is_pending(forever));
}

#[test]
fn a_cancelled_ask_has_no_outcome_and_may_have_its_effect() {
    let mut stage = stage();
    let id = stage.ask(0, put("a", b"1"), Tries::Forever);
    (0..2).for_each(|_| assert!(stage.go(0)));
    stage.callers[0].cancel(id);
    stage.calm();
    assert_eq!(stage.outcomes, []);
    stage.callers[0].check().expect("it is consistent");
    let id = stage.ask(0, put("b", b"1"), Tries::Forever);
    while stage.callers[0].tried(id) == 0 {
        stage.go(0);
    }
    stage.callers[0].cancel(id);
    assert_eq!(stage.answer(0, get("b")), Answer::Blob(Some(b"1"[..].into())));
    assert_eq!(stage.outcomes, []);
}

#[test]
fn many_asks_wait_here_and_not_on_the_way() {
    let mut stage = stage();
    let count = 200;
    for number in 0..count {
        stage.ask(0, put(&format!("blob-{number}"), b"1"), Tries::AtMost(1));
    }
    stage.go(0);
    stage.go(0);
    assert_eq!(stage.callers[0].pending(), count);
    stage.callers[0].check().expect("no more than a bound is on its way");
    stage.calm();
    assert_eq!(stage.outcomes.iter().filter(|(_, _, outcome)| *outcome == Ok(Answer::Done)).count(), count);
}

#[test]
fn half_of_the_errors_come_after_the_effect() {
    let mut stage = stage();
    stage.order("errors 4");
    let asks: Vec<_> = ["a", "b", "c", "d"].map(|name| stage.ask(0, put(name, b"1"), Tries::AtMost(1))).into();
    stage.calm();
    let mut outcomes: Vec<_> = stage.outcomes.drain(..).map(|(_, id, outcome)| (id, outcome)).collect();
    outcomes.sort_by_key(|(id, _)| *id); // A failure without an effect waits for no disk.
    assert_eq!(outcomes, asks.iter().map(|id| (*id, Err(Lost))).collect::<Vec<_>>());
    let there = ["a", "b", "c", "d"].map(|name| stage.answer(0, get(name)) != Answer::Blob(None));
    assert_eq!(there, [false, true, false, true]);
}
