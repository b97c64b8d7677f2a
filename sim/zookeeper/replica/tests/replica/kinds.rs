//! The names by which faults can speak of a replica are those of what it really sends and writes.

use std::collections::BTreeSet;

use contract::ids::MachineId;
use contract::time::SECOND;
use zookeeper_replica::session;
use zookeeper_words::ensemble::Ensemble;
use zookeeper_words::ids::{SessionId, Zxid};
use zookeeper_words::kinds::kinds;
use zookeeper_words::message::{ConnectRequest, Message};
use zookeeper_words::service::{AddWatchMode, CreateMode, Op};

use crate::bench::{Bench, settings};

/// An ensemble of four voters and an observer that goes through all that it has names for: elections, crashes,
/// reconfigs, an expiry, a learner that is given the whole state, requests of every kind of packet.
fn eventful() -> Bench {
    let voters: BTreeSet<MachineId> = (0..4).map(MachineId).collect();
    let mut bench = Bench::of(Ensemble { voters, observers: [MachineId(4)].into(), ..Ensemble::default() }, settings());
    let mut choice = 0;
    let mut choices = || {
        choice += 1;
        choice
    };
    let server = |number: u16, role: &str| format!("server.{number}=10.0.0.{number}:2888:3888:{role};2181");
    let join = |number, role| Op::Reconfig { joining: Some(server(number, role).as_str().into()), leaving: None, members: None, from: -1 };
    bench.until(40_000, &mut choices, Bench::all_serve);
    bench.crash(MachineId(0), None);
    for i in 0..30 {
        bench.create(MachineId(1 + i % 4), &mut choices, "/n-");
    }
    bench.boot(MachineId(0));
    bench.until(40_000, &mut choices, Bench::all_serve);
    let path = || "/n".into();
    let ops = [
        Op::Sync { path: path() },
        Op::create(path(), None, CreateMode::Ephemeral),
        Op::create(path(), None, CreateMode::Container),
        Op::AddWatch { path: path(), mode: AddWatchMode::Persistent },
        Op::Multi(vec![Op::Check { path: path(), version: -1 }]),
        Op::WhoAmI,
        join(3, "observer"),
        join(4, "participant"),
        Op::CloseSession,
    ];
    for op in ops {
        bench.until(40_000, &mut choices, Bench::all_serve);
        bench.ask(MachineId(1), &mut choices, op);
    }
    (0..5).map(MachineId).for_each(|m| bench.order(m, "expire-session"));
    // A client that says that it was here before is believed by nobody but the leader.
    for m in (0..5).map(MachineId) {
        let (session, conn) = (SessionId(5), bench.dial(m));
        let password = session::password(session);
        bench.send(conn, Message::Connect(ConnectRequest { last_zxid_seen: Zxid::ZERO, timeout_ms: 4_000, session, password, read_only: false }));
    }
    let later_ns = bench.now_ns + 2 * SECOND;
    bench.until(40_000, &mut choices, |bench| bench.now_ns > later_ns && bench.all_serve());
    bench.settle();
    bench
}

#[test]
fn all_that_is_sent_and_written_has_a_name() {
    let (bench, kinds) = (eventful(), kinds());
    let known: BTreeSet<&str> = kinds.messages.iter().copied().collect();
    assert!(bench.sent.is_subset(&known), "{:?} have no name", bench.sent.difference(&known).collect::<Vec<_>>());
    let nameless = |used: &BTreeSet<String>, known: &[&str]| used.iter().filter(|kind| !known.contains(&kind.as_str())).cloned().collect::<Vec<_>>();
    assert_eq!(nameless(&bench.written, &kinds.written), [""; 0]);
    assert_eq!(nameless(&bench.synced, &kinds.synced), [""; 0]);
    // And a fault that waits for one of these has something to wait for.
    let never = |known: &[&'static str], used: &BTreeSet<String>| known.iter().copied().filter(|kind| !used.contains(*kind)).collect::<Vec<_>>();
    assert_eq!(never(&kinds.written, &bench.written), [""; 0]);
    assert_eq!(never(&kinds.synced, &bench.synced), [""; 0]);
    let packets = kinds.messages.iter().copied().filter(|kind| kind.chars().all(|c| c.is_ascii_uppercase()));
    assert_eq!(packets.filter(|kind| !bench.sent.contains(kind)).collect::<Vec<_>>(), ["TRUNC"]);
}
