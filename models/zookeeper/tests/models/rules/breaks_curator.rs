//! For every rule on what Curator promises, a tale that breaks it.

use contract::recording::{Note, Noted};
use zookeeper_words::fact::{Belief, ClientFact, ConnectionState, Fact, RecipeFact, RequestId};
use zookeeper_words::ids::{Xid, Zxid};
use zookeeper_words::service::{CreateMode, Op};

use super::bend::{Notes, check_tale, client, edit_client, nth, remove};
use super::curators::{LATCH, begun, conclude, lose, mirror, put, search, take_effect, tale as curators};
use crate::tale::asks::{children, create, get};

fn check(id: &str, bend: impl FnOnce(&mut Notes)) {
    let mut tale = curators();
    bend(&mut tale.recording.notes);
    check_tale(id, &tale);
}

/// Tells a state of the connection right after the n-th note that is so, by the same machine.
fn tell_after(notes: &mut Notes, state: ConnectionState, is: impl Fn(&ClientFact) -> bool) {
    let at = nth(notes, 0, client(is));
    let Note { at_ns, machine, .. } = notes[at];
    notes.insert(at + 1, Note { at_ns, machine, what: Noted::Said(Fact::Client(ClientFact::Connection(state))) });
}

#[test]
fn states() {
    let is_told = |fact: &ClientFact| matches!(fact, ClientFact::Connection(_));
    check("curator.states", |notes| edit_client(notes, 0, is_told, |fact| *fact = ClientFact::Connection(ConnectionState::Reconnected)));
    check("curator.states", |notes| edit_client(notes, 0, is_told, |fact| *fact = ClientFact::Connection(ConnectionState::Lost)));
    // Reconnected without a connection.
    check("curator.states", |notes| remove(notes, 1, client(|fact| matches!(fact, ClientFact::Attached { again: true, .. }))));
}

#[test]
fn latches() {
    let acquires = |fact: &ClientFact| matches!(fact, ClientFact::Recipe(RecipeFact::Acquired { .. }));
    check("curator.latch-exclusive", |notes| tell_after(notes, ConnectionState::Suspended, acquires));
    check("curator.latch-exclusive", |notes| tell_after(notes, ConnectionState::Lost, acquires));
    // It had never read its own node.
    check("curator.latch-exclusive", |notes| {
        let reads = |fact: &ClientFact| matches!(fact, ClientFact::Returned { result: Ok(zookeeper_words::service::Reply::Data { .. }), .. });
        remove(notes, 0, client(reads));
    });
}

#[test]
fn protected_creates() {
    let node = || create(LATCH, CreateMode::EphemeralSequential);
    for searches in [true, false] {
        let (mut tale, mut one, ..) = begun();
        tale.ask(&mut one, create("/latch", CreateMode::Persistent)).expect("created");
        tale.ask(&mut one, node()).expect("created");
        if searches {
            search(&mut tale, &mut one);
        }
        tale.ask(&mut one, node()).expect("created, though the first had been seen, or never been looked for");
        check_tale("curator.protected-once", &tale);
    }
    for searches in [true, false] {
        let (mut tale, mut one, mut two, mut three) = begun();
        tale.ask(&mut one, create("/latch", CreateMode::Persistent)).expect("created");
        search(&mut tale, &mut one);
        let lost = lose(&mut tale, &mut one, node());
        conclude(&mut tale, &one, LATCH, lost, Belief::NotApplied);
        take_effect(&mut tale, lost, node());
        // The others have other things to look for, and what one looked for before does not count.
        search(&mut tale, &mut two);
        if searches {
            search(&mut tale, &mut one);
        }
        tale.ask(&mut three, children("/latch", false)).expect("read");
        check_tale("curator.protected-once", &tale);
    }
}

#[test]
fn counters() {
    let counts = |fact: &ClientFact| matches!(fact, ClientFact::Recipe(RecipeFact::Counted { .. }));
    check("curator.counter", |notes| {
        edit_client(notes, 1, counts, |fact| *fact = ClientFact::Recipe(RecipeFact::Counted { path: "/ids".into(), from: 0, to: 1 })); // An id twice.
    });
    let (mut tale, _, mut two, _) = begun();
    tale.ask(&mut two, create("/ids", CreateMode::Persistent)).expect("created");
    tale.ask(&mut two, put(7, 0)).expect("set");
    tale.ask(&mut two, put(9, 1)).expect("set");
    tale.recipe(&two, RecipeFact::Counted { path: "/ids".into(), from: 7, to: 8 });
    check_tale("curator.counter", &tale);
}

#[test]
fn caches() {
    let shows = |fact: &ClientFact| matches!(fact, ClientFact::Recipe(RecipeFact::Mirrored(_)));
    let bend = |edit: fn(&mut zookeeper_words::curator::Mirror)| {
        move |notes: &mut Notes| {
            edit_client(notes, 0, shows, |fact| {
                if let ClientFact::Recipe(RecipeFact::Mirrored(mirror)) = fact {
                    edit(mirror);
                }
            });
        }
    };
    check("curator.cache", bend(|mirror| mirror.nodes[0].1 = Zxid(mirror.nodes[0].1.0 - 1))); // What another transaction did.
    check("curator.cache", bend(|mirror| mirror.nodes.clear())); // Less than its sync had shown.
    // A list was lost, but not the last that was called for: another child came later.
    for (answered, again) in [(true, false), (false, true)] {
        let (mut tale, _, mut two, mut three) = begun();
        tale.ask(&mut two, create("/cache", CreateMode::Persistent)).expect("created");
        let set = tale.last();
        tale.ask(&mut two, create("/cache/x", CreateMode::Persistent)).expect("created");
        tale.ask(&mut three, get("/cache", false)).expect("read");
        lose(&mut tale, &mut three, children("/cache", false));
        if answered {
            tale.ask(&mut three, children("/cache", false)).expect("read");
        }
        if again {
            tale.ask(&mut two, create("/cache/y", CreateMode::Persistent)).expect("created");
        }
        mirror(&mut tale, &mut three, set);
        check_tale("curator.cache", &tale);
    }
}

#[test]
fn conclusions() {
    let concludes = |fact: &ClientFact| matches!(fact, ClientFact::Recipe(RecipeFact::Concluded(_)));
    let believe = |belief: Belief| {
        move |notes: &mut Notes| {
            edit_client(notes, 0, concludes, |fact| {
                if let ClientFact::Recipe(RecipeFact::Concluded(conclusion)) = fact {
                    conclusion.belief = belief;
                }
            });
        }
    };
    check("x.retry-idempotent", believe(Belief::NotApplied)); // FLINK-24543.
    check("x.retry-idempotent", |notes| {
        edit_client(notes, 0, concludes, |fact| {
            if let ClientFact::Recipe(RecipeFact::Concluded(conclusion)) = fact {
                conclusion.first.xid = Xid(conclusion.first.xid.0 + 1); // The try that was refused.
            }
        });
    });
    let (mut tale, mut one, mut two, _) = begun();
    let write = || Op::Multi(vec![Op::Check { path: "/".into(), version: -1 }, create("/handle", CreateMode::Persistent)]);
    tale.ask(&mut one, write()).expect("created");
    tale.ask(&mut two, write()).expect("the parts failed");
    let first = RequestId { session: two.session, xid: Xid(two.xid) };
    conclude(&mut tale, &two, "/handle", first, Belief::Assumed); // It is another's, though both had a fence.
    check_tale("x.retry-idempotent", &tale);
}
