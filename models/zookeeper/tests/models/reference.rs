//! Laws of the reference itself, over arbitrary writes: what fails changes nothing, the digest is that of the tree, closing a session leaves nothing of it. What a real ZooKeeper answers is `transcripts.rs`'s.

use std::sync::Arc;

use proptest::prelude::*;
use zookeeper_models::znode::{Reference, Settings, path};
use zookeeper_words::digest;
use zookeeper_words::fact::StateDigest;
use zookeeper_words::ids::{SessionId, Xid, Zxid};
use zookeeper_words::service::{Acl, Acls, CreateMode, Data, ErrorCode, EventKind, Id, Ids, Op, Path, Perms, Reply, Request, Stat, Transaction};
use zookeeper_words::settings::Compat;

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

/// Mostly open, so that trees grow; always to be read, so that a test can see them.
fn some_acl() -> impl Strategy<Value = Acls> {
    let entries = vec![(0, "world", "anyone"), (2, "world", "anyone"), (31, "ip", "10.0.0.3"), (31, "ip", "10.0.0.4"), (31, "auth", ""), (31, "nope", "x")];
    let closed = prop::collection::vec(prop::sample::select(entries), 0..3);
    let readable = |entries: Vec<(i32, &'static str, &'static str)>| entries.into_iter().chain([(1, "world", "anyone")]).map(acl).collect();
    prop_oneof![6 => Just(zookeeper_words::service::acl::open()), 2 => closed.prop_map(readable), 1 => Just(Acls::from([]))]
}

fn acl((perms, scheme, id): (i32, &str, &str)) -> Acl {
    Acl::new(Perms(perms), scheme, id)
}

fn single() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (some_path(), some_data(), some_mode(), any::<bool>(), some_acl()).prop_map(|(path, data, mode, stat, acl)| Op::Create { path, data, mode, stat, acl }),
        2 => (some_path(), -1i32..3).prop_map(|(path, version)| Op::Delete { path, version }),
        2 => (some_path(), some_data(), -1i32..3).prop_map(|(path, data, version)| Op::SetData { path, data, version }),
    ]
}

fn within_multi() -> impl Strategy<Value = Op> {
    prop_oneof![4 => single(), 1 => (some_path(), -1i32..3).prop_map(|(path, version)| Op::Check { path, version })]
}

fn write() -> impl Strategy<Value = Op> {
    prop_oneof![
        5 => single(),
        3 => prop::collection::vec(within_multi(), 0..5).prop_map(Op::Multi),
        1 => (some_path(), some_acl(), -1i32..3).prop_map(|(path, acl, version)| Op::SetAcl { path, acl, version }),
        1 => some_path().prop_map(|path| Op::DeleteContainer { path }),
        1 => Just(Op::CloseSession),
    ]
}

fn me() -> Ids {
    Arc::from([Id::new("ip", "10.0.0.3"), Id::new("digest", "ann:1")])
}

fn transaction(zxid: u64, session: SessionId, request: Request) -> Transaction {
    Transaction { zxid: Zxid(zxid), session, xid: Xid(1), ids: me(), time_ms: zxid as i64 * 10, request, error: None }
}

/// A tree in which two sessions are open, and these writes done.
fn after(writes: &[(usize, Op)]) -> (Reference, u64) {
    let mut reference = Reference::new(Settings::of(Compat::V3_9));
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
        let Some(Ok(Reply::Data { data, stat })) = reference.read(&Op::GetData { path: path.as_str().into(), watch: false }, SESSIONS[0], &me()) else {
            panic!("{path} is there")
        };
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
            sum = sum.wrapping_add(digest::znode(&path, data.as_deref(), reference.acl(&path).expect("there"), &stat, kind, 0, &mut buffer));
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

/// A create of a persistent node with a list of its own.
fn create_for(path: &str, entries: &[(i32, &str, &str)]) -> Op {
    Op::Create { path: path.into(), data: None, mode: CreateMode::Persistent, acl: entries.iter().copied().map(acl).collect(), stat: false }
}

fn create(path: &str, mode: CreateMode) -> Op {
    Op::create(path.into(), None, mode)
}

fn delete(path: &str, version: i32) -> Op {
    Op::Delete { path: path.into(), version }
}

fn set(path: &str, version: i32) -> Op {
    Op::SetData { path: path.into(), data: None, version }
}

/// A node that everybody may do anything with, one that is closed to us but for its reading, one that only an address may read, ephemerals, a container.
fn ground() -> Vec<(usize, Op)> {
    let ops = [
        create("/p", CreateMode::Persistent),
        create("/p/c", CreateMode::Persistent),
        create("/e", CreateMode::Ephemeral),
        create("/box", CreateMode::Container),
        create_for("/closed", &[(1, "world", "anyone")]),
        create_for("/closed-to-readers", &[(16, "digest", "ann:1"), (2, "digest", "eve:2")]),
        create_for("/hidden", &[(31, "ip", "10.9.0.0/16")]),
    ];
    ops.into_iter().map(|op| (0, op)).collect()
}

#[test]
fn errors_come_in_the_order_of_zookeeper() {
    let check = |op: Op, error: ErrorCode| {
        let (mut reference, zxid) = after(&ground());
        let what = format!("{op:?}");
        assert_eq!(reference.apply(&transaction(zxid + 1, SESSIONS[0], Request::Op(op))), Err(error), "{what}");
    };
    check(create("/p", CreateMode::PersistentWithTtl(0)), ErrorCode::BadArguments);
    check(create("no-slash", CreateMode::Persistent), ErrorCode::BadArguments);
    check(create_for("no-slash", &[]), ErrorCode::BadArguments);
    check(create_for("/none/x", &[]), ErrorCode::InvalidAcl);
    check(create_for("/none/x", &[(31, "nope", "x")]), ErrorCode::InvalidAcl);
    check(create("/none/./x", CreateMode::Persistent), ErrorCode::NoNode); // The parent is looked for before the name is.
    check(create("/closed/.", CreateMode::Persistent), ErrorCode::NoAuth); // And asked before the name is looked at.
    check(create("/zookeeper/config/x", CreateMode::Persistent), ErrorCode::NoAuth);
    check(create("/p/.", CreateMode::Persistent), ErrorCode::BadArguments);
    check(create("/p", CreateMode::Persistent), ErrorCode::NodeExists);
    check(create("/", CreateMode::Persistent), ErrorCode::NodeExists);
    check(create("/e/x", CreateMode::Persistent), ErrorCode::NoChildrenForEphemerals);
    check(delete("/", -1), ErrorCode::BadArguments);
    check(delete("/zookeeper/config", -1), ErrorCode::BadArguments);
    check(delete("/none/x", -1), ErrorCode::NoNode);
    check(delete("/closed/none", 7), ErrorCode::NoAuth); // Of the parent, before the node is looked for.
    check(delete("/p", 7), ErrorCode::BadVersion); // Before NotEmpty.
    check(delete("/p", 0), ErrorCode::NotEmpty);
    check(set("/p/", 0), ErrorCode::BadArguments);
    check(set("/none", 0), ErrorCode::NoNode);
    check(set("/closed", 7), ErrorCode::NoAuth); // Before BadVersion.
    check(set("/p", 7), ErrorCode::BadVersion);
    let set_acl =
        |path: &str, entries: &[(i32, &str, &str)], version| Op::SetAcl { path: path.into(), acl: entries.iter().copied().map(acl).collect(), version };
    let open = &[(31, "world", "anyone")][..];
    check(set_acl("/p/", &[], 0), ErrorCode::BadArguments);
    check(set_acl("/none", &[], 0), ErrorCode::InvalidAcl);
    check(set_acl("/none", open, 0), ErrorCode::NoNode);
    check(set_acl("/closed", open, 7), ErrorCode::NoAuth);
    check(set_acl("/p", open, 7), ErrorCode::BadVersion);
    // The leader's own word; from a session's mouth it is refused whatever it is about, since it would pass every list by.
    check(Op::DeleteContainer { path: "/zookeeper".into() }, ErrorCode::Unimplemented);
    check(Op::DeleteContainer { path: "/box".into() }, ErrorCode::Unimplemented);
    let reap = |op: Op, error: ErrorCode| {
        let (mut reference, zxid) = after(&ground());
        assert_eq!(reference.apply(&transaction(zxid + 1, SessionId::NONE, Request::Op(op))), Err(error));
    };
    reap(Op::DeleteContainer { path: "/zookeeper".into() }, ErrorCode::BadArguments);
    reap(Op::DeleteContainer { path: "/none/x".into() }, ErrorCode::NoNode);
    reap(Op::DeleteContainer { path: "/p".into() }, ErrorCode::NotEmpty);
    reap(Op::DeleteContainer { path: "/e".into() }, ErrorCode::BadVersion);
    check(Op::Reconfig { joining: None, leaving: None, members: None, from: -1 }, ErrorCode::Unimplemented); // A server that is alone.
    check(Op::Multi(vec![Op::CloseSession]), ErrorCode::MarshallingError);
    check(Op::Multi(vec![set_acl("/p", open, -1)]), ErrorCode::MarshallingError);
    check(Op::Check { path: "/p".into(), version: 0 }, ErrorCode::Unimplemented);
    let checked = |path: &str, version, error| {
        let (mut reference, zxid) = after(&ground());
        let multi = Op::Multi(vec![Op::Check { path: path.into(), version }]);
        assert_eq!(reference.apply(&transaction(zxid + 1, SESSIONS[0], Request::Op(multi))), Ok(Reply::Multi(vec![Err(error)])), "{path}");
    };
    checked("/p/", 0, ErrorCode::BadArguments);
    checked("/none", 0, ErrorCode::NoNode);
    checked("/hidden", 7, ErrorCode::NoAuth);
    checked("/p", 7, ErrorCode::BadVersion);
}

#[test]
fn what_is_switched_off_is_refused_first() {
    let mut reference = Reference::new(Settings { extended_types: false, reconfig_enabled: false, ..Settings::of(Compat::V3_9) });
    let mut check = |op: Op, error| assert_eq!(reference.apply(&transaction(1, SESSIONS[0], Request::Op(op.clone()))), Err(error), "{op:?}");
    check(create("no-slash", CreateMode::PersistentWithTtl(0)), ErrorCode::Unimplemented);
    check(create("/x", CreateMode::Container), ErrorCode::SessionExpired); // Containers need no switch.
    check(Op::Reconfig { joining: None, leaving: None, members: None, from: -1 }, ErrorCode::ReconfigDisabled);
}

#[test]
fn a_leader_reaps_what_is_no_ephemeral() {
    let (mut reference, zxid) = after(&ground());
    let reap = |path: &str| Request::Op(Op::DeleteContainer { path: path.into() });
    assert_eq!(reference.apply(&transaction(zxid + 1, SessionId::NONE, reap("/box"))), Ok(Reply::Done));
    assert_eq!(reference.apply(&transaction(zxid + 2, SessionId::NONE, reap("/hidden"))), Ok(Reply::Done)); // It asks no list.
    assert_eq!((reference.stat("/box"), reference.stat("/hidden")), (None, None));
}

#[test]
fn reads_ask_for_permission() {
    let ids = me();
    let check = |compat, op: Op, error: Option<ErrorCode>| {
        let mut reference = Reference::new(Settings::of(compat));
        reference.apply(&transaction(1, SESSIONS[0], Request::CreateSession { timeout_ms: TIMEOUT_MS })).expect("opened");
        for (zxid, (_, op)) in (2..).zip(ground()) {
            reference.apply(&transaction(zxid, SESSIONS[0], Request::Op(op))).expect("made");
        }
        let result = reference.read(&op, SESSIONS[0], &ids).expect("a read");
        assert_eq!(result.as_ref().err().copied(), error, "{compat:?}, {op:?}");
    };
    let exists = |path: &str| Op::Exists { path: path.into(), watch: false };
    let get = |path: &str| Op::GetData { path: path.into(), watch: false };
    let names = |path: &str, stat| Op::GetChildren { path: path.into(), watch: false, stat };
    let get_acl = |path: &str| Op::GetAcl { path: path.into() };
    let no_auth = Some(ErrorCode::NoAuth);
    check(Compat::V3_8, exists("/hidden"), None);
    check(Compat::V3_9, exists("/hidden"), no_auth);
    check(Compat::V3_9, exists("/none"), Some(ErrorCode::NoNode));
    check(Compat::V3_9, exists("/\0"), Some(ErrorCode::BadArguments));
    check(Compat::V3_9, get("/\0"), Some(ErrorCode::NoNode));
    check(Compat::V3_9, get("/hidden"), no_auth);
    check(Compat::V3_9, get("/hidden/none"), Some(ErrorCode::NoNode));
    check(Compat::V3_9, names("/hidden", false), no_auth);
    check(Compat::V3_9, names("/hidden", true), no_auth);
    check(Compat::V3_9, get_acl("/hidden"), no_auth);
    check(Compat::V3_9, get_acl("/closed-to-readers"), None); // ADMIN will do.
    check(Compat::V3_9, Op::GetAllChildrenNumber { path: "/hidden".into() }, no_auth);
    check(Compat::V3_9, Op::MultiRead(vec![get("/hidden"), get("/none")]), None); // Each by itself.
    check(Compat::V3_9, Op::MultiRead(vec![exists("/p")]), Some(ErrorCode::MarshallingError));
    check(Compat::V3_9, Op::Sync { path: "no path".into() }, None);
}

#[test]
fn reads_that_look_at_more_than_one_node() {
    let (reference, _) = after(&ground());
    let check = |op: Op, reply: Reply| assert_eq!(reference.read(&op, SESSIONS[0], &me()), Some(Ok(reply)), "{op:?}");
    let count = |path: &str| Op::GetAllChildrenNumber { path: path.into() };
    check(count("/"), Reply::Count(10)); // All but the root itself.
    check(count(""), Reply::Count(11)); // The root is below its other name.
    check(count("/p"), Reply::Count(1));
    check(count("/zookeeper"), Reply::Count(2));
    let ephemerals = |prefix: &str| Op::GetEphemerals { prefix: prefix.into() };
    check(ephemerals(""), Reply::Ephemerals(vec!["/e".into()]));
    check(ephemerals(" /\t"), Reply::Ephemerals(vec!["/e".into()]));
    check(ephemerals("/e"), Reply::Ephemerals(vec!["/e".into()]));
    check(ephemerals("/e/"), Reply::Ephemerals(vec![]));
    assert_eq!(reference.read(&ephemerals(""), SESSIONS[1], &me()), Some(Ok(Reply::Ephemerals(vec![]))), "another's");
    check(Op::WhoAmI, Reply::Ids(vec![Id::new("ip", "10.0.0.3"), Id::new("digest", "ann")]));
}

#[test]
fn changes_fire_in_the_order_of_zookeeper() {
    let (mut reference, zxid) = after(&[]);
    let multi = Op::Multi(vec![create("/a", CreateMode::Persistent), set("/a", -1), delete("/a", -1)]);
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
