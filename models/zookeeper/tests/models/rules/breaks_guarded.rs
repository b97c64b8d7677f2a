//! For every rule on lists, identities, lasting watches, nodes that go by themselves and what applications build upon, a tale that breaks it.

use std::sync::Arc;

use contract::recording::Noted;
use zookeeper_words::fact::{ClientFact, Fact};
use zookeeper_words::ids::{Epoch, Zxid};
use zookeeper_words::service::{AddWatchMode, CreateMode, ErrorCode, EventKind, Id, Op, WatcherType};

use super::bend::{Notes, check_tale, client, edit_client, edit_proposal, nth, remove};
use super::guarded::{begun, tale as guarded};
use crate::tale::B;
use crate::tale::asks::{add_watch, auth, children, create, create_for, exists, get, get_acl, remove_watches, set, set_acl};
use crate::tale::{Outcome, Tale};

/// Bends the guarded tale.
fn check(id: &str, bend: impl FnOnce(&mut Notes)) {
    let mut tale = guarded();
    bend(&mut tale.recording.notes);
    check_tale(id, &tale);
}

/// Makes the last reply of a tale another one.
fn reply_instead(tale: &mut Tale, result: Outcome) {
    let replies = tale.recording.notes.iter().filter(|note| client(|fact| matches!(fact, ClientFact::Returned { .. }))(note.machine, &note.what)).count();
    edit_client(
        &mut tale.recording.notes,
        replies - 1,
        |fact| matches!(fact, ClientFact::Returned { .. }),
        |fact| {
            if let ClientFact::Returned { result: told, .. } = fact {
                *told = result.clone();
            }
        },
    );
}

/// Makes the last reply of a tale one from another state.
fn reply_from(tale: &mut Tale, from: Zxid) {
    let at = tale.recording.notes.iter().rposition(|note| client(|fact| matches!(fact, ClientFact::Returned { .. }))(note.machine, &note.what));
    let note = &mut tale.recording.notes[at.expect("there is a reply")];
    if let Noted::Said(Fact::Client(ClientFact::Returned { zxid, .. })) = &mut note.what {
        *zxid = from;
    }
}

#[test]
fn identities() {
    check("service.identity", |notes| edit_proposal(notes, 0, |txn| txn.ids = Arc::from([]))); // Nobody.
    check("service.identity", |notes| edit_proposal(notes, 0, |txn| txn.ids = txn.ids.iter().cloned().chain([Id::new("digest", "eve:1")]).collect()));
    check("service.identity", |notes| edit_proposal(notes, 0, |txn| txn.ids = txn.ids.iter().chain(txn.ids.iter()).cloned().collect())); // Twice.
    let (mut tale, mut one, _) = begun();
    tale.ask(&mut one, auth("ann:pw")).expect("granted");
    reply_instead(&mut tale, Err(ErrorCode::AuthFailed));
    check_tale("service.identity", &tale);
}

#[test]
fn lists() {
    let mine = [(31, "auth", "")];
    let closed = || {
        let (mut tale, mut one, two) = begun();
        tale.ask(&mut one, auth("ann:pw")).expect("granted");
        tale.ask(&mut one, create_for("/mine", &mine)).expect("created");
        (tale, one, two)
    };
    let told = |op: Op| {
        let (mut tale, mut one, mut two) = closed();
        let reply = tale.ask(&mut one, op.clone());
        tale.ask(&mut two, op).expect_err("forbidden");
        reply_instead(&mut tale, reply);
        check_tale("service.acl", &tale);
    };
    told(get("/mine", false));
    told(children("/mine", false));
    told(exists("/mine", false));
    told(get_acl("/mine"));
    told(Op::GetAllChildrenNumber { path: "/mine".into() });

    // A write that nobody saw the answer of.
    let (mut tale, _, mut two) = closed();
    tale.ask(&mut two, set("/mine", 1, 0)).expect_err("forbidden");
    edit_proposal(&mut tale.recording.notes, 1, |txn| txn.error = None);
    check_tale("service.acl", &tale);

    // The digest of another's list.
    let (mut tale, mut one, mut two) = closed();
    tale.ask(&mut one, set_acl("/mine", &[(31, "auth", ""), (1, "world", "anyone")])).expect("set");
    let whole = tale.ask(&mut one, get_acl("/mine"));
    tale.ask(&mut two, get_acl("/mine")).expect("readable");
    reply_instead(&mut tale, whole);
    check_tale("service.acl", &tale);

    // An event of a node that was closed meanwhile.
    let (mut tale, mut one, mut two) = closed();
    tale.ask(&mut one, set_acl("/mine", &[(31, "auth", ""), (1, "world", "anyone")])).expect("set");
    tale.ask(&mut two, get("/mine", true)).expect("readable");
    tale.ask(&mut one, set_acl("/mine", &mine)).expect("set");
    tale.ask_seeing(&mut one, set("/mine", 1, 0), &[(&two, EventKind::NodeDataChanged, "/mine")]).expect("set");
    check_tale("service.acl", &tale);
}

#[test]
fn lasting_watches() {
    let event = |kind, path: &'static str| client(move |fact| matches!(fact, ClientFact::Watched { event, .. } if event.kind == kind && &*event.path == path));
    check("service.watch-persistent", |notes| remove(notes, 1, event(EventKind::NodeDataChanged, "/w/a"))); // The second of one transaction.
    check("service.watch-persistent", |notes| remove(notes, 0, event(EventKind::NodeChildrenChanged, "/w")));
    check("service.watch-persistent", |notes| remove(notes, 0, event(EventKind::NodeCreated, "/w/b/c"))); // Left by setWatches.
    // A watch that was taken away, or never left.
    let (mut tale, mut one, mut two) = begun();
    tale.ask(&mut two, add_watch("/", AddWatchMode::PersistentRecursive)).expect("left");
    tale.ask(&mut two, remove_watches("/", WatcherType::Any)).expect("there was one");
    tale.ask_seeing(&mut one, create("/a", CreateMode::Persistent), &[(&two, EventKind::NodeCreated, "/a")]).expect("created");
    check_tale("service.watch-exact", &tale);
    let (mut tale, _, mut two) = begun();
    tale.ask(&mut two, remove_watches("/", WatcherType::Any)).expect("so the tale has it");
    check_tale("service.watch-exact", &tale);
}

#[test]
fn mortals() {
    let reaped = |id: &str, mode| {
        let (mut tale, mut one, _) = begun();
        tale.ask(&mut one, create("/x", mode)).expect("created");
        tale.reap("/x").expect("the reference does as it is told");
        check_tale(id, &tale);
    };
    reaped("service.container-empty", CreateMode::Container); // It never had a child.
    reaped("service.container-empty", CreateMode::Persistent);
    reaped("service.ttl-not-early", CreateMode::PersistentWithTtl(60_000));
    let (mut tale, mut one, _) = begun();
    tale.ask(&mut one, create("/x", CreateMode::PersistentWithTtl(100))).expect("created");
    for version in 0..5 {
        tale.ask(&mut one, set("/x", 1, version)).expect("set"); // Each begins its time anew.
    }
    tale.reap("/x").expect("the reference does as it is told");
    check_tale("service.ttl-not-early", &tale);
}

#[test]
fn what_applications_build_upon() {
    let (mut tale, mut one, _) = begun();
    tale.ask(&mut one, Op::CloseSession).expect("closed");
    tale.ask(&mut one, create("/late", CreateMode::Persistent)).expect_err("the reference refuses");
    edit_proposal(&mut tale.recording.notes, 1, |txn| txn.error = None);
    check_tale("x.session-exclusive", &tale);
    let (mut tale, ..) = begun();
    tale.open(1, 0x100, B);
    check_tale("x.session-exclusive", &tale);

    let (mut tale, mut one, mut two) = begun();
    tale.ask(&mut one, create("/c", CreateMode::Persistent)).expect("created");
    let won = tale.ask(&mut one, set("/c", 1, 0));
    tale.ask(&mut two, set("/c", 2, 0)).expect_err("too late");
    reply_instead(&mut tale, won);
    check_tale("x.cas", &tale);

    let (mut tale, mut one, mut two) = begun();
    tale.ask(&mut one, create("/a", CreateMode::Persistent)).expect("created");
    let early = tale.last();
    tale.ask(&mut one, set("/a", 1, 0)).expect("set");
    tale.ask(&mut two, get("/a", false)).expect("there");
    let (mut forgetful, mut other) = (tale.clone(), two);
    tale.move_to(&mut two, B);
    tale.ask(&mut two, get("/a", false)).expect("there");
    reply_from(&mut tale, early);
    check_tale("x.reattach-zxid", &tale);
    forgetful.move_to(&mut other, B);
    if let Some(Noted::Said(Fact::Client(ClientFact::Attached { seen, .. }))) = forgetful.recording.notes.last_mut().map(|note| &mut note.what) {
        *seen = early;
    }
    check_tale("x.reattach-zxid", &forgetful);

    check("x.watch-order", |notes| {
        // The event of /leader comes after the read that follows it.
        let event = nth(notes, 0, client(|fact| matches!(fact, ClientFact::Watched { event, .. } if &*event.path == "/leader")));
        let late = notes.remove(event);
        let shown = notes.iter().rposition(|note| client(|fact| matches!(fact, ClientFact::Returned { .. }))(note.machine, &note.what));
        notes.insert(shown.expect("it is read") + 1, late);
    });

    let mut tale = guarded();
    tale.recording.notes.truncate(tale.recording.notes.len() - 2);
    reply_from(&mut tale, Zxid::new(Epoch(1), 9));
    check_tale("x.read-after-expiry", &tale);
    // A read told that the rival was gone, and the next one is older.
    let (mut tale, mut one, mut two) = begun();
    tale.ask(&mut two, create("/leader", CreateMode::Ephemeral)).expect("created");
    let before = tale.last();
    tale.expire(two.session);
    tale.ask(&mut one, exists("/leader", false)).expect_err("gone");
    tale.ask(&mut one, exists("/none", false)).expect_err("never there");
    reply_from(&mut tale, before);
    check_tale("x.read-after-expiry", &tale);
}
