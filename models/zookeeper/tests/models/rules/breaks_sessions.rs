//! For every rule on how sessions and their watches begin, move, come back and end a tale that breaks it.

use std::sync::Arc;

use contract::happening::Happening;
use contract::ids::MachineId;
use zookeeper_words::fact::ClientFact;
use zookeeper_words::ids::Zxid;
use zookeeper_words::service::{CreateMode, ErrorCode, EventKind, Op, Request};

use super::bend::{Notes, append, broken, check, check_tale, client, edit_client, edit_proposal, edit_replica, hasten, remove, short};
use crate::tale::asks::{create, get, set};
use crate::tale::{A, B, C};

#[test]
fn timeouts() {
    let attaches = |fact: &ClientFact| matches!(fact, ClientFact::Attached { .. });
    check("service.session-timeout", |notes| {
        edit_client(notes, 0, attaches, |fact| {
            if let ClientFact::Attached { timeout_ms, .. } = fact {
                *timeout_ms = 4_001;
            }
        });
    });
    let opens = |_: MachineId, fact: &zookeeper_words::fact::ReplicaFact| matches!(fact, zookeeper_words::fact::ReplicaFact::Proposed { txn, .. } if matches!(txn.request, Request::CreateSession { .. }));
    check("service.session-timeout", |notes| {
        edit_replica(notes, 0, opens, |fact| {
            if let zookeeper_words::fact::ReplicaFact::Proposed { txn, .. } = fact {
                Arc::make_mut(txn).request = Request::CreateSession { timeout_ms: 1_999 };
            }
        });
    });
}

#[test]
fn who_never_left_has_not_moved() {
    check("service.session-moved", |notes| edit_proposal(notes, 0, |txn| txn.error = Some(ErrorCode::SessionMoved)));
    check("service.session-moved", |notes| {
        edit_client(
            notes,
            0,
            |fact| matches!(fact, ClientFact::Returned { .. }),
            |fact| {
                if let ClientFact::Returned { result, .. } = fact {
                    *result = Err(ErrorCode::SessionMoved);
                }
            },
        );
    });
}

#[test]
fn the_dead_are_not_served_and_the_living_not_buried() {
    // A reply, an event, and what the session itself had awaited.
    for told in 0..2 {
        let (mut tale, mut gone) = short(&[B, C]);
        let mut other = tale.open(1, 0x200, B);
        tale.ask(&mut gone, get("/", true)).expect("read");
        tale.expire(gone.session);
        tale.ask(&mut other, create("/a", CreateMode::Persistent)).expect("created");
        if told == 0 {
            tale.ask(&mut gone, get("/", false)).expect("read");
        } else {
            tale.event(&gone, EventKind::NodeDataChanged, "/");
        }
        check_tale("service.session-alive", &tale);
    }
    let (mut tale, mut alive) = short(&[B, C]);
    tale.ask(&mut alive, create("/a", CreateMode::Persistent)).expect("created");
    append(&mut tale.recording.notes, alive.machine, ClientFact::Expired { session: alive.session });
    check_tale("service.session-alive", &tale);
}

/// Bends what the client asks for that is back.
fn bend_rearming(notes: &mut Notes, bend: impl Fn(&mut Op)) {
    let rearms = |fact: &ClientFact| matches!(fact, ClientFact::Invoked { op, .. } if matches!(**op, Op::SetWatches { .. }));
    edit_client(notes, 0, rearms, |fact| {
        if let ClientFact::Invoked { op, .. } = fact {
            bend(Arc::make_mut(op));
        }
    });
}

#[test]
fn who_is_back_forgets_no_watch() {
    check("service.rearmed", |notes| {
        bend_rearming(notes, |op| {
            if let Op::SetWatches { exist, .. } = op {
                exist.clear();
            }
        });
    });
    check("service.rearmed", |notes| {
        bend_rearming(notes, |op| {
            if let Op::SetWatches { relative, .. } = op {
                *relative = relative.next();
            }
        });
    });
    check("service.rearmed", |notes| {
        bend_rearming(notes, |op| {
            if let Op::SetWatches { data, exist, relative, .. } = op {
                exist.append(data);
                *relative = Zxid(relative.0);
            }
        });
    });
    check("service.rearmed", |notes| {
        remove(notes, 0, client(|fact| matches!(fact, ClientFact::Invoked { op, .. } if matches!(**op, Op::SetWatches { .. }))));
    });
    // A watch that was used up is not asked for again.
    let (mut tale, mut one) = short(&[B, C]);
    tale.ask(&mut one, create("/a", CreateMode::Persistent)).expect("created");
    tale.ask(&mut one, get("/a", true)).expect("read");
    let watcher = one;
    tale.ask_seeing(&mut one, set("/a", 1, 0), &[(&watcher, EventKind::NodeDataChanged, "/a")]).expect("set");
    let relative = tale.seen(one.session);
    tale.move_to(&mut one, B);
    let rearm = Op::SetWatches { relative, data: vec!["/a".into()], exist: vec![], child: vec![], persistent: vec![], recursive: vec![] };
    tale.ask(&mut one, rearm).expect("re-armed");
    check_tale("service.rearmed", &tale);
}

#[test]
fn what_a_multi_did_is_told_in_its_order() {
    let deletes = |fact: &ClientFact| matches!(fact, ClientFact::Watched { event, .. } if event.kind == EventKind::NodeDeleted && &*event.path == "/w/a");
    let mut tale = super::guarded::tale();
    hasten(&mut tale.recording.notes, 0, client(deletes));
    check_tale("service.watch-before-data", &tale);
}

#[test]
fn nobody_tries_oftener_than_it_may() {
    let mut tale = super::curators::tale();
    tale.recording.plan.settings.clients.iter_mut().for_each(|client| client.curator.retries = 0);
    check_tale("curator.retries", &tale);
}

#[test]
fn who_is_left_alone_ends() {
    let (mut tale, mut stays) = short(&[B, C]);
    let gone = tale.open(1, 0x200, B);
    tale.happen(A, Happening::Healed);
    tale.wait(30_000);
    tale.say(gone.machine, ClientFact::Detached { session: gone.session, conn: gone.conn });
    tale.wait(5_000);
    let mut ended = tale.clone();
    tale.wait(30_000);
    tale.ask(&mut stays, get("/", false)).expect("read");
    check_tale("live.session-ends", &tale);
    // In time, the same holds.
    ended.expire(gone.session);
    ended.wait(30_000);
    ended.ask(&mut stays, get("/", false)).expect("read");
    assert!(!broken(&ended.recording).contains(&"live.session-ends".to_owned()));
}
