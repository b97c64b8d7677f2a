//! What the log holds and gives.

use std::sync::Arc;

use outside_words::data::{Input, Topic};
use outside_words::fact::OutsideFact;
use outside_words::ids::SplitId;
use outside_words::message::{Answer, Ask};

use super::stage::Stage;
use crate::{FeedRecord, LogProcess};

const FULL: SplitId = SplitId { topic: Topic::Ticks, partition: 0 };
const EMPTY: SplitId = SplitId { topic: Topic::Ticks, partition: 1 };

fn tick(value: i64) -> Arc<Input> {
    Arc::new(Input::Tick { key: 0, value, at: value })
}

/// Records at 0, 0, 100 and 1000 ms.
fn stage() -> Stage<LogProcess> {
    let feed = [0, 0, 100, 1_000].into_iter().zip(0..).map(|(at_ms, value)| FeedRecord { at_ms, split: FULL, input: tick(value) });
    Stage::new(LogProcess::new(feed.collect::<Vec<_>>()), 1)
}

fn fetch(split: SplitId, offset: u64, count_max: u32) -> Ask {
    Ask::Fetch { split, offset, count_max }
}

fn records(values: &[i64], last: bool) -> Answer {
    Answer::Records { records: values.iter().map(|value| tick(*value)).collect(), last }
}

#[test]
fn records_are_there_when_their_time_has_come() {
    let check = |at_ms: u64, ask: Ask, answer: Answer, by_ms: u64| {
        let mut stage = stage();
        stage.pass(at_ms);
        assert_eq!(stage.answer(0, ask.clone()), answer, "at {at_ms} ms {ask:?}");
        assert!((by_ms..by_ms + 11).contains(&stage.now_ms), "at {at_ms} ms {ask:?} is answered at {} ms", stage.now_ms);
    };
    check(0, fetch(FULL, 0, 10), records(&[0, 1], false), 0);
    check(0, fetch(FULL, 1, 10), records(&[1], false), 0);
    check(0, fetch(FULL, 0, 1), records(&[0], false), 0);
    check(0, fetch(FULL, 2, 10), records(&[2], false), 100); // It waits for the third.
    check(150, fetch(FULL, 3, 10), records(&[], false), 350); // It has waited long enough.
    check(999, fetch(FULL, 3, 10), records(&[3], true), 1_000);
    check(2_000, fetch(FULL, 0, 4), records(&[0, 1, 2, 3], true), 2_000);
    check(2_000, fetch(FULL, 0, 3), records(&[0, 1, 2], false), 2_000); // One more follows.
    check(2_000, fetch(FULL, 4, 10), records(&[], true), 2_000);
    check(0, fetch(EMPTY, 0, 10), records(&[], true), 0);
}

#[test]
fn the_next_life_has_all_up_to_now_under_the_same_offsets() {
    let mut stage = stage();
    stage.pass(500);
    stage.crash(None);
    let told = |life: u32| {
        let facts = stage.notes.iter().filter(|(told_in, _)| *told_in == life);
        facts
            .filter_map(|(_, fact)| if let OutsideFact::Appended { offset, input, .. } = fact { Some((*offset, input.at())) } else { None })
            .collect::<Vec<_>>()
    };
    assert_eq!(told(0), [(0, 0), (1, 1), (2, 2)]);
    assert_eq!(told(1), told(0));
    stage.pass(1_000);
    assert_eq!(stage.notes.last(), Some(&(1, OutsideFact::Appended { split: FULL, offset: 3, input: tick(3) })));
}

#[test]
fn only_what_says_something_is_told() {
    let mut stage = stage();
    stage.pass(150);
    stage.answer(0, fetch(FULL, 3, 10));
    let fetched = |stage: &Stage<LogProcess>| stage.notes.iter().filter(|(_, fact)| matches!(fact, OutsideFact::Fetched { .. })).count();
    assert_eq!(fetched(&stage), 0);
    stage.answer(0, fetch(FULL, 0, 2));
    assert_eq!(stage.notes.last(), Some(&(0, OutsideFact::Fetched { split: FULL, offset: 0, count: 2, end: 3 })));
}
