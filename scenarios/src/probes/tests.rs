//! Recordings by hand, and the probes that they hit.

use std::sync::Arc;

use vocab::ensemble::Ensemble;
use vocab::fact::{ClientFact, Fact, Mark, RecipeFact, ReplicaFact, StateDigest, SyncMode};
use vocab::files::{FilesFact, LogSpan, Roll};
use vocab::happening::Happening;
use vocab::ids::{Epoch, MachineId, SessionId, Xid, Zxid};
use vocab::plan::{Fault, Plan, Shape, Target, What, When, WorkloadKind};
use vocab::recording::{Ending, Note, RECORDING_FORMAT, Recording};
use vocab::service::{CreateMode, ErrorCode, EventKind, Op, Reply, Request, Transaction, WatchEvent};
use vocab::time::SECOND;

use super::{hit, probes};

/// Three replicas (machines 0 to 2) and clients from machine 3 on; fault 0 cuts one way, 1 fills a disk, 2 cuts streams silently.
fn plan() -> Plan {
    let mut plan = crate::family::plan("calm", 1).expect("the family exists");
    plan.cluster.replicas = 3;
    plan.clients.truncate(2);
    plan.clients[0].workload = WorkloadKind::FlinkHa;
    plan.clients[1].workload = WorkloadKind::Registers;
    let when = When::At { ms: 1 };
    plan.faults = vec![
        Fault { when: when.clone(), what: What::Partition { shape: Shape::OneWay { from: vec![MachineId(0)], to: vec![MachineId(1)] }, for_ms: 5 } },
        Fault { when: when.clone(), what: What::DiskFull { machine: Target::Machine(MachineId(1)), for_ms: 5 } },
        Fault { when, what: What::CutStreams { a: Target::Machine(MachineId(0)), b: Target::Machine(MachineId(3)), silent: true } },
    ];
    plan
}

/// Checks that these notes of a plan, a second apart, hit exactly these probes.
pub(super) fn check_of(plan: Plan, notes: Vec<(u16, Fact)>, expected: &[&str]) {
    let notes = notes.into_iter().enumerate().map(|(i, (machine, fact))| Note { at_ns: i as u64 * SECOND, machine: MachineId(machine), fact }).collect();
    let recording = Recording { format: RECORDING_FORMAT, plan, notes, ending: Ending::Finished, events: 0, end_ns: 0, hash: String::new() };
    let mut names: Vec<&str> = hit(&recording).probes().map(|probe| probe.name).collect();
    let mut expected = expected.to_vec();
    names.sort_unstable();
    expected.sort_unstable();
    assert_eq!(names, expected);
}

fn check(notes: Vec<(u16, Fact)>, expected: &[&str]) {
    check_of(plan(), notes, expected);
}

fn z(epoch: u32, counter: u32) -> Zxid {
    Zxid::new(Epoch(epoch), counter)
}
fn replica(fact: ReplicaFact) -> Fact {
    fact.into()
}
fn boot() -> Fact {
    Happening::Booted { life: 0 }.into()
}
fn crash() -> Fact {
    Happening::Crashed { power: true, disk_lost: false, lost_bytes: 0, lied_bytes: 0 }.into()
}
fn elected(leader: u16) -> Fact {
    replica(ReplicaFact::Elected { round: 1, leader: MachineId(leader), epoch: Epoch(0), zxid: Zxid::ZERO, tie: false, by: vec![] })
}
fn synchronizing(epoch: u32) -> Fact {
    replica(ReplicaFact::Synchronizing { epoch: Epoch(epoch), last: Zxid::ZERO })
}
fn established(epoch: u32) -> Fact {
    replica(ReplicaFact::Established { epoch: Epoch(epoch), last: Zxid::ZERO, quorum: vec![] })
}
fn proposed(zxid: Zxid, xid: i32, op: Op) -> Fact {
    let txn = Transaction { zxid, session: SessionId(9), xid: Xid(xid), ids: [].into(), time_ms: 5, request: Request::Op(op), error: None };
    replica(ReplicaFact::Proposed { txn: Arc::new(txn), mark: Mark(zxid.0) })
}
fn logged(zxid: Zxid) -> Fact {
    replica(ReplicaFact::Logged { zxid, mark: Mark(zxid.0) })
}
fn committed(zxid: Zxid) -> Fact {
    replica(ReplicaFact::Committed { zxid, quorum: vec![] })
}
fn delivered(zxid: Zxid) -> Fact {
    replica(ReplicaFact::Delivered { zxid, mark: Mark(zxid.0), digest: StateDigest(0) })
}
fn recovered(accepted: u32, snapshot: Zxid, last: Zxid, torn_bytes: u64) -> Fact {
    replica(ReplicaFact::Recovered { accepted: Epoch(accepted), current: Epoch(1), snapshot, last, applied: last, digest: StateDigest(0), torn_bytes })
}
fn attached(replica: u16, again: bool, seen: Zxid) -> Fact {
    ClientFact::Attached { session: SessionId(9), conn: 1, replica: MachineId(replica), timeout_ms: 1_500, again, seen }.into()
}
fn invoked(xid: i32, op: Op) -> Fact {
    ClientFact::Invoked { session: SessionId(9), conn: 1, xid: Xid(xid), op: Arc::new(op) }.into()
}
fn returned(xid: i32, zxid: Zxid, result: Result<Reply, ErrorCode>) -> Fact {
    ClientFact::Returned { session: SessionId(9), conn: 1, xid: Xid(xid), zxid, result }.into()
}
fn unknown(xid: i32) -> Fact {
    ClientFact::Unknown { session: SessionId(9), xid: Xid(xid) }.into()
}
fn create(mode: CreateMode) -> Op {
    Op::create("/a".into(), None, mode)
}
fn set() -> Op {
    Op::SetData { path: "/a".into(), data: None, version: 3 }
}
fn recipe(fact: RecipeFact) -> Fact {
    ClientFact::Recipe(fact).into()
}

#[test]
fn elections() {
    check(vec![(0, boot()), (0, elected(0)), (0, crash())], &["crashed-power", "leader-without-epoch", "majority-down", "all-down"]);
    check(vec![(1, elected(0)), (2, elected(2))], &["election-by-log"]);
    let step_down = |leading| replica(ReplicaFact::StepDown { leading, why: "its quorum is gone".into() });
    check(vec![(0, elected(0)), (0, synchronizing(1)), (0, step_down(true))], &["leader-without-quorum"]);
    check(vec![(0, elected(0)), (0, synchronizing(1)), (0, established(1)), (0, step_down(true))], &["leader-gave-up"]);
    let frozen = vec![(0, established(1)), (0, Happening::Paused.into()), (1, established(3))];
    check(frozen, &["leader-superseded", "leader-paused-out", "epoch-skipped", "election-twice"]);
    check(
        vec![(0, established(1)), (0, step_down(true)), (1, established(2)), (1, step_down(true)), (0, established(3))],
        &["leader-gave-up", "election-twice", "leader-returned"],
    );
    // Elections of the healing phase are not the storm's.
    check(vec![(0, Happening::Healed.into()), (0, established(1)), (1, established(2))], &["leaderless-at-heal", "leader-superseded"]);
    let joiner = replica(ReplicaFact::Adopted { epoch: Epoch(1), leader: MachineId(0), last: Zxid::ZERO });
    check(vec![(1, joiner.clone()), (0, established(1))], &[]);
    check(vec![(0, established(1)), (1, joiner)], &["late-joiner"]);
}

#[test]
fn synchronisation() {
    let sent = |mode, peer_last, proposals| replica(ReplicaFact::SyncSent { peer: MachineId(1), mode, peer_last, to: z(1, 1), proposals });
    check(vec![(0, sent(SyncMode::Diff, z(1, 1), 0))], &["sync-diff-empty"]);
    check(vec![(0, sent(SyncMode::Diff, z(1, 1), 2))], &["sync-diff"]);
    check(vec![(0, sent(SyncMode::Trunc, z(1, 1), 0))], &["sync-trunc"]);
    check(vec![(0, sent(SyncMode::Trunc, z(1, 1), 1))], &["sync-trunc-diff"]);
    check(vec![(0, sent(SyncMode::Snap, Zxid::ZERO, 0))], &["sync-snap"]); // Nothing is committed: it is no loss to have nothing.
    check(vec![(0, committed(z(1, 1))), (0, sent(SyncMode::Snap, Zxid::ZERO, 0))], &["sync-snap", "sync-from-nothing"]);
    check(vec![(0, established(1)), (0, proposed(z(1, 1), 1, set())), (0, sent(SyncMode::Diff, z(1, 0), 1))], &["sync-diff", "sync-under-load"]);
    let cut = |removed| replica(ReplicaFact::Truncated { to: z(1, 1), removed });
    check(vec![(1, cut(1))], &[]);
    let midway = vec![(1, boot()), (0, boot()), (2, boot()), (0, sent(SyncMode::Trunc, z(1, 3), 0)), (1, cut(2)), (1, crash())];
    check(midway, &["sync-trunc", "truncated-two", "learner-lost-midway", "trunc-unadopted", "crashed-power"]);
    let adopted = replica(ReplicaFact::Adopted { epoch: Epoch(1), leader: MachineId(0), last: z(1, 1) });
    let gave_up = replica(ReplicaFact::StepDown { leading: false, why: "the leader is gone".into() });
    let serving = replica(ReplicaFact::Serving { epoch: Epoch(1), leader: MachineId(0) });
    check(vec![(1, adopted.clone()), (1, gave_up.clone())], &["adopted-unserved"]);
    check(vec![(1, adopted), (1, serving), (1, gave_up)], &[]);
}

#[test]
fn logs_and_disks() {
    check(vec![(0, recovered(1, Zxid::ZERO, Zxid::ZERO, 0))], &[]);
    check(vec![(0, recovered(2, Zxid::ZERO, z(1, 1), 17))], &["torn-tail", "epochs-apart", "recovered-uncommitted"]);
    check(vec![(1, committed(z(1, 1))), (0, recovered(1, Zxid::ZERO, Zxid::ZERO, 0))], &["recovered-behind"]);
    let snapshot = |until| replica(ReplicaFact::Snapshotted { zxid: z(1, 5), until });
    check(vec![(0, snapshot(z(1, 7))), (1, recovered(1, z(1, 5), Zxid::ZERO, 0))], &["snapshotted", "snapshot-fuzzy", "recovered-snapshot"]);
    check(vec![(0, snapshot(z(1, 7))), (0, recovered(1, z(1, 5), Zxid::ZERO, 0))], &["snapshotted", "snapshot-fuzzy", "recovered-snapshot", "recovered-fuzzy"]);
    check(
        vec![(0, snapshot(z(1, 7))), (0, snapshot(z(1, 5))), (0, recovered(1, z(1, 5), Zxid::ZERO, 0))],
        &["snapshotted", "snapshot-fuzzy", "recovered-snapshot"],
    );
    let exit = |damaged| Fact::from(Happening::Exited { why: "no space".into(), damaged });
    let full = Fact::from(Happening::Struck { fault: 1, kind: "disk-full".into() });
    check(vec![(0, boot()), (2, boot()), (1, boot()), (1, exit(false))], &[]);
    check(vec![(0, boot()), (2, boot()), (1, boot()), (1, full.clone()), (1, exit(false))], &["exit-disk-full"]);
    check(vec![(0, boot()), (2, boot()), (1, full), (1, Happening::Ended { fault: 1 }.into()), (1, exit(false))], &[]);
    check(vec![(0, boot()), (2, boot()), (1, exit(true)), (1, Happening::Wiped.into())], &["exit-damaged", "wiped"]);
}

#[test]
fn files() {
    let rolled = |why| Fact::from(FilesFact::Rolled { first: z(1, 3), after: z(1, 2), why });
    check(vec![(0, rolled(Roll::First))], &[]);
    check(vec![(0, rolled(Roll::Snapshot))], &["log-rolled"]);
    check(vec![(0, rolled(Roll::Full))], &["log-full"]);
    let purging = |snapshots: Vec<Zxid>, logs: Vec<Zxid>| Fact::from(FilesFact::Purging { snapshots, logs });
    let up = || vec![(0, boot()), (1, boot()), (2, boot())];
    let then = |more: Vec<(u16, Fact)>| [up(), more].concat();
    check(then(vec![(0, purging(vec![z(1, 1)], vec![])), (0, FilesFact::Purged.into()), (0, crash())]), &["snapshot-purged", "crashed-power"]);
    check(then(vec![(0, purging(vec![], vec![z(1, 1)])), (0, crash())]), &["log-purged", "crash-while-purging", "crashed-power"]);
    let begun = Fact::from(FilesFact::SnapshotBegun { zxid: z(1, 5) });
    let snapshot = |until| replica(ReplicaFact::Snapshotted { zxid: z(1, 5), until });
    check(then(vec![(0, begun.clone()), (0, crash())]), &["crash-while-snapshotting", "crashed-power"]);
    check(then(vec![(0, begun), (0, snapshot(z(1, 5))), (0, crash())]), &["snapshotted", "crashed-power"]);
    // What was changed between a snapshot's beginning and its end.
    let fuzzy = ["snapshotted", "snapshot-fuzzy", "recovered-snapshot", "recovered-fuzzy"];
    let within = |counter, op: Op| vec![(1, proposed(z(1, counter), 1, op)), (0, snapshot(z(1, 7))), (0, recovered(1, z(1, 5), Zxid::ZERO, 0))];
    let acl = || Op::SetAcl { path: "/a".into(), acl: [].into(), version: -1 };
    check(within(5, acl()), &fuzzy);
    check(within(6, acl()), &[&fuzzy[..], &["recovered-fuzzy-with-acl"]].concat());
    check(within(7, Op::CloseSession), &[&fuzzy[..], &["recovered-fuzzy-with-close"]].concat());
    check(within(6, Op::DeleteContainer { path: "/a".into() }), &[&fuzzy[..], &["recovered-fuzzy-with-reaped"]].concat());
    // Two log files over the snapshot, or one of them below it.
    let span = |first, last| LogSpan { first: z(1, first), after: z(1, first - 1), last: z(1, last) };
    let found = |from, logs| vec![(0, recovered(1, z(1, from), Zxid::ZERO, 0)), (0, FilesFact::Found { snapshots: vec![z(1, from)], logs }.into())];
    check(found(2, vec![span(1, 3), span(4, 6)]), &["recovered-snapshot", "recovered-across-logs"]);
    check(found(3, vec![span(1, 3), span(4, 6)]), &["recovered-snapshot"]);
    check(vec![(0, FilesFact::ReadBack { peer: MachineId(1), peer_last: z(1, 1), read: 4 }.into())], &["far-behind-by-diff-from-disk"]);
    let snap = replica(ReplicaFact::SyncSent { peer: MachineId(1), mode: SyncMode::Snap, peer_last: z(1, 1), to: z(1, 9), proposals: 0 });
    check(vec![(0, snap)], &["sync-snap", "far-behind-snap"]);
    // A replica forgets what it had logged, and hears it again.
    let nothing = || recovered(1, Zxid::ZERO, Zxid::ZERO, 0);
    check(vec![(0, nothing()), (0, logged(z(1, 1)))], &[]);
    check(vec![(0, logged(z(1, 1))), (0, nothing())], &["came-back-empty"]);
    check(vec![(0, logged(z(1, 1))), (0, nothing()), (0, logged(z(1, 1)))], &["came-back-empty"]); // It had no tail left.
    check(vec![(0, logged(z(1, 1))), (0, logged(z(1, 2))), (0, recovered(1, Zxid::ZERO, z(1, 1), 0))], &["recovered-uncommitted"]);
    check(
        vec![(0, logged(z(1, 1))), (0, logged(z(1, 2))), (0, recovered(1, Zxid::ZERO, z(1, 1), 0)), (0, logged(z(1, 2)))],
        &["recovered-uncommitted", "tail-lost-and-refetched"],
    );
    // What a leader had it cut off was no loss.
    let cut = replica(ReplicaFact::Truncated { to: z(1, 1), removed: 1 });
    let again = vec![(0, logged(z(1, 1))), (0, logged(z(1, 2))), (0, cut), (0, recovered(1, Zxid::ZERO, z(1, 1), 0)), (0, logged(z(1, 2)))];
    check(again, &["recovered-uncommitted"]);
}

#[test]
fn proposals_of_lost_leaders() {
    let begun = || vec![(0, boot()), (1, boot()), (2, boot()), (0, established(1)), (0, proposed(z(1, 1), 1, set())), (0, logged(z(1, 1)))];
    let then = |more: Vec<(u16, Fact)>| [begun(), more].concat();
    let common = ["crashed-power", "leader-crashed"];
    let with = |more: &[&'static str]| [&common[..], more].concat();
    check(then(vec![(0, crash())]), &common);
    check(then(vec![(1, logged(z(1, 1))), (0, crash())]), &with(&["leader-lost-before-commit"]));
    check(then(vec![(1, logged(z(1, 1))), (0, committed(z(1, 1))), (0, crash())]), &with(&["leader-lost-after-commit"]));
    check(then(vec![(0, committed(z(1, 1))), (1, delivered(z(1, 1))), (0, crash())]), &common);
    let twice = ["election-twice"];
    check(
        then(vec![(1, logged(z(1, 1))), (0, crash()), (1, established(2))]),
        &[&with(&["leader-lost-before-commit", "uncommitted-survives"])[..], &twice].concat(),
    );
    check(then(vec![(0, crash()), (1, established(2))]), &[&with(&["uncommitted-vanishes"])[..], &twice].concat());
    // What was cut off again is no longer held.
    let cut = replica(ReplicaFact::Truncated { to: Zxid::ZERO, removed: 1 });
    check(then(vec![(1, logged(z(1, 1))), (1, cut), (0, crash()), (1, established(2))]), &[&with(&["uncommitted-vanishes"])[..], &twice].concat());
}

#[test]
fn the_world() {
    check(vec![(0, boot()), (1, boot()), (2, boot()), (2, crash())], &["crashed-power"]);
    check(vec![(0, boot()), (1, boot()), (2, boot()), (2, crash()), (1, crash())], &["crashed-power", "majority-down"]);
    check(vec![(3, crash())], &["crashed-power"]); // A client.
    let one_way = Fact::from(Happening::Struck { fault: 0, kind: "partition-one-way".into() });
    check(vec![(0, one_way.clone())], &[]); // Nobody leads.
    check(vec![(0, established(1)), (0, one_way)], &["cut-one-way"]);
    check(vec![(0, Happening::Struck { fault: 2, kind: "cut-streams".into() }.into())], &["half-open"]);
    let step = |by_ms| Fact::from(Happening::ClockStepped { by_ms });
    check(vec![(0, step(-5)), (0, established(1)), (1, step(-5)), (0, step(5))], &[]);
    check(vec![(0, established(1)), (0, step(-5))], &["clock-back"]);
    check(vec![(2, Happening::LeftOut { machine: MachineId(2) }.into())], &["absent-at-the-end"]);
    check(vec![(4, Happening::LeftOut { machine: MachineId(4) }.into())], &[]);
}

#[test]
fn sessions() {
    let expired = |ordered| replica(ReplicaFact::SessionExpired { session: SessionId(9), silent_ms: 1_600, timeout_ms: 1_500, ordered });
    check(vec![(0, expired(true))], &["session-expired-by-order"]);
    check(vec![(0, expired(false))], &["session-expired"]);
    let cut = Fact::from(Happening::Struck { fault: 0, kind: "partition-one-way".into() });
    check(vec![(3, boot()), (3, attached(0, false, Zxid::ZERO)), (0, cut.clone()), (0, expired(false))], &["session-expired", "session-expired-behind-cut"]);
    check(
        vec![(3, boot()), (3, attached(0, false, Zxid::ZERO)), (0, cut), (0, Happening::Ended { fault: 0 }.into()), (0, expired(false))],
        &["session-expired"],
    );
    let frozen = vec![
        (3, boot()),
        (3, attached(0, false, Zxid::ZERO)),
        (3, Happening::Paused.into()),
        (0, expired(false)),
        (3, Happening::Resumed { inbox: 4 }.into()),
        (3, ClientFact::Expired { session: SessionId(9) }.into()),
    ];
    check(frozen, &["session-expired", "session-expired-in-pause", "pause-past-timeout", "expiry-learned"]);
    check(vec![(3, attached(0, false, Zxid::ZERO)), (3, Happening::Paused.into()), (3, Happening::Resumed { inbox: 0 }.into())], &[]);
    let refused = replica(ReplicaFact::RefusedBehind { seen: z(1, 4), last: z(1, 2) });
    check(
        vec![(3, attached(0, false, Zxid::ZERO)), (1, refused), (3, attached(2, true, z(1, 4)))],
        &["refused-behind", "refused-then-attached", "session-moved"],
    );
    check(vec![(3, attached(0, false, Zxid::ZERO)), (1, established(2)), (3, attached(0, true, z(1, 4)))], &["session-outlives-leader"]);
    let owner = (0, proposed(z(1, 1), 1, create(CreateMode::EphemeralSequential)));
    check(vec![owner.clone(), (0, proposed(z(1, 2), 0, Op::CloseSession))], &["ephemeral-expired"]);
    check(vec![owner, (0, proposed(z(1, 2), 2, Op::CloseSession))], &["ephemeral-closed"]);
    check(vec![(0, proposed(z(1, 2), 0, Op::CloseSession))], &[]);
}

#[test]
fn outcomes() {
    check(vec![(3, invoked(1, set())), (0, proposed(z(1, 1), 1, set())), (0, committed(z(1, 1))), (3, unknown(1))], &["unknown-done"]);
    check(vec![(3, invoked(1, set())), (0, proposed(z(1, 1), 1, set())), (3, unknown(1)), (0, committed(z(1, 1)))], &["unknown-late"]);
    check(vec![(3, invoked(1, set())), (3, unknown(1))], &["unknown-never"]);
    check(vec![(3, invoked(1, Op::GetData { path: "/a".into(), watch: false })), (3, unknown(1))], &[]); // A read has no effect.
    let vanished = replica(ReplicaFact::Truncated { to: Zxid::ZERO, removed: 1 });
    check(vec![(3, invoked(1, set())), (0, proposed(z(1, 1), 1, set())), (3, unknown(1)), (0, vanished)], &["unknown-vanished"]);
    let plain = || create(CreateMode::Persistent);
    let exists = (3, returned(2, z(1, 2), Err(ErrorCode::NodeExists)));
    check(vec![(3, invoked(1, plain())), (3, unknown(1)), (3, invoked(2, plain())), exists.clone()], &["unknown-never", "exists-after-unknown"]);
    check(vec![(3, invoked(2, plain())), exists], &[]);
}

#[test]
fn requests() {
    let multi = || Op::Multi(vec![set()]);
    check(vec![(3, invoked(1, multi())), (3, returned(1, z(1, 1), Ok(Reply::Multi(vec![Ok(Reply::Done)]))))], &["multi-done"]);
    check(vec![(3, invoked(1, multi())), (3, returned(1, z(1, 1), Ok(Reply::Multi(vec![Err(ErrorCode::BadVersion)]))))], &["multi-failed"]);
    check(vec![(3, invoked(1, set())), (3, returned(1, z(1, 1), Err(ErrorCode::BadVersion)))], &["bad-version"]);
    check(vec![(3, invoked(1, create(CreateMode::Container))), (3, returned(1, z(1, 1), Ok(Reply::Done)))], &["container-created"]);
    check(vec![(3, invoked(1, create(CreateMode::PersistentWithTtl(9)))), (3, returned(1, z(1, 1), Ok(Reply::Done)))], &["ttl-created"]);
    check(vec![(3, invoked(1, Op::Sync { path: "/a".into() })), (3, returned(1, z(1, 1), Ok(Reply::Synced { path: "/a".into() })))], &["sync-returned"]);
    let read = || (3, invoked(1, Op::GetData { path: "/a".into(), watch: false }));
    check(vec![(0, committed(z(1, 2))), read(), (3, returned(1, z(1, 1), Err(ErrorCode::NoNode)))], &["read-stale"]);
    check(vec![(0, committed(z(1, 2))), read(), (3, returned(1, z(1, 2), Err(ErrorCode::NoNode)))], &[]);
    check(vec![(3, invoked(1, set())), (3, invoked(2, set())), (3, unknown(1)), (3, invoked(3, set()))], &["unknown-never"]);
    check(vec![(3, invoked(1, set())), (3, invoked(2, set())), (3, invoked(3, set()))], &["pipelined"]);
    let sequential = |epoch| (0, proposed(z(epoch, 1), 1, create(CreateMode::PersistentSequential)));
    check(vec![sequential(1), sequential(1)], &[]);
    check(vec![sequential(1), sequential(2)], &["sequential-next-leader"]);
    let answered = (0, replica(ReplicaFact::SyncAnswered { session: SessionId(9), xid: Xid(1), committed: z(1, 1) }));
    check(vec![(0, established(1)), answered.clone()], &[]);
    check(vec![(0, established(1)), (1, established(2)), answered], &["leader-superseded", "election-twice", "sync-superseded"]);
}

#[test]
fn watches() {
    let event = |kind| Fact::from(ClientFact::Watched { session: SessionId(9), conn: 1, zxid: z(1, 1), event: WatchEvent { kind, path: "/a".into() } });
    check(vec![(3, event(EventKind::NodeDataChanged))], &["watch-fired"]);
    check(vec![(3, event(EventKind::NodeCreated))], &["watch-fired", "watch-created"]);
    let restore = |paths: Vec<vocab::service::Path>| {
        (3, invoked(Xid::SET_WATCHES.0, Op::SetWatches { relative: z(1, 1), data: paths, exist: vec![], child: vec![], persistent: vec![], recursive: vec![] }))
    };
    let done = || (3, returned(Xid::SET_WATCHES.0, z(1, 2), Ok(Reply::Done)));
    check(vec![restore(vec![]), done()], &[]);
    check(vec![restore(vec!["/a".into()]), done(), (3, event(EventKind::NodeDeleted))], &["watches-restored", "watch-fired"]);
    check(vec![restore(vec!["/a".into()]), (3, event(EventKind::NodeDeleted)), done()], &["watches-restored", "watch-fired", "watch-caught-up"]);
}

#[test]
fn recipes() {
    let acquired = |client| (client, recipe(RecipeFact::Acquired { path: "/l".into(), node: "/l/1".into() }));
    let released = |client| (client, recipe(RecipeFact::Released { path: "/l".into(), node: "/l/1".into() }));
    check(vec![acquired(3), released(3), acquired(3)], &[]);
    check(vec![acquired(3), released(3), acquired(4)], &["lock-passed-on"]);
    check(vec![acquired(3), acquired(4)], &["lock-passed-on", "lock-taken-over"]);
    let counted = |client| (client, recipe(RecipeFact::Counted { path: "/c".into(), from: 1, to: 2 }));
    check(vec![counted(3), counted(3)], &[]);
    check(vec![counted(3), counted(4)], &["counter-shared"]);
    let queue = |taker| vec![(3, recipe(RecipeFact::Queued { node: "/q/1".into() })), (taker, recipe(RecipeFact::Taken { node: "/q/1".into() }))];
    check(queue(3), &[]);
    check(queue(4), &["queue-handed-over"]);
    let passed = |present| vec![(3, recipe(RecipeFact::Passed { path: "/b".into(), present }))];
    check(passed(1), &[]);
    check(passed(2), &["barrier-passed"]);
    check(vec![(3, ClientFact::Finished.into())], &["flink-finished"]);
    check(vec![(4, ClientFact::Finished.into())], &[]);
}

#[test]
fn configurations() {
    let ensemble = |version: Zxid, voters: &[u16], observers: &[u16]| {
        let set = |machines: &[u16]| machines.iter().copied().map(MachineId).collect();
        replica(ReplicaFact::Configured { ensemble: Arc::new(Ensemble { version, voters: set(voters), observers: set(observers), ..Ensemble::default() }) })
    };
    let reconfig = || Op::Reconfig { joining: None, leaving: None, members: None, from: -1 };
    let refused = |error| {
        let Fact::Replica(ReplicaFact::Proposed { txn, mark }) = proposed(z(1, 1), 1, reconfig()) else { unreachable!("it is proposed") };
        replica(ReplicaFact::Proposed { txn: Arc::new(Transaction { error: Some(error), ..(*txn).clone() }), mark })
    };
    check(vec![(0, refused(ErrorCode::NewConfigNoQuorum))], &["reconfig-no-quorum"]);
    check(vec![(0, refused(ErrorCode::ReconfigInProgress))], &["reconfig-in-progress"]);
    check(vec![(1, ensemble(z(1, 1), &[0, 2], &[1]))], &["voter-observes"]);
    check(vec![(1, ensemble(z(1, 1), &[0, 2], &[]))], &["replica-removed"]);
    check(
        vec![(1, ensemble(z(1, 1), &[0, 2], &[])), (1, ensemble(z(1, 2), &[0, 2], &[1])), (1, ensemble(z(1, 3), &[0, 1, 2], &[]))],
        &["replica-removed", "replica-joined", "observer-votes"],
    );
    check(vec![(1, ensemble(z(1, 1), &[0, 1, 2], &[])), (1, ensemble(Zxid::ZERO, &[0, 2], &[1]))], &[]); // It was started.
    check(vec![(0, established(1)), (0, ensemble(z(1, 1), &[1, 2], &[0]))], &["leader-removed-itself", "voter-observes"]);
    let appointed = replica(ReplicaFact::Appointed { leader: MachineId(1) });
    check(vec![(1, appointed.clone()), (0, appointed), (1, established(2))], &["leader-appointed"]);
}

#[test]
fn names_are_unique_and_enough_of_them_are_required() {
    let names: std::collections::BTreeSet<&str> = probes().iter().map(|probe| probe.name).collect();
    assert_eq!(names.len(), probes().len());
    assert!(probes().iter().filter(|probe| probe.required).count() >= 45);
}
