//! A lawful tale of clients that have Curator: a latch that leads and gives up, a counter of ids, a cache, a write whose reply is lost. Never a breach.

use zookeeper_words::curator::Mirror;
use zookeeper_words::fact::{Belief, ClientFact, Conclusion, ConnectionState, RecipeFact, RequestId};
use zookeeper_words::ids::{Epoch, Xid, Zxid};
use zookeeper_words::service::{CreateMode, Op, Request, acl};
use zookeeper_words::settings::WorkloadKind;

use crate::tale::asks::{children, create, created, get};
use crate::tale::{A, B, C};
use crate::tale::{Client, Tale};

pub const LATCH: &str = "/latch/_c_0f0f0f0f-1111-2222-3333-444444444444-latch-";

/// A client with Curator that has just begun.
fn begin(tale: &mut Tale, nth: u16, session: i64) -> Client {
    let machine = tale.client_machine(nth);
    tale.say(machine, ClientFact::Started);
    let client = tale.open(nth, session, A);
    tale.say(machine, ClientFact::Connection(ConnectionState::Connected));
    client
}

/// An id as the counter keeps it.
pub fn put(id: i32, version: i32) -> Op {
    Op::SetData { path: "/ids".into(), data: Some(id.to_be_bytes().into()), version }
}

/// A client looks for what its protected creates may have left.
pub fn search(tale: &mut Tale, client: &mut Client) {
    tale.ask(client, children("/latch", false)).expect("read");
    let request = RequestId { session: client.session, xid: Xid(client.xid) };
    tale.recipe(client, RecipeFact::Searched { path: LATCH.into(), request });
}

/// The reply to a client's write is lost, and so is its connection; the write is committed later, if ever.
pub fn lose(tale: &mut Tale, client: &mut Client, op: Op) -> RequestId {
    let xid = tale.invoke(client, op);
    tale.say(client.machine, ClientFact::Unknown { session: client.session, xid });
    tale.say(client.machine, ClientFact::Connection(ConnectionState::Suspended));
    tale.move_to(client, B);
    tale.say(client.machine, ClientFact::Connection(ConnectionState::Reconnected));
    RequestId { session: client.session, xid }
}

/// What was lost takes effect.
pub fn take_effect(tale: &mut Tale, lost: RequestId, op: Op) {
    tale.commit(lost.session, lost.xid, Request::Op(op)).expect("it can be done");
}

/// A client's recipe concludes something about a write.
pub fn conclude(tale: &mut Tale, client: &Client, path: &str, first: RequestId, belief: Belief) {
    tale.recipe(client, RecipeFact::Concluded(Conclusion { path: path.into(), first, belief }));
}

/// A client's cache of all below `/cache` reads it anew, and shows nothing but the node itself.
pub fn mirror(tale: &mut Tale, client: &mut Client, set: Zxid) {
    tale.ask(client, get("/cache", false)).expect("read");
    tale.ask(client, Op::Sync { path: "/cache".into() }).expect("synced");
    tale.recipe(client, RecipeFact::Mirrored(Mirror { root: "/cache".into(), tree: true, nodes: vec![("/cache".into(), set)], settled: true }));
}

/// An ensemble with a latch, a counter and a cache, and nothing done yet.
pub fn begun() -> (Tale, Client, Client, Client) {
    let mut tale = Tale::new(3, &[WorkloadKind::CuratorLatches, WorkloadKind::CuratorCounters, WorkloadKind::Caches]);
    [A, B, C].into_iter().for_each(|replica| tale.boot(replica));
    tale.lead(A, Epoch(1), &[B, C]);
    let (one, two, three) = (begin(&mut tale, 0, 0x100), begin(&mut tale, 1, 0x200), begin(&mut tale, 2, 0x300));
    (tale, one, two, three)
}

/// The whole tale.
pub fn tale() -> Tale {
    let (mut tale, mut one, mut two, mut three) = begun();
    tale.ask(&mut one, create("/latch", CreateMode::Persistent)).expect("created");
    let node = created(tale.ask(&mut one, create(LATCH, CreateMode::EphemeralSequential)));
    tale.ask(&mut one, children("/latch", false)).expect("read");
    tale.ask(&mut one, get(&node, false)).expect("read");
    tale.recipe(&one, RecipeFact::Acquired { path: "/latch".into(), node: node.clone() });
    tale.ask(&mut one, get("/latch", false)).expect("read");
    tale.recipe(&one, RecipeFact::Released { path: "/latch".into(), node });
    tale.say(one.machine, ClientFact::Connection(ConnectionState::Suspended));
    tale.move_to(&mut one, B);
    tale.say(one.machine, ClientFact::Connection(ConnectionState::Reconnected));

    let ids = Op::Create { path: "/ids".into(), data: Some(0i32.to_be_bytes().into()), mode: CreateMode::Persistent, acl: acl::open(), stat: true };
    tale.ask(&mut two, ids).expect("created");
    for id in 0..2 {
        tale.ask(&mut two, put(id + 1, id)).expect("set");
        tale.recipe(&two, RecipeFact::Counted { path: "/ids".into(), from: id as u64, to: id as u64 + 1 });
    }
    let xid = tale.invoke(&mut two, create("/lost", CreateMode::Persistent)); // Its reply is lost.
    tale.commit(two.session, xid, Request::Op(create("/lost", CreateMode::Persistent))).expect("created");
    tale.say(two.machine, ClientFact::Unknown { session: two.session, xid });
    tale.say(two.machine, ClientFact::Connection(ConnectionState::Suspended));
    tale.move_to(&mut two, C);
    tale.say(two.machine, ClientFact::Connection(ConnectionState::Reconnected));
    tale.ask(&mut two, create("/lost", CreateMode::Persistent)).expect_err("there already");
    let first = RequestId { session: two.session, xid };
    tale.retried(&two, first, RequestId { session: two.session, xid: Xid(two.xid) });
    tale.recipe(&two, RecipeFact::Concluded(Conclusion { path: "/lost".into(), first, belief: Belief::Applied }));

    tale.ask(&mut two, create("/cache", CreateMode::Persistent)).expect("created");
    let set = tale.last();
    tale.ask(&mut three, Op::Sync { path: "/cache".into() }).expect("synced");
    tale.ask(&mut three, get("/cache", false)).expect("read");
    tale.recipe(&three, RecipeFact::Mirrored(Mirror { root: "/cache".into(), tree: false, nodes: vec![("/cache".into(), set)], settled: true }));
    for client in [&one, &two, &three] {
        tale.finish(client);
    }
    tale
}
