//! The stream engine's part of a plan: machines, job, input, settings. Never a fault, and never anything of the
//! coordination service's part, which is as it would be without the engine.

use contract::dice::Dice;
use contract::ids::MachineId;
use contract::plan::{LinkWeather, OneLink, Weather};
use flink_engine::job::JobGraph;
use flink_engine::worker::least_buffers;
use flink_words::Plan;
use flink_words::job::JobKind;
use flink_words::settings::{CheckpointPlan, Fencing, HaPlan, InputPlan, NetworkPlan, RestartPlan, SinkKind, StepAction, StepPlan, StreamPlan};
use harness::family::{PlanDice, weighted};
use zookeeper_scenarios::family::setup::{Patience, Taste, clocks, link};

use super::Purpose;
use crate::plan::with_engine;

/// Added to the bound of a healed run, in ms: masters elect, workers register, the job is restored and catches up.
const BOUND_BASE_MS: u64 = 60_000;
/// And as many session timeouts of masters and workers.
const BOUND_SESSIONS: u64 = 20;
/// And as many checkpoints that take as long as they may.
const BOUND_CHECKPOINTS: u64 = 10;
/// And as many of the longest delays before a restart, and as many times all records, where they crawl: a job that
/// cannot finish a checkpoint in its time begins again and again from the last.
const BOUND_RESTARTS: u64 = 10;
/// Buffers of a channel that are on their way at once, at least (Flink's exclusive buffers).
const BUFFERS_AT_ONCE: u64 = 2;
/// Edges that a task receives over at most: a join has two inputs.
const EDGES_MAX: u32 = 2;

/// What tells the engines of one family from those of another, faults aside.
#[derive(Debug)]
pub(super) struct StreamTaste {
    /// How many masters, weighted.
    pub(super) masters: &'static [(u16, u32)],
    /// How many workers, weighted.
    pub(super) workers: &'static [(u16, u32)],
    /// Which jobs, weighted.
    pub(super) jobs: &'static [(JobKind, u32)],
    /// Results go out idempotently, so often in a million.
    pub(super) idempotent_ppm: u32,
    /// The time between checkpoints, weighted ranges in ms.
    pub(super) interval_ms: &'static [((u64, u64), u32)],
    /// How many checkpoints are retained, weighted.
    pub(super) retained: &'static [(u16, u32)],
    /// Unaligned checkpoints, so often in a million.
    pub(super) unaligned_ppm: u32,
    /// Incremental ones, so often in a million.
    pub(super) incremental_ppm: u32,
    /// Small state goes into the metadata, so often in a million.
    pub(super) inline_ppm: u32,
    /// As few network buffers as can be, so often in a million.
    pub(super) tight_ppm: u32,
    /// A failure ends the job, so often in a million.
    pub(super) off_ppm: u32,
    /// Savepoints that the job survives, at most.
    pub(super) savepoints_max: u64,
    /// Savepoints by which it goes on with another parallelism, at most.
    pub(super) rescales_max: u64,
    /// A plan has savepoints of either kind, so often in a million.
    pub(super) steps_ppm: u32,
    /// Session timeouts of masters and workers in ticks.
    pub(super) session_ticks: (u64, u64),
}

/// All of Nexmark's jobs that there are; those of one region a subtask as often as those of one in all.
pub(super) const NEXMARK: &[(JobKind, u32)] = &[
    (JobKind::Q0, 2),
    (JobKind::Q1, 2),
    (JobKind::Q2, 2),
    (JobKind::Q3, 2),
    (JobKind::Q4, 2),
    (JobKind::Q5, 3),
    (JobKind::Q6, 2),
    (JobKind::Q7, 3),
    (JobKind::Q8, 2),
    (JobKind::Q11, 2),
];

/// All jobs.
pub(super) const ALL_JOBS: &[(JobKind, u32)] = &[
    (JobKind::Q0, 2),
    (JobKind::Q1, 1),
    (JobKind::Q2, 1),
    (JobKind::Q3, 2),
    (JobKind::Q4, 2),
    (JobKind::Q5, 3),
    (JobKind::Q6, 2),
    (JobKind::Q7, 3),
    (JobKind::Q8, 2),
    (JobKind::Q11, 2),
    (JobKind::WordCount, 3),
    (JobKind::Counters, 5),
    (JobKind::IntervalJoin, 3),
];

impl StreamTaste {
    /// What most families want.
    pub(super) const USUAL: StreamTaste = StreamTaste {
        masters: &[(2, 8), (3, 2)],
        workers: &[(3, 7), (2, 2), (4, 2)],
        jobs: ALL_JOBS,
        idempotent_ppm: 200_000,
        interval_ms: &[((500, 1_000), 3), ((1_000, 3_000), 3)],
        retained: &[(1, 4), (2, 2), (3, 2)],
        unaligned_ppm: 350_000,
        incremental_ppm: 400_000,
        inline_ppm: 300_000,
        tight_ppm: 250_000,
        off_ppm: 0,
        savepoints_max: 0,
        rescales_max: 0,
        steps_ppm: 0,
        session_ticks: (2, 8),
    };
}

/// A plan of the service with an engine beside it: machines after the clients', their clocks and links, the engine's
/// settings, and the time that it needs after the storm.
pub(super) fn join(service: zookeeper_words::Plan, taste: &StreamTaste, weather: &Taste, dice: PlanDice) -> Plan {
    let stream = stream(&service, taste, dice);
    let mut plan = with_engine(service, stream);
    plan.heal.bound_ms += bound_ms(&plan.settings.stream, &plan.weather.link);
    let first = plan.settings.service.machines();
    plan.weather.clocks.extend(clocks(weather, first..plan.machines(), &mut Purpose::Clocks.stream(dice, 0)));
    links(&mut plan, weather, first, dice);
    plan
}

/// The engine's settings, beside such a service.
fn stream(service: &zookeeper_words::Plan, taste: &StreamTaste, dice: PlanDice) -> StreamPlan {
    let (heal_ms, settings) = (service.heal.at_ms, &service.settings);
    let shortest_ms = settings.clients.iter().map(|client| client.session_timeout_ms).min().unwrap_or(0);
    let slowest_ms = slowest_ms(&service.weather);
    let mut cast = Purpose::Engine.stream(dice, 0);
    let (masters, workers) = (weighted(&mut cast, taste.masters), weighted(&mut cast, taste.workers));
    let slots = weighted(&mut cast, &[(1, 4), (2, 3), (3, 1)]);
    let most = (workers * slots).min(3);
    let parallelism = cast.between(1, most.into()).max(cast.between(1, most.into())) as u16;
    let max_parallelism = cast.between(8, 32) as u16;
    let job = weighted(&mut cast, taste.jobs);
    let sink = if cast.chance(taste.idempotent_ppm) { SinkKind::Idempotent } else { SinkKind::TwoPhase };
    let heartbeat_interval_ms = cast.between(300, 1_000);
    let heartbeat_timeout_ms = heartbeat_interval_ms * cast.between(3, 6) + slowest_ms;
    // No transaction of a completed checkpoint may run out of time before the healed job commits it.
    let patient_ms = 2 * heal_ms + 600_000;
    let txn_timeout_ms = if cast.chance(700_000) { 900_000.max(patient_ms) } else { patient_ms };
    let input = input(heal_ms, &mut Purpose::Input.stream(dice, 0));
    let slot_channels = EDGES_MAX * u32::from(most) * u32::from(slots);
    let mut stream = StreamPlan {
        job,
        masters,
        workers,
        slots,
        parallelism,
        max_parallelism,
        fencing: Fencing::Fenced,
        sink,
        input,
        checkpoints: checkpoints(taste, slowest_ms, &mut Purpose::Checkpoints.stream(dice, 0)),
        restart: restart(taste, &mut Purpose::Restart.stream(dice, 0)),
        network: network(taste, slot_channels, &mut Purpose::Network.stream(dice, 0)),
        ha: ha(taste, settings.coordination.tick_ms, shortest_ms, &mut Purpose::Ha.stream(dice, 0)),
        heartbeat_interval_ms: heartbeat_interval_ms as u32,
        heartbeat_timeout_ms: heartbeat_timeout_ms as u32,
        txn_timeout_ms: txn_timeout_ms as u32,
        steps: steps(taste, parallelism, most, input.until_ms, &mut Purpose::Steps.stream(dice, 0)),
    };
    give_room(&mut stream);
    stream
}

/// More network memory, until all slots of a worker can be taken by the job and by those that follow it: with less a
/// job would start its tasks again for ever.
fn give_room(stream: &mut StreamPlan) {
    let graph = JobGraph::of(stream.job, stream);
    let rescaled = stream.steps.iter().filter_map(|step| match step.action {
        StepAction::Rescale { parallelism } => Some(parallelism),
        StepAction::Savepoint => None,
    });
    let needs: Vec<(u32, u32)> = rescaled.chain([stream.parallelism]).map(|parallelism| least_buffers(&graph, parallelism, stream.slots)).collect();
    let is_enough = |(sending, receiving): (u32, u32)| needs.iter().all(|need| sending >= need.0 && receiving >= need.1);
    while !is_enough(stream.network.buffers()) {
        stream.network.segments += 10;
    }
}

/// About how long the slowest message or sync of the weather takes, in ms.
fn slowest_ms(weather: &Weather) -> u64 {
    let link = |link: &LinkWeather| u64::from(link.latency_us) + u64::from(link.jitter_us) + u64::from(link.tail_us);
    let links = std::iter::once(&weather.link).chain(weather.links.iter().map(|one| &one.weather)).map(link);
    let disk = &weather.disk;
    let sync = u64::from(disk.sync_us) + u64::from(disk.jitter_us) + u64::from(disk.tail_us);
    links.max().unwrap_or(0).max(sync) / 1_000 + 1
}

/// Records that come during most of the storm, and are all there before it ends.
fn input(heal_ms: u64, dice: &mut Dice) -> InputPlan {
    let (low, high) = weighted(dice, &[((200, 600), 3), ((600, 1_500), 4), ((1_500, 3_000), 2)]);
    let (disorder_low, disorder_high) = weighted(dice, &[((0, 0), 2), ((50, 1_000), 4), ((1_000, 5_000), 2)]);
    InputPlan {
        records: dice.between(low, high) as u32,
        partitions: weighted(dice, &[(1, 1), (2, 3), (3, 2), (4, 2)]),
        until_ms: dice.between(heal_ms / 2, heal_ms * 95 / 100),
        disorder_ms: dice.between(disorder_low, disorder_high) as u32,
        idle_ms: if dice.chance(300_000) { dice.between(500, 3_000) as u32 } else { 0 },
    }
}

/// How many of the slowest messages a checkpoint takes one after the other: to the counter and back, to the sources,
/// through the job, to the blob store and back, to the master.
const CHECKPOINT_STEPS: u64 = 6;

fn checkpoints(taste: &StreamTaste, slowest_ms: u64, dice: &mut Dice) -> CheckpointPlan {
    let (low, high) = weighted(dice, taste.interval_ms);
    let interval_ms = dice.between(low, high);
    let (timeout_low, timeout_high) = weighted(dice, &[((1_500, 4_000), 3), ((4_000, 12_000), 3)]);
    let unaligned = dice.chance(taste.unaligned_ppm);
    let concurrent = weighted(dice, &[(1, 6), (2, 1), (3, 1)]);
    let min_pause = weighted(dice, &[(0, 4), (1, 1), (2, 1)]);
    let aligned_timeout_ms = if dice.chance(500_000) { dice.between(20, 600) as u32 } else { 0 };
    let inline_bytes = if dice.chance(taste.inline_ppm) { weighted(dice, &[(100, 1), (2_000, 2), (20_000, 1)]) } else { 0 };
    CheckpointPlan {
        interval_ms: interval_ms as u32,
        timeout_ms: (dice.between(timeout_low, timeout_high) + CHECKPOINT_STEPS * slowest_ms) as u32,
        min_pause_ms: (interval_ms * min_pause / 2) as u32,
        max_concurrent: if unaligned { 1 } else { concurrent },
        tolerable_failures: weighted(dice, &[(0, 3), (1, 1), (3, 2), (100, 2)]),
        retained: weighted(dice, taste.retained),
        unaligned,
        aligned_timeout_ms: if unaligned { aligned_timeout_ms } else { 0 },
        incremental: dice.chance(taste.incremental_ppm),
        inline_bytes,
    }
}

/// What follows a failure: a storm brings many, and mostly they must not end the job.
fn restart(taste: &StreamTaste, dice: &mut Dice) -> RestartPlan {
    let delay_ms = dice.between(100, 1_000) as u32;
    if dice.chance(taste.off_ppm) {
        return RestartPlan::Off;
    }
    match dice.below(10) {
        0 => RestartPlan::FixedDelay { attempts: dice.between(500, 2_000) as u32, delay_ms },
        // More failures than have room in the interval, each region for itself.
        1 => RestartPlan::FailureRate { failures_max: dice.between(200, 400) as u32, interval_ms: dice.between(2_000, 5_000) as u32, delay_ms },
        _ => RestartPlan::ExponentialDelay { initial_ms: delay_ms, max_ms: delay_ms * dice.between(2, 8) as u32, reset_ms: dice.between(2_000, 20_000) as u32 },
    }
}

/// Network memory of which each way has at least as many buffers as a worker has channels: just so many, or plenty.
fn network(taste: &StreamTaste, channels: u32, dice: &mut Dice) -> NetworkPlan {
    let tight = dice.chance(taste.tight_ppm);
    let need = if tight { channels } else { channels * dice.between(2, 8) as u32 };
    let mut network = NetworkPlan {
        segments: 10,
        network_percent: weighted(dice, &[(10, 4), (1, 1), (4, 1), (25, 2), (80, 1)]),
        consumer_percent: dice.between(25, 75) as u32,
        consumer_offheap_percent: weighted(dice, &[(0, 4), (50, 1), (100, 1)]),
        buffer_records: if tight { dice.between(1, 4) } else { dice.between(2, 16) } as u16,
        buffer_timeout_ms: weighted(dice, &[(5, 1), (20, 3), (100, 2)]),
    };
    while network.buffers().0.min(network.buffers().1) < need.max(2) {
        network.segments += 10;
    }
    network
}

/// How the engine's machines use the service: as patiently as the least patient client at least, since for that the
/// weather was drawn.
fn ha(taste: &StreamTaste, tick_ms: u32, shortest_ms: u32, dice: &mut Dice) -> HaPlan {
    let ticks = dice.between(taste.session_ticks.0, taste.session_ticks.1) as u32;
    HaPlan {
        session_timeout_ms: (tick_ms * ticks).max(shortest_ms),
        root: if dice.chance(900_000) { "/flink".into() } else { "/teams/eu-1/streams".into() },
        retries: weighted(dice, &[(3, 5), (1, 1), (8, 2)]),
        retry_wait_ms: weighted(dice, &[(50, 1), (200, 2), (500, 3), (2_000, 1)]),
        tolerates_suspended: dice.chance(200_000),
    }
}

/// Savepoints while there is something to read.
fn steps(taste: &StreamTaste, parallelism: u16, most: u16, until_ms: u64, dice: &mut Dice) -> Vec<StepPlan> {
    if !dice.chance(taste.steps_ppm) {
        return vec![];
    }
    let rescales = dice.between(taste.rescales_max.min(1), taste.rescales_max);
    let savepoints = dice.between(taste.savepoints_max.min(1), taste.savepoints_max);
    let mut times: Vec<u64> = (0..rescales + savepoints).map(|_| dice.between(3_000, until_ms.max(4_000) * 9 / 10)).collect();
    times.sort_unstable();
    let mut is_rescale: Vec<bool> = (0..rescales + savepoints).map(|nth| nth < rescales).collect();
    dice.shuffle(&mut is_rescale);
    let mut last = parallelism;
    let step = |(at_ms, is_rescale)| {
        if is_rescale {
            // Another parallelism where there is one.
            last = if most == 1 { 1 } else { (last - 1 + dice.between(1, u64::from(most) - 1) as u16) % most + 1 };
        }
        StepPlan { at_ms, action: if is_rescale { StepAction::Rescale { parallelism: last } } else { StepAction::Savepoint } }
    };
    times.into_iter().zip(is_rescale).map(step).collect()
}

/// How much longer a healed run may take when it has a job to finish, in ms.
fn bound_ms(stream: &StreamPlan, link: &LinkWeather) -> u64 {
    let checkpoints = &stream.checkpoints;
    let checkpoint_ms = u64::from(checkpoints.interval_ms) + u64::from(checkpoints.timeout_ms) + u64::from(checkpoints.min_pause_ms);
    let delay_ms = match stream.restart {
        RestartPlan::Off => 0,
        RestartPlan::FixedDelay { delay_ms, .. } | RestartPlan::FailureRate { delay_ms, .. } => delay_ms,
        RestartPlan::ExponentialDelay { max_ms, .. } => max_ms,
    };
    let jobs = 1 + stream.steps.len() as u64;
    let round_trips = u64::from(stream.input.records) / u64::from(stream.network.buffer_records.max(1)) / BUFFERS_AT_ONCE;
    let records_ms = round_trips * 2 * u64::from(link.latency_us + link.jitter_us) / 1_000;
    BOUND_BASE_MS
        + BOUND_SESSIONS * u64::from(stream.ha.session_timeout_ms)
        + jobs * BOUND_CHECKPOINTS * checkpoint_ms
        + BOUND_RESTARTS * (u64::from(delay_ms) + records_ms)
}

/// Now and then some links of the engine's machines, one way each, are worse or better than the rest.
fn links(plan: &mut Plan, weather: &Taste, first: u16, dice: PlanDice) {
    let machines = u64::from(plan.machines());
    let service = &plan.settings.service;
    let patience = Patience::of(&service.coordination, service.replicas(), &service.clients);
    let mut choice = Purpose::Links.stream(dice, 0);
    let count = if choice.chance(weather.rough_ppm / 2) { choice.between(1, machines - u64::from(first)) as u32 } else { 0 };
    for nth in 0..count {
        let mut ends = [MachineId(choice.between(first.into(), machines - 1) as u16), MachineId(choice.below(machines) as u16)];
        choice.shuffle(&mut ends);
        let [from, to] = ends;
        if from != to && !plan.weather.links.iter().any(|link| (link.from, link.to) == (from, to)) {
            plan.weather.links.push(OneLink { from, to, weather: link(weather, patience, &mut Purpose::Links.stream(dice, 1 + nth)) });
        }
    }
}
