//! What a leader makes of a write: ZooKeeper's errors in ZooKeeper's order, and laws of what it leaves behind.

use contract::plant::Plants;
use proptest::prelude::*;
use zookeeper_replica::tree::Tree;
use zookeeper_replica::tree::prep::Asker;
use zookeeper_replica::tree::read::Reader;
use zookeeper_replica::tree::state;
use zookeeper_words::ids::{Epoch, SessionId, Xid, Zxid};
use zookeeper_words::service::{Acl, Acls, CreateMode, ErrorCode, Id, Op, Perms, Reply, Request, acl};
use zookeeper_words::settings::{Compat, Coordination};
use zookeeper_words::txn::{Body, Head, Txn};

const SESSION: SessionId = SessionId(1);

fn settings(compat: Compat) -> Coordination {
    Coordination { tick_ms: 500, snap_count: 7, snap_retain: 2, snap_chunk: 3, commit_log_count: 5, compat, container_check_ms: 0, ..Coordination::default() }
}

/// A leader's two trees.
#[derive(Clone)]
struct Leader {
    ahead: Tree,
    committed: Tree,
    coordination: Coordination,
    standing: Result<(), ErrorCode>,
    ids: Vec<Id>,
}

impl Leader {
    fn new(compat: Compat) -> Leader {
        let committed = Tree::new();
        let mut leader =
            Leader { ahead: committed.ahead(), committed, coordination: settings(compat), standing: Ok(()), ids: vec![Id::new("digest", "ann:hash")] };
        leader.take(SESSION, &Request::CreateSession { timeout_ms: 4_000 }).1.expect("a session can always be opened");
        leader
    }

    fn take(&mut self, session: SessionId, request: &Request) -> (Txn, Result<Reply, ErrorCode>) {
        let zxid = Zxid::new(Epoch(1), self.ahead.last.counter() + 1);
        let asker = Asker { ids: &self.ids, standing: self.standing, is_local: false, coordination: &self.coordination, plants: &Plants::none() };
        let txn = self.ahead.propose(Head { session, xid: Xid(1), zxid, time_ms: 0 }, asker, request);
        let reply = self.committed.apply(&txn, true, None).expect("a reply was wanted");
        (txn, reply)
    }

    fn ask(&mut self, op: Op) -> Result<Reply, ErrorCode> {
        self.take(SESSION, &Request::Op(op)).1
    }
}

fn closed() -> Acls {
    [Acl::new(Perms::ALL, "digest", "bob:hash")].into()
}

fn create(path: &str) -> Op {
    Op::create(path.into(), None, CreateMode::Persistent)
}

fn create_as(path: &str, mode: CreateMode, acl: &Acls) -> Op {
    Op::Create { path: path.into(), data: None, mode, acl: acl.clone(), stat: false }
}

fn delete(path: &str, version: i32) -> Op {
    Op::Delete { path: path.into(), version }
}

fn set(path: &str, version: i32) -> Op {
    Op::SetData { path: path.into(), data: None, version }
}

fn set_acl(path: &str, acl: &Acls, version: i32) -> Op {
    Op::SetAcl { path: path.into(), acl: acl.clone(), version }
}

fn check_in_multi(path: &str, version: i32) -> Op {
    Op::Multi(vec![Op::Check { path: path.into(), version }])
}

/// A tree with something to run into: `/shut` and its child are bob's, `/e` is ephemeral.
fn furnished(compat: Compat) -> Leader {
    let mut leader = Leader::new(compat);
    leader.ids = vec![Id::new("digest", "bob:hash")];
    for op in [create("/a"), create("/a/b"), create_as("/e", CreateMode::Ephemeral, &acl::open()), create_as("/shut", CreateMode::Persistent, &closed())] {
        leader.ask(op).expect("nothing is in its way");
    }
    leader.ask(create("/shut/x")).expect("bob may");
    leader.ids = vec![Id::new("digest", "ann:hash")];
    leader
}

#[test]
fn the_first_error_in_zookeepers_order_is_the_answer() {
    use ErrorCode::{
        BadArguments, BadVersion, InvalidAcl, MarshallingError, NoAuth, NoChildrenForEphemerals, NoNode, NodeExists, NotEmpty, SessionMoved, Unimplemented,
    };
    let none: Acls = [].into();
    let (ttl, sequential) = (CreateMode::PersistentWithTtl, CreateMode::PersistentSequential);
    let check = |standing, op: Op, error| {
        let mut leader = furnished(Compat::V3_9);
        leader.standing = standing;
        let told = match leader.ask(op.clone()) {
            Ok(Reply::Multi(results)) => results.into_iter().find_map(Result::err),
            result => result.err(),
        };
        assert_eq!(told, Some(error), "{op:?}");
    };
    let moved = Err(SessionMoved);

    check(moved, create_as("a", ttl(0), &none), BadArguments); // The time to live first of all.
    check(moved, create_as("a", ttl(1 << 40), &none), BadArguments);
    check(moved, create_as("a", ttl(1), &none), SessionMoved);
    check(Ok(()), create_as("a", ttl(1), &none), BadArguments);
    check(Ok(()), create_as("/none/a\0", sequential, &none), BadArguments);
    check(Ok(()), create_as("/none/a//", sequential, &none), InvalidAcl);
    check(Ok(()), create_as("/none/a//", sequential, &acl::open()), NoNode);
    check(Ok(()), create("/shut/."), NoAuth);
    check(Ok(()), create("/a/."), BadArguments);
    check(Ok(()), create("/e/."), BadArguments);
    check(Ok(()), create("/a/b"), NodeExists);
    check(Ok(()), create("/"), NodeExists);
    check(Ok(()), create("/e/x"), NoChildrenForEphemerals);

    check(moved, delete("/zookeeper", 9), SessionMoved);
    check(Ok(()), delete("/zookeeper/config", 9), BadArguments);
    check(Ok(()), delete("nowhere", 9), BadArguments);
    check(Ok(()), delete("/none/x", 9), NoNode);
    check(Ok(()), delete("/shut/none", 9), NoAuth); // On the parent, whether or not the node is there.
    check(Ok(()), delete("/none", 9), NoNode);
    check(Ok(()), delete("/a", 9), BadVersion);
    check(Ok(()), delete("/a", 0), NotEmpty);

    check(moved, set("/a/", 9), SessionMoved);
    check(Ok(()), set("/a/", 9), BadArguments);
    check(Ok(()), set("/none", 9), NoNode);
    check(Ok(()), set("/shut", 9), NoAuth);
    check(Ok(()), set("/a", 9), BadVersion);

    check(moved, set_acl("/a/", &none, 9), SessionMoved);
    check(Ok(()), set_acl("/a/", &none, 9), BadArguments);
    check(Ok(()), set_acl("/none", &none, 9), InvalidAcl);
    check(Ok(()), set_acl("/none", &acl::open(), 9), NoNode);
    check(Ok(()), set_acl("/shut", &acl::open(), 9), NoAuth);
    check(Ok(()), set_acl("/zookeeper/config", &acl::open(), -1), NoAuth); // Anybody may read it, and nobody do more.
    check(Ok(()), set_acl("/a", &acl::open(), 9), BadVersion);

    check(moved, check_in_multi("/a/", 9), SessionMoved);
    check(Ok(()), check_in_multi("/a/", 9), BadArguments);
    check(Ok(()), check_in_multi("/none", 9), NoNode);
    check(Ok(()), check_in_multi("/shut", 9), NoAuth);
    check(Ok(()), check_in_multi("/a", 9), BadVersion);
    check(Ok(()), Op::Check { path: "/a".into(), version: 0 }, Unimplemented);

    check(Ok(()), Op::Multi(vec![create("/new"), Op::WhoAmI]), MarshallingError);
    check(Ok(()), Op::Multi(vec![create("/new"), Op::DeleteContainer { path: "/a".into() }]), MarshallingError);
    check(Ok(()), Op::DeleteContainer { path: "/a/b".into() }, Unimplemented); // A client's word would pass all ACLs by.
}

#[test]
fn only_what_is_due_is_reaped() {
    let check = |path: &str, error: Option<ErrorCode>| {
        let mut leader = furnished(Compat::V3_9);
        let (_, reply) = leader.take(SessionId::NONE, &Request::Op(Op::DeleteContainer { path: path.into() }));
        assert_eq!(reply.err(), error, "{path}");
    };
    check("/shut/x", None); // The leader asks nobody.
    check("/a", Some(ErrorCode::NotEmpty)); // A child has come meanwhile.
    check("/none", Some(ErrorCode::NoNode));
    check("/e", Some(ErrorCode::BadVersion));
    check("/zookeeper", Some(ErrorCode::BadArguments));
}

#[test]
fn versions_wrap() {
    let check = |compat, from, to| {
        let mut leader = furnished(compat);
        let body = Body::SetData { path: "/a".into(), data: None, version: from };
        let head = Head { session: SESSION, xid: Xid(0), zxid: Zxid::new(Epoch(1), leader.ahead.last.counter() + 1), time_ms: 0 };
        let txn = zookeeper_replica::codec::seal(head, body);
        leader.ahead.apply(&txn, false, None);
        leader.committed.apply(&txn, false, None);
        match leader.ask(set("/a", -1)) {
            Ok(Reply::Stat(stat)) => assert_eq!(stat.version, to, "{compat:?}"),
            other => panic!("{other:?}"),
        }
    };
    for compat in [Compat::V3_8, Compat::V3_9] {
        check(compat, i32::MAX, i32::MIN);
        check(compat, 6, 7);
    }
    check(Compat::V3_8, -2, -1);
    check(Compat::V3_9, -2, 0);
}

#[test]
fn a_create2_in_a_multi_has_its_stat_from_3_9_on() {
    let check = |compat, mode, has_stat: bool| {
        let op = Op::Create { path: "/new".into(), data: None, mode, acl: acl::open(), stat: true };
        match Leader::new(compat).ask(Op::Multi(vec![op])) {
            Ok(Reply::Multi(results)) => assert!(matches!(results[..], [Ok(Reply::Created { stat, .. })] if stat.is_some() == has_stat), "{compat:?} {mode:?}"),
            other => panic!("{other:?}"),
        }
    };
    check(Compat::V3_8, CreateMode::Persistent, false);
    check(Compat::V3_9, CreateMode::Persistent, true);
    check(Compat::V3_8, CreateMode::Container, true);
    check(Compat::V3_8, CreateMode::PersistentWithTtl(5), true);
}

#[test]
fn reads_ask_for_permission() {
    let anyone = [Id::new("ip", "10.0.0.9")];
    let bob = [Id::new("digest", "bob:hash")];
    let check = |compat, ids: &[Id], op: Op, error: Option<ErrorCode>| {
        let leader = furnished(compat);
        assert_eq!(leader.committed.read(&op, Reader { session: SESSION, ids, compat }).err(), error, "{compat:?} {op:?}");
    };
    let path = || "/shut".into();
    for op in [
        Op::GetData { path: path(), watch: false },
        Op::GetChildren { path: path(), watch: false, stat: true },
        Op::GetAcl { path: path() },
        Op::GetAllChildrenNumber { path: path() },
    ] {
        for compat in [Compat::V3_8, Compat::V3_9] {
            check(compat, &anyone, op.clone(), Some(ErrorCode::NoAuth));
            check(compat, &bob, op.clone(), None);
        }
    }
    let exists = |path: &str| Op::Exists { path: path.into(), watch: false };
    check(Compat::V3_8, &anyone, exists("/shut"), None);
    check(Compat::V3_9, &anyone, exists("/shut"), Some(ErrorCode::NoAuth));
    check(Compat::V3_9, &anyone, exists("/shut/none"), Some(ErrorCode::NoNode));
    check(Compat::V3_9, &anyone, exists("/\0"), Some(ErrorCode::BadArguments));
    check(Compat::V3_9, &anyone, Op::GetData { path: "".into(), watch: false }, None); // The root.
}

#[test]
fn a_multi_read_answers_each_for_itself() {
    let leader = furnished(Compat::V3_9);
    let reader = Reader { session: SESSION, ids: &[], compat: Compat::V3_9 };
    let data = |path: &str| Op::GetData { path: path.into(), watch: false };
    let children = |stat| Op::GetChildren { path: "/a".into(), watch: false, stat };
    match leader.committed.read(&Op::MultiRead(vec![data("/none"), data("/a"), children(false)]), reader) {
        Ok(Reply::Multi(results)) => {
            assert!(matches!(&results[..], [Err(ErrorCode::NoNode), Ok(Reply::Data { .. }), Ok(Reply::Children { .. })]), "{results:?}")
        }
        other => panic!("{other:?}"),
    }
    for op in [children(true), Op::WhoAmI] {
        assert_eq!(leader.committed.read(&Op::MultiRead(vec![data("/a"), op]), reader), Err(ErrorCode::MarshallingError));
    }
}

#[test]
fn nodes_are_counted_below_a_path() {
    let leader = furnished(Compat::V3_9);
    let reader = Reader { session: SESSION, ids: &[], compat: Compat::V3_9 };
    let check =
        |path: &str, count: i32| assert_eq!(leader.committed.read(&Op::GetAllChildrenNumber { path: path.into() }, reader), Ok(Reply::Count(count)), "{path}");
    check("/", 8); // All but the root.
    check("", 9); // The root by its other name is below the empty one.
    check("/zookeeper", 2);
    check("/a", 1);
    check("/a/b", 0);
}

fn some_op() -> impl Strategy<Value = Op> {
    let path = prop::sample::select(vec!["/a", "/a/b", "/e", "/shut", "/shut/x", "/n", "/a/n", "/n/s-", "/a/"]);
    let mode = prop::sample::select(vec![
        CreateMode::Persistent,
        CreateMode::Ephemeral,
        CreateMode::PersistentSequential,
        CreateMode::Container,
        CreateMode::PersistentWithTtl(5),
        CreateMode::PersistentWithTtl(0),
    ]);
    let list = prop::sample::select(vec![acl::open(), closed(), [Acl::new(Perms::ALL, "auth", "")].into(), [].into()]);
    (0..5, path, mode, list, -1..3).prop_map(|(kind, path, mode, acl, version)| match kind {
        0 => create_as(path, mode, &acl),
        1 => delete(path, version),
        2 => set(path, version),
        3 => check_in_multi(path, version),
        _ => set_acl(path, &acl, version),
    })
}

fn flat(op: Op) -> Vec<Op> {
    match op {
        Op::Multi(ops) => ops,
        Op::SetAcl { .. } => vec![],
        op => vec![op],
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// What runs ahead and what is committed are the same tree, and so is what is read back from their bytes.
    #[test]
    fn a_proposal_does_what_its_transaction_does(ops in prop::collection::vec(some_op(), 0..40)) {
        let mut leader = furnished(Compat::V3_9);
        for op in ops {
            let _ = leader.ask(op);
            let bytes = state::whole(&leader.committed);
            prop_assert_eq!(&state::whole(&leader.ahead), &bytes);
            prop_assert_eq!(state::read(&bytes).map(|tree| tree.digest()), Some(leader.committed.digest()));
        }
    }

    /// A multi that fails leaves nothing behind but its zxid, whatever it did before it failed (ZOOKEEPER-1624); what
    /// is kept beside the nodes included.
    #[test]
    fn a_failed_multi_leaves_nothing(before in prop::collection::vec(some_op(), 0..20), ops in prop::collection::vec(some_op(), 1..8)) {
        let mut leader = furnished(Compat::V3_9);
        before.into_iter().for_each(|op| { let _ = leader.ask(op); });
        let mut ops: Vec<Op> = ops.into_iter().flat_map(flat).collect();
        ops.push(set("/none/at/all", -1));
        let untouched = leader.ahead.clone();
        let outcome = leader.ask(Op::Multi(ops));
        prop_assert!(matches!(&outcome, Ok(Reply::Multi(results)) if results.iter().all(Result::is_err)), "{outcome:?}");
        prop_assert!(leader.ahead.last > untouched.last, "it takes a zxid");
        leader.ahead.last = untouched.last;
        prop_assert_eq!(state::whole(&leader.ahead), state::whole(&untouched));
        prop_assert!(leader.ahead.ephemerals(SESSION).eq(untouched.ephemerals(SESSION)));
        prop_assert!(leader.ahead.due(i64::MAX, false).eq(untouched.due(i64::MAX, false)));
    }
}
