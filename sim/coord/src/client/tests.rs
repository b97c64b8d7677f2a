//! Dialogues of a client with its replicas, word by word.

use super::scene::{Scene, connected, data, digest, get};
use super::*;
use vocab::process::Effect;
use vocab::service::{AddWatchMode, EventKind, WatcherType};

#[test]
fn a_session_is_opened_used_and_closed() {
    let mut scene = Scene::new(1);
    let check = |said: String, expected: &str| assert_eq!(said, expected);
    check(scene.open(), "1 opens to 1");
    check(scene.submit(get("/a", false)), "");
    check(scene.opened(1), "1 connect session 0 seen 0");
    check(scene.accepts(1, 7), "1 getData 1; attached");
    check(scene.submit(get("/b", false)), "1 getData 2");
    check(scene.replies(1, 1, 5, data()), "1 returned");
    check(scene.replies(1, 2, 6, Err(ErrorCode::NoNode)), "2 returned an error");
    check(scene.wait(), "1 ping");
    check(scene.says(1, Message::Pong { zxid: Zxid(9) }), "");
    check(scene.submit(Op::CloseSession), "1 closeSession 3");
    check(scene.replies(1, 3, 10, Ok(Reply::Done)), "1 closes; 3 returned; detached; closed");
    check(scene.closed(1), "");
    assert_eq!(scene.client.wake_ns(), None);
}

#[test]
fn a_lost_connection_makes_requests_unknown_and_the_session_goes_elsewhere() {
    let mut scene = Scene::attached(0);
    let check = |said: String, expected: &str| assert_eq!(said, expected);
    scene.submit(get("/a", true));
    scene.submit(Op::Exists { path: "/b".into(), watch: true });
    scene.submit(Op::GetChildren { path: "/c".into(), watch: true, stat: true });
    scene.replies(1, 1, 5, data());
    scene.replies(1, 2, 6, Err(ErrorCode::NoNode));
    scene.submit(get("/d", false));
    check(scene.closed(1), "detached; 3 unknown; 4 unknown");
    check(scene.submit(get("/e", false)), "");
    check(scene.wait(), "2 opens to 1");
    check(scene.opened(2), "2 connect session 7 seen 6");
    // Replica 1 is behind: it closes without a word.
    check(scene.closed(2), "");
    check(scene.wait(), "3 opens to 2");
    check(scene.opened(3), "3 connect session 7 seen 6");
    check(scene.accepts(3, 7), "3 setWatches -8; 3 getData 5; attached again");
    let rearmed = scene.effects.iter().find_map(|effect| match effect {
        Effect::Send { message: Message::Request { op, .. }, .. } if matches!(**op, Op::SetWatches { .. }) => Some(op.clone()),
        _ => None,
    });
    // The watch of request 3 never came to be known, so it is not asked for.
    let expected =
        Op::SetWatches { relative: Zxid(6), data: vec!["/a".into()], exist: vec!["/b".into()], child: vec![], persistent: vec![], recursive: vec![] };
    assert_eq!(rearmed.as_deref(), Some(&expected));
    check(scene.says(3, Message::Event { zxid: Zxid(9), event: WatchEvent { kind: EventKind::NodeCreated, path: "/b".into() } }), "NodeCreated /b");
    check(scene.replies(3, -8, 9, Ok(Reply::Done)), "");
    check(scene.replies(3, 5, 9, data()), "5 returned");
    check(scene.closed(3), "detached");
}

#[test]
fn neither_events_nor_pongs_count_as_seen() {
    let mut scene = Scene::attached(0);
    let check = |said: String, expected: &str| assert_eq!(said, expected);
    scene.submit(get("/a", true));
    scene.replies(1, 1, 5, data());
    check(scene.says(1, Message::Event { zxid: Zxid(9), event: WatchEvent { kind: EventKind::NodeDataChanged, path: "/a".into() } }), "NodeDataChanged /a");
    check(scene.says(1, Message::Pong { zxid: Zxid(9) }), "");
    scene.closed(1);
    scene.wait();
    // The event of /b, changed by the same multi, may have been lost with the connection: setWatches must not say that 9 was seen.
    check(scene.opened(2), "2 connect session 7 seen 5");
    // The one-shot watch is used up: nothing is left to arm again.
    check(scene.accepts(2, 7), "attached again");
}

#[test]
fn an_expired_session_ends_and_the_next_one_counts_from_one() {
    let mut scene = Scene::attached(0);
    let check = |said: String, expected: &str| assert_eq!(said, expected);
    scene.submit(get("/a", true));
    scene.replies(1, 1, 5, data());
    scene.closed(1);
    scene.submit(get("/b", false));
    scene.wait();
    scene.opened(2);
    check(scene.says(2, connected(0)), "2 closes; 2 unsent; expired");
    assert!(scene.facts.contains(&ClientFact::Expired { session: SessionId(7) }));
    check(scene.open(), "3 opens to 2");
    check(scene.submit(get("/c", false)), "");
    check(scene.opened(3), "3 connect session 0 seen 0");
    check(scene.accepts(3, 8), "3 getData 1; attached");
}

#[test]
fn every_wait_has_an_end() {
    let mut scene = Scene::new(0);
    let check = |said: String, expected: &str| assert_eq!(said, expected);
    scene.open();
    // 6 s over three servers: 2 s for the stream, 2 s for the answer.
    check(scene.wait(), "1 closes");
    assert_eq!(scene.now_ms, 2_000);
    check(scene.wait(), "2 opens to 1");
    check(scene.opened(2), "2 connect session 0 seen 0");
    check(scene.wait(), "2 closes");
    // What the abandoned connections say later is not heard.
    check(scene.opened(1), "1 closes");
    check(scene.accepts(2, 9), "2 closes");
    check(scene.wait(), "3 opens to 2");
    check(scene.opened(3), "3 connect session 0 seen 0");
    check(scene.accepts(2, 9), "2 closes");
    check(scene.closed(2), "");
    check(scene.accepts(3, 7), "attached");
    check(scene.replies(2, 1, 1, data()), "2 closes");
    let attached_ms = scene.now_ms;
    scene.submit(get("/a", false));
    check(scene.wait(), "3 ping");
    assert_eq!(scene.now_ms, attached_ms + 2_000);
    check(scene.says(3, Message::Pong { zxid: Zxid(0) }), "");
    check(scene.wait(), "3 ping");
    assert_eq!(scene.now_ms, attached_ms + 4_000);
    // Silence for two thirds of the timeout since the pong.
    check(scene.wait(), "3 closes; detached; 1 unknown");
    assert_eq!(scene.now_ms, attached_ms + 6_000);
}

#[test]
fn patience_with_a_try_doubles_from_round_to_round() {
    let mut scene = Scene::new(0);
    scene.open();
    let patiences = (1..=12).map(|_| {
        let opened_ms = scene.now_ms;
        scene.wait();
        let patience_ms = scene.now_ms - opened_ms;
        scene.wait();
        patience_ms
    });
    assert_eq!(patiences.collect::<Vec<_>>(), [2_000, 2_000, 2_000, 4_000, 4_000, 4_000, 6_000, 6_000, 6_000, 6_000, 6_000, 6_000]);
}

#[test]
fn a_closing_session_does_not_outlive_its_connection() {
    let mut scene = Scene::attached(0);
    let check = |said: String, expected: &str| assert_eq!(said, expected);
    scene.submit(Op::CloseSession);
    check(scene.closed(1), "detached; 1 unknown; closed");
    // But a closeSession that was never sent waits for a connection.
    let mut scene = Scene::attached(0);
    scene.closed(1);
    scene.submit(Op::CloseSession);
    scene.wait();
    scene.opened(2);
    check(scene.accepts(2, 7), "2 closeSession 1; attached again");
}

#[test]
fn the_pause_between_tries_grows_to_a_bound() {
    let mut scene = Scene::new(0);
    scene.open();
    let pauses = (1..=6).map(|conn| {
        scene.closed(conn);
        let refused_ms = scene.now_ms;
        scene.wait();
        scene.now_ms - refused_ms
    });
    assert_eq!(pauses.collect::<Vec<_>>(), [100, 200, 400, 800, 1_000, 1_000]);
}

#[test]
fn a_service_that_breaks_its_protocol_is_reported() {
    let check = |message: Message, misdeed: &str| {
        let mut scene = Scene::attached(0);
        scene.submit(get("/a", false));
        assert_eq!(scene.says(1, message), "1 closes; detached; 1 unknown");
        let said = scene.client.check().expect_err("the misdeed must be reported");
        assert!(said.contains(misdeed), "{said}");
    };
    check(Message::Reply { xid: Xid(2), zxid: Zxid(3), result: data() }, "a reply to 2 came when Some(1) was due");
    check(connected(7), "came while 1: attached");
    check(Message::Ping, "Ping came while");
}

#[test]
fn who_a_client_is_comes_first_on_every_connection_and_is_answered_out_of_turn() {
    let mut scene = Scene::new(0);
    let check = |said: String, expected: &str| assert_eq!(said, expected);
    scene.open();
    check(scene.submit(get("/a", true)), "");
    check(scene.submit(digest()), "");
    scene.opened(1);
    check(scene.accepts(1, 7), "1 auth -4; 1 getData 1; attached");
    check(scene.submit(digest()), "1 auth -4");
    check(scene.replies(1, 1, 5, data()), "1 returned");
    check(scene.replies(1, -4, 0, Ok(Reply::Done)), "");
    scene.submit(get("/b", false));
    check(scene.closed(1), "detached; 2 unknown");
    scene.wait();
    // The auth's zxid of 0 is nothing that was seen, and the second one, which was not answered, is said again as well.
    check(scene.opened(2), "2 connect session 7 seen 5");
    check(scene.submit(get("/c", false)), "");
    check(scene.accepts(2, 7), "2 auth -4; 2 auth -4; 2 setWatches -8; 2 getData 3; attached again");
    let unknown = |fact: &&ClientFact| **fact == ClientFact::Unknown { session: SessionId(7), xid: Xid::AUTH };
    assert_eq!(scene.facts.iter().filter(unknown).count(), 1);
}

#[test]
fn a_client_that_is_not_believed_is_done_with_its_session() {
    let mut scene = Scene::attached(0);
    let check = |said: String, expected: &str| assert_eq!(said, expected);
    scene.submit(get("/a", false));
    scene.submit(digest());
    // Any other error is none of the client's business.
    check(scene.replies(1, -4, 0, Err(ErrorCode::Unimplemented)), "");
    scene.submit(digest());
    check(scene.replies(1, -4, 0, Err(ErrorCode::AuthFailed)), "1 closes; detached; 1 unknown; auth failed");
    assert!(scene.client.is_ended());
    // The next session is nobody in particular.
    scene.open();
    scene.opened(2);
    check(scene.accepts(2, 8), "attached");
    check(scene.replies(2, -4, 0, Ok(Reply::Done)), "2 closes; detached");
    assert!(scene.client.check().expect_err("nobody asked").contains("an auth was answered"));
}

#[test]
fn lasting_watches_outlive_their_events_and_their_connections() {
    let mut scene = Scene::attached(0);
    let check = |said: String, expected: &str| assert_eq!(said, expected);
    scene.submit(Op::AddWatch { path: "/a".into(), mode: AddWatchMode::PersistentRecursive });
    scene.replies(1, 1, 5, Ok(Reply::Done));
    let created = || Message::Event { zxid: Zxid(9), event: WatchEvent { kind: EventKind::NodeCreated, path: "/a/b".into() } };
    check(scene.says(1, created()), "NodeCreated /a/b");
    check(scene.says(1, created()), "NodeCreated /a/b");
    scene.closed(1);
    scene.wait();
    scene.opened(2);
    check(scene.accepts(2, 7), "2 setWatches2 -8; attached again");
    scene.replies(2, -8, 9, Ok(Reply::Done));
    scene.submit(Op::RemoveWatches { path: "/a".into(), kind: WatcherType::Any, only_ask: false });
    check(scene.replies(2, 2, 9, Ok(Reply::Done)), "2 returned");
    scene.closed(2);
    scene.wait();
    scene.opened(3);
    check(scene.accepts(3, 7), "attached again");
}
