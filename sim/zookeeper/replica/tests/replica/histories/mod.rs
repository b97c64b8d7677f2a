//! Histories of every kind of transaction over a few paths, with the trees that they make, and the files in which they
//! are kept. Never a replica.

use std::sync::Arc;

use contract::dice::Dice;
use contract::plant::Plants;
use contract::process::FileName;
use zookeeper_replica::disk::format;
use zookeeper_replica::disk::recovery::Recovered;
use zookeeper_replica::tree::Tree;
use zookeeper_replica::tree::prep::Asker;
use zookeeper_replica::tree::state::{self, Cursor};
use zookeeper_words::ids::{Epoch, SessionId, Xid, Zxid};
use zookeeper_words::service::{Acl, Acls, CreateMode, Id, Op, Path, Perms, Request, acl};
use zookeeper_words::settings::Coordination;
use zookeeper_words::txn::{Head, Txn};

/// Small numbers, so that little is enough.
pub fn settings() -> Coordination {
    Coordination { tick_ms: 500, snap_count: 7, snap_retain: 2, snap_chunk: 3, commit_log_count: 5, ..Coordination::default() }
}

const PATHS: [&str; 6] = ["/a", "/b", "/a/x", "/a/y", "/b/z", "/c"];

/// A leader's history of `count` transactions over a few paths, with the tree after each: what fuzzy snapshots have
/// gone wrong over, creates and deletes under one parent (ZOOKEEPER-3125, 3249), lists of who may do what (3306),
/// closed sessions with their ephemerals (3144, 3145), multis (3127), containers that are taken away, reconfigs.
pub fn history(count: u32, seed: u64) -> (Vec<Arc<Txn>>, Vec<Tree>) {
    let mut dice = Dice::named(seed, "history", 0, 0);
    let (mut ahead, mut tree) = (Tree::new().ahead(), Tree::new());
    let closed: Acls = [Acl::new(Perms::ALL, "digest", "ann:hash"), Acl::new(Perms::READ, "world", "anyone")].into();
    let ids = [Id::new("digest", "ann:hash")];
    let coordination = settings();
    let asker = Asker { ids: &ids, standing: Ok(()), is_local: false, coordination: &coordination, plants: &Plants::none() };
    let (mut txns, mut trees) = (Vec::new(), vec![tree.clone()]);
    for i in 1..=count {
        let mut session = SessionId(if i <= 2 { i64::from(i) } else { 1 + dice.below(2) as i64 });
        let mut request = if i <= 2 { Request::CreateSession { timeout_ms: 4_000 } } else { request(&mut dice, &closed) };
        if dice.below(10) == 0
            && i > 2
            && let Some(path) = tree.due(i64::from(i) + 1_000_000, false).next()
        {
            (session, request) = (SessionId::NONE, Request::Op(Op::DeleteContainer { path: path.clone() }));
        }
        let head = Head { session, xid: Xid(i as i32), zxid: Zxid::new(Epoch(1), i), time_ms: i64::from(i) };
        let txn = match &request {
            Request::Op(Op::Reconfig { .. }) => ahead.propose_reconfig(head, asker, || Ok(format!("server.0=a:1:1:participant\nversion={i:x}"))),
            _ => ahead.propose(head, asker, &request),
        };
        let txn = Arc::new(txn);
        tree.apply(&txn, false, None);
        txns.push(txn);
        trees.push(tree.clone());
    }
    (txns, trees)
}

fn request(dice: &mut Dice, closed: &Acls) -> Request {
    let path = |dice: &mut Dice| -> Path { (*dice.pick(&PATHS)).into() };
    let plain = |path: Path, mode| Op::create(path, None, mode);
    Request::Op(match dice.below(14) {
        0 => return Request::CreateSession { timeout_ms: 4_000 },
        1 => Op::CloseSession,
        2 | 3 => Op::Delete { path: path(dice), version: -1 },
        4 => Op::SetData { path: path(dice), data: None, version: dice.below(2) as i32 - 1 },
        5 => Op::Multi(vec![plain(path(dice), CreateMode::Persistent), Op::Check { path: path(dice), version: 0 }]),
        6 => Op::Multi(vec![
            plain("/a/m-".into(), CreateMode::PersistentSequential),
            Op::SetData { path: "/a".into(), data: Some(Arc::from(*b"multi")), version: -1 },
            plain("/b/e-".into(), CreateMode::EphemeralSequential),
        ]),
        7 => Op::Create { path: path(dice), data: None, mode: CreateMode::Ephemeral, acl: acl::open(), stat: true },
        8 => Op::Create { path: "/a/s-".into(), data: None, mode: CreateMode::PersistentSequential, acl: closed.clone(), stat: true },
        9 => Op::SetAcl { path: path(dice), acl: closed.clone(), version: -1 },
        10 => Op::SetAcl { path: path(dice), acl: acl::open(), version: dice.below(3) as i32 - 1 },
        11 => plain("/c".into(), CreateMode::Container),
        12 => Op::Reconfig { joining: None, leaving: None, members: None, from: -1 },
        _ => Op::create(path(dice), Some(Arc::from(*b"data")), CreateMode::PersistentWithTtl(9)),
    })
}

/// A log file of these transactions.
pub fn log(txns: &[Arc<Txn>], after: Zxid) -> (FileName, Vec<u8>) {
    let mut bytes = format::log_header(after);
    txns.iter().for_each(|txn| bytes.extend(format::record(txn)));
    (format::log_name(txns[0].head.zxid), bytes)
}

/// A fuzzy snapshot that starts from `trees[from]` and reads `chunk` nodes at a time, each time from a tree up to
/// `haste` transactions later.
pub fn fuzzy(trees: &[Tree], from: usize, chunk: usize, haste: usize) -> (FileName, Vec<u8>, usize) {
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
        at = (at + haste).min(trees.len() - 1);
    }
    bytes.extend(format::snapshot_end(parts, trees[at].last));
    (format::snapshot_name(trees[from].last), bytes, at)
}

/// The length of the history that was recovered. Its tree must be the one that there was.
pub fn ends_at(recovered: &Recovered, trees: &[Tree]) -> usize {
    let mut tree = recovered.tree.clone();
    recovered.unapplied.iter().for_each(|txn| {
        tree.apply(txn, false, None);
    });
    let at = recovered.last().counter() as usize;
    assert_eq!(tree.digest(), trees[at].digest(), "the tree at {}", recovered.last());
    at
}
