//! Laws of recovery: what a crash can leave is recovered as a prefix that holds everything durable; what only damage can leave is never mistaken for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use coord::codec::{decode, encode, seal};
use coord::disk::format;
use coord::disk::recovery::{Recovered, recover};
use coord::tree::Tree;
use coord::tree::prep::Asker;
use coord::tree::state::{self, Cursor};
use coord::txn::{Head, Txn};
use proptest::prelude::*;
use vocab::ids::{Epoch, SessionId, Xid, Zxid};
use vocab::plan::{Compat, Coordination};
use vocab::process::FileName;
use vocab::service::{Acl, Acls, CreateMode, Id, Op, Perms, Request, acl};

/// A leader's history of `count` transactions over a few paths, with the tree after each.
fn history(count: u32, seed: u64) -> (Vec<Arc<Txn>>, Vec<Tree>) {
    let mut dice = vocab::dice::Dice::named(seed, "history", 0, 0);
    let (mut ahead, mut tree) = (Tree::new().ahead(), Tree::new());
    let closed: Acls = [Acl::new(Perms::ALL, "digest", "ann:hash"), Acl::new(Perms::READ, "world", "anyone")].into();
    let ids = [Id::new("digest", "ann:hash")];
    let coordination = Coordination {
        tick_ms: 500,
        init_limit: 10,
        sync_limit: 5,
        snap_count: 7,
        snap_retain: 2,
        snap_chunk: 3,
        commit_log_count: 5,
        compat: Compat::V3_9,
        extended_types: true,
        reconfig_enabled: true,
        skip_reconfig_acl: true,
        container_check_ms: 60_000,
        jute_max_buffer: 0xf_ffff,
        plant: None,
    };
    let asker = Asker { ids: &ids, standing: Ok(()), coordination: &coordination };
    let (mut txns, mut trees) = (Vec::new(), vec![tree.clone()]);
    for i in 1..=count {
        let path = |dice: &mut vocab::dice::Dice| ["/a", "/b", "/a/x", "/a/y", "/b/z"][dice.below(5) as usize].into();
        let session = SessionId(1 + dice.below(2) as i64);
        let request = match dice.below(10) {
            _ if i <= 2 => Request::CreateSession { timeout_ms: 4_000 },
            0 => Request::CreateSession { timeout_ms: 4_000 },
            1 => Request::Op(Op::CloseSession),
            2 => Request::Op(Op::Delete { path: path(&mut dice), version: -1 }),
            3 => Request::Op(Op::SetData { path: path(&mut dice), data: None, version: dice.below(2) as i32 - 1 }),
            4 => Request::Op(Op::Multi(vec![Op::create(path(&mut dice), None, CreateMode::Persistent), Op::Check { path: path(&mut dice), version: 0 }])),
            5 => Request::Op(Op::Create { path: path(&mut dice), data: None, mode: CreateMode::Ephemeral, acl: acl::open(), stat: true }),
            6 => Request::Op(Op::Create { path: "/a/s-".into(), data: None, mode: CreateMode::PersistentSequential, acl: closed.clone(), stat: true }),
            7 => Request::Op(Op::SetAcl { path: path(&mut dice), acl: closed.clone(), version: -1 }),
            8 => Request::Op(Op::SetAcl { path: path(&mut dice), acl: acl::open(), version: dice.below(3) as i32 - 1 }),
            _ => Request::Op(Op::create(path(&mut dice), Some(Arc::from(*b"data")), CreateMode::PersistentWithTtl(9))),
        };
        let head =
            Head { session: if i <= 2 { SessionId(i64::from(i)) } else { session }, xid: Xid(i as i32), zxid: Zxid::new(Epoch(1), i), time_ms: i64::from(i) };
        let txn = Arc::new(ahead.propose(head, asker, &request));
        tree.apply(&txn, false, None);
        txns.push(txn);
        trees.push(tree.clone());
    }
    (txns, trees)
}

fn log(txns: &[Arc<Txn>], after: Zxid) -> (FileName, Vec<u8>) {
    let mut bytes = format::log_header(after);
    txns.iter().for_each(|txn| bytes.extend(format::record(txn)));
    (format::log_name(txns[0].head.zxid), bytes)
}

/// A fuzzy snapshot that starts from `trees[from]` and reads a few nodes from each later tree.
fn fuzzy(trees: &[Tree], from: usize, chunk: usize) -> (FileName, Vec<u8>, usize) {
    let mut bytes = format::snapshot_start(&state::head(&trees[from]));
    let (mut cursor, mut at, mut parts) = (Cursor::Start, from, 0);
    loop {
        let (nodes, next) = state::nodes(&trees[at], &cursor, chunk);
        cursor = next;
        if cursor == Cursor::End {
            break;
        }
        parts += 1;
        bytes.extend(format::snapshot_part(parts, &nodes));
        at = (at + 1).min(trees.len() - 1);
    }
    bytes.extend(format::snapshot_end(parts, trees[at].last));
    (format::snapshot_name(trees[from].last), bytes, at)
}

fn ends_at(recovered: &Recovered, trees: &[Tree]) -> usize {
    let mut tree = recovered.tree.clone();
    recovered.unapplied.iter().for_each(|txn| {
        tree.apply(txn, false, None);
    });
    let at = recovered.last().counter() as usize;
    assert_eq!(tree.digest(), trees[at].digest(), "the tree at {}", recovered.last());
    at
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
    fn a_fuzzy_snapshot_and_its_log_make_the_tree(seed in any::<u64>(), from in 0usize..40, chunk in 1usize..5) {
        let (txns, trees) = history(40, seed);
        let (snapshot, bytes, until) = fuzzy(&trees, from, chunk);
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
        let (snapshot, bytes, _) = fuzzy(&trees[..=first], first, 3);
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
    let (snapshot, state, _) = fuzzy(&trees[..=9], 9, 50);
    let astray = bytes[..80].to_vec();
    let files = BTreeMap::from([(first.clone(), astray.clone()), (second.clone(), bytes.clone()), (snapshot, state)]);
    let recovered = recover(&files).expect("the snapshot stands for the first log");
    assert_eq!(ends_at(&recovered, &trees), 20);
    assert_eq!(recovered.unapplied.len(), 11);
    assert_eq!(recovered.useless, std::slice::from_ref(&first));
    assert!(recover(&BTreeMap::from([(first, astray), (second, bytes)])).is_err());
}

#[test]
fn an_epoch_is_at_least_that_of_the_last_transaction() {
    let txn = Arc::new(seal(
        Head { session: SessionId(1), xid: Xid(0), zxid: Zxid::new(Epoch(3), 1), time_ms: 0 },
        coord::txn::Body::CreateSession { timeout_ms: 1 },
    ));
    let mut files =
        BTreeMap::from([log(&[txn], Zxid::ZERO), ("currentEpoch".into(), format::epoch(Epoch(2))), ("acceptedEpoch".into(), format::epoch(Epoch(2)))]);
    let recovered = recover(&files).expect("whole");
    assert_eq!((recovered.accepted, recovered.current), (Epoch(3), Epoch(3)));
    files.insert("currentEpoch".into(), b"rotten".to_vec());
    assert!(recover(&files).is_err());
}
