//! Laws of a client over any order of events: what replicas may do, at any time, to any of its connections.

use std::collections::{BTreeMap, BTreeSet};

use contract::process::Effect;
use contract::time::MILLISECOND;
use proptest::prelude::*;
use zookeeper_words::service::{AddWatchMode, EventKind, WatchEvent};

use super::bench::{Bench, connected, data, digest, get, without_quorum};
use super::*;

/// What may happen next; numbers choose among what is there.
#[derive(Clone, Debug)]
enum Step {
    Submit(u8),
    Wait,
    Pass(u16),
    Opened(u8),
    Closed(u8),
    Accept(u8),
    /// A replica without a quorum takes the client on, if it can bear that.
    AcceptReader(u8),
    /// A replica says whether it has a quorum.
    Isro(u8),
    Expire(u8),
    Reply(u8),
    Fire(u8),
    /// The client says who it is, or that is answered: with AuthFailed now and then.
    Auth,
    Authed(u8),
    /// A word on a connection that was given up.
    Stale(u8),
    Close,
    Abandon,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => any::<u8>().prop_map(Step::Submit),
        4 => Just(Step::Wait),
        1 => any::<u16>().prop_map(Step::Pass),
        6 => any::<u8>().prop_map(Step::Opened),
        2 => any::<u8>().prop_map(Step::Closed),
        6 => any::<u8>().prop_map(Step::Accept),
        3 => any::<u8>().prop_map(Step::AcceptReader),
        2 => any::<u8>().prop_map(Step::Isro),
        1 => any::<u8>().prop_map(Step::Expire),
        8 => any::<u8>().prop_map(Step::Reply),
        2 => any::<u8>().prop_map(Step::Fire),
        2 => Just(Step::Auth),
        2 => any::<u8>().prop_map(Step::Authed),
        2 => any::<u8>().prop_map(Step::Stale),
        1 => Just(Step::Close),
        1 => Just(Step::Abandon),
    ];
    proptest::collection::vec(step, 1..120)
}

/// A replica's end of a connection: what the client sent on it and is not answered yet.
#[derive(Default)]
struct End {
    asked: Option<SessionId>,
    accepted: bool,
    searched: bool,
    dead: bool,
    pending: VecDeque<Waiting>,
    auths: u32,
}

proptest! {
    #[test]
    fn requests_end_once_in_order_and_one_connection_is_attached(steps in steps(), is_reader in any::<bool>()) {
        let mut bench = if is_reader { Bench::reader() } else { Bench::new(0) };
        let mut ends: BTreeMap<u64, End> = BTreeMap::new();
        let mut open = BTreeSet::new();
        let (mut zxid, mut next_session, mut life) = (0, 100, 0);
        // (life of the session, xid) of what was submitted and has not ended.
        let mut unfinished: BTreeSet<(u32, i32)> = BTreeSet::new();
        let (mut closing, mut auths) = (false, 0);
        for step in steps {
            let pick = |n: u8| ends.keys().rev().nth(usize::from(n) % 2).copied();
            let mut submitted = None;
            let event = |event: Event<Message>| move |client: &mut Client, now: Now, out: &mut Out| client.on_event(now, &event, out);
            let before = bench.effects.len();
            if bench.client.is_ended() {
                (closing, auths) = (false, 0);
                life += 1;
                bench.open();
            }
            let upcalls = match step {
                Step::Submit(n) if !closing => {
                    let op = match n % 4 { 0 => get("/a", true), 1 => get("/b", false), 2 => Op::AddWatch { path: "/d".into(), mode: AddWatchMode::Persistent }, _ => Op::GetChildren { path: "/c".into(), watch: true, stat: false } };
                    bench.act(|client, now, out| { submitted = Some(client.submit(op, now, out)); Vec::new() }).0
                }
                Step::Close if !closing => {
                    closing = true;
                    bench.act(|client, now, out| { submitted = Some(client.submit(Op::CloseSession, now, out)); Vec::new() }).0
                }
                Step::Wait => { bench.now_ms = bench.client.wake_ns().map_or(bench.now_ms, |ns| bench.now_ms.max(ns.div_ceil(MILLISECOND))); bench.act(event(Event::Wake)).0 }
                Step::Pass(ms) => { bench.now_ms += u64::from(ms); bench.act(event(Event::Wake)).0 }
                Step::Abandon => bench.act(|client, _, out| client.abandon(out)).0,
                Step::Auth if !closing && auths < AUTHS_MAX => {
                    auths += 1;
                    bench.act(|client, now, out| { assert_eq!(client.submit(digest(), now, out), Xid::AUTH); Vec::new() }).0
                }
                Step::Authed(n) => match pick(n).map(|conn| (conn, ends.get_mut(&conn).unwrap())) {
                    Some((conn, end)) if end.accepted && !end.dead && end.auths > 0 => {
                        end.auths -= 1;
                        let result = if n % 8 < 2 { Err(ErrorCode::AuthFailed) } else { Ok(Reply::Done) };
                        bench.act(event(Event::Message { conn: ConnId(conn), from: MachineId(0), message: Message::Reply { xid: Xid::AUTH, zxid: Zxid::ZERO, result } })).0
                    }
                    _ => Vec::new(),
                },
                Step::Submit(_) | Step::Close | Step::Auth => Vec::new(),
                Step::Opened(n) => match pick(n) {
                    Some(conn) if open.remove(&conn) => bench.act(event(Event::Opened { conn: ConnId(conn), to: MachineId(0) })).0,
                    _ => Vec::new(),
                },
                Step::Closed(n) => match pick(n) {
                    Some(conn) => { ends.get_mut(&conn).unwrap().dead = true; bench.act(event(Event::Closed { conn: ConnId(conn), peer: MachineId(0) })).0 }
                    None => Vec::new(),
                },
                Step::Accept(n) | Step::Expire(n) => match pick(n).map(|conn| (conn, ends.get_mut(&conn).unwrap())) {
                    Some((conn, end)) if end.asked.is_some() && !end.accepted && !end.dead => {
                        end.accepted = true;
                        let asked = end.asked.unwrap();
                        let session = if matches!(step, Step::Expire(_)) { 0 } else if asked == SessionId::NONE { next_session += 1; next_session } else { asked.0 };
                        bench.act(event(Event::Message { conn: ConnId(conn), from: MachineId(0), message: connected(session) })).0
                    }
                    _ => Vec::new(),
                },
                Step::AcceptReader(n) => match pick(n).map(|conn| (conn, ends.get_mut(&conn).unwrap())) {
                    Some((conn, end)) if is_reader && end.asked == Some(SessionId::NONE) && !end.accepted && !end.dead => {
                        end.accepted = true;
                        next_session += 1;
                        bench.act(event(Event::Message { conn: ConnId(conn), from: MachineId(0), message: without_quorum(next_session) })).0
                    }
                    _ => Vec::new(),
                },
                Step::Isro(n) => match pick(n).map(|conn| (conn, ends.get_mut(&conn).unwrap())) {
                    Some((conn, end)) if end.searched && !end.dead => {
                        bench.act(event(Event::Message { conn: ConnId(conn), from: MachineId(0), message: Message::ReadOnly(n % 3 == 0) })).0
                    }
                    _ => Vec::new(),
                },
                Step::Reply(n) => match pick(n).map(|conn| (conn, ends.get_mut(&conn).unwrap())) {
                    Some((conn, end)) if end.accepted && !end.dead && !end.pending.is_empty() => {
                        zxid += 1;
                        let request = end.pending.pop_front().unwrap();
                        let result = if n % 3 == 0 { Err(ErrorCode::NoNode) } else { data() };
                        bench.act(event(Event::Message { conn: ConnId(conn), from: MachineId(0), message: Message::Reply { xid: request.xid, zxid: Zxid(zxid), result } })).0
                    }
                    _ => Vec::new(),
                },
                Step::Stale(n) => match ends.iter().find(|(_, end)| end.dead).map(|(conn, _)| *conn) {
                    Some(conn) => {
                        let message = match n % 3 { 0 => connected(7), 1 => Message::Pong { zxid: Zxid(zxid) }, _ => Message::Reply { xid: Xid(1), zxid: Zxid(zxid), result: data() } };
                        let noted = bench.facts.len();
                        let upcalls = bench.act(event(Event::Message { conn: ConnId(conn), from: MachineId(0), message })).0;
                        prop_assert_eq!(&upcalls, &[]);
                        prop_assert_eq!(bench.facts.len(), noted);
                        upcalls
                    }
                    None => Vec::new(),
                },
                Step::Fire(n) => match pick(n) {
                    Some(conn) if ends[&conn].accepted && !ends[&conn].dead => {
                        let event_seen = WatchEvent { kind: EventKind::NodeDeleted, path: "/a".into() };
                        bench.act(event(Event::Message { conn: ConnId(conn), from: MachineId(0), message: Message::Event { zxid: Zxid(zxid), event: event_seen } })).0
                    }
                    _ => Vec::new(),
                },
            };
            if let Some(xid) = submitted {
                prop_assert!(unfinished.insert((life, xid.0)), "xid {} was given twice", xid.0);
            }
            for upcall in upcalls {
                let (Upcall::Returned { xid, .. } | Upcall::Unknown { xid } | Upcall::Unsent { xid }) = upcall else { continue };
                prop_assert!(unfinished.remove(&(life, xid.0)), "request {} ended twice", xid.0);
            }
            for effect in &bench.effects[before..] {
                match effect {
                    Effect::Open { conn, .. } => { ends.insert(conn.0, End::default()); open.insert(conn.0); }
                    Effect::Close { conn } => ends.get_mut(&conn.0).unwrap().dead = true,
                    Effect::Send { conn, message } => {
                        let end = ends.get_mut(&conn.0).unwrap();
                        prop_assert!(!end.dead, "a word on a dead connection");
                        match message {
                            Message::Connect(request) => end.asked = Some(request.session),
                            Message::IsReadOnly => end.searched = true,
                            Message::Request { xid: Xid::AUTH, .. } => end.auths += 1,
                            Message::Request { xid, op } => end.pending.push_back(Waiting { xid: *xid, op: op.clone() }),
                            _ => {}
                        }
                    }
                    _ => {}
                }
            }
            prop_assert_eq!(bench.client.check(), Ok(()));
            if bench.client.is_ended() {
                prop_assert!(unfinished.is_empty(), "a session ended before its requests {:?}", unfinished);
            }
        }
        lawful_history(&bench.facts)?;
    }
}

/// What the judge may rely on: attached and detached take steps, requests are invoked on the attached connection in
/// order, and each has at most one end.
fn lawful_history(facts: &[ClientFact]) -> Result<(), TestCaseError> {
    let mut attached = None;
    let mut invoked: BTreeMap<(SessionId, i32), u32> = BTreeMap::new();
    let mut own: BTreeMap<i32, i64> = BTreeMap::new();
    let mut last_xid: BTreeMap<SessionId, i32> = BTreeMap::new();
    for fact in facts {
        match fact {
            ClientFact::Attached { conn, .. } => prop_assert_eq!(attached.replace(*conn), None, "two connections at a time"),
            ClientFact::Detached { conn, .. } => prop_assert_eq!(attached.take(), Some(*conn)),
            ClientFact::Invoked { session, conn, xid, op } => {
                prop_assert_eq!(attached, Some(*conn));
                // All auths have one xid, and all setWatches another; any number of them may be under way.
                if matches!(**op, Op::SetWatches { .. } | Op::Auth { .. }) {
                    *own.entry(xid.0).or_default() += 1;
                    continue;
                }
                prop_assert_eq!(invoked.insert((*session, xid.0), *conn), None);
                prop_assert!(last_xid.insert(*session, xid.0).is_none_or(|last| last < xid.0));
            }
            ClientFact::Returned { session, conn, xid, .. } => {
                prop_assert_eq!(attached, Some(*conn));
                if xid.0 < 0 {
                    own.entry(xid.0).and_modify(|due| *due -= 1);
                    continue;
                }
                prop_assert_eq!(invoked.remove(&(*session, xid.0)), Some(*conn));
            }
            ClientFact::Unknown { xid, .. } if xid.0 < 0 => drop(own.entry(xid.0).and_modify(|due| *due -= 1)),
            ClientFact::Unknown { session, xid } => prop_assert!(invoked.remove(&(*session, xid.0)).is_some()),
            ClientFact::Watched { conn, .. } => prop_assert_eq!(attached, Some(*conn)),
            ClientFact::Expired { .. } => prop_assert_eq!(attached, None),
            ClientFact::ReadOnly { conn, .. } => prop_assert_eq!(attached, Some(*conn)),
            ClientFact::Begun => prop_assert_eq!(attached, None),
            ClientFact::Recipe(_) | ClientFact::Connection(_) | ClientFact::Retried(_) | ClientFact::Started | ClientFact::Finished => {
                prop_assert!(false, "a client core has no recipe")
            }
        }
    }
    prop_assert!(own.values().all(|due| *due >= 0), "more answers than requests: {own:?}");
    Ok(())
}
