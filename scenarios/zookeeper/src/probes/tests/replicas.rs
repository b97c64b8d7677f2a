//! What replicas do, and what the world does to them.

use super::*;

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
    let exit = |damaged| Says::from(Happening::Exited { why: "no space".into(), damaged });
    let full = Says::from(Happening::Struck { fault: 1, kind: "disk-full".into() });
    check(vec![(0, boot()), (2, boot()), (1, boot()), (1, exit(false))], &[]);
    check(vec![(0, boot()), (2, boot()), (1, boot()), (1, full.clone()), (1, exit(false))], &["exit-disk-full"]);
    check(vec![(0, boot()), (2, boot()), (1, full), (1, Happening::Ended { fault: 1 }.into()), (1, exit(false))], &[]);
    check(vec![(0, boot()), (2, boot()), (1, exit(true)), (1, Happening::Wiped.into())], &["exit-damaged", "wiped"]);
}

#[test]
fn files() {
    let rolled = |why| Says::from(FilesFact::Rolled { first: z(1, 3), after: z(1, 2), why });
    check(vec![(0, rolled(Roll::First))], &[]);
    check(vec![(0, rolled(Roll::Snapshot))], &["log-rolled"]);
    check(vec![(0, rolled(Roll::Full))], &["log-full"]);
    let purging = |snapshots: Vec<Zxid>, logs: Vec<Zxid>| Says::from(FilesFact::Purging { snapshots, logs });
    let up = || vec![(0, boot()), (1, boot()), (2, boot())];
    let then = |more: Vec<(u16, Says)>| [up(), more].concat();
    check(then(vec![(0, purging(vec![z(1, 1)], vec![])), (0, FilesFact::Purged.into()), (0, crash())]), &["snapshot-purged", "crashed-power"]);
    check(then(vec![(0, purging(vec![], vec![z(1, 1)])), (0, crash())]), &["log-purged", "crash-while-purging", "crashed-power"]);
    let begun = Says::from(FilesFact::SnapshotBegun { zxid: z(1, 5) });
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
    let then = |more: Vec<(u16, Says)>| [begun(), more].concat();
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
    let one_way = Says::from(Happening::Struck { fault: 0, kind: "partition-one-way".into() });
    check(vec![(0, one_way.clone())], &[]); // Nobody leads.
    check(vec![(0, established(1)), (0, one_way)], &["cut-one-way"]);
    check(vec![(0, Happening::Struck { fault: 2, kind: "cut-streams".into() }.into())], &["half-open"]);
    let step = |by_ms| Says::from(Happening::ClockStepped { by_ms });
    check(vec![(0, step(-5)), (0, established(1)), (1, step(-5)), (0, step(5))], &[]);
    check(vec![(0, established(1)), (0, step(-5))], &["clock-back"]);
    check(vec![(2, Happening::LeftOut { machine: MachineId(2) }.into())], &["absent-at-the-end"]);
    check(vec![(4, Happening::LeftOut { machine: MachineId(4) }.into())], &[]);
}

#[test]
fn configurations() {
    let ensemble = |version: Zxid, voters: &[u16], observers: &[u16]| {
        let set = |machines: &[u16]| machines.iter().copied().map(MachineId).collect();
        replica(ReplicaFact::Configured { ensemble: Arc::new(Ensemble { version, voters: set(voters), observers: set(observers), ..Ensemble::default() }) })
    };
    let reconfig = || Op::Reconfig { joining: None, leaving: None, members: None, from: -1 };
    let refused = |error| {
        let Noted::Said(Fact::Replica(ReplicaFact::Proposed { txn, mark })) = proposed(z(1, 1), 1, reconfig()).0 else { unreachable!("it is proposed") };
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
