//! Laws of the reference itself, over arbitrary writes: what fails changes nothing, the digest is that of the tree, closing a session leaves nothing of it. What a real ZooKeeper answers is `transcripts.rs`'s.

use std::sync::Arc;

use models::znode::{Reference, path};
use proptest::prelude::*;
use vocab::digest;
use vocab::fact::StateDigest;
use vocab::ids::{SessionId, Xid, Zxid};
use vocab::service::{CreateMode, Data, ErrorCode, EventKind, Op, Path, Reply, Request, Stat, Transaction};

const SESSIONS: [SessionId; 2] = [SessionId(1), SessionId(2)];
const TIMEOUT_MS: u32 = 4_000;

fn some_path() -> impl Strategy<Value = Path> {
    prop::sample::select(vec!["/", "/a", "/a/b", "/a/b/c", "/d", "/d0000000000", "/zookeeper", "//", "bad", "/a/"]).prop_map(Path::from)
}

fn some_data() -> impl Strategy<Value = Data> {
    prop::option::of(prop::collection::vec(any::<u8>(), 0..4).prop_map(Arc::from))
}

fn some_mode() -> impl Strategy<Value = CreateMode> {
    prop::sample::select(vec![
        CreateMode::Persistent,
        CreateMode::Ephemeral,
        CreateMode::PersistentSequential,
        CreateMode::EphemeralSequential,
        CreateMode::Container,
        CreateMode::PersistentWithTtl(1_000),
        CreateMode::PersistentSequentialWithTtl(0),
    ])
}

fn single() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (some_path(), some_data(), some_mode(), any::<bool>()).prop_map(|(path, data, mode, stat)| Op::Create { path, data, mode, stat }),
        2 => (some_path(), -1i32..3).prop_map(|(path, version)| Op::Delete { path, version }),
        2 => (some_path(), some_data(), -1i32..3).prop_map(|(path, data, version)| Op::SetData { path, data, version }),
    ]
}

fn within_multi() -> impl Strategy<Value = Op> {
    prop_oneof![4 => single(), 1 => (some_path(), -1i32..3).prop_map(|(path, version)| Op::Check { path, version })]
}

fn write() -> impl Strategy<Value = Op> {
    prop_oneof![5 => single(), 3 => prop::collection::vec(within_multi(), 0..5).prop_map(Op::Multi), 1 => Just(Op::CloseSession)]
}

fn transaction(zxid: u64, session: SessionId, request: Request) -> Transaction {
    Transaction { zxid: Zxid(zxid), session, xid: Xid(1), time_ms: zxid as i64 * 10, request, error: None }
}

/// A tree in which two sessions are open, and these writes done.
fn after(writes: &[(usize, Op)]) -> (Reference, u64) {
    let mut reference = Reference::new();
    let mut zxid = 0;
    for session in SESSIONS {
        zxid += 1;
        reference.apply(&transaction(zxid, session, Request::CreateSession { timeout_ms: TIMEOUT_MS })).expect("opened");
    }
    for (who, op) in writes {
        zxid += 1;
        let _ = reference.apply(&transaction(zxid, SESSIONS[*who], Request::Op(op.clone())));
    }
    (reference, zxid)
}

/// Every node by reading, as a client would.
fn nodes(reference: &Reference) -> Vec<(String, Data, Stat)> {
    let mut open = vec!["/".to_owned()];
    let mut all = vec![];
    while let Some(path) = open.pop() {
        let Some(Ok(Reply::Data { data, stat })) = reference.read(&Op::GetData { path: path.as_str().into(), watch: false }) else { panic!("{path} is there") };
        open.extend(reference.children(&path).map(|name| if path == "/" { format!("/{name}") } else { format!("{path}/{name}") }));
        all.push((path, data, stat));
    }
    all
}

proptest! {
    #[test]
    fn what_fails_changes_nothing(writes in prop::collection::vec((0usize..2, write()), 0..40), last in write()) {
        let (mut reference, zxid) = after(&writes);
        let (before, content) = (reference.digest(), nodes(&reference));
        let result = reference.apply(&transaction(zxid + 1, SESSIONS[0], Request::Op(last)));
        let failed = match &result {
            Err(_) => true,
            Ok(Reply::Multi(results)) => results.iter().any(Result::is_err),
            Ok(_) => false,
        };
        if failed {
            prop_assert_eq!(reference.digest(), before);
            prop_assert_eq!(nodes(&reference), content);
            prop_assert_eq!(reference.fired(), &[]);
        }
        if let Ok(Reply::Multi(results)) = result && failed {
            let failing = results.iter().position(|result| !matches!(result, Err(ErrorCode::Ok))).expect("one failed");
            prop_assert!(results[failing + 1..].iter().all(|result| *result == Err(ErrorCode::RuntimeInconsistency)));
        }
    }

    #[test]
    fn the_digest_is_that_of_the_tree(writes in prop::collection::vec((0usize..2, write()), 0..60)) {
        // A client cannot tell containers and TTL nodes from persistent ones, so their kind could not be worked out again.
        let writes: Vec<(usize, Op)> = writes.into_iter().filter(|(_, op)| !has_unseen_kind(op)).collect();
        let (reference, _) = after(&writes);
        let mut buffer = vec![];
        let mut sum = 0u64;
        for (path, data, stat) in nodes(&reference) {
            let kind = u8::from(stat.ephemeral_owner != SessionId::NONE);
            sum = sum.wrapping_add(digest::znode(&path, data.as_deref(), &stat, kind, 0, &mut buffer));
        }
        for session in SESSIONS.into_iter().filter(|session| reference.is_open(*session)) {
            sum = sum.wrapping_add(digest::session(session, TIMEOUT_MS));
        }
        prop_assert_eq!(StateDigest(sum), reference.digest());
    }

    #[test]
    fn stats_agree_with_the_tree(writes in prop::collection::vec((0usize..2, write()), 0..60)) {
        let (reference, zxid) = after(&writes);
        let all = nodes(&reference);
        for (path, data, stat) in &all {
            let children = all.iter().filter(|(other, ..)| other != "/" && path::parent(other) == Some(path)).count();
            prop_assert_eq!(stat.num_children as usize, children);
            prop_assert_eq!(stat.data_length as usize, data.as_ref().map_or(0, |data| data.len()));
            prop_assert!(stat.czxid <= stat.mzxid && stat.czxid <= stat.pzxid && stat.mzxid.0 <= zxid && stat.pzxid.0 <= zxid);
            prop_assert!(stat.ephemeral_owner == SessionId::NONE || (reference.is_open(stat.ephemeral_owner) && children == 0));
        }
    }

    #[test]
    fn a_closed_session_leaves_nothing_and_does_nothing(writes in prop::collection::vec((0usize..2, write()), 0..40), late in single()) {
        let (mut reference, zxid) = after(&writes);
        let _ = reference.apply(&transaction(zxid + 1, SESSIONS[0], Request::Op(Op::CloseSession)));
        prop_assert!(nodes(&reference).iter().all(|(.., stat)| stat.ephemeral_owner != SESSIONS[0]));
        let before = reference.digest();
        prop_assert!(reference.apply(&transaction(zxid + 2, SESSIONS[0], Request::Op(late))).is_err());
        prop_assert_eq!(reference.digest(), before);
    }
}

fn has_unseen_kind(op: &Op) -> bool {
    match op {
        Op::Create { mode, .. } => matches!(mode, CreateMode::Container | CreateMode::PersistentWithTtl(_) | CreateMode::PersistentSequentialWithTtl(_)),
        Op::Multi(ops) => ops.iter().any(has_unseen_kind),
        _ => false,
    }
}

#[test]
fn errors_come_in_the_order_of_zookeeper() {
    let create = |path: &str, mode| Op::Create { path: path.into(), data: None, mode, stat: false };
    let delete = |path: &str, version| Op::Delete { path: path.into(), version };
    let set = |path: &str, version| Op::SetData { path: path.into(), data: None, version };
    let ground: Vec<(usize, Op)> =
        [create("/p", CreateMode::Persistent), create("/p/c", CreateMode::Persistent), create("/e", CreateMode::Ephemeral)].map(|op| (0, op)).into();
    let check = |op: Op, error: ErrorCode| {
        let (mut reference, zxid) = after(&ground);
        let what = format!("{op:?}");
        assert_eq!(reference.apply(&transaction(zxid + 1, SESSIONS[0], Request::Op(op))), Err(error), "{what}");
    };
    check(create("/p", CreateMode::PersistentWithTtl(0)), ErrorCode::BadArguments);
    check(create("no-slash", CreateMode::Persistent), ErrorCode::BadArguments);
    check(create("/none/./x", CreateMode::Persistent), ErrorCode::NoNode); // The parent is looked for before the name is.
    check(create("/p/.", CreateMode::Persistent), ErrorCode::BadArguments);
    check(create("/p", CreateMode::Persistent), ErrorCode::NodeExists);
    check(create("/", CreateMode::Persistent), ErrorCode::NodeExists);
    check(create("/e/x", CreateMode::Persistent), ErrorCode::NoChildrenForEphemerals);
    check(delete("/", -1), ErrorCode::BadArguments);
    check(delete("/zookeeper/config", -1), ErrorCode::BadArguments);
    check(delete("/none/x", -1), ErrorCode::NoNode);
    check(delete("/p", 7), ErrorCode::BadVersion); // Before NotEmpty.
    check(delete("/p", 0), ErrorCode::NotEmpty);
    check(set("/p/", 0), ErrorCode::BadArguments);
    check(set("/none", 0), ErrorCode::NoNode);
    check(set("/p", 7), ErrorCode::BadVersion);
    check(Op::Multi(vec![Op::CloseSession]), ErrorCode::MarshallingError);
    check(Op::Check { path: "/p".into(), version: 0 }, ErrorCode::Unimplemented);
}

#[test]
fn changes_fire_in_the_order_of_zookeeper() {
    let (mut reference, zxid) = after(&[]);
    let create = Op::Create { path: "/a".into(), data: None, mode: CreateMode::Persistent, stat: false };
    let set = Op::SetData { path: "/a".into(), data: None, version: -1 };
    let multi = Op::Multi(vec![create, set, Op::Delete { path: "/a".into(), version: -1 }]);
    reference.apply(&transaction(zxid + 1, SESSIONS[0], Request::Op(multi))).expect("done");
    let fired: Vec<(EventKind, &str)> = reference.fired().iter().map(|fired| (fired.kind, &*fired.path)).collect();
    let expected = [
        (EventKind::NodeCreated, "/a"),
        (EventKind::NodeChildrenChanged, "/"),
        (EventKind::NodeDataChanged, "/a"),
        (EventKind::NodeDeleted, "/a"),
        (EventKind::NodeChildrenChanged, "/"),
    ];
    assert_eq!(fired, expected);
}
