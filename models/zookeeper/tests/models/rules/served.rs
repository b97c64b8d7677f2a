//! Whatever the reference serves is judged to hold: arbitrary requests of two clients, with all the watch events that they cause, on connections that break and come back. A rule that takes offence at any of it would cry wolf.

use contract::recording::Noted;
use contract::verdict::Verdict;
use proptest::prelude::*;
use zookeeper_models::znode::watches::{Watches, may_hear};
use zookeeper_words::fact::{ClientFact, Fact};
use zookeeper_words::ids::{SessionId, Xid};
use zookeeper_words::service::{AddWatchMode, CreateMode, ErrorCode, EventKind, Op, Path, Reply, Request, WatcherType};
use zookeeper_words::settings::Compat;

use super::bend::{broken, judge};
use super::guarded::begun_as;
use crate::tale::C;
use crate::tale::asks::{add_watch, auth, children, create_for, delete, exists, get, get_acl, remove_watches, set, set_acl};
use crate::tale::{Client, Tale};

/// What a client does next.
#[derive(Clone, Debug)]
enum Deed {
    Ask(Op),
    /// Its connection breaks, and it comes back with these watches.
    Return {
        data: Vec<Path>,
        exist: Vec<Path>,
        child: Vec<Path>,
        persistent: Vec<Path>,
        recursive: Vec<Path>,
    },
}

fn some_path() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["/a", "/a/b", "/a/b/c", "/a/d", "/e", "/"])
}

fn some_acl() -> impl Strategy<Value = Vec<(i32, &'static str, &'static str)>> {
    let closed = vec![(1, "world", "anyone"), (30, "world", "anyone"), (31, "ip", "10.0.0.3"), (31, "auth", ""), (5, "ip", "10.0.0.0/30")];
    prop_oneof![5 => Just(vec![(31, "world", "anyone")]), 2 => prop::collection::vec(prop::sample::select(closed), 1..3)]
}

fn make() -> impl Strategy<Value = Op> {
    let modes = vec![CreateMode::Persistent, CreateMode::Persistent, CreateMode::Ephemeral, CreateMode::Container, CreateMode::PersistentSequential];
    (some_path(), some_acl(), prop::sample::select(modes)).prop_map(|(path, acl, kind)| {
        let mut op = create_for(path, &acl);
        if let Op::Create { mode, .. } = &mut op {
            *mode = kind;
        }
        op
    })
}

fn single() -> impl Strategy<Value = Op> {
    prop_oneof![4 => make(), 3 => some_path().prop_map(|path| set(path, 1, -1)), 2 => some_path().prop_map(delete)]
}

fn look() -> impl Strategy<Value = Op> {
    let kinds = vec![WatcherType::Children, WatcherType::Data, WatcherType::Any, WatcherType::Persistent, WatcherType::PersistentRecursive];
    let modes = vec![AddWatchMode::Persistent, AddWatchMode::PersistentRecursive];
    prop_oneof![
        2 => (some_path(), any::<bool>()).prop_map(|(path, watch)| get(path, watch)),
        2 => (some_path(), any::<bool>()).prop_map(|(path, watch)| exists(path, watch)),
        2 => (some_path(), any::<bool>()).prop_map(|(path, watch)| children(path, watch)),
        2 => (some_path(), prop::sample::select(modes)).prop_map(|(path, mode)| add_watch(path, mode)),
        2 => (some_path(), prop::sample::select(kinds), any::<bool>()).prop_map(|(path, kind, only_ask)| match remove_watches(path, kind) {
            Op::RemoveWatches { path, kind, .. } => Op::RemoveWatches { path, kind, only_ask },
            other => other,
        }),
        1 => some_path().prop_map(get_acl),
        1 => (some_path(), some_path()).prop_map(|(a, b)| Op::MultiRead(vec![get(a, true), children(b, true)])),
        1 => some_path().prop_map(|path| Op::GetEphemerals { prefix: path.into() }),
        1 => some_path().prop_map(|path| Op::GetAllChildrenNumber { path: path.into() }),
        1 => prop::sample::select(vec!["ann:1", "bob:2"]).prop_map(auth),
        1 => Just(Op::WhoAmI),
    ]
}

fn deed() -> impl Strategy<Value = Deed> {
    let paths = || prop::collection::vec(some_path().prop_map(Path::from), 0..3);
    prop_oneof![
        6 => single().prop_map(Deed::Ask),
        1 => (some_path(), some_acl()).prop_map(|(path, acl)| Deed::Ask(set_acl(path, &acl))),
        2 => prop::collection::vec(single(), 1..4).prop_map(|ops| Deed::Ask(Op::Multi(ops))),
        7 => look().prop_map(Deed::Ask),
        1 => (paths(), paths(), paths(), paths(), paths())
            .prop_map(|(data, exist, child, persistent, recursive)| Deed::Return { data, exist, child, persistent, recursive }),
    ]
}

/// The tale with the watches of its two clients.
struct Served {
    tale: Tale,
    watches: Watches,
    clients: [Client; 2],
}

impl Served {
    fn new(compat: Compat) -> Served {
        let (tale, one, two) = begun_as(compat);
        let clients = [one, two];
        Served { tale, watches: Watches::new(compat), clients }
    }

    fn act(&mut self, who: usize, deed: Deed) {
        match deed {
            Deed::Ask(op) => self.ask(who, op),
            Deed::Return { data, exist, child, persistent, recursive } => {
                let relative = self.tale.seen(self.clients[who].session);
                self.watches.forget(self.clients[who].session);
                self.tale.move_to(&mut self.clients[who], C);
                self.ask(who, Op::SetWatches { relative, data, exist, child, persistent, recursive });
            }
        }
    }

    fn ask(&mut self, who: usize, op: Op) {
        let session = self.clients[who].session;
        let xid = self.tale.invoke(&mut self.clients[who], op.clone());
        let result = match &op {
            Op::Auth { .. } => {
                self.tale.grant(&self.clients[who], &op);
                Ok(Reply::Done)
            }
            Op::RemoveWatches { path, kind, only_ask } => self.watches.remove(session, path, *kind, *only_ask),
            Op::SetWatches { .. } => {
                for event in self.watches.again(session, &op, |path| self.tale.tree().stat(path)) {
                    self.tale.event(&self.clients[who], event.kind, &event.path);
                }
                Ok(Reply::Done)
            }
            op if op.is_write() => self.write(session, xid, op.clone()),
            op => {
                let result = self.tale.read(&self.clients[who], op);
                self.watches.after(session, op, &result);
                result
            }
        };
        self.tale.reply(&self.clients[who], xid, result);
    }

    fn write(&mut self, session: SessionId, xid: Xid, op: Op) -> Result<Reply, ErrorCode> {
        let result = self.tale.commit(session, xid, Request::Op(op));
        for change in self.tale.tree().fired().to_vec() {
            for hearer in self.watches.fire(&change) {
                let client = self.clients.iter().find(|client| client.session == hearer.session).expect("one of the two");
                if may_hear(&change, &self.tale.ids(hearer.session)) {
                    self.tale.event(client, change.kind, &change.path);
                }
            }
        }
        result
    }
}

proptest! {
    #[test]
    fn whatever_the_reference_serves_holds(old in any::<bool>(), deeds in prop::collection::vec((0usize..2, deed()), 0..80)) {
        let mut served = Served::new(if old { Compat::V3_8 } else { Compat::V3_9 });
        for (who, deed) in deeds {
            served.act(who, deed);
        }
        served.clients.iter().for_each(|client| served.tale.finish(client));
        // Whether it asks for the watches that it had is the client's affair, and another rule's.
        let broken = broken(&served.tale.recording);
        prop_assert!(broken.iter().all(|rule| rule == "service.rearmed"), "{:?}", judge(&served.tale.recording).verdict);
    }
}

/// Deeds after which it is certain what a connection must be told.
fn certain(deeds: Vec<(usize, Deed)>) -> Vec<(usize, Deed)> {
    let doubtful = |deed: &Deed| match deed {
        Deed::Ask(op) => matches!(op, Op::Auth { .. }),
        Deed::Return { .. } => true,
    };
    deeds.into_iter().filter(|(_, deed)| !doubtful(deed)).collect()
}

proptest! {
    #[test]
    fn no_event_can_be_left_out(old in any::<bool>(), deeds in prop::collection::vec((0usize..2, deed()), 20..80), which in any::<prop::sample::Index>()) {
        let mut served = Served::new(if old { Compat::V3_8 } else { Compat::V3_9 });
        served.ask(0, add_watch("/", AddWatchMode::PersistentRecursive));
        served.ask(1, create_for("/seen", &[(31, "world", "anyone")])); // So that there is an event.
        for (who, deed) in certain(deeds) {
            served.act(who, deed);
        }
        [0, 1].into_iter().for_each(|who| served.ask(who, exists("/", false))); // Which shows that it did not come.
        served.clients.iter().for_each(|client| served.tale.finish(client));
        let notes = &mut served.tale.recording.notes;
        let is_event = |what: &Noted<Fact>| matches!(what, Noted::Said(Fact::Client(ClientFact::Watched { .. })));
        let events: Vec<usize> = notes.iter().enumerate().filter(|(_, note)| is_event(&note.what)).map(|(at, _)| at).collect();
        notes.remove(events[which.index(events.len())]);
        let verdict = judge(&served.tale.recording).verdict;
        prop_assert!(matches!(&verdict, Verdict::Broken { rule, .. } if rule.starts_with("service.watch-")), "{:?}", verdict);
    }
}

#[test]
fn a_long_tale_has_events_of_every_kind() {
    let mut served = Served::new(Compat::V3_9);
    let ask = [add_watch("/", AddWatchMode::PersistentRecursive), children("/", true)];
    ask.into_iter().for_each(|op| served.ask(0, op));
    [create_for("/a", &[(31, "world", "anyone")]), set("/a", 1, 0), delete("/a")].into_iter().for_each(|op| served.ask(1, op));
    let kinds: Vec<EventKind> = served
        .tale
        .recording
        .notes
        .iter()
        .filter_map(|note| match &note.what {
            Noted::Said(Fact::Client(ClientFact::Watched { event, .. })) => Some(event.kind),
            _ => None,
        })
        .collect();
    assert_eq!(kinds, [EventKind::NodeCreated, EventKind::NodeChildrenChanged, EventKind::NodeDataChanged, EventKind::NodeDeleted]);
}
