//! Scale: ensembles of 3 to 101 replicas, and a thousand sessions, in fair weather and without a fault. What an event
//! costs must not depend on how many machines there are: what grows with them is the number of events alone, and that
//! is the protocol's own: n² votes to elect a leader, and for each commit a few messages to each replica.

use contract::recording::Noted;
use contract::time::MILLISECOND;
use contract::verdict::Verdict;
use cpu_time::ProcessTime;
use harness::System;
use harness::run::{drive, record, world_of};
use zookeeper_scenarios::Zookeeper;
use zookeeper_words::fact::{Fact, ReplicaFact};
use zookeeper_words::settings::{ClientPlan, WorkloadKind};
use zookeeper_words::{Plan, Recording};

use crate::judge::verdict;

/// Ensembles, the yardstick first.
const REPLICAS: [u16; 6] = [3, 5, 9, 21, 51, 101];
/// Clients of each.
const CLIENTS: usize = 10;
/// Sessions of the ensemble with many.
const SESSIONS: usize = 1_000;
/// By then a leader is elected and serves, and the clients come, in ms.
const ELECTED_MS: u64 = 1_500;
/// The length of the phase before the heal, in ms; the clients' last requests come after it.
const STORM_MS: u64 = 20_000;
/// How often each is run; the median counts.
const RUNS: usize = 3;

/// A plan of this size: clients that read, write, watch and count, each with a pause of half a second.
fn plan(replicas: u16, clients: usize) -> Plan {
    let calm = Zookeeper::families().into_iter().find(|family| family.name == "calm").expect("it is the family without faults");
    let mut plan = calm.plan(1);
    plan.settings.cluster.replicas = replicas;
    plan.weather.clocks.clear();
    plan.weather.links.clear();
    (plan.weather.link.latency_us, plan.weather.link.jitter_us, plan.weather.link.tail_ppm) = (200, 100, 0);
    (plan.weather.disk.sync_us, plan.weather.disk.jitter_us, plan.weather.disk.tail_ppm) = (300, 100, 0);
    plan.settings.coordination.tick_ms = 1_000;
    (plan.heal.at_ms, plan.heal.bound_ms) = (STORM_MS, 600_000);
    plan.heal.absent.clear();
    let kinds = [WorkloadKind::Registers, WorkloadKind::Counters, WorkloadKind::Queues];
    let client = |nth: usize| ClientPlan {
        workload: kinds[nth % kinds.len()],
        session_timeout_ms: 10_000,
        start_ms: ELECTED_MS + (nth as u64 * 7) % 5_000,
        rounds: STORM_MS as u32 / 500,
        think_ms: 500,
        curator: Default::default(),
        can_be_read_only: false,
        skip: vec![],
    };
    plan.settings.clients = (0..clients).map(client).collect();
    plan
}

/// What a run came to.
struct Ran {
    recording: Recording,
    /// Events until a leader served.
    electing: u64,
    /// CPU time of that, and of all.
    electing_us: f64,
    us: f64,
}

/// Without a host, which would hide the CPU's clock; no process of ours asks one for anything.
fn run(plan: &Plan) -> Ran {
    let begun = ProcessTime::now();
    let us = || begun.elapsed().as_secs_f64() * 1e6;
    let mut world = world_of::<Zookeeper>(plan);
    world.run_until(ELECTED_MS * MILLISECOND);
    let (electing, electing_us) = (world.events(), us());
    drive::<Zookeeper>(&mut world, plan);
    Ran { recording: record::<Zookeeper>(world, plan), electing, electing_us, us: us() }
}

/// Carries one size out once, for a profiler.
pub fn once(replicas: u16, sessions: Option<u16>) {
    let plan = plan(replicas, sessions.map_or(CLIENTS, usize::from));
    println!("{replicas} replicas, {} sessions, {} events", plan.settings.clients.len(), run(&plan).recording.events);
}

/// Prints a line for each size, and one for a thousand sessions.
pub fn table() {
    println!(
        "\nscale: {CLIENTS} clients in fair weather for {} virtual s, then one ensemble of 5 with {SESSIONS} sessions; median of {RUNS} runs",
        STORM_MS / 1_000
    );
    println!("{:>8} {:>8} | {:^31} | {:^45} | {:>10}", "", "", "until a leader serves", "from then on", "judging");
    println!(
        "{:>8} {:>8} | {:>9} {:>10} {:>10} | {:>9} {:>7} {:>9} {:>7} {:>9} | {:>10}",
        "replicas", "sessions", "events", "a pair", "µs each", "events", "commits", "a replica", "µs each", "of 3's", "µs an event"
    );
    // The first run would also pay for what only a first run needs.
    run(&plan(REPLICAS[0], CLIENTS));
    let mut first = None;
    for replicas in REPLICAS {
        line(&plan(replicas, CLIENTS), &mut first);
    }
    line(&plan(REPLICAS[1], SESSIONS), &mut first);
}

fn line(plan: &Plan, first: &mut Option<f64>) {
    let mut runs: Vec<Ran> = (0..RUNS).map(|_| run(plan)).collect();
    runs.sort_by(|one, other| one.us.total_cmp(&other.us));
    let Ran { recording, electing, electing_us, us } = runs.swap_remove(RUNS / 2);
    let rules = Zookeeper::rules();
    let begun = ProcessTime::now();
    let verdict = verdict::<Zookeeper>(&rules, &recording);
    let judging_us = begun.elapsed().as_secs_f64() * 1e6;
    assert_eq!(verdict, Verdict::Holds, "{} replicas and {} clients", plan.settings.cluster.replicas, plan.settings.clients.len());
    let (replicas, electing_events, commits) = (f64::from(plan.settings.cluster.replicas), electing as f64, commits(&recording) as f64);
    let serving = (recording.events - electing) as f64;
    let each_us = (us - electing_us) / serving;
    println!(
        "{:>8} {:>8} | {:>9} {:>10.2} {:>10.3} | {:>9} {:>7} {:>9.2} {:>7.3} {:>8.2}x | {:>10.3}",
        plan.settings.cluster.replicas,
        plan.settings.clients.len(),
        electing,
        electing_events / (replicas * (replicas - 1.0)),
        electing_us / electing_events,
        recording.events - electing,
        commits,
        serving / commits / replicas,
        each_us,
        each_us / *first.get_or_insert(each_us),
        judging_us / recording.events as f64
    );
}

fn commits(recording: &Recording) -> usize {
    recording.notes.iter().filter(|note| matches!(note.what, Noted::Said(Fact::Replica(ReplicaFact::Committed { .. })))).count()
}
