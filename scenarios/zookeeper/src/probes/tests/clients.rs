//! What clients see: sessions, outcomes, requests, watches, recipes.

use super::*;

#[test]
fn sessions() {
    let expired = |ordered| replica(ReplicaFact::SessionExpired { session: SessionId(9), silent_ms: 1_600, timeout_ms: 1_500, ordered });
    check(vec![(0, expired(true))], &["session-expired-by-order"]);
    check(vec![(0, expired(false))], &["session-expired"]);
    let cut = Says::from(Happening::Struck { fault: 0, kind: "partition-one-way".into() });
    check(vec![(3, boot()), (3, attached(0, false, Zxid::ZERO)), (0, cut.clone()), (0, expired(false))], &["session-expired", "session-expired-behind-cut"]);
    check(
        vec![(3, boot()), (3, attached(0, false, Zxid::ZERO)), (0, cut), (0, Happening::Ended { fault: 0 }.into()), (0, expired(false))],
        &["session-expired"],
    );
    let frozen = vec![
        (3, boot()),
        (3, attached(0, false, Zxid::ZERO)),
        (3, Happening::Paused.into()),
        (0, expired(false)),
        (3, Happening::Resumed { inbox: 4 }.into()),
        (3, ClientFact::Expired { session: SessionId(9) }.into()),
    ];
    check(frozen, &["session-expired", "session-expired-in-pause", "pause-past-timeout", "expiry-learned"]);
    check(vec![(3, attached(0, false, Zxid::ZERO)), (3, Happening::Paused.into()), (3, Happening::Resumed { inbox: 0 }.into())], &[]);
    let refused = replica(ReplicaFact::RefusedBehind { seen: z(1, 4), last: z(1, 2) });
    check(
        vec![(3, attached(0, false, Zxid::ZERO)), (1, refused), (3, attached(2, true, z(1, 4)))],
        &["refused-behind", "refused-then-attached", "session-moved"],
    );
    check(vec![(3, attached(0, false, Zxid::ZERO)), (1, established(2)), (3, attached(0, true, z(1, 4)))], &["session-outlives-leader"]);
    let owner = (0, proposed(z(1, 1), 1, create(CreateMode::EphemeralSequential)));
    check(vec![owner.clone(), (0, proposed(z(1, 2), 0, Op::CloseSession))], &["ephemeral-expired"]);
    check(vec![owner, (0, proposed(z(1, 2), 2, Op::CloseSession))], &["ephemeral-closed"]);
    check(vec![(0, proposed(z(1, 2), 0, Op::CloseSession))], &[]);
}

#[test]
fn outcomes() {
    check(vec![(3, invoked(1, set())), (0, proposed(z(1, 1), 1, set())), (0, committed(z(1, 1))), (3, unknown(1))], &["unknown-done"]);
    check(vec![(3, invoked(1, set())), (0, proposed(z(1, 1), 1, set())), (3, unknown(1)), (0, committed(z(1, 1)))], &["unknown-late"]);
    check(vec![(3, invoked(1, set())), (3, unknown(1))], &["unknown-never"]);
    check(vec![(3, invoked(1, Op::GetData { path: "/a".into(), watch: false })), (3, unknown(1))], &[]); // A read has no effect.
    let vanished = replica(ReplicaFact::Truncated { to: Zxid::ZERO, removed: 1 });
    check(vec![(3, invoked(1, set())), (0, proposed(z(1, 1), 1, set())), (3, unknown(1)), (0, vanished)], &["unknown-vanished"]);
    let plain = || create(CreateMode::Persistent);
    let exists = (3, returned(2, z(1, 2), Err(ErrorCode::NodeExists)));
    check(vec![(3, invoked(1, plain())), (3, unknown(1)), (3, invoked(2, plain())), exists.clone()], &["unknown-never", "exists-after-unknown"]);
    check(vec![(3, invoked(2, plain())), exists], &[]);
}

#[test]
fn requests() {
    let multi = || Op::Multi(vec![set()]);
    check(vec![(3, invoked(1, multi())), (3, returned(1, z(1, 1), Ok(Reply::Multi(vec![Ok(Reply::Done)]))))], &["multi-done"]);
    check(vec![(3, invoked(1, multi())), (3, returned(1, z(1, 1), Ok(Reply::Multi(vec![Err(ErrorCode::BadVersion)]))))], &["multi-failed"]);
    check(vec![(3, invoked(1, set())), (3, returned(1, z(1, 1), Err(ErrorCode::BadVersion)))], &["bad-version"]);
    check(vec![(3, invoked(1, create(CreateMode::Container))), (3, returned(1, z(1, 1), Ok(Reply::Done)))], &["container-created"]);
    check(vec![(3, invoked(1, create(CreateMode::PersistentWithTtl(9)))), (3, returned(1, z(1, 1), Ok(Reply::Done)))], &["ttl-created"]);
    check(vec![(3, invoked(1, Op::Sync { path: "/a".into() })), (3, returned(1, z(1, 1), Ok(Reply::Synced { path: "/a".into() })))], &["sync-returned"]);
    let read = || (3, invoked(1, Op::GetData { path: "/a".into(), watch: false }));
    check(vec![(0, committed(z(1, 2))), read(), (3, returned(1, z(1, 1), Err(ErrorCode::NoNode)))], &["read-stale"]);
    check(vec![(0, committed(z(1, 2))), read(), (3, returned(1, z(1, 2), Err(ErrorCode::NoNode)))], &[]);
    check(vec![(3, invoked(1, set())), (3, invoked(2, set())), (3, unknown(1)), (3, invoked(3, set()))], &["unknown-never"]);
    check(vec![(3, invoked(1, set())), (3, invoked(2, set())), (3, invoked(3, set()))], &["pipelined"]);
    let sequential = |epoch| (0, proposed(z(epoch, 1), 1, create(CreateMode::PersistentSequential)));
    check(vec![sequential(1), sequential(1)], &[]);
    check(vec![sequential(1), sequential(2)], &["sequential-next-leader"]);
    let answered = (0, replica(ReplicaFact::SyncAnswered { session: SessionId(9), xid: Xid(1), committed: z(1, 1) }));
    check(vec![(0, established(1)), answered.clone()], &[]);
    check(vec![(0, established(1)), (1, established(2)), answered], &["leader-superseded", "election-twice", "sync-superseded"]);
}

#[test]
fn watches() {
    let event = |kind| Says::from(ClientFact::Watched { session: SessionId(9), conn: 1, zxid: z(1, 1), event: WatchEvent { kind, path: "/a".into() } });
    check(vec![(3, event(EventKind::NodeDataChanged))], &["watch-fired"]);
    check(vec![(3, event(EventKind::NodeCreated))], &["watch-fired", "watch-created"]);
    let restore = |paths: Vec<zookeeper_words::service::Path>| {
        (3, invoked(Xid::SET_WATCHES.0, Op::SetWatches { relative: z(1, 1), data: paths, exist: vec![], child: vec![], persistent: vec![], recursive: vec![] }))
    };
    let done = || (3, returned(Xid::SET_WATCHES.0, z(1, 2), Ok(Reply::Done)));
    check(vec![restore(vec![]), done()], &[]);
    check(vec![restore(vec!["/a".into()]), done(), (3, event(EventKind::NodeDeleted))], &["watches-restored", "watch-fired"]);
    check(vec![restore(vec!["/a".into()]), (3, event(EventKind::NodeDeleted)), done()], &["watches-restored", "watch-fired", "watch-caught-up"]);
}

#[test]
fn recipes() {
    let acquired = |client| (client, recipe(RecipeFact::Acquired { path: "/l".into(), node: "/l/1".into() }));
    let released = |client| (client, recipe(RecipeFact::Released { path: "/l".into(), node: "/l/1".into() }));
    check(vec![acquired(3), released(3), acquired(3)], &[]);
    check(vec![acquired(3), released(3), acquired(4)], &["lock-passed-on"]);
    check(vec![acquired(3), acquired(4)], &["lock-passed-on", "lock-taken-over"]);
    let counted = |client| (client, recipe(RecipeFact::Counted { path: "/c".into(), from: 1, to: 2 }));
    check(vec![counted(3), counted(3)], &[]);
    check(vec![counted(3), counted(4)], &["counter-shared"]);
    let queue = |taker| vec![(3, recipe(RecipeFact::Queued { node: "/q/1".into() })), (taker, recipe(RecipeFact::Taken { node: "/q/1".into() }))];
    check(queue(3), &[]);
    check(queue(4), &["queue-handed-over"]);
    let passed = |present| vec![(3, recipe(RecipeFact::Passed { path: "/b".into(), present }))];
    check(passed(1), &[]);
    check(passed(2), &["barrier-passed"]);
    check(vec![(3, ClientFact::Finished.into())], &["flink-finished"]);
    check(vec![(4, ClientFact::Finished.into())], &[]);
}
