//! A second lawful tale: lists and identities, lasting watches, nodes that go by themselves, rivals. Never a breach.

use zookeeper_words::ids::{Epoch, SessionId};
use zookeeper_words::service::{AddWatchMode, CreateMode, ErrorCode, EventKind, Id, Op, Reply, WatcherType};
use zookeeper_words::settings::{Compat, WorkloadKind};

use crate::tale::asks::{add_watch, auth, children, create, create_for, delete, exists, get, get_acl, remove_watches, set, set_acl};
use crate::tale::{A, B, C};
use crate::tale::{Client, Tale};

/// Three replicas serve two clients, at A and at B.
pub fn begun() -> (Tale, Client, Client) {
    begun_as(Compat::V3_9)
}

/// The same of this version.
pub fn begun_as(compat: Compat) -> (Tale, Client, Client) {
    let mut tale = Tale::new(3, &[WorkloadKind::Registers, WorkloadKind::Registers]).of(compat);
    [A, B, C].into_iter().for_each(|replica| tale.boot(replica));
    tale.lead(A, Epoch(1), &[B, C]);
    let (one, two) = (tale.open(0, 0x100, A), tale.open(1, 0x200, B));
    (tale, one, two)
}

/// The whole tale.
pub fn tale() -> Tale {
    let (mut tale, mut one, mut two) = begun();
    lists(&mut tale, &mut one, &mut two);
    lasting_watches(&mut tale, &mut one, &mut two);
    mortals(&mut tale, &mut one);

    // A rival, whose end is seen.
    tale.ask(&mut two, create("/leader", CreateMode::Ephemeral)).expect("created");
    tale.ask(&mut one, exists("/leader", true)).expect("there");
    tale.expire(two.session);
    tale.event(&one, EventKind::NodeDeleted, "/leader");
    tale.ask(&mut one, get("/w", false)).expect("there");
    tale.finish(&one);
    tale.finish(&two);
    tale
}

/// A node of one's own, which another may read for a while.
fn lists(tale: &mut Tale, one: &mut Client, two: &mut Client) {
    let address = two.machine.address();
    tale.ask(one, auth("ann:pw")).expect("granted");
    assert_eq!(tale.ask(one, Op::WhoAmI), Ok(Reply::Ids(vec![Id::new("ip", &one.machine.address()), Id::new("digest", "ann")])));
    tale.ask(one, create_for("/mine", &[(31, "auth", ""), (4, "world", "anyone")])).expect("created");
    tale.ask(one, set("/mine", 1, 0)).expect("set");
    tale.ask(two, set("/mine", 2, 1)).expect_err("forbidden");
    tale.ask(two, get("/mine", true)).expect_err("forbidden");
    tale.ask(two, exists("/mine", true)).expect_err("forbidden from 3.9 on");
    tale.ask(two, create("/mine/of-two", CreateMode::Ephemeral)).expect("everybody may");
    tale.ask(two, delete("/mine/of-two")).expect_err("only ann may");
    tale.ask(one, set_acl("/mine", &[(31, "auth", ""), (1, "ip", &address)])).expect("set");
    tale.ask(two, get("/mine", true)).expect("readable now");
    assert!(matches!(tale.ask(two, get_acl("/mine")), Ok(Reply::Acl { acl, .. }) if acl[0].id == Id::new("digest", "ann:x")));
    tale.ask_seeing(one, set("/mine", 3, 1), &[(two, EventKind::NodeDataChanged, "/mine")]).expect("set");
    tale.ask(two, children("/mine", true)).expect("readable");
    tale.ask(one, set_acl("/mine", &[(31, "auth", "")])).expect("set");
    tale.ask(one, create("/mine/secret", CreateMode::Persistent)).expect("created"); // Of which nobody else is told.
    tale.ask(two, Op::Sync { path: "/mine".into() }).expect("synced");
}

/// Watches that stay, side by side; they are taken away, and left again on another connection.
fn lasting_watches(tale: &mut Tale, one: &mut Client, two: &mut Client) {
    let watcher = *two;
    let sees = |kind, path| (watcher, kind, path);
    let step = |tale: &mut Tale, one: &mut Client, op: Op, seen: &[(Client, EventKind, &str)]| {
        let seen: Vec<(&Client, EventKind, &str)> = seen.iter().map(|(client, kind, path)| (client, *kind, *path)).collect();
        tale.ask_seeing(one, op, &seen).expect("done");
    };
    tale.ask(one, create("/w", CreateMode::Persistent)).expect("created");
    tale.ask(two, add_watch("/w", AddWatchMode::PersistentRecursive)).expect("left");
    tale.ask(two, add_watch("/w", AddWatchMode::Persistent)).expect("left");
    let seen = [sees(EventKind::NodeCreated, "/w/a"), sees(EventKind::NodeChildrenChanged, "/w")];
    step(tale, one, create("/w/a", CreateMode::Persistent), &seen);
    let seen = [
        sees(EventKind::NodeDataChanged, "/w/a"),
        sees(EventKind::NodeDataChanged, "/w/a"),
        sees(EventKind::NodeDeleted, "/w/a"),
        sees(EventKind::NodeChildrenChanged, "/w"),
    ];
    step(tale, one, Op::Multi(vec![set("/w/a", 1, 0), set("/w/a", 2, 1), delete("/w/a")]), &seen);
    tale.ask(two, remove_watches("/w", WatcherType::PersistentRecursive)).expect("there was one");
    step(tale, one, create("/w/b", CreateMode::Persistent), &[sees(EventKind::NodeChildrenChanged, "/w")]);
    tale.ask(two, remove_watches("/w", WatcherType::Any)).expect("there was one");
    step(tale, one, set("/w/b", 1, 0), &[]);
    let xid = tale.invoke(two, remove_watches("/w", WatcherType::Any));
    tale.reply(two, xid, Err(ErrorCode::NoWatcher));
    tale.ask(two, add_watch("/w", AddWatchMode::Persistent)).expect("left");
    tale.ask(two, add_watch("/", AddWatchMode::PersistentRecursive)).expect("left");
    let relative = tale.seen(two.session);
    tale.move_to(two, C);
    step(tale, one, set("/w", 1, 0), &[]); // While nobody watched.
    let (persistent, recursive) = (vec!["/w".into()], vec!["/".into()]);
    tale.ask(two, Op::SetWatches { relative, data: vec![], exist: vec![], child: vec!["/mine".into()], persistent, recursive }).expect("left again");
    let watcher = *two;
    let seen = [(watcher, EventKind::NodeCreated, "/w/b/c"), (watcher, EventKind::NodeDataChanged, "/w")];
    step(tale, one, Op::Multi(vec![create("/w/b/c", CreateMode::Persistent), set("/w", 2, 1)]), &seen);
    tale.ask(two, remove_watches("/", WatcherType::Any)).expect("there was one");
}

/// What a leader deletes of itself.
fn mortals(tale: &mut Tale, one: &mut Client) {
    tale.ask(one, create("/box", CreateMode::Container)).expect("created");
    tale.ask(one, create("/box/x", CreateMode::Persistent)).expect("created");
    tale.ask(one, delete("/box/x")).expect("deleted");
    tale.reap("/box").expect("empty");
    tale.ask(one, create("/brief", CreateMode::PersistentWithTtl(10))).expect("created");
    tale.reap("/brief").expect("its time is up");
    assert_eq!(tale.ids(SessionId::NONE).len(), 0, "a leader's own deed is nobody's");
}
