//! Scale: ensembles of up to the largest that a plan may have, and a thousand sessions, through storms. Never a
//! measurement: what an event costs is for `bench scale` to tell.

use contract::fault::{Fault, Moment, Shape, Target, What, When};
use contract::happening::Happening;
use contract::ids::MachineId;
use contract::recording::Noted;
use contract::verdict::Verdict;
use harness::System;
use harness::run::judged;
use zookeeper_scenarios::Zookeeper;
use zookeeper_words::fact::{ClientFact, Fact, ReplicaFact};
use zookeeper_words::settings::{ClientPlan, WorkloadKind};
use zookeeper_words::{Plan, Recording};

/// When the clients come: a leader serves by then.
const ELECTED_MS: u64 = 1_500;
/// The storm, in ms.
const STORM_MS: u64 = 20_000;

/// Fair weather, in which clients write, read, watch and wait for one another.
fn calm(seed: u64, replicas: u16, clients: usize, rounds: u32) -> Plan {
    let families = Zookeeper::families();
    let mut plan = families.iter().find(|family| family.name == "calm").expect("it is the family without faults").plan(seed);
    plan.settings.cluster.replicas = replicas;
    plan.weather.clocks.clear();
    plan.weather.links.clear();
    (plan.weather.link.latency_us, plan.weather.link.jitter_us, plan.weather.link.tail_ppm) = (200, 300, 0);
    (plan.weather.disk.sync_us, plan.weather.disk.jitter_us, plan.weather.disk.tail_ppm) = (300, 300, 0);
    plan.settings.coordination.tick_ms = 1_000;
    (plan.heal.at_ms, plan.heal.bound_ms) = (STORM_MS, 120_000);
    plan.heal.absent.clear();
    let kinds = [WorkloadKind::Registers, WorkloadKind::Counters, WorkloadKind::Queues, WorkloadKind::Locks];
    let client = |nth: usize| ClientPlan {
        workload: kinds[nth % kinds.len()],
        session_timeout_ms: 10_000,
        start_ms: ELECTED_MS + (nth as u64 * 7) % 3_000,
        rounds,
        think_ms: STORM_MS as u32 / rounds,
        curator: Default::default(),
        can_be_read_only: false,
        skip: vec![],
    };
    plan.settings.clients = (0..clients).map(client).collect();
    plan
}

/// The storm: the leader loses power while it sends a proposal, which only a part of its followers gets; then the replicas
/// part into two halves, half of the clients on either side, the next leader most likely on the smaller; then a third of
/// the replicas loses power at once. A tenth of the replicas stays away in the end.
fn stormy(seed: u64, replicas: u16, clients: usize, rounds: u32) -> Plan {
    let mut plan = calm(seed, replicas, clients, rounds);
    let followers = u32::from(replicas) - 1;
    let machines = |range: std::ops::Range<u16>| range.map(MachineId).collect::<Vec<_>>();
    // Early or late, and with more or fewer followers that have it.
    let nth = (20 + 7 * seed as u32) * followers + 37 * seed as u32 % followers + 1;
    let midway = When::On { moment: Moment::Send, kind: "PROPOSAL".into(), machine: None, nth, after_ms: 0 };
    // Of equals the greatest number is elected.
    let mut side = machines(0..replicas / 2 + 1);
    side.extend(machines(replicas..replicas + clients as u16 / 2));
    plan.faults = vec![
        Fault { when: midway, what: What::Crash { machine: Target::Subject, power: true, restart_ms: Some(3_000) } },
        Fault { when: When::At { ms: 9_000 }, what: What::Partition { shape: Shape::Halves { side }, for_ms: 5_000 } },
        Fault { when: When::At { ms: 16_500 }, what: What::Blackout { machines: machines(replicas / 3..2 * replicas / 3), restart_ms: 2_000 } },
    ];
    plan.heal.absent = machines(0..replicas / 10);
    plan
}

fn count(recording: &Recording, is_meant: impl Fn(&Noted<Fact>) -> bool) -> usize {
    recording.notes.iter().filter(|note| is_meant(&note.what)).count()
}

/// Runs a storm, and looks whether it was one.
fn holds(plan: &Plan) {
    let (recording, judgement) = judged::<Zookeeper>(plan);
    let what = format!("seed {}, {} replicas, {} clients", plan.seed.0, plan.settings.cluster.replicas, plan.settings.clients.len());
    assert_eq!(judgement.verdict, Verdict::Holds, "{what}");
    let struck = count(&recording, |note| matches!(note, Noted::World(Happening::Struck { .. })));
    assert_eq!(struck, plan.faults.len(), "{what}: faults that struck");
    let said = |is_meant: fn(&Fact) -> bool| count(&recording, |note| matches!(note, Noted::Said(fact) if is_meant(fact)));
    let finished = said(|fact| matches!(fact, Fact::Client(ClientFact::Finished)));
    assert_eq!(finished, plan.settings.clients.len(), "{what}: clients that finished");
    let leaders = said(|fact| matches!(fact, Fact::Replica(ReplicaFact::Established { .. })));
    assert!(leaders >= 2, "{what}: only {leaders} leader");
    let commits = said(|fact| matches!(fact, Fact::Replica(ReplicaFact::Committed { .. })));
    println!("{what}: {} events, {leaders} leaders, {commits} commits", recording.events);
}

#[test]
fn ensembles_of_three_to_a_hundred_and_one_hold_through_a_storm() {
    for replicas in [3, 9, 21, 51, 101] {
        (1..=3).for_each(|seed| holds(&stormy(seed, replicas, 10, 40)));
    }
}

#[test]
fn a_thousand_sessions_hold_through_a_storm() {
    (1..=2).for_each(|seed| holds(&stormy(seed, 5, 1_000, 20)));
}
