//! What every plan has, whatever its family: machines, settings, weather, clients, heal, budget. Never a fault.

use std::collections::BTreeMap;

use contract::dice::Dice;
use contract::ids::MachineId;
use contract::plan::{Budget, ClockWeather, DiskWeather, Heal, LinkWeather, OneLink, PLAN_FORMAT, Seed, Weather};
use harness::System;
use harness::family::{PlanDice, weighted};
use zookeeper_words::Plan;
use zookeeper_words::settings::{ClientPlan, Cluster, Compat, Coordination, CuratorPlan, Settings, Weight, WorkloadKind};

use super::{Purpose, locals};
use crate::Zookeeper;

/// The least that a healed system gets to finish, in ms: elections, catching up, and the clients' last requests.
const BOUND_BASE_MS: u64 = 60_000;
/// And as many of the longest session timeouts: sessions may have to expire one after the other before a recipe goes on.
const BOUND_TIMEOUTS: u64 = 30;
/// The shortest pause between two rounds, in ms: below it a client is never idle and a pause would mean nothing.
const THINK_MIN_MS: u64 = 4;

/// What tells the plans of one family from those of another, faults aside.
#[derive(Debug)]
pub struct Taste {
    /// How many replicas, weighted.
    pub replicas: &'static [(u16, u32)],
    /// Rough weather, so often in a million.
    pub rough_ppm: u32,
    /// Clocks that are far off, so often in a million.
    pub wild_clocks_ppm: u32,
    /// How many rounds all clients do together during the storm, weighted as (least, most).
    pub rounds: &'static [((u64, u64), u32)],
    /// Snapshots often and few transactions kept in memory, so often in a million.
    pub small_logs_ppm: u32,
    /// Snapshots after a handful of transactions, logs of a few records, hardly any memory, one or two snapshots kept, so often in a million.
    pub tiny_logs_ppm: u32,
    /// The fault budget is lifted, so often in a million.
    pub unrestricted_ppm: u32,
    /// Some replicas stay down after the heal, so often in a million.
    pub absent_ppm: u32,
    /// How many observers, weighted.
    pub observers: &'static [(u16, u32)],
    /// Votes have weights, so often in a million, and voters form groups where there are enough of them.
    pub weights_ppm: u32,
    /// Clients reconfigure.
    pub reconfigs: bool,
    /// Replicas have sessions that they alone know, and serve readers without a quorum.
    pub locals: bool,
    /// How many clients, weighted.
    pub clients: &'static [(usize, u32)],
}

impl Taste {
    /// What most families want.
    pub const USUAL: Taste = Taste {
        replicas: &[(3, 45), (5, 45), (7, 10)],
        rough_ppm: 150_000,
        wild_clocks_ppm: 50_000,
        rounds: &[((60, 200), 2), ((200, 600), 3), ((600, 1_500), 3)],
        small_logs_ppm: 500_000,
        tiny_logs_ppm: 60_000,
        unrestricted_ppm: 0,
        absent_ppm: 200_000,
        observers: &[(0, 1)],
        weights_ppm: 0,
        reconfigs: false,
        locals: false,
        clients: &[(2, 15), (3, 25), (4, 30), (5, 20), (6, 10)],
    };
}

/// Draws a plan without faults.
pub fn draw(taste: &Taste, dice: PlanDice) -> Plan {
    let mut heal = Purpose::Heal.stream(dice, 0);
    let (cluster, supervisor_ms) = cluster(taste, &mut Purpose::Cluster.stream(dice, 0), &mut Purpose::Quorums.stream(dice, 0));
    let mut coordination = coordination(taste, &mut Purpose::Settings.stream(dice, 0), &mut Purpose::Settings.stream(dice, 1));
    files(taste, &mut coordination, &mut Purpose::Settings.stream(dice, 2));
    let storm_ms = storm_ms(coordination.tick_ms, &mut heal);
    let clients = clients(taste, storm_ms, &coordination, dice);
    let machines = cluster.replicas + cluster.observers + clients.len() as u16;
    let patience = Patience::of(&coordination, cluster.replicas + cluster.observers, &clients);
    let weather = Weather {
        link: link(taste, patience, &mut Purpose::Link.stream(dice, 0)),
        links: links(taste, machines, patience, dice),
        disk: disk(taste, patience, &mut Purpose::Disk.stream(dice, 0)),
        clocks: clocks(taste, 0..machines, &mut Purpose::Clocks.stream(dice, 0)),
    };
    let longest_ms = clients.iter().map(|client| u64::from(client.session_timeout_ms)).max().unwrap_or(0);
    let budget = if Purpose::Budget.stream(dice, 0).chance(taste.unrestricted_ppm) { Budget::Unrestricted } else { Budget::Majority };
    let absent = absent(taste, cluster.replicas, &mut heal);
    let mut plan = Plan {
        format: PLAN_FORMAT,
        system: Zookeeper::NAME.into(),
        family: String::new(),
        seed: Seed(dice.seed),
        plants: vec![],
        budget,
        supervisor_ms,
        heal: Heal { at_ms: storm_ms, bound_ms: BOUND_BASE_MS + BOUND_TIMEOUTS * longest_ms, absent },
        weather,
        settings: Settings { cluster, coordination, clients },
        faults: vec![],
    };
    if taste.locals {
        locals::settle(&mut plan, &mut Purpose::Locals.stream(dice, 0));
    }
    if plan.settings.has_one_man_quorum() || plan.settings.has_indispensable_voter() {
        plan.settings.cluster.weights.clear();
    }
    if !plan.settings.has_plain_quorums() {
        // A quorum may need any of the voters, and each of them may hold what no majority holds.
        plan.heal.absent.clear();
        plan.budget = if budget == Budget::Majority { Budget::Everyone } else { budget };
    }
    plan
}

/// The replicas, and how long a supervisor waits in ms, which comes from the same dice.
fn cluster(taste: &Taste, dice: &mut Dice, quorums: &mut Dice) -> (Cluster, u32) {
    let replicas = weighted(dice, taste.replicas);
    let supervisor_ms = dice.between(50, 2_000) as u32;
    let mut cluster = Cluster { observers: weighted(quorums, taste.observers), ..Cluster::of(replicas) };
    if quorums.chance(taste.weights_ppm) {
        let mut voters: Vec<MachineId> = (0..replicas).map(MachineId).collect();
        quorums.shuffle(&mut voters);
        if replicas >= 6 && quorums.chance(700_000) {
            let size = usize::from(replicas).div_ceil(3);
            cluster.groups = voters.chunks(size).map(<[MachineId]>::to_vec).collect();
            cluster.groups.iter_mut().for_each(|group| group.sort());
        }
        // Nobody weighs more than all others together.
        let heaviest = u64::from(replicas) - 2;
        let weight = |dice: &mut Dice| weighted(dice, &[(0, 2), (1, 5), (heaviest, 2)]) as u32;
        cluster.weights =
            (0..replicas).map(|machine| Weight { machine: MachineId(machine), weight: weight(quorums) }).filter(|weight| weight.weight != 1).collect();
    }
    (cluster, supervisor_ms)
}

fn coordination(taste: &Taste, dice: &mut Dice, compat: &mut Dice) -> Coordination {
    let tick_ms = weighted(dice, &[(200, 30), (500, 45), (1_000, 17), (2_000, 8)]);
    let small = dice.chance(taste.small_logs_ppm);
    let snap_count = if small { dice.between(20, 100) } else { weighted(dice, &[(200, 3), (1_000, 2), (100_000, 2)]) } as u32;
    let commit_log_count = if small { dice.between(10, 30) as u32 } else { weighted(dice, &[(500, 3), (100, 1)]) };
    Coordination {
        tick_ms,
        init_limit: weighted(dice, &[(10, 4), (5, 1)]),
        sync_limit: weighted(dice, &[(5, 3), (3, 1), (2, 1)]),
        snap_count,
        snap_retain: dice.between(1, 3) as u32,
        snap_chunk: weighted(dice, &[(2, 2), (10, 2), (100, 1)]),
        commit_log_count,
        compat: weighted(compat, &[(Compat::V3_9, 2), (Compat::V3_8, 1)]),
        extended_types: !compat.chance(50_000),
        skip_reconfig_acl: taste.reconfigs && compat.chance(950_000),
        // A leader looks every minute; a storm is not much longer than that.
        container_check_ms: compat.between(1_000, 10_000) as u32,
        ..Coordination::default()
    }
}

/// How long log files become, and now and then all that is kept of the past is as little as can be. A stream of its own.
fn files(taste: &Taste, coordination: &mut Coordination, dice: &mut Dice) {
    let (low, high) = weighted(dice, &[((0, 0), 2), ((300, 3_000), 1), ((3_000, 60_000), 1)]);
    coordination.log_limit_bytes = dice.between(low, high) as u32;
    if dice.chance(taste.tiny_logs_ppm) {
        coordination.snap_count = dice.between(8, 40) as u32;
        coordination.snap_retain = dice.between(1, 2) as u32;
        coordination.commit_log_count = dice.between(2, 15) as u32;
        coordination.log_limit_bytes = dice.between(200, 4_000) as u32;
    }
}

/// How long the storm lasts: 20 to 120 s, mostly under 60, and longer for long ticks, since elections and timeouts are counted in them.
fn storm_ms(tick_ms: u32, dice: &mut Dice) -> u64 {
    let (low, high) = match tick_ms {
        0..=500 => weighted(dice, &[((20_000, 40_000), 6), ((40_000, 60_000), 3), ((60_000, 120_000), 1)]),
        501..=1_000 => weighted(dice, &[((30_000, 60_000), 4), ((60_000, 120_000), 1)]),
        _ => (60_000, 120_000),
    };
    dice.between(low, high)
}

fn absent(taste: &Taste, replicas: u16, dice: &mut Dice) -> Vec<MachineId> {
    if !dice.chance(taste.absent_ppm) {
        return vec![];
    }
    let mut all: Vec<MachineId> = (0..replicas).map(MachineId).collect();
    dice.shuffle(&mut all);
    all.truncate(dice.between(1, u64::from(replicas / 2)) as usize);
    all.sort();
    all
}

/// The shortest times that the service and its clients wait for anything, in µs: the weather stays after the storm, and must leave the healed system a chance.
#[derive(Clone, Copy)]
pub struct Patience {
    tick_us: u64,
    /// The longest that one step of opening a session may take. A client gives up a replica after its timeout divided by the number of replicas (ZooKeeper's connectTimeout); until
    /// then it must have a stream and the leader a committed transaction.
    step_us: u64,
}

/// Steps of opening a session, one after the other: two for the stream, two for the request and its answer, two to the leader and back, two for the proposal, two syncs, and as
/// many again, since all clients come at once after an election.
const SESSION_STEPS: u64 = 20;

impl Patience {
    /// That of a service with so many replicas and these clients.
    pub fn of(coordination: &Coordination, replicas: u16, clients: &[ClientPlan]) -> Patience {
        let shortest_ms = clients.iter().map(|client| u64::from(client.session_timeout_ms)).min().unwrap_or(u64::from(coordination.tick_ms));
        Patience { tick_us: u64::from(coordination.tick_ms) * 1_000, step_us: shortest_ms * 1_000 / u64::from(replicas) / SESSION_STEPS }
    }
}

/// Now and then some links, one way each, are another rack's, city's or continent's than the rest.
fn links(taste: &Taste, machines: u16, patience: Patience, dice: PlanDice) -> Vec<OneLink> {
    let mut choice = Purpose::Link.stream(dice, 1);
    let count = if choice.chance(taste.rough_ppm / 2) { choice.between(1, u64::from(machines)) as u32 } else { 0 };
    let mut drawn = BTreeMap::new();
    for nth in 0..count {
        let from = MachineId(choice.below(u64::from(machines)) as u16);
        let to = MachineId(choice.below(u64::from(machines)) as u16);
        if from != to {
            drawn.insert((from, to), link(taste, patience, &mut Purpose::Link.stream(dice, 2 + nth)));
        }
    }
    drawn.into_iter().map(|((from, to), weather)| OneLink { from, to, weather }).collect()
}

/// The weather of a link.
pub fn link(taste: &Taste, Patience { tick_us, step_us }: Patience, dice: &mut Dice) -> LinkWeather {
    let rough = dice.chance(taste.rough_ppm);
    // One rack, one city, one continent; with its jitter a link takes up to three times its latency.
    let (low, high) = weighted(dice, &[((50, 500), 5), ((500, 3_000), 3), ((5_000, 20_000), 1)]);
    let latency_us = dice.between(low, high).min(step_us / 3);
    let jitter_us = dice.between(0, 2 * latency_us);
    if rough {
        LinkWeather {
            latency_us: latency_us as u32,
            jitter_us: jitter_us.max(1_000) as u32,
            tail_ppm: dice.between(2_000, 20_000) as u32,
            tail_us: dice.between(tick_us / 10, tick_us) as u32,
            loss_ppm: dice.between(1_000, 50_000) as u32,
            duplicate_ppm: dice.between(0, 50_000) as u32,
        }
    } else {
        LinkWeather {
            latency_us: latency_us as u32,
            jitter_us: jitter_us as u32,
            tail_ppm: dice.between(0, 3_000) as u32,
            tail_us: dice.between(0, tick_us / 20) as u32,
            loss_ppm: dice.between(0, 1_000) as u32,
            duplicate_ppm: dice.between(0, 1_000) as u32,
        }
    }
}

fn disk(taste: &Taste, Patience { tick_us, step_us }: Patience, dice: &mut Dice) -> DiskWeather {
    let rough = dice.chance(taste.rough_ppm);
    let (low, high) = weighted(dice, &[((30, 300), 3), ((500, 4_000), 3), ((5_000, 15_000), 1)]);
    let sync_us = dice.between(low, high).min(step_us);
    let (tail_ppm, tail_us) =
        if rough { (dice.between(2_000, 20_000), dice.between(tick_us / 10, tick_us)) } else { (dice.between(0, 5_000), dice.between(0, tick_us / 10)) };
    DiskWeather {
        sync_us: sync_us as u32,
        jitter_us: dice.between(0, sync_us) as u32,
        tail_ppm: tail_ppm as u32,
        tail_us: tail_us as u32,
        other_us: dice.between(10, 200) as u32,
    }
}

/// How far the clocks of these machines are off.
pub fn clocks(taste: &Taste, machines: std::ops::Range<u16>, dice: &mut Dice) -> Vec<ClockWeather> {
    let wild = dice.chance(taste.wild_clocks_ppm);
    // A good clock's crystal is within 100 ppm; a wild one runs 3 % fast or slow, which every timeout must still bear.
    let (offset_ms, drift_ppm) = if wild { (3_600_000, 30_000) } else { (200, 100) };
    machines
        .map(|machine| ClockWeather {
            machine: MachineId(machine),
            offset_ms: dice.between(0, 2 * offset_ms) as i64 - offset_ms as i64,
            drift_ppm: dice.between(0, 2 * drift_ppm) as i32 - drift_ppm as i32,
        })
        .collect()
}

fn clients(taste: &Taste, storm_ms: u64, coordination: &Coordination, dice: PlanDice) -> Vec<ClientPlan> {
    let mut mix = Purpose::Mix.stream(dice, 0);
    let count = weighted(&mut mix, taste.clients);
    let mut kinds = kinds(&mut mix, count);
    if taste.reconfigs {
        kinds[0] = WorkloadKind::Reconfigs;
    }
    let (low, high) = weighted(&mut mix, taste.rounds);
    let rounds = mix.between(low, high);
    // Tight timeouts everywhere, or loose ones, or each client its own.
    let patience = weighted(&mut mix, &[((2, 4), 3), ((4, 10), 2), ((10, 20), 1), ((2, 20), 3)]);
    kinds
        .iter()
        .enumerate()
        .map(|(i, workload)| {
            let mut setting = Purpose::Curator.stream(dice, i as u32);
            let mut dice = Purpose::Client.stream(dice, i as u32);
            let start_ms = if dice.chance(800_000) { dice.below(1_500) } else { dice.below(storm_ms / 2) };
            // Some clients are busier than others, by up to three times either way.
            let share = rounds * dice.between(33, 300) / 100 / count as u64;
            let think_ms = ((storm_ms - start_ms) / share.max(1)).max(THINK_MIN_MS);
            ClientPlan {
                workload: *workload,
                session_timeout_ms: coordination.tick_ms * dice.between(patience.0, patience.1) as u32,
                start_ms,
                rounds: ((storm_ms - start_ms) / think_ms + 1) as u32,
                think_ms: think_ms as u32,
                skip: vec![],
                can_be_read_only: false,
                curator: if workload.has_curator() { curator(&mut setting) } else { CuratorPlan::default() },
            }
        })
        .collect()
}

/// How a client uses Curator: as Flink does, mostly, whose waits are cut to the length of a storm.
fn curator(dice: &mut Dice) -> CuratorPlan {
    CuratorPlan {
        retries: weighted(dice, &[(3, 4), (1, 1), (8, 2)]),
        retry_wait_ms: weighted(dice, &[(50, 1), (500, 2), (2_000, 1)]),
        expiration_percent: weighted(dice, &[(100, 4), (33, 1), (0, 1)]),
        tolerates_suspended: dice.chance(300_000),
        keeps_node: dice.chance(500_000),
        fences: dice.chance(400_000),
    }
}

/// What each client does: one to four recipes a run; the first of them has at least two clients, so that they meet.
fn kinds(dice: &mut Dice, count: usize) -> Vec<WorkloadKind> {
    let mut kinds = [
        WorkloadKind::Registers,
        WorkloadKind::Counters,
        WorkloadKind::Locks,
        WorkloadKind::Elections,
        WorkloadKind::Barriers,
        WorkloadKind::Queues,
        WorkloadKind::FlinkHa,
        WorkloadKind::Vaults,
        WorkloadKind::Containers,
        WorkloadKind::CuratorLatches,
        WorkloadKind::CuratorCounters,
        WorkloadKind::Handles,
        WorkloadKind::Caches,
    ];
    dice.shuffle(&mut kinds);
    // Registers reach most of the service: they are in every second mix, whatever else is.
    if dice.chance(500_000) {
        let place = kinds.iter().position(|kind| *kind == WorkloadKind::Registers).expect("registers are in the list");
        kinds.swap(0, place);
    }
    let different = dice.between(1, 4).min(count as u64 - 1) as usize;
    (0..count).map(|i| kinds[i % different]).collect()
}
