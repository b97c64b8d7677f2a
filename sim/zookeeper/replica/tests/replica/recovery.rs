//! Laws of recovery: what a crash can leave is recovered as a prefix that holds everything durable; what only damage
//! can leave is never mistaken for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use contract::process::FileName;
use proptest::prelude::*;
use zookeeper_replica::codec::{decode, encode, seal};
use zookeeper_replica::disk::format;
use zookeeper_replica::disk::recovery::{self, Recovered};
use zookeeper_replica::tree::state;
use zookeeper_words::ids::{Epoch, SessionId, Xid, Zxid};
use zookeeper_words::txn::Head;

use crate::histories::{ends_at, fuzzy, history, log};

/// What these files amount to, on a disk on which the histories' epoch was accepted.
fn recover(files: &BTreeMap<FileName, Vec<u8>>) -> Result<Recovered, String> {
    let accepted = ("acceptedEpoch".into(), format::epoch(Epoch(1)));
    recovery::recover(&files.clone().into_iter().chain([accepted]).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn transactions_are_read_as_they_were_written(seed in any::<u64>()) {
        for txn in history(30, seed).0 {
            prop_assert_eq!(decode(&encode(&txn)), Some((*txn).clone()));
        }
    }

    #[test]
    fn bytes_of_no_meaning_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(decode(&bytes), None);
        prop_assert!(format::read_snapshot(&bytes).is_none() && format::read_record(&bytes).is_none() && state::read(&bytes).is_none());
    }

    /// Wherever a log is cut, what is recovered is the prefix before the cut.
    #[test]
    fn a_torn_tail_costs_what_is_torn_and_no_more(seed in any::<u64>(), cut in any::<prop::sample::Index>()) {
        let (txns, trees) = history(20, seed);
        let (name, whole) = log(&txns, Zxid::ZERO);
        let cut = cut.index(whole.len() + 1);
        let recovered = recover(&BTreeMap::from([(name.clone(), whole[..cut].to_vec())])).expect("a torn tail is no damage");
        let intact = (0..=txns.len()).filter(|n| *n == 0 || log(&txns[..*n], Zxid::ZERO).1.len() <= cut).max().expect("at least none");
        prop_assert_eq!(ends_at(&recovered, &trees), intact);
    }

    /// A flipped bit is damage, or takes at most the last record, which then looks torn.
    #[test]
    fn a_rotten_bit_is_never_a_shorter_history(seed in any::<u64>(), place in any::<prop::sample::Index>(), bit in 0u8..8) {
        let (txns, trees) = history(20, seed);
        let (name, mut bytes) = log(&txns, Zxid::ZERO);
        let place = place.index(bytes.len());
        bytes[place] ^= 1 << bit;
        if let Ok(recovered) = recover(&BTreeMap::from([(name, bytes)])) {
            prop_assert!(ends_at(&recovered, &trees) >= txns.len() - 1, "byte {}", place);
        }
    }

    /// A fuzzy snapshot and the log from its start make the tree that there was, sessions, counters and all.
    #[test]
    fn a_fuzzy_snapshot_and_its_log_make_the_tree(seed in any::<u64>(), from in 0usize..40, chunk in 1usize..5, haste in 1usize..4) {
        let (txns, trees) = history(40, seed);
        let (snapshot, bytes, until) = fuzzy(&trees, from, chunk, haste);
        for end in until.max(1)..=txns.len() {
            let (name, log) = log(&txns[..end], Zxid::ZERO);
            let recovered = recover(&BTreeMap::from([(snapshot.clone(), bytes.clone()), (name, log)])).expect("whole");
            prop_assert_eq!(ends_at(&recovered, &trees), end);
        }
        // A log that does not reach as far as the snapshot was written is damage.
        if until > from + 1 {
            let (name, log) = log(&txns[..until - 1], Zxid::ZERO);
            prop_assert!(recover(&BTreeMap::from([(snapshot, bytes), (name, log)])).is_err());
        }
    }

    /// A fuzzy snapshot is as good over many log files as over one, wherever they were rolled.
    #[test]
    fn a_log_of_many_files_is_one_log(seed in any::<u64>(), from in 0usize..40, rolls in prop::collection::btree_set(1usize..40, 0..6)) {
        let (txns, trees) = history(40, seed);
        let (snapshot, bytes, until) = fuzzy(&trees, from, 2, 2);
        let mut files = BTreeMap::from([(snapshot, bytes)]);
        let mut begin = 0;
        for end in rolls.iter().copied().chain([40]) {
            // What ends at or below the snapshot's beginning may be purged.
            if end > from {
                files.extend([log(&txns[begin..end], Zxid::new(Epoch(u32::from(begin > 0)), begin as u32))]);
            }
            begin = end;
        }
        let recovered = recover(&files).expect("whole");
        prop_assert_eq!(ends_at(&recovered, &trees), 40);
        prop_assert_eq!(recovered.applied.len(), until - from);
    }

    /// Where no snapshot can be read, all from the first transaction on must be in the logs, at least as far as a
    /// snapshot reached; else the disk is damaged, and never a replica that starts with nothing, or with less
    /// (ZOOKEEPER-2325, 3056, 3644).
    #[test]
    fn logs_without_a_snapshot_are_replayed_from_the_first_or_not_at_all(
        seed in any::<u64>(), named in 3usize..30, begin in 0usize..3, end in 4usize..30, older in any::<bool>(), cut in 0usize..40,
    ) {
        let (txns, trees) = history(30, seed);
        let (snapshot, bytes, _) = fuzzy(&trees[..=named], named, 50, 1);
        let after = if begin == 0 { Zxid::ZERO } else { txns[begin - 1].head.zxid };
        let logs = log(&txns[begin..end], after);
        let mut files = BTreeMap::from([logs.clone(), (snapshot.clone(), bytes[..cut.min(bytes.len() - 1)].to_vec())]);
        if older {
            // An older one that can be read: it stands in as far as the log takes it.
            let (snapshot, bytes, _) = fuzzy(&trees[..=2], 2, 50, 1);
            files.insert(snapshot, bytes);
        }
        let is_covered = end >= named && (begin == 0 || older && begin <= 2);
        match recover(&files) {
            Ok(recovered) => {
                prop_assert!(is_covered);
                prop_assert_eq!(ends_at(&recovered, &trees), end);
                // What cannot be read is not counted among the snapshots, and goes.
                prop_assert_eq!(recovered.snapshots.len(), usize::from(older));
                prop_assert!(recovered.useless.contains(&snapshot));
            }
            Err(_) => prop_assert!(!is_covered),
        }
        // Nor are logs that lack their beginning ever the beginning.
        prop_assert_eq!(recover(&BTreeMap::from([logs])).is_ok(), begin == 0);
    }

    /// A gap between two logs is damage; a log wholly below the snapshot may be in any state.
    #[test]
    fn a_gap_is_damage(seed in any::<u64>(), first in 1usize..19, lost in 1usize..20) {
        let (txns, trees) = history(20, seed);
        let second = log(&txns[first..], txns[first - 1].head.zxid);
        let (name, bytes) = log(&txns[..first], Zxid::ZERO);
        let short = log(&txns[..first.saturating_sub(lost).max(1)], Zxid::ZERO).1;
        let whole = recover(&BTreeMap::from([(name.clone(), bytes), second.clone()])).expect("whole");
        prop_assert_eq!(ends_at(&whole, &trees), 20);
        if lost < first {
            prop_assert!(recover(&BTreeMap::from([(name.clone(), short), second.clone()])).is_err());
        }
        let (snapshot, bytes, _) = fuzzy(&trees[..=first], first, 3, 1);
        let below = recover(&BTreeMap::from([(snapshot, bytes), (name, b"rotten".to_vec()), second])).expect("the snapshot stands for the first log");
        prop_assert_eq!(ends_at(&below, &trees), 20);
    }
}

#[test]
fn a_log_that_holds_anothers_content_is_not_replayed_twice() {
    // Found by a misdirected write: the first sector of the second log stood over the first log too.
    let (txns, trees) = history(20, 1);
    let (first, _) = log(&txns[..9], Zxid::ZERO);
    let (second, bytes) = log(&txns[9..], txns[8].head.zxid);
    let (snapshot, state, _) = fuzzy(&trees[..=9], 9, 50, 1);
    let astray = bytes[..80].to_vec();
    let files = BTreeMap::from([(first.clone(), astray.clone()), (second.clone(), bytes.clone()), (snapshot, state)]);
    let recovered = recover(&files).expect("the snapshot stands for the first log");
    assert_eq!(ends_at(&recovered, &trees), 20);
    assert_eq!(recovered.unapplied.len(), 11);
    assert_eq!(recovered.useless, std::slice::from_ref(&first));
    assert!(recover(&BTreeMap::from([(first, astray), (second, bytes)])).is_err());
}

#[test]
fn an_epoch_is_at_least_that_of_the_last_transaction_and_was_accepted() {
    let head = Head { session: SessionId(1), xid: Xid(0), zxid: Zxid::new(Epoch(3), 1), time_ms: 0 };
    let txn = Arc::new(seal(head, zookeeper_words::txn::Body::CreateSession { timeout_ms: 1 }));
    let read = |accepted: Option<u32>, current: Option<u32>| {
        let epochs = [("acceptedEpoch", accepted), ("currentEpoch", current)];
        let epochs = epochs.into_iter().filter_map(|(name, epoch)| Some((name.into(), format::epoch(Epoch(epoch?)))));
        let recovered = recovery::recover(&epochs.chain([log(std::slice::from_ref(&txn), Zxid::ZERO)]).collect()).ok()?;
        Some((recovered.accepted.0, recovered.current.0))
    };
    let check = |accepted, current, expected| assert_eq!(read(accepted, current), expected, "{accepted:?}, {current:?}");
    check(Some(3), Some(3), Some((3, 3)));
    check(Some(3), Some(2), Some((3, 3))); // It crashed before the current epoch was written.
    check(Some(3), None, Some((3, 3)));
    check(Some(4), Some(3), Some((4, 3)));
    check(Some(2), Some(2), None); // The disk has lost a promise: it had lied.
    check(Some(3), Some(4), None);
    check(None, None, None);
    let rotten = BTreeMap::from([("currentEpoch".into(), b"rotten".to_vec())]);
    assert!(recover(&rotten).is_err());
}
