//! One run: how much each rule judged, and in a few lines what was planned and how it ended. Never the verdict itself: that is the last line's.

use vocab::plan::Plan;
use vocab::recording::{Ending, Recording};
use vocab::verdict::{Judgement, Tally};

use super::lists::table;
use super::streams::Streams;
use super::{counted, grouped, span};

/// The rules that judged or waived anything.
pub fn judged(judgement: &Judgement) -> impl Iterator<Item = (&str, Tally)> {
    judgement.tallies.iter().filter(|(_, tally)| **tally != Tally::default()).map(|(rule, tally)| (rule.as_str(), *tally))
}

/// What each rule judged, then the run in three lines, and two of its stream engine if it has one.
pub fn text(recording: &Recording, judgement: &Judgement) -> String {
    let (mut judged, mut waived, mut rules) = (0, 0, 0);
    for tally in judgement.tallies.values() {
        judged += tally.judged;
        waived += tally.waived;
        rules += usize::from(tally.judged > 0);
    }
    let rows = self::judged(judgement).map(|(rule, tally)| [rule.into(), grouped(tally.judged), grouped(tally.waived)]);
    format!(
        "{}\n{}\n{} of virtual time, {} events; {}\n{rules} of {} rules judged {} facts and requests, {} waived\n{}",
        table(["rule", "judged", "waived"], rows),
        planned(&recording.plan),
        span(recording.end_ns),
        grouped(recording.events),
        ended(&recording.ending),
        judgement.tallies.len(),
        grouped(judged),
        grouped(waived),
        Streams::of(recording).map(|streams| streams.text()).unwrap_or_default(),
    )
}

fn planned(plan: &Plan) -> String {
    let service = plan.coordination.plant.map(|plant| plant.name());
    let stream = plan.stream.as_ref().and_then(|stream| stream.plant).map(|plant| plant.name());
    let plant: String = service.into_iter().chain(stream).map(|name| format!(", planted: {name}")).collect();
    let engine = plan.stream.as_ref().map_or(String::new(), |stream| {
        let (masters, workers) = (counted(stream.masters.into(), "master", "masters"), counted(stream.workers.into(), "worker", "workers"));
        format!("{masters}, {workers}, ")
    });
    let replicas = counted(plan.replicas().into(), "replica", "replicas");
    let clients = counted(plan.clients.len() as u64, "client", "clients");
    let faults = counted(plan.faults.len() as u64, "fault", "faults");
    format!("{replicas}, {clients}, {engine}{faults}, heal at {} ms{plant}", plan.heal.at_ms)
}

fn ended(ending: &Ending) -> String {
    match ending {
        Ending::Finished => "all that the plan wants was done".into(),
        Ending::Deadline { waiting } => format!("the bound after the heal passed, {} wait", waiting.len()),
        Ending::Crashed { machine, .. } => format!("{machine} panicked"),
        Ending::Inconsistent { machine, .. } => format!("an invariant of {machine} did not hold"),
        Ending::Runaway { events } => format!("stopped after {} events", grouped(*events)),
    }
}
