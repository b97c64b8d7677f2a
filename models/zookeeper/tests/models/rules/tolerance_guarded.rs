//! What no rule on lists, identities, watches and reaping may take offence at: answers that were lost, events that cross an auth, deeds that cross a leader's own.

use contract::recording::Noted;
use contract::verdict::Verdict;
use zookeeper_words::fact::{ClientFact, Fact, ReplicaFact};
use zookeeper_words::ids::SessionId;
use zookeeper_words::service::{AddWatchMode, CreateMode, ErrorCode, EventKind, Op, Request, WatcherType};
use zookeeper_words::settings::Compat;

use super::bend::judge;
use super::guarded::{begun, begun_as};
use crate::tale::asks::{add_watch, auth, children, create, create_for, delete, get, remove_watches, set};
use crate::tale::{Client, Tale};

fn check(what: &str, mut tale: Tale, clients: [&Client; 2]) {
    clients.into_iter().for_each(|client| tale.finish(client));
    assert_eq!(judge(&tale.recording).verdict, Verdict::Holds, "{what}");
}

#[test]
fn an_auth_whose_answer_was_lost_was_granted_or_not() {
    for granted in [true, false] {
        let (mut tale, mut one, two) = begun();
        let asked = auth("ann:pw");
        tale.invoke(&mut one, asked.clone());
        if granted {
            tale.grant(&one, &asked);
        }
        let write = create_for("/mine", &[(31, "auth", ""), (31, "ip", "10.0.0.0/8")]);
        let xid = tale.invoke(&mut one, write.clone());
        let outcome = tale.commit(one.session, xid, Request::Op(write));
        assert_eq!(outcome.is_ok(), granted);
        tale.say(one.machine, ClientFact::Unknown { session: one.session, xid });
        check("a lost auth", tale, [&one, &two]);
    }
}

#[test]
fn an_event_may_cross_the_auth_that_allows_it() {
    for told in [true, false] {
        let (mut tale, mut one, mut two) = begun();
        tale.ask(&mut one, auth("ann:pw")).expect("granted");
        tale.ask(&mut one, create("/shared", CreateMode::Persistent)).expect("created");
        tale.ask(&mut two, children("/shared", true)).expect("readable");
        tale.ask(&mut two, add_watch("/shared", AddWatchMode::PersistentRecursive)).expect("left");
        tale.ask(&mut one, create_for("/shared/mine", &[(31, "auth", "")])).expect("created");
        tale.event(&two, EventKind::NodeChildrenChanged, "/shared"); // That node is everybody's.
        tale.ask(&mut one, set("/shared/mine", 1, 0)).expect("set");
        // Its replica has applied the set before or after the auth, and nothing shows which.
        tale.ask(&mut two, auth("ann:pw")).expect("granted");
        if told {
            tale.event(&two, EventKind::NodeDataChanged, "/shared/mine");
        }
        tale.ask(&mut two, get("/shared/mine", false)).expect("readable now");
        check("an event on its way", tale, [&one, &two]);
    }
}

#[test]
fn what_is_on_its_way_when_a_leader_decides() {
    // The leader has proposed the deletion when a set, or another node of that name, is committed before it.
    let propose_early = |tale: &mut Tale, from: usize| {
        let notes = &mut tale.recording.notes;
        let is_reaping = |what: &Noted<Fact>| matches!(what, Noted::Said(Fact::Replica(ReplicaFact::Proposed { txn, .. })) if txn.session == SessionId::NONE);
        let proposed = notes.iter().position(|note| is_reaping(&note.what)).expect("it is proposed");
        let before = notes[from..]
            .iter()
            .position(|note| matches!(note.what, Noted::Said(Fact::Replica(ReplicaFact::Committed { .. }))))
            .expect("something is committed");
        let note = notes.remove(proposed);
        notes.insert(from + before, note);
    };
    let (mut tale, mut one, two) = begun();
    tale.ask(&mut one, create("/brief", CreateMode::PersistentWithTtl(10))).expect("created");
    let from = tale.recording.notes.len();
    tale.ask(&mut one, set("/brief", 1, 0)).expect("set");
    tale.reap("/brief").expect("the node is no ephemeral");
    propose_early(&mut tale, from);
    check("a set on its way", tale, [&one, &two]);

    let (mut tale, mut one, two) = begun();
    tale.ask(&mut one, create("/brief", CreateMode::PersistentWithTtl(10))).expect("created");
    let from = tale.recording.notes.len();
    tale.ask(&mut one, Op::Multi(vec![delete("/brief"), create("/brief", CreateMode::PersistentWithTtl(1_000_000))])).expect("made again");
    tale.reap("/brief").expect("the node is no ephemeral");
    propose_early(&mut tale, from);
    check("another node of that name, with more time", tale, [&one, &two]);

    let (mut tale, mut one, two) = begun();
    tale.ask(&mut one, create("/box", CreateMode::Container)).expect("created");
    tale.ask(&mut one, create("/box/x", CreateMode::Persistent)).expect("created");
    tale.ask(&mut one, delete("/box/x")).expect("deleted");
    let from = tale.recording.notes.len();
    tale.ask(&mut one, Op::Multi(vec![delete("/box"), create("/box", CreateMode::Persistent)])).expect("made again");
    tale.reap("/box").expect("the node is no ephemeral");
    propose_early(&mut tale, from);
    check("another node of that name", tale, [&one, &two]);

    let (mut tale, mut one, two) = begun();
    tale.ask(&mut one, create("/box", CreateMode::Container)).expect("created");
    tale.ask(&mut one, create("/box/x", CreateMode::Persistent)).expect("created");
    tale.reap("/box").expect_err("it is in use again");
    tale.reap("/gone").expect_err("it is gone already");
    check("a deletion that comes to nothing", tale, [&one, &two]);
}

#[test]
fn an_older_server_keeps_one_mode_a_table() {
    let (mut tale, mut one, mut two) = begun_as(Compat::V3_8);
    tale.ask(&mut one, create("/w", CreateMode::Persistent)).expect("created");
    tale.ask(&mut two, add_watch("/w", AddWatchMode::Persistent)).expect("left");
    tale.ask(&mut two, get("/w", true)).expect("there"); // In place of the persistent one.
    tale.ask_seeing(&mut one, set("/w", 1, 0), &[(&two, EventKind::NodeDataChanged, "/w")]).expect("set");
    tale.ask(&mut one, set("/w", 2, 1)).expect("set"); // Of which two is not told.
    tale.ask_seeing(&mut one, create("/w/a", CreateMode::Persistent), &[(&two, EventKind::NodeChildrenChanged, "/w")]).expect("created"); // The other table's is there.
    let asked = Op::RemoveWatches { path: "/none".into(), kind: WatcherType::Any, only_ask: true };
    tale.ask(&mut two, asked).expect("somebody else's watch");
    let xid = tale.invoke(&mut two, remove_watches("/w", WatcherType::Data));
    tale.reply(&two, xid, Err(ErrorCode::NoWatcher));
    check("overwritten watches", tale, [&one, &two]);
}
