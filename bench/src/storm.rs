//! The full storm: Flink's family `everything` with five replicas, four clients, two masters and four workers, all
//! rules on. What a night really costs; no peer does the like.

use contract::verdict::Verdict;
use cpu_time::ProcessTime;
use flink_scenarios::Flink;
use harness::System;
use harness::run::run;
use harness::system::Plan;

use crate::judge::verdict;

/// How many storms: enough that one long one does not decide.
const STORMS: usize = 60;
/// The least that a full storm should reach, in events per CPU second, rules included.
const EVENTS_MIN: f64 = 300_000.0;

/// The least in virtual seconds per CPU second.
const VIRTUAL_MIN: f64 = 100.0;

/// The first storms of that size, by seed.
fn storms() -> Vec<Plan<Flink>> {
    let family = Flink::families().into_iter().find(|family| family.name == "everything").expect("it is the swarm family");
    let of_size = |plan: &Plan<Flink>| {
        let (service, stream) = (&plan.settings.service, &plan.settings.stream);
        (service.voters(), service.clients.len(), stream.masters, stream.workers) == (5, 4, 2, 4)
    };
    (0..).map(|seed| family.plan(seed)).filter(of_size).take(STORMS).collect()
}

/// Runs them with and without the judge, and prints the throughput.
pub fn table() {
    let plans = storms();
    let begun = ProcessTime::now();
    let recordings: Vec<_> = plans.iter().map(run::<Flink>).collect();
    let ran_s = begun.elapsed().as_secs_f64();
    let rules = Flink::rules();
    let begun = ProcessTime::now();
    let holding = recordings.iter().filter(|recording| verdict::<Flink>(&rules, recording) == Verdict::Holds).count();
    let judged_s = begun.elapsed().as_secs_f64();
    let events: u64 = recordings.iter().map(|recording| recording.events).sum();
    let facts: usize = recordings.iter().map(|recording| recording.notes.len()).sum();
    let virtual_s: f64 = recordings.iter().map(|recording| recording.end_ns as f64 / 1e9).sum();
    let rate = events as f64 / (ran_s + judged_s);
    println!(
        "\nfull storms (everything, 5 replicas, 4 clients, 2 masters, 4 workers, all rules): {STORMS} runs, {holding} hold, {events} events, {facts} facts, {virtual_s:.0} virtual s"
    );
    println!("{:<28} {:>10.3} CPU s", "running", ran_s);
    println!("{:<28} {:>10.3} CPU s", "judging", judged_s);
    println!("{:<28} {:>10.0} per CPU s, rules included (at least {EVENTS_MIN:.0} wanted)", "events", rate);
    println!("{:<28} {:>10.0} per CPU s, rules included (at least {VIRTUAL_MIN:.0} wanted)", "virtual seconds", virtual_s / (ran_s + judged_s));
}
