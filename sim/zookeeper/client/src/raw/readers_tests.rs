//! Dialogues of a client that makes do without a quorum, word by word.

use super::bench::{Bench, data, get, without_quorum};
use super::*;

#[test]
fn a_reader_looks_for_a_quorum_and_takes_what_it_has_seen_along() {
    let mut bench = Bench::reader();
    bench.open();
    bench.opened(1);
    let check = |said: String, expected: &str| assert_eq!(said, expected);
    check(bench.says(1, without_quorum(7)), "attached");
    assert!(bench.facts.contains(&ClientFact::ReadOnly { session: SessionId(7), conn: 1 }));
    bench.submit(get("/a", true));
    bench.replies(1, 1, 5, data());
    // The pauses double, whatever comes of each try.
    check(bench.wait(), "2 opens to 1");
    assert_eq!(bench.now_ms, 100);
    check(bench.opened(2), "2 isro");
    check(bench.says(2, Message::ReadOnly(true)), "2 closes");
    check(bench.wait(), "3 opens to 2");
    assert_eq!(bench.now_ms, 300);
    check(bench.closed(3), "");
    check(bench.wait(), "4 opens to 0");
    assert_eq!(bench.now_ms, 700);
    check(bench.wait(), "4 closes");
    assert_eq!(bench.now_ms, 1_700);
    bench.says(1, Message::Pong { zxid: Zxid(5) });
    check(bench.wait(), "1 ping");
    check(bench.wait(), "5 opens to 1");
    check(bench.opened(5), "5 isro");
    check(bench.submit(get("/b", false)), "1 getData 2");
    check(bench.says(5, Message::ReadOnly(false)), "5 closes; 1 closes; detached; 2 unknown");
    // To the one that has a quorum, with a session of its own.
    check(bench.wait(), "6 opens to 1");
    check(bench.opened(6), "6 connect session 0 seen 5");
    check(bench.accepts(6, 8), "6 setWatches -8; attached");
    check(bench.replies(6, -8, 6, Ok(Reply::Done)), "");
    check(bench.wait(), "6 ping");
    // That one is kept.
    check(bench.closed(6), "detached");
    check(bench.wait(), "7 opens to 2");
    check(bench.opened(7), "7 connect session 8 seen 6");
}

#[test]
fn a_reader_gets_another_session_at_every_replica_without_a_quorum() {
    let mut bench = Bench::reader();
    bench.open();
    bench.opened(1);
    let check = |said: String, expected: &str| assert_eq!(said, expected);
    check(bench.says(1, without_quorum(7)), "attached");
    check(bench.wait(), "2 opens to 1");
    check(bench.closed(1), "2 closes; detached");
    check(bench.wait(), "3 opens to 2");
    check(bench.opened(3), "3 connect session 0 seen 0");
    check(bench.says(3, without_quorum(9)), "attached");
    // A word of the search that was given up is heard no more.
    check(bench.says(2, Message::ReadOnly(false)), "2 closes");
    check(bench.submit(Op::CloseSession), "3 closeSession 1");
    check(bench.replies(3, 1, 5, Ok(Reply::Done)), "3 closes; 1 returned; detached; closed");
    assert_eq!(bench.client.wake_ns(), None);
}
