//! Tales of sessions that one replica alone knows, and of readers without a quorum: a lawful one, and for every rule on them one that breaks it.

use contract::happening::Happening;
use contract::ids::MachineId;
use zookeeper_words::fact::{ClientFact, LocalFact, ReplicaFact};
use zookeeper_words::ids::{Epoch, SessionId, Xid, Zxid};
use zookeeper_words::service::{CreateMode, ErrorCode, EventKind, Op, Reply, Request};
use zookeeper_words::settings::WorkloadKind;

use super::bend::{check_tale, edit_client, edit_replica, nth, remove, replica};
use crate::tale::asks::{create, get, set};
use crate::tale::{A, B, C};
use crate::tale::{Client, Outcome, Tale};

impl Tale {
    /// A client is taken on with a session that its replica opens by itself.
    fn open_local(&mut self, nth: u16, session: i64, at: MachineId) -> Client {
        let client = Client { machine: self.client_machine(nth), session: SessionId(session), conn: 1, xid: 0, at };
        self.take_on(&client, true);
        client
    }

    /// A client's replica opens a session of its own for it; a client that can be read-only may bring along what it saw before.
    fn take_on(&mut self, client: &Client, begins: bool) {
        if begins && self.recording.plan.settings.clients[client.machine.index() - 3].can_be_read_only {
            self.say(client.machine, ClientFact::Begun);
        }
        self.say(client.at, LocalFact::Opened { session: client.session, timeout_ms: 4_000 });
        self.attach(client, false);
    }

    /// The same by a replica without a quorum, for one that has seen a state.
    fn open_reader(&mut self, nth: u16, session: i64, at: MachineId) -> Client {
        let client = self.open_local(nth, session, at);
        self.say(client.machine, ClientFact::ReadOnly { session: client.session, conn: client.conn });
        client
    }

    /// A write for which the replica vouches, and its reply.
    fn ask_local(&mut self, client: &mut Client, op: Op) -> Outcome {
        let xid = self.invoke(client, op.clone());
        let result = self.commit(client.session, xid, Request::Local(op));
        self.reply(client, xid, result.clone());
        result
    }

    /// A request that is refused for want of a quorum.
    fn refuse(&mut self, client: &mut Client, op: Op) {
        let xid = self.invoke(client, op);
        self.reply(client, xid, Err(ErrorCode::NotReadOnly));
    }

    /// A local session is made known to all.
    fn upgrade(&mut self, client: &Client) {
        self.say(client.at, LocalFact::Upgraded { session: client.session });
        self.commit(client.session, Xid(0), Request::CreateSession { timeout_ms: 4_000 }).expect("opened");
    }

    /// A replica looks for a leader for so long, and serves readers.
    fn serve_readers(&mut self, at: MachineId, waited_ms: u64) {
        let applied = self.last();
        self.leave(at);
        self.say(at, ReplicaFact::Looking { round: 2, last: applied });
        self.wait(waited_ms);
        self.say(at, LocalFact::ServesReaders { applied });
    }
}

/// An ensemble that serves, and two clients yet to come of which the first can be read-only.
fn ensemble() -> Tale {
    let mut tale = Tale::new(3, &[WorkloadKind::Registers, WorkloadKind::Registers]);
    let coordination = &mut tale.recording.plan.settings.coordination;
    (coordination.local_sessions, coordination.local_sessions_upgrading, coordination.read_only_mode) = (true, true, true);
    tale.recording.plan.settings.clients[0].can_be_read_only = true;
    [A, B, C].into_iter().for_each(|replica| tale.boot(replica));
    tale.lead(A, Epoch(1), &[B, C]);
    tale
}

/// The whole tale.
pub fn tale() -> Tale {
    let mut tale = ensemble();
    // One that is refused an ephemeral, then made known to all, and moves on.
    let mut one = tale.open_local(1, 0x100, B);
    tale.ask_local(&mut one, create("/l", CreateMode::Persistent)).expect("created");
    let refused = tale.ask_local(&mut one, create("/l/e", CreateMode::Ephemeral));
    assert_eq!(refused, Err(ErrorCode::EphemeralOnLocalSession));
    let part = tale.ask_local(&mut one, Op::Multi(vec![set("/l", 1, -1), create("/l/e", CreateMode::Ephemeral)]));
    assert_eq!(part, Ok(Reply::Multi(vec![Err(ErrorCode::Ok), Err(ErrorCode::EphemeralOnLocalSession)])));
    tale.upgrade(&one);
    tale.ask(&mut one, create("/l/e", CreateMode::Ephemeral)).expect("created");
    tale.move_to(&mut one, A);
    tale.finish(&one);
    // One that is closed, one that is silent.
    let mut two = tale.open_local(0, 0x200, A);
    tale.ask(&mut two, get("/l", false)).expect("read");
    let xid = tale.invoke(&mut two, Op::CloseSession);
    tale.say(A, LocalFact::Closed { session: two.session });
    tale.reply(&two, xid, Ok(Reply::Done));
    let three = Client { conn: 2, session: SessionId(0x300), at: C, xid: 0, ..two };
    tale.take_on(&three, true);
    tale.say(C, LocalFact::Expired { session: three.session, silent_ms: 4_100, timeout_ms: 4_000 });
    // A replica loses its quorum, and a reader is served, who then finds one.
    tale.serve_readers(C, 2_000);
    let mut reader = Client { conn: 3, session: SessionId(0x400), ..three };
    tale.take_on(&reader, true);
    tale.say(reader.machine, ClientFact::ReadOnly { session: reader.session, conn: reader.conn });
    tale.ask(&mut reader, get("/l", true)).expect("read");
    tale.refuse(&mut reader, set("/l", 2, -1));
    tale.refuse(&mut reader, Op::Sync { path: "/l".into() });
    tale.say(reader.machine, ClientFact::Detached { session: reader.session, conn: reader.conn });
    let relative = tale.seen(reader.session);
    let mut reader = Client { conn: 4, session: SessionId(0x500), at: B, ..reader };
    tale.has_seen(reader.session, relative);
    tale.take_on(&reader, false);
    let rearm = Op::SetWatches { relative, data: vec!["/l".into()], exist: vec![], child: vec![], persistent: vec![], recursive: vec![] };
    tale.ask(&mut reader, rearm).expect("re-armed");
    let xid = tale.invoke(&mut reader, set("/l", 2, -1));
    let result = tale.commit(reader.session, xid, Request::Local(set("/l", 2, -1)));
    tale.event(&reader, EventKind::NodeDataChanged, "/l");
    tale.reply(&reader, xid, result);
    tale.finish(&reader);
    tale.join_by_snapshot(C);
    // All is well again, and a client goes away without a word.
    tale.happen(A, Happening::Healed);
    tale.wait(30_000);
    let left = Client { conn: 9, session: SessionId(0x600), at: C, ..one };
    tale.take_on(&left, true);
    tale.say(left.machine, ClientFact::Detached { session: left.session, conn: left.conn });
    tale.wait(5_000);
    tale.say(C, LocalFact::Expired { session: left.session, silent_ms: 4_100, timeout_ms: 4_000 });
    tale.wait(30_000);
    tale.ask(&mut reader, get("/l", false)).expect("read");
    tale
}

#[test]
fn a_local_session_that_is_left_ends() {
    let mut tale = self::tale();
    let expires = |_, fact: &ReplicaFact| matches!(fact, ReplicaFact::Local(LocalFact::Expired { session: SessionId(0x600), .. }));
    remove(&mut tale.recording.notes, 0, replica(expires));
    check_tale("live.session-ends", &tale);
}

#[test]
fn a_reader_takes_along_what_it_has_seen() {
    let attaches = |fact: &ClientFact| matches!(fact, ClientFact::Attached { session: SessionId(0x500), .. });
    let mut tale = self::tale();
    edit_client(&mut tale.recording.notes, 0, attaches, |fact| {
        if let ClientFact::Attached { seen, .. } = fact {
            *seen = Zxid::ZERO;
        }
    });
    check_tale("x.reattach-zxid", &tale);
}

#[test]
fn who_vouches_must_have_opened() {
    let mut tale = self::tale();
    let opens = |_, fact: &ReplicaFact| matches!(fact, ReplicaFact::Local(LocalFact::Opened { session: SessionId(0x500), .. }));
    remove(&mut tale.recording.notes, 0, replica(opens));
    check_tale("local.vouched", &tale);

    let mut tale = self::tale();
    let opens = nth(&tale.recording.notes, 0, replica(opens));
    let again = tale.recording.notes[opens].clone();
    tale.recording.notes.insert(opens + 1, again);
    check_tale("local.vouched", &tale);

    // Known to all, and still vouched for.
    let mut tale = ensemble();
    let mut one = tale.open_local(1, 0x100, B);
    tale.upgrade(&one);
    tale.ask_local(&mut one, create("/l", CreateMode::Persistent)).expect("created");
    check_tale("local.vouched", &tale);
}

#[test]
fn a_local_session_stays_at_home() {
    let mut tale = ensemble();
    let mut one = tale.open_local(1, 0x100, B);
    tale.ask_local(&mut one, create("/l", CreateMode::Persistent)).expect("created");
    tale.move_to(&mut one, A);
    check_tale("local.at-home", &tale);

    // A reader's replica has a session that all know.
    let mut tale = ensemble();
    let mut known = tale.open(0, 0x100, B);
    tale.serve_readers(C, 2_000);
    tale.move_to(&mut known, C);
    tale.say(known.machine, ClientFact::ReadOnly { session: known.session, conn: known.conn });
    check_tale("local.at-home", &tale);
}

#[test]
fn nobody_comes_back_to_what_is_over() {
    let mut tale = ensemble();
    let mut one = tale.open_local(1, 0x100, B);
    tale.say(B, LocalFact::Expired { session: one.session, silent_ms: 4_100, timeout_ms: 4_000 });
    tale.move_to(&mut one, B);
    check_tale("local.at-home", &tale);

    let mut tale = ensemble();
    let mut one = tale.open_local(1, 0x100, B);
    tale.say(B, LocalFact::Expired { session: one.session, silent_ms: 4_100, timeout_ms: 4_000 });
    tale.ask_local(&mut one, create("/l", CreateMode::Persistent)).expect("created");
    check_tale("local.vouched", &tale);

    // It follows again.
    let mut tale = ensemble();
    tale.serve_readers(C, 2_000);
    let reader = tale.open_reader(0, 0x100, C);
    tale.join_by_snapshot(C);
    tale.say(reader.machine, ClientFact::Detached { session: reader.session, conn: reader.conn });
    let again = Client { conn: 2, session: SessionId(0x200), ..reader };
    tale.take_on(&again, true);
    tale.say(again.machine, ClientFact::ReadOnly { session: again.session, conn: again.conn });
    check_tale("local.readers-wait", &tale);

    let mut tale = ensemble();
    tale.serve_readers(C, 2_000);
    let mut reader = tale.open_reader(0, 0x100, C);
    tale.join_by_snapshot(C);
    tale.refuse(&mut reader, create("/l", CreateMode::Persistent));
    check_tale("local.readers-no-write", &tale);
}

#[test]
fn what_is_off_stays_off() {
    for off in 0..3 {
        let mut tale = self::tale();
        let coordination = &mut tale.recording.plan.settings.coordination;
        *[&mut coordination.local_sessions, &mut coordination.local_sessions_upgrading, &mut coordination.read_only_mode][off] = false;
        check_tale("local.as-set", &tale);
    }
    let mut tale = ensemble();
    tale.open(1, 0x100, B);
    check_tale("local.as-set", &tale);
}

#[test]
fn readers_write_nothing() {
    let answered = |fact: &ClientFact| matches!(fact, ClientFact::Returned { result: Err(ErrorCode::NotReadOnly), .. });
    for (n, lie) in [(0, Reply::Done), (1, Reply::Synced { path: "/l".into() })] {
        let mut tale = self::tale();
        edit_client(&mut tale.recording.notes, n, answered, |fact| {
            if let ClientFact::Returned { result, .. } = fact {
                *result = Ok(lie.clone());
            }
        });
        check_tale("local.readers-no-write", &tale);
    }
    // It is done all the same.
    let mut tale = ensemble();
    tale.serve_readers(C, 2_000);
    let mut reader = tale.open_reader(0, 0x100, C);
    let xid = tale.invoke(&mut reader, create("/l", CreateMode::Persistent));
    tale.commit(reader.session, xid, Request::Local(create("/l", CreateMode::Persistent))).expect("created");
    tale.reply(&reader, xid, Err(ErrorCode::NotReadOnly));
    check_tale("local.readers-no-write", &tale);
    // Somebody with a quorum has no such excuse.
    let mut tale = ensemble();
    let mut one = tale.open_local(1, 0x100, B);
    tale.refuse(&mut one, create("/l", CreateMode::Persistent));
    check_tale("local.readers-no-write", &tale);
}

#[test]
fn readers_are_served_late_and_by_those_alone_who_have_no_quorum() {
    let mut tale = ensemble();
    tale.serve_readers(C, 1_500);
    check_tale("local.readers-wait", &tale);

    // It follows.
    let mut tale = ensemble();
    tale.say(C, LocalFact::ServesReaders { applied: Zxid::ZERO });
    check_tale("local.readers-wait", &tale);

    // It never said so.
    let mut tale = ensemble();
    tale.open_reader(0, 0x100, C);
    check_tale("local.readers-wait", &tale);

    // The client wants a quorum.
    let mut tale = ensemble();
    tale.serve_readers(C, 2_000);
    tale.open_reader(1, 0x100, C);
    check_tale("local.readers-wait", &tale);
}

#[test]
fn a_replica_expires_its_own_sessions_late() {
    let mut tale = self::tale();
    let expires = |_, fact: &ReplicaFact| matches!(fact, ReplicaFact::Local(LocalFact::Expired { .. }));
    edit_replica(&mut tale.recording.notes, 0, expires, |fact| {
        if let ReplicaFact::Local(LocalFact::Expired { silent_ms, .. }) = fact {
            *silent_ms = 3_999;
        }
    });
    check_tale("service.session-expiry", &tale);
}
