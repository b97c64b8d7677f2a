//! One run: how much each rule judged, and in a few lines what was planned and how it ended. Never the verdict itself:
//! that is the last line's.

use contract::recording::Ending;
use contract::verdict::{Judgement, Tally};

use super::lists::table;
use super::{grouped, span};
use crate::systems::Report;

/// The rules that judged or waived anything.
pub fn judged(judgement: &Judgement) -> impl Iterator<Item = (&str, Tally)> {
    judgement.tallies.iter().filter(|(_, tally)| **tally != Tally::default()).map(|(rule, tally)| (rule.as_str(), *tally))
}

/// What each rule judged, then the run in three lines, and what its system tells of it.
pub fn text(report: &Report) -> String {
    let tallies = &report.judgement.tallies;
    let (mut judged, mut waived, mut rules) = (0, 0, 0);
    for tally in tallies.values() {
        judged += tally.judged;
        waived += tally.waived;
        rules += usize::from(tally.judged > 0);
    }
    let rows = self::judged(&report.judgement).map(|(rule, tally)| [rule.into(), grouped(tally.judged), grouped(tally.waived)]);
    format!(
        "{}\n{}\n{}{} of virtual time, {} events; {}\n{rules} of {} rules judged {} facts and requests, {} waived\n{}",
        table(["rule", "judged", "waived"], rows),
        report.planned,
        report.strikes.text(),
        span(report.end_ns),
        grouped(report.events),
        ended(&report.ending),
        tallies.len(),
        grouped(judged),
        grouped(waived),
        report.account.text,
    )
}

fn ended(ending: &Ending) -> String {
    match ending {
        Ending::Finished => "all that the plan wants was done".into(),
        Ending::Deadline { waiting } => format!("the bound after the heal passed, {} wait", waiting.len()),
        Ending::Crashed { machine, .. } => format!("{machine} panicked"),
        Ending::Failed { .. } => "the harness itself panicked".into(),
        Ending::Inconsistent { machine, .. } => format!("an invariant of {machine} did not hold"),
        Ending::Runaway { events } => format!("stopped after {} events", grouped(*events)),
    }
}
