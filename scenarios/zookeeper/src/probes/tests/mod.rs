//! Recordings by hand, and the probes that they hit.

mod clients;
mod replicas;

use std::sync::Arc;

use contract::fault::{Fault, Shape, Target, What, When};
use contract::happening::Happening;
use contract::ids::MachineId;
use contract::recording::{Ending, Note, Noted, RECORDING_FORMAT};
use contract::time::SECOND;
use harness::System;
use zookeeper_words::ensemble::Ensemble;
use zookeeper_words::fact::{ClientFact, Fact, LocalFact, Mark, RecipeFact, ReplicaFact, StateDigest, SyncMode};
use zookeeper_words::files::{FilesFact, LogSpan, Roll};
use zookeeper_words::ids::{Epoch, SessionId, Xid, Zxid};
use zookeeper_words::service::{CreateMode, ErrorCode, EventKind, Op, Reply, Request, Transaction, WatchEvent};
use zookeeper_words::settings::WorkloadKind;
use zookeeper_words::{Plan, Recording};

use crate::Zookeeper;
use crate::family::drawn;

/// What a note says.
#[derive(Clone)]
pub(super) struct Says(Noted<Fact>);

impl From<Happening> for Says {
    fn from(happening: Happening) -> Says {
        Says(Noted::World(happening))
    }
}
impl From<ReplicaFact> for Says {
    fn from(fact: ReplicaFact) -> Says {
        Says(Noted::Said(fact.into()))
    }
}
impl From<ClientFact> for Says {
    fn from(fact: ClientFact) -> Says {
        Says(Noted::Said(fact.into()))
    }
}
impl From<FilesFact> for Says {
    fn from(fact: FilesFact) -> Says {
        Says(Noted::Said(fact.into()))
    }
}
impl From<LocalFact> for Says {
    fn from(fact: LocalFact) -> Says {
        Says(Noted::Said(fact.into()))
    }
}

/// Three replicas (machines 0 to 2) and clients from machine 3 on; fault 0 cuts one way, 1 fills a disk, 2 cuts streams silently.
fn plan() -> Plan {
    let mut plan = drawn("calm", 1);
    plan.settings.cluster.replicas = 3;
    plan.settings.clients.truncate(2);
    plan.settings.clients[0].workload = WorkloadKind::FlinkHa;
    plan.settings.clients[1].workload = WorkloadKind::Registers;
    let when = When::At { ms: 1 };
    plan.faults = vec![
        Fault { when: when.clone(), what: What::Partition { shape: Shape::OneWay { from: vec![MachineId(0)], to: vec![MachineId(1)] }, for_ms: 5 } },
        Fault { when: when.clone(), what: What::DiskFull { machine: Target::Machine(MachineId(1)), for_ms: 5 } },
        Fault { when, what: What::CutStreams { a: Target::Machine(MachineId(0)), b: Target::Machine(MachineId(3)), silent: true } },
    ];
    plan
}

/// Checks that these notes of a plan, a second apart, hit exactly these probes.
pub(super) fn check_of(plan: Plan, notes: Vec<(u16, Says)>, expected: &[&str]) {
    let note = |(i, (machine, Says(what))): (usize, (u16, Says))| Note { at_ns: i as u64 * SECOND, machine: MachineId(machine), what };
    let notes = notes.into_iter().enumerate().map(note).collect();
    let recording = Recording { format: RECORDING_FORMAT, plan, notes, ending: Ending::Finished, events: 0, end_ns: 0, hash: String::new() };
    let probes = super::probes();
    let hits = probes.hits(&Zookeeper::evidence(&recording));
    let mut names: Vec<&str> = probes.table().enumerate().filter(|(place, _)| hits.has(*place)).map(|(_, probe)| probe.name).collect();
    let mut expected = expected.to_vec();
    names.sort_unstable();
    expected.sort_unstable();
    assert_eq!(names, expected);
}

fn check(notes: Vec<(u16, Says)>, expected: &[&str]) {
    check_of(plan(), notes, expected);
}

fn z(epoch: u32, counter: u32) -> Zxid {
    Zxid::new(Epoch(epoch), counter)
}
fn replica(fact: ReplicaFact) -> Says {
    fact.into()
}
fn boot() -> Says {
    Happening::Booted { life: 0 }.into()
}
fn crash() -> Says {
    Happening::Crashed { power: true, disk_lost: false, lost_bytes: 0, lied_bytes: 0 }.into()
}
fn elected(leader: u16) -> Says {
    replica(ReplicaFact::Elected { round: 1, leader: MachineId(leader), epoch: Epoch(0), zxid: Zxid::ZERO, tie: false, by: vec![] })
}
fn synchronizing(epoch: u32) -> Says {
    replica(ReplicaFact::Synchronizing { epoch: Epoch(epoch), last: Zxid::ZERO })
}
fn established(epoch: u32) -> Says {
    replica(ReplicaFact::Established { epoch: Epoch(epoch), last: Zxid::ZERO, quorum: vec![] })
}
fn proposed(zxid: Zxid, xid: i32, op: Op) -> Says {
    let txn = Transaction { zxid, session: SessionId(9), xid: Xid(xid), ids: [].into(), time_ms: 5, request: Request::Op(op), error: None };
    replica(ReplicaFact::Proposed { txn: Arc::new(txn), mark: Mark(zxid.0) })
}
fn logged(zxid: Zxid) -> Says {
    replica(ReplicaFact::Logged { zxid, mark: Mark(zxid.0) })
}
fn committed(zxid: Zxid) -> Says {
    replica(ReplicaFact::Committed { zxid, quorum: vec![] })
}
fn delivered(zxid: Zxid) -> Says {
    replica(ReplicaFact::Delivered { zxid, mark: Mark(zxid.0), digest: StateDigest(0) })
}
fn recovered(accepted: u32, snapshot: Zxid, last: Zxid, torn_bytes: u64) -> Says {
    replica(ReplicaFact::Recovered { accepted: Epoch(accepted), current: Epoch(1), snapshot, last, applied: last, digest: StateDigest(0), torn_bytes })
}
fn attached(replica: u16, again: bool, seen: Zxid) -> Says {
    ClientFact::Attached { session: SessionId(9), conn: 1, replica: MachineId(replica), timeout_ms: 1_500, again, seen }.into()
}
fn invoked(xid: i32, op: Op) -> Says {
    ClientFact::Invoked { session: SessionId(9), conn: 1, xid: Xid(xid), op: Arc::new(op) }.into()
}
fn returned(xid: i32, zxid: Zxid, result: Result<Reply, ErrorCode>) -> Says {
    ClientFact::Returned { session: SessionId(9), conn: 1, xid: Xid(xid), zxid, result }.into()
}
fn unknown(xid: i32) -> Says {
    ClientFact::Unknown { session: SessionId(9), xid: Xid(xid) }.into()
}
fn create(mode: CreateMode) -> Op {
    Op::create("/a".into(), None, mode)
}
fn set() -> Op {
    Op::SetData { path: "/a".into(), data: None, version: 3 }
}
fn recipe(fact: RecipeFact) -> Says {
    ClientFact::Recipe(fact).into()
}

#[test]
fn names_are_unique_and_enough_of_them_are_required() {
    let probes = super::probes();
    let names: std::collections::BTreeSet<&str> = probes.table().map(|probe| probe.name).collect();
    assert_eq!(names.len(), probes.table().count());
    assert!(probes.table().filter(|probe| probe.required).count() >= 45);
}
