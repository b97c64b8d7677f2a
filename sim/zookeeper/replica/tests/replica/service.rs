//! What clients see of the service beside the replies of its tree: who they are, limits, sessions that move, watches
//! that are silent, nodes that die by themselves.

use std::collections::BTreeSet;
use std::sync::Arc;

use contract::ids::{ConnId, MachineId};
use contract::time::MILLISECOND;
use zookeeper_words::ids::{SessionId, Xid, Zxid};
use zookeeper_words::message::{ConnectRequest, ConnectResponse, Message};
use zookeeper_words::service::{Acl, Acls, AddWatchMode, CreateMode, ErrorCode, EventKind, Id, Op, Perms, Reply, acl};
use zookeeper_words::settings::{Compat, Coordination};

use crate::bench::{Bench, settings};

/// What came on a connection, in short.
#[derive(Debug, PartialEq)]
enum Got {
    Connected(SessionId),
    Reply(i32, Result<Reply, ErrorCode>),
    Event(EventKind, String),
    Pong,
}

fn start(replicas: u16, change: impl FnOnce(&mut Coordination)) -> Bench {
    let mut config = settings();
    change(&mut config);
    let mut bench = Bench::new(replicas, config);
    let mut choice = 0;
    let mut choices = || {
        choice += 1;
        choice
    };
    bench.until(20_000, &mut choices, Bench::all_serve);
    bench.settle();
    bench
}

fn connect(session: SessionId, password: u128, last_zxid_seen: Zxid) -> Message {
    Message::Connect(ConnectRequest { last_zxid_seen, timeout_ms: 10_000, session, password, read_only: false })
}

/// A new session: its connection, its number and its password.
fn open(bench: &mut Bench, at: u16) -> (ConnId, SessionId, u128) {
    let conn = bench.dial(MachineId(at));
    bench.send(conn, connect(SessionId::NONE, 0, Zxid::ZERO));
    bench.settle();
    match bench.replies.pop_back() {
        Some((_, Message::Connected(ConnectResponse { session, password, .. }))) => (conn, session, password),
        other => panic!("{other:?}"),
    }
}

fn ask(bench: &mut Bench, conn: ConnId, xid: i32, op: Op) {
    bench.send(conn, Message::Request { xid: Xid(xid), op: Arc::new(op) });
}

/// All that comes on a connection, once nothing is under way any more.
fn hear(bench: &mut Bench, conn: ConnId) -> Vec<Got> {
    bench.settle();
    let heard = |(to, message)| match message {
        _ if to != conn => None,
        Message::Connected(response) => Some(Got::Connected(response.session)),
        Message::Reply { xid, result, .. } => Some(Got::Reply(xid.0, result)),
        Message::Event { event, .. } => Some(Got::Event(event.kind, event.path.to_string())),
        Message::Pong { .. } => Some(Got::Pong),
        other => panic!("{other:?}"),
    };
    bench.replies.drain(..).filter_map(heard).collect()
}

fn answer(bench: &mut Bench, conn: ConnId, op: Op) -> Result<Reply, ErrorCode> {
    ask(bench, conn, 7, op);
    match hear(bench, conn).pop() {
        Some(Got::Reply(7, result)) => result,
        other => panic!("{other:?}"),
    }
}

fn is_open(bench: &Bench, conn: ConnId) -> bool {
    bench.conns.contains_key(&conn)
}

fn create(path: &str, mode: CreateMode) -> Op {
    Op::create(path.into(), None, mode)
}

fn with_acl(path: &str, acl: Acls) -> Op {
    Op::Create { path: path.into(), data: None, mode: CreateMode::Persistent, acl, stat: false }
}

fn exists(path: &str) -> Op {
    Op::Exists { path: path.into(), watch: false }
}

fn auth(scheme: &str, auth: &str) -> Op {
    Op::Auth { scheme: scheme.into(), auth: auth.into() }
}

/// Lets time pass, and whatever is due in it.
fn pass(bench: &mut Bench, ms: u64) {
    let until_ns = bench.now_ns + ms * MILLISECOND;
    while bench.now_ns < until_ns {
        bench.step(0);
    }
    bench.settle();
}

#[test]
fn auth_is_answered_out_of_turn() {
    let mut bench = start(3, |_| {});
    let (conn, ..) = open(&mut bench, 1);
    ask(&mut bench, conn, 1, with_acl("/mine", [Acl::new(Perms::ALL, "auth", "")].into())); // It came before the proof.
    ask(&mut bench, conn, Xid::AUTH.0, auth("digest", "ann:pw"));
    ask(&mut bench, conn, 2, with_acl("/mine", [Acl::new(Perms::ALL, "auth", "")].into()));
    ask(&mut bench, conn, 3, Op::WhoAmI);
    let who = vec![Id::new("digest", "ann"), Id::new("ip", "127.0.0.1")];
    assert_eq!(
        hear(&mut bench, conn),
        [
            Got::Reply(-4, Ok(Reply::Done)),
            Got::Reply(1, Err(ErrorCode::InvalidAcl)),
            Got::Reply(2, Ok(Reply::Created { path: "/mine".into(), stat: None })),
            Got::Reply(3, Ok(Reply::Ids(who))),
        ]
    );
}

#[test]
fn an_unknown_scheme_ends_the_connection() {
    let mut bench = start(1, |_| {});
    let (conn, ..) = open(&mut bench, 0);
    ask(&mut bench, conn, -4, auth("sasl", "x"));
    assert_eq!(hear(&mut bench, conn), [Got::Reply(-4, Err(ErrorCode::AuthFailed))]);
    assert!(!is_open(&bench, conn));
}

#[test]
fn only_its_readers_hear_of_a_node() {
    for compat in [Compat::V3_8, Compat::V3_9] {
        let mut bench = start(3, |config| config.compat = compat);
        let (ann, ..) = open(&mut bench, 0);
        let (eve, ..) = open(&mut bench, 1);
        ask(&mut bench, ann, -4, auth("digest", "ann:pw"));
        let mut done = |op| answer(&mut bench, ann, op).expect("it is hers");
        done(with_acl("/open", acl::open()));
        done(with_acl("/shut", [Acl::new(Perms::ALL, "auth", "")].into()));
        for path in ["/", "/shut"] {
            assert_eq!(answer(&mut bench, eve, Op::AddWatch { path: path.into(), mode: AddWatchMode::PersistentRecursive }), Ok(Reply::Done));
        }
        assert_eq!(answer(&mut bench, eve, Op::GetData { path: "/shut".into(), watch: true }), Err(ErrorCode::NoAuth));
        for path in ["/shut", "/open"] {
            ask(&mut bench, ann, 1, Op::SetData { path: path.into(), data: None, version: -1 });
            ask(&mut bench, ann, 2, Op::Delete { path: path.into(), version: -1 });
        }
        let open = |kind| Got::Event(kind, "/open".into());
        assert_eq!(hear(&mut bench, eve), [open(EventKind::NodeDataChanged), open(EventKind::NodeDeleted)], "{compat:?}");
    }
}

#[test]
fn a_request_that_is_too_long_ends_the_connection() {
    let check = |spare: usize, answered: bool| {
        let mut bench = start(1, |config| config.jute_max_buffer = 100);
        let (conn, ..) = open(&mut bench, 0);
        // Header, path, data, version.
        let data = vec![0; 100 - 8 - (4 + 2) - 4 - 4 - spare];
        ask(&mut bench, conn, 1, Op::SetData { path: "/a".into(), data: Some(data.into()), version: -1 });
        let replies = if answered { vec![Got::Reply(1, Err(ErrorCode::NoNode))] } else { vec![] };
        assert_eq!(hear(&mut bench, conn), replies, "{spare} to spare");
        assert_eq!(is_open(&bench, conn), answered);
    };
    check(1, true);
    check(0, true);
    let mut bench = start(1, |config| config.jute_max_buffer = 100);
    let (conn, ..) = open(&mut bench, 0);
    ask(&mut bench, conn, 1, exists(&"/a".repeat(44)));
    assert_eq!(hear(&mut bench, conn), []);
    assert!(!is_open(&bench, conn));
}

#[test]
fn what_comes_before_the_session_waits_for_it() {
    let mut bench = start(3, |_| {});
    for again in [false, true] {
        let (old, session, password) = open(&mut bench, 0);
        let conn = bench.dial(MachineId(2));
        bench.send(conn, if again { connect(session, password, Zxid::ZERO) } else { connect(SessionId::NONE, 0, Zxid::ZERO) });
        ask(&mut bench, conn, -4, auth("digest", "ann:pw"));
        ask(&mut bench, conn, 1, exists("/"));
        let got = hear(&mut bench, conn);
        assert!(matches!(got[..], [Got::Connected(_), Got::Reply(-4, Ok(_)), Got::Reply(1, Ok(_))]), "{got:?}");
        assert!(is_open(&bench, old), "a session elsewhere is not closed by what happens here");
    }
}

#[test]
fn a_session_that_moves_leaves_a_connection_that_may_not_write() {
    // The old replica may be any, the leader among them.
    for old_at in 0..3 {
        let mut bench = start(3, |_| {});
        let (old, session, password) = open(&mut bench, old_at);
        let new = bench.dial(MachineId((old_at + 1) % 3));
        bench.send(new, connect(session, password, Zxid::ZERO));
        assert_eq!(hear(&mut bench, new), [Got::Connected(session)]);
        ask(&mut bench, old, 1, create("/old", CreateMode::Persistent));
        assert_eq!(hear(&mut bench, old), [], "a write of a moved session has no reply");
        assert!(!is_open(&bench, old));
        assert_eq!(answer(&mut bench, new, exists("/old")), Err(ErrorCode::NoNode));
        assert!(answer(&mut bench, new, create("/new", CreateMode::Ephemeral)).is_ok());
    }
}

#[test]
fn the_leader_lets_no_moved_session_read() {
    let mut bench = start(3, |_| {});
    let leader = bench.leader().expect("all serve");
    let (old, session, password) = open(&mut bench, leader.0);
    let new = bench.dial(MachineId((leader.0 + 1) % 3));
    bench.send(new, connect(session, password, Zxid::ZERO));
    bench.settle();
    ask(&mut bench, old, 1, exists("/"));
    assert_eq!(hear(&mut bench, old), []);
    assert!(!is_open(&bench, old));
}

#[test]
fn a_session_is_taken_up_again_by_its_password_alone() {
    let mut bench = start(3, |_| {});
    let (first, session, password) = open(&mut bench, 1);
    let second = bench.dial(MachineId(1));
    bench.send(second, connect(session, password, Zxid::ZERO));
    assert_eq!(hear(&mut bench, second), [Got::Connected(session)]);
    assert!(!is_open(&bench, first), "its older connection there is over");
    let third = bench.dial(MachineId(1));
    bench.send(third, connect(session, password ^ 1, Zxid::ZERO));
    assert_eq!(hear(&mut bench, third), [Got::Connected(SessionId::NONE)]);
    assert!(!is_open(&bench, third) && !is_open(&bench, second), "the older one ends before the password is looked at");
    let ahead = bench.dial(MachineId(1));
    bench.send(ahead, connect(session, password, Zxid(u64::MAX)));
    assert_eq!(hear(&mut bench, ahead), [], "a replica that is behind says nothing");
    assert!(!is_open(&bench, ahead));
    let fourth = bench.dial(MachineId(0));
    bench.send(fourth, connect(session, password, Zxid::ZERO));
    assert_eq!(hear(&mut bench, fourth), [Got::Connected(session)]);
}

#[test]
fn a_close_is_answered_and_is_the_last_answer() {
    let mut bench = start(3, |_| {});
    let (conn, session, password) = open(&mut bench, 0);
    ask(&mut bench, conn, 1, create("/e", CreateMode::Ephemeral));
    ask(&mut bench, conn, 2, Op::CloseSession);
    ask(&mut bench, conn, 3, exists("/e"));
    ask(&mut bench, conn, 4, create("/late", CreateMode::Persistent));
    let got = hear(&mut bench, conn);
    assert!(matches!(got[..], [Got::Reply(1, Ok(_)), Got::Reply(2, Ok(Reply::Done))]), "{got:?}");
    assert!(!is_open(&bench, conn));
    let again = bench.dial(MachineId(0));
    bench.send(again, connect(session, password, Zxid::ZERO));
    assert_eq!(hear(&mut bench, again), [Got::Connected(SessionId::NONE)]);
    let (other, ..) = open(&mut bench, 0);
    assert_eq!(answer(&mut bench, other, exists("/e")), Err(ErrorCode::NoNode));
    assert_eq!(answer(&mut bench, other, exists("/late")), Err(ErrorCode::NoNode));
}

#[test]
fn a_client_that_is_back_gets_what_it_missed() {
    let mut bench = start(3, |_| {});
    let (conn, ..) = open(&mut bench, 0);
    let (other, ..) = open(&mut bench, 1);
    assert!(answer(&mut bench, other, create("/a", CreateMode::Persistent)).is_ok());
    assert!(answer(&mut bench, other, create("/a/b", CreateMode::Persistent)).is_ok());
    let watches = Op::SetWatches {
        relative: Zxid(1),
        data: vec!["/gone".into(), "/a".into()],
        exist: vec!["/a/b".into(), "/none".into()],
        child: vec!["/a".into()],
        persistent: vec!["/zookeeper".into()],
        recursive: vec!["/a".into()],
    };
    ask(&mut bench, conn, -8, watches);
    let event = |kind, path: &str| Got::Event(kind, path.into());
    assert_eq!(
        hear(&mut bench, conn),
        [
            event(EventKind::NodeDeleted, "/gone"),
            event(EventKind::NodeDataChanged, "/a"),
            event(EventKind::NodeCreated, "/a/b"),
            event(EventKind::NodeChildrenChanged, "/a"),
            Got::Reply(-8, Ok(Reply::Done)),
        ]
    );
    ask(&mut bench, other, 1, create("/none", CreateMode::Persistent));
    ask(&mut bench, other, 2, create("/zookeeper/x", CreateMode::Persistent));
    ask(&mut bench, other, 3, create("/a/c", CreateMode::Persistent));
    assert_eq!(
        hear(&mut bench, conn),
        [event(EventKind::NodeCreated, "/none"), event(EventKind::NodeChildrenChanged, "/zookeeper"), event(EventKind::NodeCreated, "/a/c")]
    );
}

#[test]
fn containers_and_nodes_past_their_time_are_deleted() {
    let mut bench = start(3, |config| config.container_check_ms = 1_000);
    let (conn, ..) = open(&mut bench, 0);
    for (path, mode) in [
        ("/fresh", CreateMode::Container),
        ("/used", CreateMode::Container),
        ("/used/x", CreateMode::Persistent),
        ("/kept", CreateMode::Container),
        ("/kept/x", CreateMode::Persistent),
        ("/short", CreateMode::PersistentWithTtl(1)),
        ("/long", CreateMode::PersistentWithTtl(1_000_000)),
        ("/parent", CreateMode::PersistentWithTtl(1)),
        ("/parent/x", CreateMode::Persistent),
    ] {
        assert!(answer(&mut bench, conn, create(path, mode)).is_ok(), "{path}");
    }
    assert!(answer(&mut bench, conn, Op::Delete { path: "/used/x".into(), version: -1 }).is_ok());
    assert_eq!(answer(&mut bench, conn, Op::DeleteContainer { path: "/used".into() }), Err(ErrorCode::Unimplemented));
    pass(&mut bench, 3_000);
    let check = |bench: &mut Bench, path, there: bool| assert_eq!(answer(bench, conn, exists(path)).is_ok(), there, "{path}");
    check(&mut bench, "/fresh", true); // It has never had a child.
    check(&mut bench, "/used", false);
    check(&mut bench, "/kept", true);
    check(&mut bench, "/short", false);
    check(&mut bench, "/long", true);
    check(&mut bench, "/parent", true);
    let trees: BTreeSet<_> =
        bench.machines.iter().filter_map(|machine| machine.process.as_ref()).map(|server| (server.last_applied(), server.digest())).collect();
    assert_eq!(trees.len(), 1, "all replicas have the same tree");
}

#[test]
fn nothing_lives_for_a_time_where_extended_types_are_off() {
    let mut bench = start(1, |config| config.extended_types = false);
    let (conn, ..) = open(&mut bench, 0);
    assert_eq!(answer(&mut bench, conn, create("/ttl", CreateMode::PersistentWithTtl(0))), Err(ErrorCode::Unimplemented));
    assert!(answer(&mut bench, conn, create("/container", CreateMode::Container)).is_ok());
}

#[test]
fn the_super_digest_opens_every_node() {
    let digest = "super:D/InIHSb7yEEbrWz8b9l71RjZJU="; // The hash of "super:test", as in ZooKeeper's own documentation.
    for (password, opens) in [("super:test", true), ("super:tes", false), ("ann:test", false)] {
        let mut bench = start(3, |config| config.super_digest = Some(digest.into()));
        let (owner, ..) = open(&mut bench, 0);
        let closed = with_acl("/mine", [Acl::new(Perms::ALL, "ip", "10.9.9.9")].into());
        assert!(answer(&mut bench, owner, closed).is_ok());
        let (conn, ..) = open(&mut bench, 1);
        ask(&mut bench, conn, Xid::AUTH.0, auth("digest", password));
        hear(&mut bench, conn);
        let set = Op::SetData { path: "/mine".into(), data: None, version: -1 };
        assert_eq!(answer(&mut bench, conn, set).is_ok(), opens, "{password}");
        let Ok(Reply::Ids(ids)) = answer(&mut bench, conn, Op::WhoAmI) else { panic!("whoAmI is always answered") };
        assert!(ids.iter().all(|id| &*id.scheme != "super"));
    }
}
