//! Snapshots: what is in them, what an increment writes, and what a restored operator still knows.

use std::collections::BTreeSet;

use flink_words::ids::KeyGroup;
use outside::codec::encode;

use super::*;
use crate::job::partition::group_of;
use crate::job::{KeyBy, Window};

const COUNTS: OperatorKind = OperatorKind::Counts { by: KeyBy::Auction, window: Window { size_ms: 10_000, slide_ms: 10_000 } };

fn group(key: i64) -> KeyGroup {
    group_of(&[key.into()], 8)
}

#[test]
fn a_window_that_fired_does_not_open_again_after_a_restore() {
    let mut operator = alone(&COUNTS);
    tell(&mut operator, bid(1, 1, 1, 5));
    assert_eq!(rows(&tell(&mut operator, Stimulus::Watermark(9_999))), "10000 1 1");
    let state = operator.snapshot();
    assert_eq!(state.union, [encode(&9_999i64)]);
    let mut restored = alone(&COUNTS);
    restored.restore(state);
    assert_eq!(tell(&mut restored, bid(1, 1, 1, 5)).late, [(9_999, 9_999)]);
    assert_eq!(rows(&tell(&mut restored, Stimulus::Watermark(20_000))), "");
}

#[test]
fn of_several_watermarks_the_least_is_restored() {
    let mut restored = alone(&COUNTS);
    restored.restore(crate::state::OperatorState { union: vec![encode(&9_999i64), encode(&5i64)], ..Default::default() });
    assert_eq!(tell(&mut restored, bid(1, 1, 1, 5)).late, []);
}

#[test]
fn increments_hold_what_has_changed() {
    let mut operator = alone(&COUNTS);
    let changed = |operator: &Operator, keys: &[i64]| assert_eq!(operator.changed(), keys.iter().map(|key| group(*key)).collect());
    assert_ne!(group(1), group(2));
    changed(&operator, &[]);
    tell(&mut operator, bid(1, 1, 1, 5));
    tell(&mut operator, bid(2, 1, 1, 15_000));
    changed(&operator, &[1, 2]);
    operator.mark_saved();
    changed(&operator, &[]);
    tell(&mut operator, Stimulus::Watermark(9_999));
    changed(&operator, &[1]); // Its state is gone, which is a change.
    assert!(operator.snapshot_of(&operator.changed()).groups.is_empty());
    operator.mark_saved();
    operator.mark_changed(&BTreeSet::from([group(2)]));
    changed(&operator, &[2]); // The file it was in came to nothing.
    tell(&mut operator, bid(1, 1, 1, 15_000));
    changed(&operator, &[1, 2]);
}

#[test]
fn digests_see_values_and_timers() {
    let mut operator = alone(&OperatorKind::Sessions { gap_ms: 10 });
    let mut seen = BTreeSet::new();
    for stimulus in [bid(1, 1, 1, 0), bid(1, 1, 1, 0), bid(1, 1, 1, 5), bid(1, 1, 1, 50)] {
        tell(&mut operator, stimulus);
        let summary = operator.summary();
        assert_eq!(summary, operator.snapshot().summary(), "what is remembered is right");
        assert_eq!(summary.groups.len(), 1);
        assert!(seen.insert(summary.groups[0].digest), "each bid changes the state");
    }
    tell(&mut operator, Stimulus::Watermark(100));
    assert_eq!(operator.summary().groups, []);
}

#[test]
fn a_key_of_somebody_elses_is_noticed() {
    let placement = |index| Placement { index, parallelism: 2, max_parallelism: 8 };
    let owner = crate::job::partition::owner_of(group(1), 2, 8);
    for index in 0..2 {
        let mut operator = Operator::new(&COUNTS, placement(index));
        let Stimulus::Record(input, record) = bid(1, 1, 1, 5) else { panic!("a bid is a record") };
        operator.on_record(input, &record, &mut Collector::default());
        assert_eq!(operator.check().is_ok(), index == owner, "subtask {index}, where {owner} is the owner");
    }
}
