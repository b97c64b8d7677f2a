//! Dialogues of a client with its replicas, word by word.

use contract::process::Effect;
use zookeeper_words::service::{AddWatchMode, EventKind, WatchEvent, WatcherType};

use super::bench::{Bench, connected, data, digest, get};
use super::*;

#[test]
fn a_session_is_opened_used_and_closed() {
    let mut bench = Bench::new(1);
    let check = |said: String, expected: &str| assert_eq!(said, expected);
    check(bench.open(), "1 opens to 1");
    check(bench.submit(get("/a", false)), "");
    check(bench.opened(1), "1 connect session 0 seen 0");
    check(bench.accepts(1, 7), "1 getData 1; attached");
    check(bench.submit(get("/b", false)), "1 getData 2");
    check(bench.replies(1, 1, 5, data()), "1 returned");
    check(bench.replies(1, 2, 6, Err(ErrorCode::NoNode)), "2 returned an error");
    check(bench.wait(), "1 ping");
    check(bench.says(1, Message::Pong { zxid: Zxid(9) }), "");
    check(bench.submit(Op::CloseSession), "1 closeSession 3");
    check(bench.replies(1, 3, 10, Ok(Reply::Done)), "1 closes; 3 returned; detached; closed");
    check(bench.closed(1), "");
    assert_eq!(bench.client.wake_ns(), None);
}

#[test]
fn a_lost_connection_makes_requests_unknown_and_the_session_goes_elsewhere() {
    let mut bench = Bench::attached(0);
    let check = |said: String, expected: &str| assert_eq!(said, expected);
    bench.submit(get("/a", true));
    bench.submit(Op::Exists { path: "/b".into(), watch: true });
    bench.submit(Op::GetChildren { path: "/c".into(), watch: true, stat: true });
    bench.replies(1, 1, 5, data());
    bench.replies(1, 2, 6, Err(ErrorCode::NoNode));
    bench.submit(get("/d", false));
    check(bench.closed(1), "detached; 3 unknown; 4 unknown");
    check(bench.submit(get("/e", false)), "");
    check(bench.wait(), "2 opens to 1");
    check(bench.opened(2), "2 connect session 7 seen 6");
    // Replica 1 is behind: it closes without a word.
    check(bench.closed(2), "");
    check(bench.wait(), "3 opens to 2");
    check(bench.opened(3), "3 connect session 7 seen 6");
    check(bench.accepts(3, 7), "3 setWatches -8; 3 getData 5; attached again");
    let rearmed = bench.effects.iter().find_map(|effect| match effect {
        Effect::Send { message: Message::Request { op, .. }, .. } if matches!(**op, Op::SetWatches { .. }) => Some(op.clone()),
        _ => None,
    });
    // The watch of request 3 never came to be known, so it is not asked for.
    let expected =
        Op::SetWatches { relative: Zxid(6), data: vec!["/a".into()], exist: vec!["/b".into()], child: vec![], persistent: vec![], recursive: vec![] };
    assert_eq!(rearmed.as_deref(), Some(&expected));
    check(bench.says(3, Message::Event { zxid: Zxid(9), event: WatchEvent { kind: EventKind::NodeCreated, path: "/b".into() } }), "NodeCreated /b");
    check(bench.replies(3, -8, 9, Ok(Reply::Done)), "");
    check(bench.replies(3, 5, 9, data()), "5 returned");
    check(bench.closed(3), "detached");
}

#[test]
fn neither_events_nor_pongs_count_as_seen() {
    let mut bench = Bench::attached(0);
    let check = |said: String, expected: &str| assert_eq!(said, expected);
    bench.submit(get("/a", true));
    bench.replies(1, 1, 5, data());
    check(bench.says(1, Message::Event { zxid: Zxid(9), event: WatchEvent { kind: EventKind::NodeDataChanged, path: "/a".into() } }), "NodeDataChanged /a");
    check(bench.says(1, Message::Pong { zxid: Zxid(9) }), "");
    bench.closed(1);
    bench.wait();
    // The event of /b, changed by the same multi, may have been lost with the connection: setWatches must not say that
    // 9 was seen.
    check(bench.opened(2), "2 connect session 7 seen 5");
    // The one-shot watch is used up: nothing is left to arm again.
    check(bench.accepts(2, 7), "attached again");
}

#[test]
fn an_expired_session_ends_and_the_next_one_counts_from_one() {
    let mut bench = Bench::attached(0);
    let check = |said: String, expected: &str| assert_eq!(said, expected);
    bench.submit(get("/a", true));
    bench.replies(1, 1, 5, data());
    bench.closed(1);
    bench.submit(get("/b", false));
    bench.wait();
    bench.opened(2);
    check(bench.says(2, connected(0)), "2 closes; 2 unsent; expired");
    assert!(bench.facts.contains(&ClientFact::Expired { session: SessionId(7) }));
    check(bench.open(), "3 opens to 2");
    check(bench.submit(get("/c", false)), "");
    check(bench.opened(3), "3 connect session 0 seen 0");
    check(bench.accepts(3, 8), "3 getData 1; attached");
}

#[test]
fn every_wait_has_an_end() {
    let mut bench = Bench::new(0);
    let check = |said: String, expected: &str| assert_eq!(said, expected);
    bench.open();
    // 6 s over three servers: 2 s for the stream, 2 s for the answer.
    check(bench.wait(), "1 closes");
    assert_eq!(bench.now_ms, 2_000);
    check(bench.wait(), "2 opens to 1");
    check(bench.opened(2), "2 connect session 0 seen 0");
    check(bench.wait(), "2 closes");
    // What the abandoned connections say later is not heard.
    check(bench.opened(1), "1 closes");
    check(bench.accepts(2, 9), "2 closes");
    check(bench.wait(), "3 opens to 2");
    check(bench.opened(3), "3 connect session 0 seen 0");
    check(bench.accepts(2, 9), "2 closes");
    check(bench.closed(2), "");
    check(bench.accepts(3, 7), "attached");
    check(bench.replies(2, 1, 1, data()), "2 closes");
    let attached_ms = bench.now_ms;
    bench.submit(get("/a", false));
    check(bench.wait(), "3 ping");
    assert_eq!(bench.now_ms, attached_ms + 2_000);
    check(bench.says(3, Message::Pong { zxid: Zxid(0) }), "");
    check(bench.wait(), "3 ping");
    assert_eq!(bench.now_ms, attached_ms + 4_000);
    // Silence for two thirds of the timeout since the pong.
    check(bench.wait(), "3 closes; detached; 1 unknown");
    assert_eq!(bench.now_ms, attached_ms + 6_000);
}

#[test]
fn patience_with_a_try_doubles_from_round_to_round() {
    let mut bench = Bench::new(0);
    bench.open();
    let patiences = (1..=12).map(|_| {
        let opened_ms = bench.now_ms;
        bench.wait();
        let patience_ms = bench.now_ms - opened_ms;
        bench.wait();
        patience_ms
    });
    assert_eq!(patiences.collect::<Vec<_>>(), [2_000, 2_000, 2_000, 4_000, 4_000, 4_000, 6_000, 6_000, 6_000, 6_000, 6_000, 6_000]);
}

#[test]
fn a_closing_session_does_not_outlive_its_connection() {
    let mut bench = Bench::attached(0);
    let check = |said: String, expected: &str| assert_eq!(said, expected);
    bench.submit(Op::CloseSession);
    check(bench.closed(1), "detached; 1 unknown; closed");
    // But a closeSession that was never sent waits for a connection.
    let mut bench = Bench::attached(0);
    bench.closed(1);
    bench.submit(Op::CloseSession);
    bench.wait();
    bench.opened(2);
    check(bench.accepts(2, 7), "2 closeSession 1; attached again");
}

#[test]
fn the_pause_between_tries_grows_to_a_bound() {
    let mut bench = Bench::new(0);
    bench.open();
    let pauses = (1..=6).map(|conn| {
        bench.closed(conn);
        let refused_ms = bench.now_ms;
        bench.wait();
        bench.now_ms - refused_ms
    });
    assert_eq!(pauses.collect::<Vec<_>>(), [100, 200, 400, 800, 1_000, 1_000]);
}

#[test]
fn a_service_that_breaks_its_protocol_is_reported() {
    let check = |message: Message, violation: &str| {
        let mut bench = Bench::attached(0);
        bench.submit(get("/a", false));
        assert_eq!(bench.says(1, message), "1 closes; detached; 1 unknown");
        let said = bench.client.check().expect_err("the violation must be reported");
        assert!(said.contains(violation), "{said}");
    };
    check(Message::Reply { xid: Xid(2), zxid: Zxid(3), result: data() }, "a reply to 2 came when Some(1) was due");
    check(connected(7), "came while 1: attached");
    check(Message::Ping, "Ping came while");
}

#[test]
fn who_a_client_is_comes_first_on_every_connection_and_is_answered_out_of_turn() {
    let mut bench = Bench::new(0);
    let check = |said: String, expected: &str| assert_eq!(said, expected);
    bench.open();
    check(bench.submit(get("/a", true)), "");
    check(bench.submit(digest()), "");
    bench.opened(1);
    check(bench.accepts(1, 7), "1 auth -4; 1 getData 1; attached");
    check(bench.submit(digest()), "1 auth -4");
    check(bench.replies(1, 1, 5, data()), "1 returned");
    check(bench.replies(1, -4, 0, Ok(Reply::Done)), "");
    bench.submit(get("/b", false));
    check(bench.closed(1), "detached; 2 unknown");
    bench.wait();
    // The auth's zxid of 0 is nothing that was seen, and the second one, which was not answered, is said again as well.
    check(bench.opened(2), "2 connect session 7 seen 5");
    check(bench.submit(get("/c", false)), "");
    check(bench.accepts(2, 7), "2 auth -4; 2 auth -4; 2 setWatches -8; 2 getData 3; attached again");
    let unknown = |fact: &&ClientFact| **fact == ClientFact::Unknown { session: SessionId(7), xid: Xid::AUTH };
    assert_eq!(bench.facts.iter().filter(unknown).count(), 1);
}

#[test]
fn a_client_that_is_not_believed_is_done_with_its_session() {
    let mut bench = Bench::attached(0);
    let check = |said: String, expected: &str| assert_eq!(said, expected);
    bench.submit(get("/a", false));
    bench.submit(digest());
    // Any other error is none of the client's business.
    check(bench.replies(1, -4, 0, Err(ErrorCode::Unimplemented)), "");
    bench.submit(digest());
    check(bench.replies(1, -4, 0, Err(ErrorCode::AuthFailed)), "1 closes; detached; 1 unknown; auth failed");
    assert!(bench.client.is_ended());
    // The next session is nobody in particular.
    bench.open();
    bench.opened(2);
    check(bench.accepts(2, 8), "attached");
    check(bench.replies(2, -4, 0, Ok(Reply::Done)), "2 closes; detached");
    assert!(bench.client.check().expect_err("nobody asked").contains("an auth was answered"));
}

#[test]
fn lasting_watches_outlive_their_events_and_their_connections() {
    let mut bench = Bench::attached(0);
    let check = |said: String, expected: &str| assert_eq!(said, expected);
    bench.submit(Op::AddWatch { path: "/a".into(), mode: AddWatchMode::PersistentRecursive });
    bench.replies(1, 1, 5, Ok(Reply::Done));
    let created = || Message::Event { zxid: Zxid(9), event: WatchEvent { kind: EventKind::NodeCreated, path: "/a/b".into() } };
    check(bench.says(1, created()), "NodeCreated /a/b");
    check(bench.says(1, created()), "NodeCreated /a/b");
    bench.closed(1);
    bench.wait();
    bench.opened(2);
    check(bench.accepts(2, 7), "2 setWatches2 -8; attached again");
    bench.replies(2, -8, 9, Ok(Reply::Done));
    bench.submit(Op::RemoveWatches { path: "/a".into(), kind: WatcherType::Any, only_ask: false });
    check(bench.replies(2, 2, 9, Ok(Reply::Done)), "2 returned");
    bench.closed(2);
    bench.wait();
    bench.opened(3);
    check(bench.accepts(3, 7), "attached again");
}
