//! For every rule a tale that breaks it: the lawful one bent in one place, or a short one of its own. A bent tale may break other rules too; the one under test is always among them.

use std::sync::Arc;

use models::judge;
use vocab::fact::{ClientFact, Fact, Illegal, Mark, RecipeFact, ReplicaFact, StateDigest};
use vocab::ids::{Epoch, MachineId, SessionId, Xid, Zxid};
use vocab::plan::WorkloadKind;
use vocab::recording::{Ending, Note};
use vocab::service::{CreateMode, ErrorCode, Op, Reply, Request, Transaction};
use vocab::verdict::Verdict;

use super::lawful::{A, B, C, tale as lawful};
use super::tale::{Tale, create, get, set};

type Notes = Vec<Note<Fact>>;

/// The rules that a recording breaks, the one to blame first.
fn broken(recording: &vocab::recording::Recording) -> Vec<String> {
    match judge(recording).verdict {
        Verdict::Holds => vec![],
        Verdict::Crashed { place, .. } => panic!("{place}"),
        Verdict::Broken { rule, witness } | Verdict::Stuck { rule, witness } => {
            let also = witness.split_once("(also broken: ").and_then(|(_, also)| also.split_once(')')).map_or("", |(also, _)| also);
            std::iter::once(rule).chain(also.split(", ").filter(|id| !id.is_empty()).map(str::to_owned)).collect()
        }
    }
}

fn check(id: &str, bend: impl FnOnce(&mut Notes)) {
    let mut tale = lawful();
    bend(&mut tale.recording.notes);
    check_tale(id, &tale);
}

fn check_tale(id: &str, tale: &Tale) {
    assert!(models::rule(id).is_some(), "{id} is no rule");
    let broken = broken(&tale.recording);
    assert!(broken.iter().any(|rule| rule == id), "{id} should be among {broken:?}");
}

/// The place of the n-th note, from 0, that is so.
fn nth(notes: &Notes, n: usize, is: impl Fn(MachineId, &Fact) -> bool) -> usize {
    let mut all = notes.iter().enumerate().filter(|(_, note)| is(note.machine, &note.fact));
    all.nth(n).map(|(at, _)| at).unwrap_or_else(|| panic!("the tale has no such note number {n}"))
}

fn replica(is: impl Fn(MachineId, &ReplicaFact) -> bool) -> impl Fn(MachineId, &Fact) -> bool {
    move |machine, fact| matches!(fact, Fact::Replica(fact) if is(machine, fact))
}

fn client(is: impl Fn(&ClientFact) -> bool) -> impl Fn(MachineId, &Fact) -> bool {
    move |_, fact| matches!(fact, Fact::Client(fact) if is(fact))
}

/// Removes the n-th note that is so.
fn remove(notes: &mut Notes, n: usize, is: impl Fn(MachineId, &Fact) -> bool) {
    let at = nth(notes, n, is);
    notes.remove(at);
}

/// Repeats the n-th note that is so, at once.
fn repeat(notes: &mut Notes, n: usize, is: impl Fn(MachineId, &Fact) -> bool) {
    let at = nth(notes, n, is);
    notes.insert(at, notes[at].clone());
}

/// Swaps the n-th note that is so with the one before.
fn hasten(notes: &mut Notes, n: usize, is: impl Fn(MachineId, &Fact) -> bool) {
    let at = nth(notes, n, is);
    notes.swap(at - 1, at);
}

fn edit_replica(notes: &mut Notes, n: usize, is: impl Fn(MachineId, &ReplicaFact) -> bool, edit: impl Fn(&mut ReplicaFact)) {
    let at = nth(notes, n, replica(is));
    let Fact::Replica(fact) = &mut notes[at].fact else { unreachable!() };
    edit(fact);
}

fn edit_client(notes: &mut Notes, n: usize, is: impl Fn(&ClientFact) -> bool, edit: impl Fn(&mut ClientFact)) {
    let at = nth(notes, n, client(is));
    let Fact::Client(fact) = &mut notes[at].fact else { unreachable!() };
    edit(fact);
}

fn edit_proposal(notes: &mut Notes, n: usize, edit: impl Fn(&mut Transaction)) {
    let writes = |_, fact: &ReplicaFact| matches!(fact, ReplicaFact::Proposed { txn, .. } if txn.xid.0 != 0);
    edit_replica(notes, n, writes, |fact| {
        if let ReplicaFact::Proposed { txn, .. } = fact {
            edit(Arc::make_mut(txn));
        }
    });
}

fn append(notes: &mut Notes, machine: MachineId, fact: impl Into<Fact>) {
    let at_ns = notes.last().map_or(0, |note| note.at_ns);
    notes.push(Note { at_ns, machine, fact: fact.into() });
}

/// An ensemble with one client, and nothing done yet.
fn short(followers: &[MachineId]) -> (Tale, super::tale::Client) {
    let mut tale = Tale::new(3, &[WorkloadKind::Registers, WorkloadKind::Registers]);
    [A, B, C].into_iter().for_each(|replica| tale.boot(replica));
    tale.lead(A, Epoch(1), followers);
    let client = tale.open(0, 0x100, A);
    (tale, client)
}

#[test]
fn forbidden_steps() {
    for (id, kind) in
        [("zab.bad-state", Illegal::State), ("zab.bad-ack", Illegal::Ack), ("zab.bad-proposal", Illegal::Proposal), ("zab.bad-commit", Illegal::Commit)]
    {
        check(id, |notes| append(notes, B, ReplicaFact::Illegal { kind, what: "a packet".into() }));
    }
}

#[test]
fn quorums_and_durability() {
    let commits = |_, fact: &ReplicaFact| matches!(fact, ReplicaFact::Committed { .. });
    let quorum_of = |members: &'static [MachineId]| {
        move |fact: &mut ReplicaFact| {
            if let ReplicaFact::Committed { quorum, .. } | ReplicaFact::Established { quorum, .. } = fact {
                *quorum = members.to_vec();
            }
        }
    };
    check("zab.quorum", |notes| edit_replica(notes, 3, commits, quorum_of(&[A])));
    check("zab.quorum", |notes| edit_replica(notes, 3, commits, quorum_of(&[A, A])));
    check("zab.quorum", |notes| edit_replica(notes, 3, commits, quorum_of(&[A, MachineId(3)]))); // A client has no vote.
    check("zab.quorum", |notes| edit_replica(notes, 0, |_, fact| matches!(fact, ReplicaFact::Established { .. }), quorum_of(&[A])));
    check("zab.quorum", |notes| remove(notes, 3, replica(|machine, fact| machine == B && matches!(fact, ReplicaFact::Acked { .. }))));
    check("zab.ack-durable", |notes| hasten(notes, 3, replica(|machine, fact| machine == B && matches!(fact, ReplicaFact::Acked { .. }))));
    check("zab.ack-durable", |notes| {
        edit_replica(
            notes,
            3,
            |_, fact| matches!(fact, ReplicaFact::Looking { .. }),
            |fact| {
                if let ReplicaFact::Looking { last, .. } = fact {
                    *last = Zxid::new(Epoch(1), 99);
                }
            },
        );
    });
    let recovers = |_, fact: &ReplicaFact| matches!(fact, ReplicaFact::Recovered { .. });
    check("zab.logged-stays", |notes| {
        edit_replica(notes, 4, recovers, |fact| {
            if let ReplicaFact::Recovered { last, .. } = fact {
                *last = Zxid::new(Epoch(1), 3);
            }
        });
    });
    check("zab.log-order", |notes| remove(notes, 3, replica(|machine, fact| machine == C && matches!(fact, ReplicaFact::Logged { .. }))));
    check("zab.committed-log-durability", |notes| {
        edit_replica(
            notes,
            0,
            |_, fact| matches!(fact, ReplicaFact::Truncated { .. }),
            |fact| {
                if let ReplicaFact::Truncated { to, .. } = fact {
                    *to = Zxid::new(Epoch(1), 3);
                }
            },
        );
    });
    check("zab.committed-durable", |notes| {
        append(notes, A, ReplicaFact::Truncated { to: Zxid::ZERO, removed: 1 });
        append(notes, C, ReplicaFact::Truncated { to: Zxid::ZERO, removed: 1 });
    });
}

#[test]
fn epochs_and_leaders() {
    check("zab.epochs-rise", |notes| {
        edit_replica(notes, 3, |_, fact| matches!(fact, ReplicaFact::EpochAccepted { .. }), |fact| *fact = ReplicaFact::EpochAccepted { epoch: Epoch(0) });
    });
    check("zab.epochs-rise", |notes| {
        edit_replica(
            notes,
            4,
            |_, fact| matches!(fact, ReplicaFact::Recovered { .. }),
            |fact| {
                if let ReplicaFact::Recovered { current, .. } = fact {
                    *current = Epoch(1);
                }
            },
        );
    });
    let again = |notes: &mut Notes| {
        let at = nth(notes, 0, replica(|_, fact| matches!(fact, ReplicaFact::Established { .. })));
        let note = |fact: ReplicaFact| Note { at_ns: notes[at].at_ns, machine: C, fact: fact.into() };
        let rival = [
            note(ReplicaFact::Synchronizing { epoch: Epoch(1), last: Zxid::ZERO }),
            note(ReplicaFact::Established { epoch: Epoch(1), last: Zxid::ZERO, quorum: vec![B, C] }),
        ];
        notes.splice(at + 1..at + 1, rival);
    };
    check("zab.leadership-1", again);
    check("zab.leadership-2", again);
    check("zab.primary-integrity", |notes| {
        let established = nth(notes, 1, replica(|_, fact| matches!(fact, ReplicaFact::Established { .. })));
        let note = notes.remove(established);
        let proposed = nth(notes, 0, replica(|machine, fact| machine == B && matches!(fact, ReplicaFact::Proposed { .. })));
        notes.insert(proposed + 1, note);
    });
    check("zab.commit-consistency", |notes| remove(notes, 0, replica(|_, fact| matches!(fact, ReplicaFact::Established { .. }))));
    check("zab.commit-consistency", |notes| remove(notes, 1, replica(|machine, fact| machine == C && matches!(fact, ReplicaFact::Adopted { .. }))));
}

#[test]
fn histories_that_part() {
    // A learner that ignores TRUNC goes on with its stray transaction.
    let no_cut = |notes: &mut Notes| remove(notes, 0, replica(|_, fact| matches!(fact, ReplicaFact::Truncated { .. })));
    check("zab.process-consistency", no_cut);
    check("zab.history-consistency", no_cut);
    check("zab.process-consistency", |notes| {
        remove(notes, 0, replica(|_, fact| matches!(fact, ReplicaFact::SyncSent { mode: vocab::fact::SyncMode::Snap, .. })))
    });

    // Somebody who knows nothing of two epochs becomes the leader of a third.
    let (mut tale, mut client) = short(&[B]);
    tale.ask(&mut client, create("/a", CreateMode::Persistent)).expect("created");
    tale.lead(A, Epoch(2), &[B]);
    tale.crash(A);
    tale.lead(C, Epoch(3), &[B]);
    tale.ask(&mut client, set("/a", 1, 0)).expect("set");
    for id in ["zab.leader-log-completeness", "zab.initial-history-integrity", "zab.prefix-consistency", "zab.agreement"] {
        check_tale(id, &tale);
    }
    // What the first primary had delivered is not in the history of the one that broadcasts now.
    check_tale("zab.primary-integrity", &tale);
}

#[test]
fn deliveries() {
    let delivers = |of: MachineId| replica(move |machine, fact| machine == of && matches!(fact, ReplicaFact::Delivered { .. }));
    check("zab.committed-log-monotonicity", |notes| repeat(notes, 5, delivers(C)));
    check("zab.total-order", |notes| remove(notes, 5, delivers(C)));
    check("zab.local-primary-order", |notes| remove(notes, 5, delivers(C)));
    check("zab.commit-before-delivery", |notes| {
        let commit = nth(notes, 5, replica(|_, fact| matches!(fact, ReplicaFact::Committed { .. })));
        let delivery = notes.remove(commit + 3);
        assert!(matches!(delivery.fact, Fact::Replica(ReplicaFact::Delivered { .. })));
        notes.insert(commit, delivery);
    });
    let otherwise = |fact: &mut ReplicaFact| {
        if let ReplicaFact::Delivered { mark, .. } = fact {
            *mark = Mark(1);
        }
    };
    check("zab.integrity", |notes| edit_replica(notes, 5, |machine, fact| machine == C && matches!(fact, ReplicaFact::Delivered { .. }), otherwise));
    check("zab.agreement", |notes| edit_replica(notes, 5, |machine, fact| machine == C && matches!(fact, ReplicaFact::Delivered { .. }), otherwise));
    check("zab.global-primary-order", |notes| {
        let old = notes[nth(notes, 5, delivers(C))].clone();
        notes.push(old);
    });
    check("service.replica-state", |notes| {
        edit_replica(
            notes,
            5,
            |_, fact| matches!(fact, ReplicaFact::Delivered { .. }),
            |fact| {
                if let ReplicaFact::Delivered { digest, .. } = fact {
                    *digest = StateDigest(1);
                }
            },
        );
    });
    check("service.replica-state", |notes| {
        edit_replica(
            notes,
            0,
            |_, fact| matches!(fact, ReplicaFact::Installed { .. }),
            |fact| {
                if let ReplicaFact::Installed { digest, .. } = fact {
                    *digest = StateDigest(1);
                }
            },
        );
    });
}

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

fn client_sends() -> impl Fn(MachineId, &Fact) -> bool {
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
    let last = |notes: &Notes| notes.iter().filter(|note| event()(note.machine, &note.fact)).count() - 3;
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
        let last = notes.iter().rposition(|note| note.machine == C && matches!(note.fact, Fact::Replica(ReplicaFact::Delivered { .. }))).expect("it delivers");
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
    let here = include_str!("breaks.rs");
    let untried: Vec<&str> = models::RULES.iter().map(|rule| rule.id).filter(|id| !here.contains(&format!("\"{id}\""))).collect();
    assert_eq!(untried, Vec::<&str>::new());
}
