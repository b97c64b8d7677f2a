//! For every rule on the service, on liveness and on processes a tale that breaks it. A bent tale may break other rules too; the one under test is always among them.

use std::sync::Arc;

use contract::ids::MachineId;
use contract::recording::{Ending, Noted};
use zookeeper_words::fact::{ClientFact, Fact, RecipeFact, ReplicaFact};
use zookeeper_words::ids::{Epoch, SessionId, Xid, Zxid};
use zookeeper_words::service::{CreateMode, ErrorCode, Op, Reply, Request};

use super::bend::{Notes, append, check, check_tale, client, edit_client, edit_proposal, edit_replica, ids, nth, remove, repeat, replica, short};
use super::lawful::tale as lawful;
use crate::tale::asks::{create, get, set};
use crate::tale::{B, C};

#[test]
fn transactions() {
    check("service.request-intact", |notes| edit_proposal(notes, 0, |txn| txn.request = Request::Op(create("/other", CreateMode::Persistent))));
    check("service.request-intact", |notes| edit_proposal(notes, 0, |txn| txn.xid = Xid(77)));
    check("service.request-intact", |notes| remove(notes, 0, replica(|_, fact| matches!(fact, ReplicaFact::SessionExpired { .. }))));
    check("service.txn-outcome", |notes| edit_proposal(notes, 0, |txn| txn.error = Some(ErrorCode::NoNode)));
    check("service.session-expiry", |notes| {
        edit_replica(
            notes,
            0,
            |_, fact| matches!(fact, ReplicaFact::SessionExpired { .. }),
            |fact| {
                if let ReplicaFact::SessionExpired { silent_ms, .. } = fact {
                    *silent_ms = 3_999;
                }
            },
        );
    });

    let (mut tale, client) = short(&[B, C]);
    tale.expire(client.session);
    tale.commit(client.session, Xid(0), Request::Op(Op::CloseSession)).expect_err("the reference has it closed");
    check_tale("service.session-once", &tale);

    let (mut tale, client) = short(&[B, C]);
    tale.commit(client.session, Xid(0), Request::CreateSession { timeout_ms: 4_000 }).expect("opened");
    check_tale("service.session-once", &tale);

    let (mut tale, mut client) = short(&[B, C]);
    let xid = tale.invoke(&mut client, create("/s-", CreateMode::PersistentSequential));
    for _ in 0..2 {
        tale.commit(client.session, xid, Request::Op(create("/s-", CreateMode::PersistentSequential))).expect("created");
    }
    check_tale("service.at-most-once", &tale);

    let (mut tale, mut client) = short(&[B, C]);
    tale.expire(client.session);
    tale.ask(&mut client, create("/late", CreateMode::Ephemeral)).expect_err("the reference refuses");
    edit_proposal(&mut tale.recording.notes, 0, |txn| txn.error = None);
    check_tale("service.ephemeral-dies", &tale);

    let (mut tale, mut client) = short(&[B, C]);
    let first = tale.invoke(&mut client, create("/a", CreateMode::Persistent));
    let second = tale.invoke(&mut client, create("/b", CreateMode::Persistent));
    tale.commit(client.session, second, Request::Op(create("/b", CreateMode::Persistent))).expect("created");
    tale.commit(client.session, first, Request::Op(create("/a", CreateMode::Persistent))).expect("created");
    check_tale("service.session-fifo", &tale);
}

fn is_reply(to: impl Fn(&Reply) -> bool) -> impl Fn(&ClientFact) -> bool {
    move |fact| matches!(fact, ClientFact::Returned { result: Ok(reply), .. } if to(reply))
}

#[test]
fn replies() {
    let with_result = |result: Result<Reply, ErrorCode>| {
        move |fact: &mut ClientFact| {
            if let ClientFact::Returned { result: told, .. } = fact {
                *told = result.clone();
            }
        }
    };
    let with_zxid = |zxid: Zxid| {
        move |fact: &mut ClientFact| {
            if let ClientFact::Returned { zxid: told, .. } = fact {
                *told = zxid;
            }
        }
    };
    let data = |reply: &Reply| matches!(reply, Reply::Data { .. });
    check("service.write-reply", |notes| {
        edit_client(notes, 0, is_reply(|reply| matches!(reply, Reply::Created { .. })), with_result(Err(ErrorCode::NodeExists)))
    });
    check("service.write-reply", |notes| {
        // A write that is answered and was never proposed.
        let at = nth(notes, 0, client(is_reply(|reply| matches!(reply, Reply::Stat(_)))));
        let (machine, session) = (notes[at].machine, SessionId(0x200));
        append(notes, machine, ClientFact::Invoked { session, conn: 3, xid: Xid(90), op: Arc::new(set("/r", 1, -1)) });
        append(notes, machine, ClientFact::Returned { session, conn: 3, xid: Xid(90), zxid: Zxid::new(Epoch(1), 5), result: Err(ErrorCode::NoNode) });
    });
    check("service.read", |notes| edit_client(notes, 0, is_reply(data), with_result(Err(ErrorCode::NoNode))));
    check("service.committed-read", |notes| edit_client(notes, 0, is_reply(data), with_zxid(Zxid::new(Epoch(1), 5)))); // It is committed later.
    check("service.committed-read", |notes| edit_client(notes, 0, is_reply(data), with_zxid(Zxid::new(Epoch(9), 1))));
    check("service.monotonic", |notes| edit_client(notes, 1, is_reply(data), with_zxid(Zxid::new(Epoch(1), 3))));
    check("service.own-writes", |notes| edit_client(notes, 1, is_reply(data), with_zxid(Zxid::new(Epoch(1), 3))));
    check("service.sync", |notes| remove(notes, 0, replica(|_, fact| matches!(fact, ReplicaFact::SyncAnswered { .. }))));
    check("service.sync", |notes| {
        edit_replica(
            notes,
            0,
            |_, fact| matches!(fact, ReplicaFact::SyncAnswered { .. }),
            |fact| {
                if let ReplicaFact::SyncAnswered { committed, .. } = fact {
                    *committed = Zxid::new(Epoch(1), 1);
                }
            },
        );
    });
    check("service.ephemeral-owner", |notes| {
        let ephemeral = |reply: &Reply| matches!(reply, Reply::Data { stat, .. } if stat.ephemeral_owner == SessionId(0x300));
        edit_client(notes, 0, is_reply(ephemeral), |fact| {
            if let ClientFact::Returned { result: Ok(Reply::Data { stat, .. }), .. } = fact {
                stat.ephemeral_owner = SessionId(0x100);
            }
        });
    });
    check("service.sequential-unique", |notes| {
        let second = |reply: &Reply| matches!(reply, Reply::Created { path, .. } if &**path == "/lock/n-0000000001");
        let first = Reply::Created { path: "/lock/n-0000000000".into(), stat: None };
        edit_client(notes, 0, is_reply(second), with_result(Ok(first)));
    });

    let (mut tale, mut client) = short(&[B, C]);
    let first = tale.invoke(&mut client, get("/a", false));
    let second = tale.invoke(&mut client, get("/a", false));
    tale.reply(&client, second, Err(ErrorCode::NoNode));
    tale.reply(&client, first, Err(ErrorCode::NoNode));
    check_tale("service.reply-order", &tale);

    // The second write's client has its reply before the first write is sent, and its zxid is the higher one.
    let (mut tale, mut one) = short(&[B, C]);
    let mut two = tale.open(1, 0x200, B);
    let from = tale.recording.notes.len();
    tale.ask(&mut one, create("/a", CreateMode::Persistent)).expect("created");
    tale.ask(&mut two, create("/b", CreateMode::Persistent)).expect("created");
    let reply = tale.recording.notes.pop().expect("the reply");
    tale.recording.notes.insert(from, reply);
    let sent = nth(&tale.recording.notes, 1, client_sends());
    let sent = tale.recording.notes.remove(sent);
    tale.recording.notes.insert(from, sent);
    check_tale("service.write-linearizable", &tale);
}

fn client_sends() -> impl Fn(MachineId, &Noted<Fact>) -> bool {
    client(|fact| matches!(fact, ClientFact::Invoked { .. }))
}

#[test]
fn watches() {
    let event = || client(|fact| matches!(fact, ClientFact::Watched { .. }));
    check("service.watch-exact", |notes| remove(notes, 0, event())); // Lost.
    check("service.watch-exact", |notes| repeat(notes, 0, event())); // Told twice.
    check("service.watch-exact", |notes| {
        edit_client(
            notes,
            0,
            |fact| matches!(fact, ClientFact::Watched { .. }),
            |fact| {
                if let ClientFact::Watched { event, .. } = fact {
                    event.path = "/never-watched".into();
                }
            },
        );
    });
    // What setWatches finds must come, and nothing else.
    let last = |notes: &Notes| notes.iter().filter(|note| event()(note.machine, &note.what)).count() - 3;
    check("service.watch-exact", |notes| remove(notes, last(notes), event()));
    check("service.watch-exact", |notes| repeat(notes, last(notes), event()));
    check("service.watch-before-data", |notes| {
        // The event of /r/late comes after the read that shows it.
        let at = nth(notes, 1, event());
        let late = notes.remove(at);
        let shown = nth(notes, 0, client(|fact| matches!(fact, ClientFact::Returned { xid: Xid(4), session: SessionId(0x200), .. })));
        notes.insert(shown + 1, late);
    });
}

#[test]
fn recipes() {
    check("service.lock-exclusive", |notes| {
        edit_client(
            notes,
            0,
            |fact| matches!(fact, ClientFact::Recipe(RecipeFact::Acquired { .. })),
            |fact| {
                *fact = ClientFact::Recipe(RecipeFact::Acquired { path: "/lock".into(), node: "/lock/n-0000000001".into() });
            },
        );
    });
    check("service.counter", |notes| {
        edit_client(
            notes,
            2,
            |fact| matches!(fact, ClientFact::Recipe(RecipeFact::Counted { .. })),
            |fact| {
                *fact = ClientFact::Recipe(RecipeFact::Counted { path: "/counter".into(), from: 2, to: 3 }); // The unknown step is lost.
            },
        );
    });
    check("service.queue-once", |notes| repeat(notes, 0, client(|fact| matches!(fact, ClientFact::Recipe(RecipeFact::Taken { .. })))));
}

#[test]
fn liveness() {
    check("live.clients", |notes| remove(notes, 0, client(|fact| matches!(fact, ClientFact::Finished))));
    check("live.leader", |notes| append(notes, B, ReplicaFact::StepDown { leading: true, why: "no quorum".into() }));
    check("live.replicas-equal", |notes| append(notes, C, ReplicaFact::StepDown { leading: false, why: "no leader".into() }));
    check("live.replicas-equal", |notes| {
        let last = notes
            .iter()
            .rposition(|note| note.machine == C && matches!(note.what, Noted::Said(Fact::Replica(ReplicaFact::Delivered { .. }))))
            .expect("it delivers");
        notes.remove(last);
    });
    let mut tale = lawful();
    tale.recording.ending = Ending::Deadline { waiting: vec!["client 4 waits for a reply".into()] };
    check_tale("live.finish", &tale);
    tale.recording.ending = Ending::Runaway { events: 50_000_000 };
    check_tale("live.runaway", &tale);
    tale.recording.ending = Ending::Inconsistent { machine: B, what: "acks without a proposal".into() };
    check_tale("process.invariant", &tale);
}

#[test]
fn every_rule_is_broken_by_some_tale() {
    let tales = [
        include_str!("breaks_zab.rs"),
        include_str!("breaks_disk.rs"),
        include_str!("breaks_service.rs"),
        include_str!("breaks_guarded.rs"),
        include_str!("breaks_config.rs"),
        include_str!("breaks_curator.rs"),
        include_str!("locals.rs"),
        include_str!("breaks_sessions.rs"),
    ]
    .concat();
    let untried: Vec<&str> = ids().into_iter().filter(|id| !tales.contains(&format!("\"{id}\""))).collect();
    assert_eq!(untried, Vec::<&str>::new());
}
