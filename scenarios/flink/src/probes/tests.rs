//! Recordings by hand of a stream engine, and the probes that they hit.

use contract::fault::{Fault, Shape, Target, What, When};
use contract::happening::Happening;
use contract::ids::MachineId;
use contract::recording::{Ending, Note, Noted, RECORDING_FORMAT};
use contract::time::SECOND;
use flink_words::fact::{Fact, MasterFact, OutsideFact, WorkerFact};
use flink_words::ids::{ChannelId, EdgeId, KeyGroup, WorkerId};
use flink_words::job::JobKind;
use flink_words::master::{AckOutcome, AddOutcome, JobStatus};
use flink_words::state::{ChannelMark, Fired, GroupDigest, InputCut, OutputCut, SnapshotKind, StateSummary, TimeDomain};
use flink_words::worker::TaskEnd;
use flink_words::{Plan, Recording};
use harness::System;
use outside_words::data::Topic;
use outside_words::fact::{Author, LedgerError};
use outside_words::ids::{AttemptId, CheckpointId, JobId, LeaderId, SplitId, Subtask, TxnId, VertexId};
use zookeeper_words::fact::{ClientFact, ConnectionState, ReplicaFact};
use zookeeper_words::ids::{SessionId, Zxid};

use crate::Flink;

/// Two masters, two workers, the log, the ledger and the blob store.
const M1: u16 = 5;
const M2: u16 = 6;
const W1: u16 = 7;
const LEDGER: u16 = 10;
const BLOBS: u16 = 11;
const JOB: JobId = JobId(1);
const C1: CheckpointId = CheckpointId(1);
const C2: CheckpointId = CheckpointId(2);

/// Three replicas, two clients, and a stream engine; fault 0 is a partition, 1 an order to the ledger, 2 one to the
/// blob store, 3 one to whoever is caught.
fn plan() -> Plan {
    let mut plan = crate::family::plan("stream-calm", 1);
    plan.settings.service.cluster.replicas = 3;
    plan.settings.service.clients.truncate(2);
    let stream = &mut plan.settings.stream;
    (stream.masters, stream.workers, stream.parallelism) = (2, 2, 2);
    (stream.checkpoints.unaligned, stream.checkpoints.aligned_timeout_ms) = (true, 100);
    let order = |machine, word: &str| What::Order { machine, word: word.into() };
    let machine = |machine| Target::Machine(MachineId(machine));
    let faults = [
        What::Partition { shape: Shape::Isolate { machine: machine(W1) }, for_ms: 5 },
        order(machine(LEDGER), "unavailable 2500"),
        order(machine(BLOBS), "unavailable 2500"),
        order(Target::Subject, "unavailable 2500"),
    ];
    plan.faults = faults.into_iter().map(|what| Fault { when: When::At { ms: 1 }, what }).collect();
    plan
}

/// What a machine notes, or what befalls it.
type Entry = (u16, Noted<Fact>);

/// Which probes these entries hit, one a second.
fn check(entries: Vec<Entry>, expected: &[&str]) {
    let notes = entries.into_iter().zip(0u64..).map(|((machine, what), at_s)| Note { at_ns: at_s * SECOND, machine: MachineId(machine), what });
    let (notes, ending) = (notes.collect(), Ending::Finished);
    let recording = Recording { format: RECORDING_FORMAT, plan: plan(), notes, ending, events: 0, end_ns: 0, hash: String::new() };
    let probes = Flink::probes();
    let hits = probes.hits(&Flink::evidence(&recording));
    let mut found: Vec<&str> = probes.table().enumerate().filter(|(place, _)| hits.has(*place)).map(|(_, probe)| probe.name).collect();
    let mut expected = expected.to_vec();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected, "{:#?}", recording.notes);
}

fn said(machine: u16, fact: impl Into<Fact>) -> Entry {
    (machine, Noted::Said(fact.into()))
}
fn befell(machine: u16, happening: Happening) -> Entry {
    (machine, Noted::World(happening))
}
fn leader(number: u8) -> LeaderId {
    LeaderId(u128::from(number) << 96)
}
fn attempt(leads: u8, index: u16, number: u32) -> AttemptId {
    AttemptId { job: JOB, subtask: Subtask { vertex: VertexId(1), index }, leader: leader(leads), number }
}
fn master(fact: MasterFact) -> Entry {
    said(M1, fact)
}
fn worker(fact: WorkerFact) -> Entry {
    said(W1, fact)
}
fn ledger(fact: OutsideFact) -> Entry {
    said(LEDGER, fact)
}
fn granted(machine: u16, leads: u8) -> Entry {
    said(machine, MasterFact::Granted { leader: leader(leads), node: "n".into() })
}
fn revoked(machine: u16, leads: u8) -> Entry {
    said(machine, MasterFact::Revoked { leader: leader(leads) })
}
fn crash(machine: u16, power: bool) -> Entry {
    befell(machine, Happening::Crashed { power, disk_lost: false, lost_bytes: 0, lied_bytes: 0 })
}
fn triggered(checkpoint: CheckpointId, kind: SnapshotKind) -> Entry {
    let (tasks, unassigned) = (vec![attempt(1, 0, 1)], vec![]);
    master(MasterFact::Triggered { leader: leader(1), job: JOB, checkpoint, kind, periodic: true, tasks, unassigned, mono_ms: 0 })
}
fn added(outcome: AddOutcome) -> Entry {
    master(MasterFact::Added { leader: leader(1), job: JOB, checkpoint: C1, outcome })
}
fn completed(checkpoint: CheckpointId, kind: SnapshotKind) -> Entry {
    master(MasterFact::Completed { leader: leader(1), job: JOB, checkpoint, kind, mono_ms: 0 })
}
fn aborted(why: &str) -> Entry {
    master(MasterFact::Aborted { leader: leader(1), job: JOB, checkpoint: C1, why: why.into() })
}
fn restoring(from: Option<(JobId, CheckpointId)>, tasks: Vec<AttemptId>, global: bool) -> Entry {
    master(MasterFact::Restoring { leader: leader(1), job: JOB, from, tasks, global })
}
fn submitted(job: JobId, parallelism: u16, from: Option<(JobId, CheckpointId)>) -> Entry {
    master(MasterFact::Submitted { leader: leader(1), job, kind: JobKind::Q5, parallelism, from })
}
fn running(attempt: AttemptId, from: Option<CheckpointId>, state: StateSummary, replayed: u64) -> Entry {
    worker(WorkerFact::Running { attempt, from, state, replayed: vec![(channel(), replayed)] })
}
fn ended(attempt: AttemptId, end: TaskEnd) -> Entry {
    worker(WorkerFact::Ended { attempt, end })
}
fn channel() -> ChannelId {
    ChannelId { edge: EdgeId(0), from: 0, to: 0 }
}
fn snapshotted(attempt: AttemptId, inputs: usize, unaligned: bool, overtaken: u64) -> Entry {
    let (consumed, persisted) = (ChannelMark::default(), ChannelMark::default());
    let inputs = vec![InputCut { channel: channel(), consumed, persisted }; inputs];
    let outputs = vec![OutputCut { channel: channel(), emitted: ChannelMark { count: 9, digest: 1 }, persisted: overtaken }];
    worker(WorkerFact::Snapshotted { attempt, checkpoint: C1, kind: SnapshotKind::Checkpoint, unaligned, inputs, outputs, state: StateSummary::default() })
}
fn with_timers() -> StateSummary {
    StateSummary { groups: vec![GroupDigest { group: KeyGroup(0), entries: 1, timers: 2, digest: 3 }], ..StateSummary::default() }
}

#[test]
fn leaders() {
    check(vec![granted(M1, 1), revoked(M1, 1), granted(M1, 2)], &["master-elected-again"]);
    check(vec![granted(M1, 1), granted(M2, 2)], &["two-masters-believe", "master-failover"]);
    check(vec![granted(M1, 1), crash(M1, false), granted(M2, 2)], &["crashed-process", "master-failover"]);
    let checkpoint = || vec![granted(M1, 1), triggered(C1, SnapshotKind::Checkpoint)];
    let then = |more: Vec<Entry>| [checkpoint(), more].concat();
    check(then(vec![revoked(M1, 1)]), &["failover-with-pending"]);
    check(then(vec![aborted("job-failover-region"), revoked(M1, 1)]), &["checkpoint-failed-over"]);
    let done = || vec![added(AddOutcome::Added), completed(C1, SnapshotKind::Checkpoint)];
    check(then([done(), vec![revoked(M1, 1)]].concat()), &["checkpoint-completed", "failover-before-notify"]);
    check(vec![granted(M1, 1), completed(C1, SnapshotKind::Suspend), revoked(M1, 1)], &["stopped-with-savepoint", "failover-before-notify"]);
    let told = master(MasterFact::Notifying { leader: leader(1), job: JOB, checkpoint: C1, tasks: vec![] });
    check(then([done(), vec![told, revoked(M1, 1)]].concat()), &["checkpoint-completed"]);
    // Another leads; the session is gone; there is no connection.
    let deposed = ["checkpoint-completed", "completed-while-deposed"];
    check(then([vec![granted(M2, 2)], done()].concat()), &[&deposed[..], &["two-masters-believe", "master-failover", "added-by-deposed"]].concat());
    let attached: Entry =
        said(M1, ClientFact::Attached { session: SessionId(9), conn: 1, replica: MachineId(0), timeout_ms: 1_500, again: false, seen: Zxid::ZERO });
    let expired: Entry = said(0, ReplicaFact::SessionExpired { session: SessionId(9), silent_ms: 9, timeout_ms: 8, ordered: true });
    check(then([vec![attached.clone(), expired], done()].concat()), &[&deposed[..], &["session-expired-by-order"]].concat());
    let suspended: Entry = said(M1, ClientFact::Connection(ConnectionState::Suspended));
    check(then([vec![attached, suspended], done()].concat()), &deposed);
    // Tasks that are on their way, and a job whose data is.
    let tasks = || restoring(None, vec![attempt(1, 0, 1)], true);
    check(vec![granted(M1, 1), tasks(), revoked(M1, 1)], &["failover-while-restoring"]);
    check(vec![granted(M1, 1), tasks(), running(attempt(1, 0, 1), None, StateSummary::default(), 0), revoked(M1, 1)], &[]);
    check(vec![granted(M2, 2), running(attempt(1, 0, 1), None, StateSummary::default(), 0)], &["zombie-task"]);
    let result = master(MasterFact::ResultStored { leader: leader(1), job: JOB, status: JobStatus::Finished, dirty: true });
    let clean = master(MasterFact::CleanedUp { leader: leader(1), job: JOB });
    check(vec![granted(M1, 1), result.clone(), revoked(M1, 1)], &["failover-during-cleanup"]);
    check(vec![granted(M1, 1), result, clean, revoked(M1, 1)], &["job-cleaned-up"]);
    let recovered = |checkpoints| master(MasterFact::Recovered { leader: leader(1), job: JOB, parallelism: 2, from: None, checkpoints });
    check(vec![granted(M1, 1), recovered(vec![])], &[]);
    check(vec![granted(M1, 1), recovered(vec![C1])], &["job-recovered"]);
    check(vec![granted(M1, 1), recovered(vec![C1, C2])], &["job-recovered", "recovered-several"]);
}

#[test]
fn workers_and_their_leaders() {
    let life = WorkerId { machine: MachineId(W1), born_ns: 1 };
    let registered = |leads| worker(WorkerFact::Registered { worker: life, leader: leader(leads) });
    check(vec![registered(1), registered(1)], &[]);
    check(vec![registered(1), worker(WorkerFact::LeaderLost { leader: leader(1) }), registered(2)], &["worker-lost-leader", "worker-with-new-leader"]);
    check(vec![worker(WorkerFact::Refused { leader: leader(1), call: "deploy-task".into() })], &["token-refused"]);
    check(vec![master(MasterFact::WorkerLost { leader: leader(1), worker: life })], &["worker-lost"]);
}

#[test]
fn checkpoints() {
    let checkpoint = |id| triggered(id, SnapshotKind::Checkpoint);
    check(vec![checkpoint(C1), checkpoint(C2)], &["checkpoints-at-once"]);
    check(vec![checkpoint(C1), aborted("checkpoint-expired"), checkpoint(C2)], &["checkpoint-expired"]);
    check(vec![aborted("checkpoint-declined: a task is not ready")], &["checkpoint-declined"]);
    check(vec![aborted("checkpoint-subsumed")], &["checkpoint-subsumed"]);
    check(vec![aborted("finalize-checkpoint-failure: the blob store is away")], &["finalize-failed"]);
    check(vec![triggered(C1, SnapshotKind::Savepoint), aborted("checkpoint-coordinator-suspend")], &["savepoint-failed"]);
    check(vec![completed(C1, SnapshotKind::Savepoint)], &["savepoint-taken"]);
    check(vec![checkpoint(C2), completed(C1, SnapshotKind::Savepoint)], &["savepoint-taken", "savepoint-amid-checkpoint"]);
    check(vec![completed(C1, SnapshotKind::Suspend)], &["stopped-with-savepoint"]);
    let acknowledged = |outcome| master(MasterFact::AckReceived { leader: leader(1), checkpoint: C1, attempt: attempt(1, 0, 1), outcome });
    check(vec![acknowledged(AckOutcome::Success)], &[]);
    check(vec![acknowledged(AckOutcome::Duplicate)], &["ack-twice"]);
    check(vec![acknowledged(AckOutcome::Unknown)], &["ack-unknown"]);
    check(vec![acknowledged(AckOutcome::Discarded)], &["ack-after-abort"]);
    let refused = MasterFact::TriggerEnded { leader: leader(1), request: 1, outcome: Err("not-all-required-tasks-running".into()) };
    check(vec![master(refused)], &["trigger-refused"]);
    let counted = |fails_job| master(MasterFact::FailureCounted { leader: leader(1), job: JOB, checkpoint: C1, failures: 1, fails_job });
    check(vec![counted(false)], &["failure-tolerated"]);
    check(vec![counted(true)], &["failure-not-tolerable"]);
    check(vec![added(AddOutcome::Assumed)], &["node-exists-assumed"]);
    check(vec![added(AddOutcome::Discarded)], &["add-discarded"]);
    check(vec![added(AddOutcome::Inconsistent)], &["add-inconsistent"]);
    check(vec![added(AddOutcome::Fenced)], &["add-fenced"]);
    let subsumed = |removed| master(MasterFact::Subsumed { leader: leader(1), job: JOB, checkpoint: C1, removed });
    check(vec![subsumed(true)], &["checkpoint-subsumed-in-store"]);
    check(vec![subsumed(false)], &["checkpoint-subsumed-in-store", "removal-refused"]);
    check(vec![master(MasterFact::Discarding { leader: leader(1), job: JOB, blobs: vec!["job-1/chk-1/a".into()] })], &["blobs-discarded"]);
    let finalized = |blob: &str| master(MasterFact::Finalized { leader: leader(1), job: JOB, checkpoint: C1, metadata: "m".into(), blobs: vec![blob.into()] });
    check(vec![finalized("job-1/shared/a"), finalized("job-1/shared/a")], &[]);
    check(vec![finalized("job-1/shared/a"), finalized("job-1/shared/a"), finalized("job-1/shared/a")], &["shared-file-reused"]);
    let notified = worker(WorkerFact::Notified { attempt: attempt(1, 0, 1), checkpoint: C1 });
    let end = worker(WorkerFact::EndOfData { attempt: attempt(1, 0, 1), drained: true });
    check(vec![notified.clone(), end.clone()], &[]);
    check(vec![end, checkpoint(C1), notified], &["final-checkpoint", "checkpoint-of-ended"]);
    check(vec![aborted("checkpoint-expired"), snapshotted(attempt(1, 0, 1), 1, false, 0)], &["checkpoint-expired", "snapshot-of-aborted"]);
}

#[test]
fn barriers() {
    let task = attempt(1, 0, 1);
    let began = || worker(WorkerFact::AlignmentBegan { attempt: task, checkpoint: C1 });
    let cut = || befell(0, Happening::Struck { fault: 0, kind: "partition-isolate".into() });
    let lifted = || befell(0, Happening::Ended { fault: 0 });
    check(vec![cut(), began(), lifted(), snapshotted(task, 2, false, 0)], &["aligned-across-heal"]);
    check(vec![cut(), lifted(), began(), snapshotted(task, 2, false, 0)], &[]);
    check(vec![cut(), began(), lifted(), snapshotted(task, 1, false, 0)], &[]); // One input is aligned at once.
    check(vec![began(), snapshotted(task, 2, true, 0)], &["alignment-timed-out"]);
    check(vec![began(), snapshotted(task, 0, false, 3)], &["barrier-overtook"]);
    let cut_of = |consumed, persisted| InputCut { channel: channel(), consumed: mark(consumed), persisted: mark(persisted) };
    let acknowledged = |inputs| worker(WorkerFact::Acknowledged { attempt: task, checkpoint: C1, inputs });
    check(vec![acknowledged(vec![cut_of(3, 3)])], &[]);
    check(vec![acknowledged(vec![cut_of(3, 5)])], &["barrier-overtook"]);
    let gave_up = || worker(WorkerFact::SnapshotAborted { attempt: task, checkpoint: C1, why: "told to".into() });
    check(vec![began(), gave_up(), ended(task, TaskEnd::Canceled)], &["snapshot-aborted", "canceled-while-starting"]);
    check(vec![began(), gave_up(), snapshotted(task, 0, false, 0)], &["snapshot-aborted", "snapshot-after-abort"]);
    check(vec![began(), ended(task, TaskEnd::Canceled)], &["ended-in-alignment", "canceled-while-starting"]);
    check(vec![began(), snapshotted(task, 0, false, 0), ended(task, TaskEnd::Canceled)], &["ended-in-upload", "canceled-while-starting"]);
    let stopped = [began(), snapshotted(task, 0, false, 0), gave_up(), ended(task, TaskEnd::Canceled)];
    check(stopped.to_vec(), &["snapshot-aborted", "ended-in-upload", "canceled-while-starting"]);
    check(vec![began(), snapshotted(task, 0, false, 0), acknowledged(vec![]), ended(task, TaskEnd::Finished)], &[]);
    let pressure = |blocked_us| worker(WorkerFact::Pressure { attempt: task, blocked_us, buffers: 1 });
    check(vec![pressure(999_999)], &[]);
    check(vec![pressure(1_000_000)], &["back-pressure"]);
}

fn mark(count: u64) -> ChannelMark {
    ChannelMark { count, digest: count }
}

#[test]
fn restarts() {
    let (a, b) = (attempt(1, 0, 1), attempt(1, 1, 1));
    let none = StateSummary::default;
    let up = || vec![restoring(None, vec![a, b], true), running(a, None, none(), 0), running(b, None, none(), 0)];
    let then = |more: Vec<Entry>| [up(), more].concat();
    let again = attempt(1, 0, 2);
    check(
        then(vec![ended(a, TaskEnd::Failed { why: "it broke".into() }), restoring(Some((JOB, C1)), vec![again], false)]),
        &["task-failed", "region-restarted"],
    );
    check(then(vec![ended(a, TaskEnd::Canceled), ended(b, TaskEnd::Canceled), restoring(Some((JOB, C1)), vec![again], false)]), &[]);
    check(then(vec![crash(W1, true), restoring(Some((JOB, C1)), vec![again], true)]), &["crashed-power", "global-restart"]);
    check(then(vec![restoring(None, vec![again], true)]), &["restarted-from-nothing"]);
    check(vec![restoring(Some((JOB, C1)), vec![a], false), restoring(Some((JOB, C1)), vec![again], false)], &["restored-same-again"]);
    check(vec![ended(a, TaskEnd::Canceled)], &["canceled-while-starting"]);
    let failed = master(MasterFact::TaskFailed { attempt: a, why: "its worker is lost".into() });
    check(then(vec![failed, ended(a, TaskEnd::Canceled)]), &["canceled-after-given-up"]);
    let decided = |delay_ms| master(MasterFact::RestartDecided { leader: leader(1), job: JOB, failures: 1, delay_ms });
    check(vec![decided(None)], &["restart-gave-up"]);
    check(vec![decided(Some(5)); 4], &["job-restarted"]);
    check(vec![decided(Some(5)); 5], &["job-restarted", "job-restarted-often"]);
    let status = |status| master(MasterFact::Status { leader: leader(1), job: JOB, status });
    check(vec![status(JobStatus::Created), status(JobStatus::Running), status(JobStatus::Finished)], &["job-finished"]);
    check(vec![status(JobStatus::Failed)], &["job-failed"]);
    let split = SplitId { topic: Topic::Bids, partition: 0 };
    let assigned = |attempt, offset| master(MasterFact::SplitAssigned { attempt, split, offset });
    check(vec![assigned(a, 0), assigned(a, 0)], &[]);
    check(vec![assigned(a, 0), assigned(again, 7)], &["split-reassigned"]);
    check(vec![assigned(a, 0), assigned(b, 7)], &["split-reassigned", "split-moved"]);
}

#[test]
fn what_is_restored() {
    let task = attempt(1, 0, 1);
    let state = |state: StateSummary| vec![running(task, Some(C1), state, 0)];
    check(vec![running(task, None, with_timers(), 5)], &[]);
    check(vec![running(task, Some(C1), StateSummary::default(), 5)], &["channel-state-restored"]);
    check(state(with_timers()), &["timers-restored"]);
    check(state(StateSummary { broadcast: Some(1), ..StateSummary::default() }), &["broadcast-restored"]);
    check(state(StateSummary { union: vec![1], ..StateSummary::default() }), &["list-restored"]);
    check(state(StateSummary { committables: vec!["t".into()], ..StateSummary::default() }), &["committables-restored"]);
    let rescaled = |from, to, state| {
        let task = AttemptId { job: JobId(2), ..task };
        vec![submitted(JOB, from, None), submitted(JobId(2), to, Some((JOB, C1))), running(task, Some(C1), state, 0)]
    };
    check(rescaled(2, 3, with_timers()), &["rescaled-2-to-3-timers", "rescaled-up", "timers-restored"]);
    check(rescaled(2, 3, StateSummary::default()), &["rescaled-up"]);
    check(rescaled(1, 3, with_timers()), &["rescaled-up", "timers-restored"]);
    check(rescaled(3, 1, StateSummary::default()), &["rescaled-down"]);
    check(rescaled(2, 2, StateSummary::default()), &[]);
    check(vec![restoring(Some((JobId(7), C1)), vec![], true)], &["restored-from-savepoint"]);
}

#[test]
fn times() {
    let task = attempt(1, 0, 1);
    let idle = |idle| worker(WorkerFact::Idle { attempt: task, idle });
    check(vec![idle(false)], &[]);
    check(vec![idle(true), idle(false)], &["input-idle", "input-back"]);
    check(vec![worker(WorkerFact::DroppedLate { attempt: task, at: 1, watermark: 2 })], &["dropped-late"]);
    let fired = |domain| {
        let fired = Fired { domain, first: 1, last: 1, count: 1, by: 2, in_order: true };
        worker(WorkerFact::TimersFired { attempt: task, fired })
    };
    check(vec![fired(TimeDomain::EventTime)], &[]);
    check(vec![fired(TimeDomain::ProcessingTime)], &["processing-timer"]);
    check(vec![running(task, Some(C1), StateSummary::default(), 0), fired(TimeDomain::EventTime)], &["timers-after-restore"]);
}

#[test]
fn transactions() {
    let txn = || TxnId::from("t");
    let (old, new) = (attempt(1, 0, 1), attempt(1, 0, 2));
    let committing = |attempt| worker(WorkerFact::Committing { attempt, txn: txn(), checkpoint: C1, by: C1 });
    let committed = |by| ledger(OutsideFact::TxnCommitted { txn: txn(), epoch: 0, rows: vec![], by });
    let follows = || running(new, Some(C1), StateSummary::default(), 0);
    check(vec![committing(old), committed(old)], &["txn-committed"]);
    check(vec![committing(old), committed(old), committing(old)], &["txn-committed", "commit-retried"]);
    check(vec![committing(old), follows(), committing(new), committed(new)], &["txn-committed", "commit-retried"]);
    check(vec![committing(old), follows(), committed(new)], &["txn-committed", "committed-by-next"]);
    check(vec![follows(), committing(new), committed(new), committing(old)], &["txn-committed", "commit-retried", "zombie-commit-late"]);
    check(vec![worker(WorkerFact::Committing { attempt: old, txn: txn(), checkpoint: C1, by: C2 })], &["commit-by-later"]);
    let refused = |error, by| ledger(OutsideFact::LedgerRefused { txn: txn(), epoch: 0, error, by });
    check(vec![refused(LedgerError::Fenced, old)], &["producer-fenced"]);
    check(vec![follows(), refused(LedgerError::Fenced, old)], &["producer-fenced", "zombie-commit-fenced"]);
    check(vec![refused(LedgerError::InvalidState, old)], &["txn-invalid-state"]);
    check(vec![refused(LedgerError::OutOfOrder, old)], &["txn-out-of-order"]);
    check(vec![refused(LedgerError::Unavailable, old)], &[]);
    check(vec![committing(old), refused(LedgerError::Unavailable, old)], &["ledger-away-in-commit"]);
    let gone = |timed_out, by| ledger(OutsideFact::TxnAborted { txn: txn(), epoch: 0, timed_out, by });
    check(vec![gone(true, None)], &["txn-timed-out"]);
    check(vec![gone(false, Some(new))], &["lingering-aborted"]);
    let upserted = |by| ledger(OutsideFact::Upserted { key: vec![1.into()].into(), row: vec![2.into()].into(), by });
    check(vec![upserted(old), upserted(old)], &[]);
    check(vec![upserted(old), upserted(new)], &["upserted-again"]);
}

#[test]
fn services_that_are_away() {
    let task = attempt(1, 0, 1);
    let committing = || worker(WorkerFact::Committing { attempt: task, txn: "t".into(), checkpoint: C1, by: C1 });
    let struck = |fault| befell(LEDGER, Happening::Struck { fault, kind: "order".into() });
    check(vec![struck(1), committing()], &["ledger-away-in-commit"]);
    check(vec![struck(3), committing()], &["ledger-away-in-commit"]);
    check(vec![committing(), struck(1)], &["ledger-away-in-commit"]);
    check(vec![struck(1), struck(0), struck(0), committing()], &[]); // It is back.
    check(vec![struck(2), committing()], &[]);
    check(vec![struck(2), snapshotted(task, 0, false, 0)], &["blobs-away-in-upload"]);
    check(vec![snapshotted(task, 0, false, 0), struck(2)], &["blobs-away-in-upload"]);
    let by = Author::Task(task);
    check(vec![said(BLOBS, OutsideFact::BlobRead { name: "b".into(), digest: None, by })], &["blob-missing"]);
    check(vec![crash(BLOBS, true)], &["crashed-power", "outside-lost-power"]);
    check(vec![crash(W1, true)], &["crashed-power"]);
}
