//! Counters: totals of seconds, limits by their times, deltas by the wall clock.

use outside_words::data::LATEST;

use super::*;

fn tick(key: i64, value: i64, at: EventTime) -> Stimulus {
    record(0, Input::Tick { key, value, at })
}

fn limit(limit: i64, at: EventTime) -> Stimulus {
    record(1, Input::Limit { limit, at })
}

#[test]
fn totals_are_judged_by_the_limit_of_their_second() {
    check(
        OperatorKind::Counters,
        [
            (tick(1, 5, 2_500), "", 0),
            (tick(1, 3, 999), "", 0),
            (limit(7, 2_999), "", 0),
            (limit(2, 1_000), "", 0),
            (limit(1, 1_000), "", 0), // Of the same time the greater one holds.
            (tick(1, 0, 1_000), "", 0),
            (Stimulus::Watermark(998), "", 0),
            (Stimulus::Watermark(999), "1 0 3 0", 0), // No limit yet.
            (tick(1, 9, 999), "", 1),
            (Stimulus::Watermark(5_000), "1 1 3 1\n1 2 8 1", 0),
        ],
    );
}

#[test]
fn a_late_limit_is_told_and_holds_from_then_on() {
    let steps = [(Stimulus::Watermark(5_000), "", 0), (limit(1, 4_000), "", 1), (tick(1, 2, 6_000), "", 0), (Stimulus::Watermark(6_999), "1 6 2 1", 0)];
    check(OperatorKind::Counters, steps);
}

#[test]
fn deltas_come_with_the_wall_clock() {
    check(
        OperatorKind::Counters,
        [
            (Stimulus::Clock(1_500), "", 0),
            (tick(1, 5, 0), "", 0),
            (tick(1, 5, 0), "", 0),
            (tick(2, 5, 0), "", 0),
            (Stimulus::Clock(1_999), "", 0),
            (Stimulus::Clock(2_000), "1 delta 2 2\n2 delta 1 1", 0),
            (Stimulus::Clock(9_000), "", 0),
            (tick(1, 5, 0), "", 0),
            (Stimulus::End, "", 0), // Merely stopped: its savepoint knows of the tick.
            (Stimulus::Watermark(LATEST), "1 0 15 0\n2 0 5 0", 0),
            (Stimulus::End, "1 delta 1 3", 0),
            (Stimulus::Clock(20_000), "", 0),
        ],
    );
}

#[test]
fn the_clock_is_due_when_a_delta_is() {
    let mut operator = alone(&OperatorKind::Counters);
    assert_eq!(operator.next_processing_ms(), None);
    tell(&mut operator, Stimulus::Clock(1_500));
    tell(&mut operator, tick(1, 5, 0));
    assert_eq!(operator.next_processing_ms(), Some(2_000));
    let mut restored = alone(&OperatorKind::Counters);
    restored.restore(operator.snapshot());
    assert_eq!(restored.next_processing_ms(), Some(2_000), "a timer of a snapshot is a timer after it (TM-DURABLE)");
    assert_eq!(rows(&tell(&mut restored, Stimulus::Clock(60_000))), "1 delta 1 1");
}
