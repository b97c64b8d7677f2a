//! Sessions that one replica alone knows, and readers without a quorum, as clients meet them.

use std::sync::Arc;

use contract::ids::{ConnId, MachineId};
use contract::time::MILLISECOND;
use zookeeper_words::ids::{Epoch, SessionId, Xid, Zxid};
use zookeeper_words::message::{ConnectRequest, ConnectResponse, Message};
use zookeeper_words::service::{CreateMode, ErrorCode, Op, Reply};
use zookeeper_words::settings::Coordination;

use crate::bench::{Bench, settings};

fn start(change: impl FnOnce(&mut Coordination)) -> Bench {
    let mut config = settings();
    config.local_sessions = true;
    change(&mut config);
    let mut bench = Bench::new(3, config);
    bench.until(20_000, &mut || 1, Bench::all_serve);
    bench.settle();
    bench
}

/// What a replica says to a connect request; nothing if it closes the connection.
fn attach(bench: &mut Bench, at: u16, session: SessionId, password: u128, read_only: bool) -> (ConnId, Option<ConnectResponse>) {
    let conn = bench.dial(MachineId(at));
    bench.send(conn, Message::Connect(ConnectRequest { last_zxid_seen: Zxid::ZERO, timeout_ms: 10_000, session, password, read_only }));
    bench.settle();
    let response = bench.replies.drain(..).find_map(|(to, message)| match message {
        Message::Connected(response) if to == conn => Some(response),
        _ => None,
    });
    (conn, response)
}

fn open(bench: &mut Bench, at: u16) -> (ConnId, ConnectResponse) {
    let (conn, response) = attach(bench, at, SessionId::NONE, 0, false);
    (conn, response.expect("a replica that serves opens a session"))
}

/// The answer to a request, with its zxid.
fn ask(bench: &mut Bench, conn: ConnId, op: Op) -> (Zxid, Result<Reply, ErrorCode>) {
    bench.send(conn, Message::Request { xid: Xid(7), op: Arc::new(op) });
    bench.settle();
    let answer = bench.replies.drain(..).find_map(|(_, message)| match message {
        Message::Reply { zxid, result, .. } => Some((zxid, result)),
        _ => None,
    });
    answer.expect("the connection stands")
}

fn create(path: &str, mode: CreateMode) -> Op {
    Op::create(path.into(), None, mode)
}

fn root() -> Op {
    Op::GetChildren { path: "/".into(), watch: false, stat: false }
}

fn pass(bench: &mut Bench, ms: u64) {
    let until_ns = bench.now_ns + ms * MILLISECOND;
    while bench.now_ns < until_ns {
        bench.step(0);
    }
    bench.settle();
}

/// Whether the session goes on at this replica.
fn goes_on(bench: &mut Bench, at: u16, session: &ConnectResponse) -> bool {
    let (_, response) = attach(bench, at, session.session, session.password, false);
    response.expect("a replica that serves answers").session == session.session
}

#[test]
fn a_local_session_costs_no_transaction_and_is_at_home_at_one_replica() {
    let mut bench = start(|_| {});
    let (conn, session) = open(&mut bench, 1);
    let (before, _) = ask(&mut bench, conn, root());
    let (other, _) = open(&mut bench, 1);
    assert_eq!(ask(&mut bench, other, root()).0, before, "no zxid was taken");
    let (after, created) = ask(&mut bench, conn, create("/a", CreateMode::Persistent));
    assert_eq!((after.counter(), created), (before.counter() + 1, Ok(Reply::Created { path: "/a".into(), stat: None })));
    assert!(!goes_on(&mut bench, 2, &session));
    assert!(goes_on(&mut bench, 1, &session));
    // Its last connection is the one that counts.
    let (conn, _) = attach(&mut bench, 1, session.session, session.password, false);
    assert_eq!(ask(&mut bench, conn, Op::CloseSession), (after, Ok(Reply::Done)));
    assert!(!bench.conns.contains_key(&conn) && !goes_on(&mut bench, 1, &session));
}

#[test]
fn an_ephemeral_is_refused_at_the_cost_of_a_zxid_or_makes_the_session_known_to_all() {
    let ephemeral = || create("/e", CreateMode::Ephemeral);
    let part = || Op::Multi(vec![create("/p", CreateMode::Persistent), ephemeral()]);
    let mut bench = start(|_| {});
    let (conn, _) = open(&mut bench, 1);
    let first = Zxid::new(Epoch(1), 1);
    assert_eq!(ask(&mut bench, conn, ephemeral()), (first, Err(ErrorCode::EphemeralOnLocalSession)));
    let refused = vec![Err(ErrorCode::Ok), Err(ErrorCode::EphemeralOnLocalSession)];
    assert_eq!(ask(&mut bench, conn, part()), (first.next(), Ok(Reply::Multi(refused))));

    for (at, op) in [(0, ephemeral()), (1, ephemeral()), (2, part())] {
        let mut bench = start(|config| config.local_sessions_upgrading = true);
        let (conn, session) = open(&mut bench, at);
        let (zxid, result) = ask(&mut bench, conn, op);
        assert!(result.is_ok() && zxid.counter() == 2, "one zxid for the session, one for the node: {result:?}");
        let owner = Op::Exists { path: "/e".into(), watch: false };
        assert!(matches!(ask(&mut bench, conn, owner).1, Ok(Reply::Stat(stat)) if stat.ephemeral_owner == session.session));
        assert!(goes_on(&mut bench, (at + 1) % 3, &session));
    }
}

#[test]
fn a_local_session_that_is_silent_ends_with_its_connection() {
    let mut bench = start(|_| {});
    let (conn, session) = open(&mut bench, 2);
    pass(&mut bench, u64::from(session.timeout_ms) / 2);
    bench.send(conn, Message::Ping);
    pass(&mut bench, u64::from(session.timeout_ms) * 3 / 4);
    assert!(bench.conns.contains_key(&conn), "a ping keeps it alive");
    pass(&mut bench, u64::from(session.timeout_ms));
    assert!(!bench.conns.contains_key(&conn) && !goes_on(&mut bench, 2, &session));
}

#[test]
fn without_a_quorum_readers_alone_are_served() {
    let mut bench = start(|config| config.read_only_mode = true);
    let (conn, global) = open(&mut bench, 0);
    ask(&mut bench, conn, create("/a", CreateMode::Persistent)).1.expect("created");
    [1, 2].into_iter().for_each(|m| bench.crash(MachineId(m), None));
    pass(&mut bench, 20_000);
    assert_eq!(attach(&mut bench, 0, SessionId::NONE, 0, false).1, None, "who wants to write must look elsewhere");
    assert_eq!(attach(&mut bench, 0, global.session, global.password, true).1, None, "nobody can say whether that session lives");
    let (reader, response) = attach(&mut bench, 0, SessionId::NONE, 0, true);
    assert!(response.is_some_and(|response| response.read_only));
    let (zxid, read) = ask(&mut bench, reader, Op::Exists { path: "/a".into(), watch: true });
    assert!(read.is_ok());
    for refused in [create("/b", CreateMode::Persistent), Op::Sync { path: "/".into() }, Op::Multi(vec![])] {
        assert_eq!(ask(&mut bench, reader, refused), (zxid, Err(ErrorCode::NotReadOnly)));
    }
    let asker = bench.dial(MachineId(0));
    bench.send(asker, Message::IsReadOnly);
    bench.settle();
    assert!(bench.replies.drain(..).any(|reply| reply == (asker, Message::ReadOnly(true))));
    // With a quorum again they are sent away.
    bench.boot(MachineId(1));
    pass(&mut bench, 20_000);
    assert!(!bench.conns.contains_key(&reader));
    let (_, session) = open(&mut bench, 0);
    assert!(!session.read_only);
}
