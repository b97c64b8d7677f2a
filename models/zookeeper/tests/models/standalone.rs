//! The reference server where no transcript looks: watch modes of each version, what setWatches finds, who a connection is, and what a server does of itself.

use zookeeper_models::standalone::Standalone;
use zookeeper_words::ids::{SessionId, Zxid};
use zookeeper_words::service::WatcherType::{Any, Children, Data, Persistent, PersistentRecursive};
use zookeeper_words::service::{AddWatchMode, CreateMode, ErrorCode, EventKind, Id, Op, Path, Reply, WatcherType};
use zookeeper_words::settings::Compat;
use zookeeper_words::settings::Compat::{V3_8, V3_9};

const ONE: SessionId = SessionId(1);
const TWO: SessionId = SessionId(2);

fn server(compat: Compat) -> Standalone {
    let mut server = Standalone::new(compat);
    [ONE, TWO].into_iter().for_each(|session| assert_eq!(server.open(session, 30_000), 30_000));
    server
}

fn create(path: &str) -> Op {
    Op::create(path.into(), None, CreateMode::Persistent)
}

fn set(path: &str) -> Op {
    Op::SetData { path: path.into(), data: None, version: -1 }
}

fn delete(path: &str) -> Op {
    Op::Delete { path: path.into(), version: -1 }
}

fn get(path: &str) -> Op {
    Op::GetData { path: path.into(), watch: true }
}

fn exists(path: &str) -> Op {
    Op::Exists { path: path.into(), watch: true }
}

fn children(path: &str) -> Op {
    Op::GetChildren { path: path.into(), watch: true, stat: true }
}

fn persistent(path: &str) -> Op {
    Op::AddWatch { path: path.into(), mode: AddWatchMode::Persistent }
}

fn recursive(path: &str) -> Op {
    Op::AddWatch { path: path.into(), mode: AddWatchMode::PersistentRecursive }
}

fn remove(path: &str, kind: WatcherType) -> Op {
    Op::RemoveWatches { path: path.into(), kind, only_ask: false }
}

fn ask_for(path: &str, kind: WatcherType) -> Op {
    Op::RemoveWatches { path: path.into(), kind, only_ask: true }
}

/// What a session is told while another does this, as short words.
fn told(server: &mut Standalone, watcher: SessionId, deeds: &[Op]) -> String {
    let mut words = vec![];
    for deed in deeds {
        let answer = server.ask(ONE, deed);
        assert!(answer.result.is_ok(), "{deed:?}: {:?}", answer.result);
        words.extend(answer.events.into_iter().filter(|(session, _)| *session == watcher).map(|(_, event)| word(event.kind, &event.path)));
    }
    words.join(", ")
}

fn word(kind: EventKind, path: &str) -> String {
    let kind = match kind {
        EventKind::NodeCreated => "+",
        EventKind::NodeDeleted => "-",
        EventKind::NodeDataChanged => "=",
        EventKind::NodeChildrenChanged => "*",
    };
    format!("{kind}{path}")
}

#[test]
fn watches_fire_as_in_each_version() {
    let check = |compat: Compat, asked: &[Op], expected: &str| {
        let mut server = server(compat);
        server.ask(ONE, &create("/w"));
        asked.iter().for_each(|op| drop(server.ask(TWO, op)));
        let deeds = [set("/w"), set("/w"), create("/w/a"), set("/w/a"), delete("/w/a"), delete("/w")];
        assert_eq!(told(&mut server, TWO, &deeds), expected, "{compat:?}, {asked:?}");
    };
    let both = |asked: &[Op], expected: &str| [V3_8, V3_9].into_iter().for_each(|compat| check(compat, asked, expected));
    both(&[], "");
    both(&[get("/w")], "=/w");
    both(&[exists("/w/a")], "+/w/a");
    both(&[get("/w/a")], ""); // A missing node gets a watch from exists alone.
    both(&[children("/w")], "*/w");
    both(&[children("/")], "*/");
    both(&[get("/w"), get("/w"), children("/w")], "=/w, */w");
    both(&[get("")], ""); // The root's other name: nothing happens there.
    both(&[persistent("/w")], "=/w, =/w, */w, */w, -/w");
    both(&[recursive("/w")], "=/w, =/w, +/w/a, =/w/a, -/w/a, -/w");
    both(&[recursive("/")], "=/w, =/w, +/w/a, =/w/a, -/w/a, -/w");
    both(&[Op::MultiRead(vec![get("/w"), Op::GetChildren { path: "/w".into(), watch: true, stat: false }])], ""); // ZooKeeper reads no watch there.
    // The last mode of a table, or all of them.
    check(V3_8, &[persistent("/w"), recursive("/w")], "=/w, =/w, +/w/a, =/w/a, -/w/a, -/w");
    check(V3_9, &[persistent("/w"), recursive("/w")], "=/w, =/w, +/w/a, */w, =/w/a, -/w/a, */w, -/w");
    check(V3_8, &[recursive("/w"), get("/w")], "=/w, -/w/a, -/w"); // The table of children still reaches below, and hears of deletions alone.
    check(V3_9, &[recursive("/w"), get("/w")], "=/w, =/w, +/w/a, =/w/a, -/w/a, -/w");
    check(V3_8, &[persistent("/w"), children("/w")], "=/w, =/w, */w, -/w");
    check(V3_9, &[persistent("/w"), children("/w")], "=/w, =/w, */w, */w, -/w");
    check(V3_8, &[get("/w"), persistent("/w"), remove("/w", Data)], "*/w, */w, -/w"); // Whatever is in that table.
    check(V3_9, &[get("/w"), persistent("/w"), remove("/w", Data)], "=/w, =/w, */w, */w, -/w"); // Those that fire once.
    check(V3_9, &[get("/w"), persistent("/w"), remove("/w", Persistent)], "=/w");
    check(V3_9, &[get("/w"), recursive("/w"), remove("/w", PersistentRecursive)], "=/w");
    both(&[get("/w"), children("/w"), persistent("/w"), remove("/w", Any)], "");
}

#[test]
fn watches_are_found_and_taken_away() {
    let check = |compat: Compat, asked: &[Op], last: Op, error: Option<ErrorCode>| {
        let mut server = server(compat);
        server.ask(ONE, &create("/w"));
        server.ask(ONE, &exists("/of-one"));
        asked.iter().for_each(|op| drop(server.ask(TWO, op)));
        assert_eq!(server.ask(TWO, &last).result.err(), error, "{compat:?}, {asked:?}, {last:?}");
    };
    let none = Some(ErrorCode::NoWatcher);
    for compat in [V3_8, V3_9] {
        check(compat, &[], remove("/w", Any), none);
        check(compat, &[get("/w")], remove("/w", Data), None);
        check(compat, &[get("/w")], remove("/w", Children), none);
        check(compat, &[get("/w"), remove("/w", Data)], remove("/w", Any), none);
        check(compat, &[recursive("/w")], remove("/w/a", Any), none); // A watch is where it was left.
        check(compat, &[], remove("/of-one", Any), none);
        check(compat, &[get("/w"), ask_for("/w", Data)], remove("/w", Data), None); // To ask takes nothing away.
    }
    check(V3_8, &[persistent("/w")], remove("/w", Children), None);
    check(V3_9, &[persistent("/w")], remove("/w", Children), none);
    check(V3_8, &[recursive("/w")], ask_for("/w", Children), None);
    check(V3_9, &[recursive("/w")], ask_for("/w", Children), none);
    check(V3_8, &[], ask_for("/of-one", Data), None); // It finds anybody's.
    check(V3_9, &[], ask_for("/of-one", Data), none);
    check(V3_8, &[persistent("/w")], remove("/w", Persistent), Some(ErrorCode::MarshallingError)); // A number that it does not know.
    check(V3_9, &[recursive("/w")], remove("/w", Persistent), none);
}

#[test]
fn set_watches_tells_what_was_missed() {
    let check = |data: &[&str], exist: &[&str], child: &[&str], expected: &str, then: &str| {
        let mut server = server(V3_9);
        [create("/old"), create("/set"), create("/parent"), create("/gone")].iter().for_each(|op| drop(server.ask(ONE, op)));
        let relative = server.last();
        [set("/set"), create("/parent/new"), delete("/gone")].iter().for_each(|op| drop(server.ask(ONE, op)));
        assert!(server.reattach(TWO));
        let list = |paths: &[&str]| paths.iter().map(|path| Path::from(*path)).collect();
        let op = Op::SetWatches { relative, data: list(data), exist: list(exist), child: list(child), persistent: vec![], recursive: vec![] };
        let answer = server.ask(TWO, &op);
        assert_eq!((answer.result, answer.zxid), (Ok(Reply::Done), server.last()));
        let missed: Vec<String> = answer.events.iter().map(|(_, event)| word(event.kind, &event.path)).collect();
        assert_eq!(missed.join(", "), expected, "{op:?}");
        assert_eq!(told(&mut server, TWO, &[set("/old"), set("/set"), create("/old/x"), create("/gone")]), then, "{op:?}");
    };
    check(&["/old"], &[], &[], "", "=/old");
    check(&["/set"], &[], &[], "=/set", ""); // Told at once, and not left.
    check(&["/gone"], &[], &[], "-/gone", "");
    check(&[], &["/gone"], &[], "", "+/gone");
    check(&[], &["/old"], &[], "+/old", "");
    check(&[], &[], &["/old"], "", "*/old");
    check(&[], &[], &["/parent"], "*/parent", "");
    check(&[], &[], &["/gone"], "-/gone", "");
    check(&["/set"], &["/old"], &["/parent"], "=/set, +/old, */parent", "");
}

#[test]
fn lasting_watches_come_back_and_what_they_missed_is_lost() {
    let mut server = server(V3_9);
    let relative = server.last();
    server.ask(ONE, &create("/w"));
    assert!(server.reattach(TWO));
    let (persistent, recursive) = (vec!["/w".into()], vec!["/".into()]);
    let answer = server.ask(TWO, &Op::SetWatches { relative, data: vec![], exist: vec![], child: vec![], persistent, recursive });
    assert_eq!(answer.events, []);
    assert_eq!(told(&mut server, TWO, &[create("/w/a")]), "+/w/a, */w");
    server.disconnect(TWO);
    assert_eq!(told(&mut server, TWO, &[set("/w")]), "");
}

#[test]
fn sessions_get_a_timeout_of_two_to_twenty_ticks() {
    let check = |asked, negotiated| assert_eq!(Standalone::new(V3_9).open(ONE, asked), negotiated, "{asked}");
    check(0, 4_000);
    check(4_000, 4_000);
    check(30_000, 30_000);
    check(40_001, 40_000);
}

#[test]
fn connections_are_who_they_say() {
    let mut server = server(V3_9);
    let auth = |scheme: &str, auth: &str| Op::Auth { scheme: scheme.into(), auth: auth.into() };
    let ids = |server: &mut Standalone| match server.ask(ONE, &Op::WhoAmI).result {
        Ok(Reply::Ids(ids)) => ids,
        other => panic!("{other:?}"),
    };
    let address = || Id::new("ip", "127.0.0.1");
    assert_eq!(ids(&mut server), [address()]);
    for _ in 0..2 {
        let answer = server.ask(ONE, &auth("digest", "bob:secret"));
        assert_eq!((answer.zxid, answer.result), (Zxid::ZERO, Ok(Reply::Done)));
    }
    assert_eq!(server.ask(ONE, &auth("ip", "")).result, Ok(Reply::Done)); // It is that already.
    assert_eq!(ids(&mut server), [Id::new("digest", "bob"), address()]);
    assert_eq!(server.ask(ONE, &auth("nope", "x")).result, Err(ErrorCode::AuthFailed));
    assert_eq!(server.ask(ONE, &Op::WhoAmI).result, Err(ErrorCode::SessionExpired), "the connection is closed");
    assert!(server.reattach(ONE));
    assert_eq!(ids(&mut server), [address()], "and the session comes back as nobody");
}

#[test]
fn a_server_closes_and_deletes_of_itself() {
    let mut server = server(V3_9);
    server.ask(ONE, &Op::create("/e".into(), None, CreateMode::Ephemeral));
    server.ask(TWO, &exists("/e"));
    let before = server.last();
    let answer = server.expire(ONE);
    assert_eq!((answer.zxid, answer.events.len()), (before.next(), 1));
    assert!(!server.reattach(ONE));
    server.ask(TWO, &Op::create("/box".into(), None, CreateMode::Container));
    assert_eq!(server.reap(&"/box".into()).result, Ok(Reply::Done));
    assert_eq!(server.reap(&"/box".into()).result, Err(ErrorCode::NoNode));
}

#[test]
fn flags_that_name_no_mode_are_refused_and_take_a_zxid() {
    let mut server = server(V3_9);
    for mode in [CreateMode::of_create(4), CreateMode::of_create(9), CreateMode::of_container(0)] {
        let before = server.last();
        let answer = server.ask(ONE, &Op::create("/n".into(), None, mode));
        assert_eq!((answer.zxid, answer.result), (before.next(), Err(ErrorCode::BadArguments)), "{mode:?}");
    }
}
