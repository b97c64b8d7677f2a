//! A lawful tale that gives every rule something to judge: two epochs, a crash, DIFF, TRUNC and SNAP, sessions, watches, recipes. Never a breach.

use contract::verdict::Verdict;
use zookeeper_words::fact::{RecipeFact, ReplicaFact};
use zookeeper_words::files::{FilesFact, Roll};
use zookeeper_words::ids::{Epoch, Xid, Zxid};
use zookeeper_words::service::{CreateMode, EventKind, Op, Reply};
use zookeeper_words::settings::WorkloadKind;

use super::bend::{ids, judge};
use crate::tale::asks::{children, create, created, delete, exists, get, set};
use crate::tale::{A, B, C, Tale};

/// The whole tale.
pub fn tale() -> Tale {
    let mut tale = Tale::new(3, &[WorkloadKind::Registers, WorkloadKind::Counters, WorkloadKind::Registers]);
    for replica in [A, B, C] {
        tale.boot(replica);
        tale.say(replica, FilesFact::Found { snapshots: vec![], logs: vec![] });
        tale.say(replica, FilesFact::Rolled { first: Zxid::new(Epoch(1), 1), after: Zxid::ZERO, why: Roll::First });
    }
    tale.lead(A, Epoch(1), &[B, C]);
    let mut one = tale.open(0, 0x100, A);
    let mut two = tale.open(1, 0x200, B);

    // Registers and watches.
    tale.ask(&mut one, create("/r", CreateMode::Persistent)).expect("created");
    tale.ask(&mut two, get("/r", true)).expect("read");
    tale.ask(&mut two, children("/r", true)).expect("read");
    tale.ask(&mut two, exists("/r/late", true)).expect_err("not there yet");
    tale.ask_seeing(&mut one, set("/r", 7, 0), &[(&two, EventKind::NodeDataChanged, "/r")]).expect("set");
    tale.ask(&mut one, set("/r", 8, 0)).expect_err("a stale version");
    let events = [(&two, EventKind::NodeCreated, "/r/late"), (&two, EventKind::NodeChildrenChanged, "/r")];
    tale.ask_seeing(&mut one, create("/r/late", CreateMode::Ephemeral), &events).expect("created");
    tale.ask(&mut two, exists("/r/late", false)).expect("there");
    tale.ask(&mut one, Op::Sync { path: "/r".into() }).expect("synced");
    tale.ask(&mut two, Op::Multi(vec![Op::Check { path: "/r".into(), version: 0 }, delete("/r")])).expect("failed within");
    tale.ask(&mut two, Op::Multi(vec![Op::Check { path: "/r".into(), version: 1 }, create("/r/m-", CreateMode::PersistentSequential)])).expect("a multi");

    // A counter.
    tale.ask(&mut one, create("/counter", CreateMode::Persistent)).expect("created");
    for (version, from) in [(0, 0), (1, 1)] {
        tale.ask(&mut two, set("/counter", from + 1, version)).expect("set");
        tale.recipe(&two, RecipeFact::Counted { path: "/counter".into(), from, to: from + 1 });
    }
    let xid = tale.invoke(&mut two, set("/counter", 3, 2)); // Its reply is lost.
    tale.commit(two.session, xid, zookeeper_words::service::Request::Op(set("/counter", 3, 2))).expect("set");
    tale.say(two.machine, zookeeper_words::fact::ClientFact::Unknown { session: two.session, xid });
    tale.move_to(&mut two, C);
    tale.ask(&mut two, set("/counter", 4, 3)).expect("set");
    tale.recipe(&two, RecipeFact::Counted { path: "/counter".into(), from: 3, to: 4 });

    // C takes a snapshot, and needs its first log no more.
    let zxid = tale.last();
    tale.say(C, ReplicaFact::Snapshotted { zxid, until: zxid });
    tale.say(C, FilesFact::Rolled { first: zxid.next(), after: zxid, why: Roll::Snapshot });
    tale.say(C, FilesFact::Purging { snapshots: vec![], logs: vec![Zxid::new(Epoch(1), 1)] });

    // A queue.
    tale.ask(&mut one, create("/queue", CreateMode::Persistent)).expect("created");
    let element = created(tale.ask(&mut one, create("/queue/q-", CreateMode::PersistentSequential)));
    tale.recipe(&one, RecipeFact::Queued { node: element.clone() });
    tale.ask(&mut two, delete(&element)).expect("deleted");
    tale.recipe(&two, RecipeFact::Taken { node: element });

    // A lock, held in turns.
    tale.ask(&mut one, create("/lock", CreateMode::Persistent)).expect("created");
    let first = created(tale.ask(&mut one, create("/lock/n-", CreateMode::EphemeralSequential)));
    let second = created(tale.ask(&mut two, create("/lock/n-", CreateMode::EphemeralSequential)));
    tale.ask(&mut one, children("/lock", false)).expect("read");
    tale.recipe(&one, RecipeFact::Acquired { path: "/lock".into(), node: first.clone() });
    tale.ask(&mut two, exists(&first, true)).expect("there");
    tale.recipe(&one, RecipeFact::Released { path: "/lock".into(), node: first.clone() });

    tale.ask(&mut two, get("/r", true)).expect("read");
    tale.ask(&mut two, children("/r", true)).expect("read");
    tale.ask(&mut two, exists("/never", true)).expect_err("not there");

    // A leader dies with a transaction of its own; another one leads; the lock's watch is lost and found again by setWatches.
    let relative = tale.last();
    let stray = tale.stray(&mut one, delete(&first));
    assert_eq!(stray, relative.next());
    tale.crash(A);
    tale.lead(B, Epoch(2), &[C]);
    tale.move_to(&mut one, B);
    tale.say(one.machine, zookeeper_words::fact::ClientFact::Unknown { session: one.session, xid: Xid(one.xid) });
    tale.ask(&mut one, delete(&first)).expect("deleted");
    tale.move_to(&mut two, B);
    let rearm = Op::SetWatches {
        relative,
        data: vec![first.as_str().into(), "/r".into()],
        exist: vec!["/never".into()],
        child: vec!["/r".into()],
        persistent: vec![],
        recursive: vec![],
    };
    let watcher = two;
    tale.ask_seeing(&mut two, rearm, &[(&watcher, EventKind::NodeDeleted, &first)]).expect("re-armed");
    tale.ask(&mut two, children("/lock", false)).expect("read");
    tale.recipe(&two, RecipeFact::Acquired { path: "/lock".into(), node: second });
    tale.ask_seeing(&mut one, set("/r", 9, 1), &[(&two, EventKind::NodeDataChanged, "/r")]).expect("set");

    // The old leader comes back with its stray transaction, which is cut off; it leaves again and comes back by the whole state.
    tale.boot_with(A, stray);
    tale.join_by_cut(A, stray);
    tale.crash(A);
    tale.ask(&mut one, create("/while-away", CreateMode::Container)).expect("created");
    tale.boot(A);
    tale.join_by_snapshot(A);

    // A session that nobody hears of any more.
    let mut three = tale.open(2, 0x300, A);
    tale.ask(&mut three, create("/ephemeral", CreateMode::Ephemeral)).expect("created");
    assert!(matches!(tale.ask(&mut one, get("/ephemeral", true)), Ok(Reply::Data { .. })));
    tale.expire(three.session);
    tale.event(&one, EventKind::NodeDeleted, "/ephemeral");
    tale.ask(&mut one, exists("/ephemeral", false)).expect_err("gone");

    // The same configuration again, under a new version.
    let again = Op::Reconfig { joining: None, leaving: None, members: None, from: 0 };
    tale.ask(&mut one, again.clone()).expect("configured");
    tale.ask(&mut one, again).expect_err("another version");
    tale.finish(&one);
    tale.ask(&mut two, Op::CloseSession).expect("closed");
    tale.finish(&two);
    tale.finish(&three);
    tale
}

#[test]
fn lawful_tales_hold_and_give_every_rule_something_to_judge() {
    let judgements = [tale(), super::guarded::tale(), super::curators::tale(), super::locals::tale()].map(|tale| judge(&tale.recording));
    for judgement in &judgements {
        assert_eq!(judgement.verdict, Verdict::Holds);
        assert_eq!(judgement.tallies.len(), ids().len());
    }
    let idle: Vec<&str> = ids().into_iter().filter(|id| judgements.iter().all(|judgement| judgement.tallies[*id].judged == 0)).collect();
    // Nobody takes a forbidden step or spins in a lawful tale, and still these count what they watched over.
    assert_eq!(idle, Vec::<&str>::new());
}

#[test]
fn an_empty_recording_is_no_proof_of_life() {
    let tale = Tale::new(3, &[WorkloadKind::Registers]);
    let verdict = judge(&tale.recording).verdict;
    assert!(matches!(&verdict, Verdict::Stuck { rule, .. } if rule == "live.leader"), "{verdict:?}");
    assert_eq!(tale.last(), Zxid::ZERO);
}
