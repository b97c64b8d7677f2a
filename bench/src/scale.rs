//! Scale: ensembles of 3 to 101 replicas, and a thousand sessions, in fair weather and in no faults. What an event costs must not depend on how many machines there are: what grows with them is
//! the number of events alone, and that is the protocol's own.

use cpu_time::ProcessTime;
use scenarios::family::{Family, family};
use vocab::fact::{Fact, ReplicaFact};
use vocab::plan::{ClientPlan, Plan, WorkloadKind};
use vocab::recording::Recording;
use vocab::verdict::Verdict;

/// Ensembles, the yardstick first.
const REPLICAS: [u16; 6] = [3, 5, 9, 21, 51, 101];
/// Clients of each.
const CLIENTS: usize = 10;
/// The storm without blows, in ms; the clients' last requests come after it.
const STORM_MS: u64 = 20_000;
/// Sessions of the ensemble with many.
const SESSIONS: usize = 1_000;

/// A plan of this size: clients that read, write, watch and count, each with a pause of half a second.
fn plan(calm: &Family, replicas: u16, clients: usize) -> Plan {
    let mut plan = calm.plan(1);
    plan.cluster.replicas = replicas;
    plan.weather.clocks.clear();
    plan.weather.links.clear();
    (plan.weather.link.latency_us, plan.weather.link.jitter_us, plan.weather.link.tail_ppm) = (200, 100, 0);
    (plan.weather.disk.sync_us, plan.weather.disk.jitter_us, plan.weather.disk.tail_ppm) = (300, 100, 0);
    plan.coordination.tick_ms = 1_000;
    (plan.heal.at_ms, plan.heal.bound_ms) = (STORM_MS, 600_000);
    plan.heal.absent.clear();
    let kinds = [WorkloadKind::Registers, WorkloadKind::Counters, WorkloadKind::Queues];
    let client = |nth: usize| ClientPlan {
        workload: kinds[nth % kinds.len()],
        session_timeout_ms: 10_000,
        start_ms: 1_000 + (nth as u64 * 7) % 5_000,
        rounds: STORM_MS as u32 / 500,
        think_ms: 500,
        skip: vec![],
    };
    plan.clients = (0..clients).map(client).collect();
    plan
}

/// Prints a line for each size, and one for a thousand sessions.
pub fn table() {
    let calm = family("calm").expect("it is the family without faults");
    println!("\nscale: {CLIENTS} clients in fair weather for {} virtual s, then one ensemble of 5 with {SESSIONS} sessions", STORM_MS / 1_000);
    println!(
        "{:<10} {:>9} {:>11} {:>8} {:>14} {:>18} {:>14} {:>12} {:>12}",
        "replicas", "sessions", "events", "commits", "events/commit", "of 3's, a replica", "µs an event", "of 3's", "µs judging"
    );
    let mut first = None;
    for replicas in REPLICAS {
        line(&plan(calm, replicas, CLIENTS), &mut first);
    }
    line(&plan(calm, 5, SESSIONS), &mut first);
}

fn line(plan: &Plan, first: &mut Option<(f64, f64)>) {
    let begun = ProcessTime::now();
    let recording = scenarios::run::run(plan);
    let ran_us = begun.elapsed().as_secs_f64() * 1e6;
    let begun = ProcessTime::now();
    let verdict = models::judge(&recording).verdict;
    let judged_us = begun.elapsed().as_secs_f64() * 1e6;
    assert_eq!(verdict, Verdict::Holds, "{} replicas and {} clients", plan.cluster.replicas, plan.clients.len());
    let (events, commits) = (recording.events as f64, commits(&recording) as f64);
    let each = events / commits / f64::from(plan.cluster.replicas);
    let cost_us = ran_us / events;
    let (first_each, first_cost_us) = *first.get_or_insert((each, cost_us));
    println!(
        "{:<10} {:>9} {:>11} {:>8} {:>14.1} {:>17.2}x {:>14.3} {:>11.2}x {:>12.3}",
        plan.cluster.replicas,
        plan.clients.len(),
        recording.events,
        commits,
        events / commits,
        each / first_each,
        cost_us,
        cost_us / first_cost_us,
        judged_us / events
    );
}

fn commits(recording: &Recording) -> usize {
    recording.notes.iter().filter(|note| matches!(note.fact, Fact::Replica(ReplicaFact::Committed { .. }))).count()
}
