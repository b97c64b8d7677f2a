//! The offset in a snapshot: how far the reader is, and so how far the log has given it records. The log does not say
//! to whom; a zombie's fetches may help a reader that lies, but never accuse one that does not.

use std::collections::BTreeMap;

use contract::ids::MachineId;
use flink_words::fact::WorkerFact;
use judging::NoteIndex;
use judging::{Finding, Footing, Side};
use outside_words::fact::OutsideFact;
use outside_words::ids::{AttemptId, SplitId};

use crate::evidence::Evidence;
use crate::evidence::statement::Said;
use crate::law::Rule;

pub const RULE: Rule = Rule {
    id: "src.offset-cut",
    law: "In a reader's snapshot the offset of a split is not behind the one before, nor behind where the reader began, and the log gave every record from there up to it in between.",
    source: "Flink: SourceReaderBase.snapshotState",
    scope: "source",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

/// A reader of a split.
#[derive(Clone, Copy, Debug)]
struct Reading {
    machine: MachineId,
    /// Where its last snapshot was.
    offset: u64,
    /// Up to where the log has given without a gap.
    given: u64,
}

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let mut readings: BTreeMap<SplitId, BTreeMap<AttemptId, Reading>> = BTreeMap::new();
    let mut fetched: BTreeMap<SplitId, Vec<(NoteIndex, u64, u64)>> = BTreeMap::new();
    for statement in &stream.statements {
        let begun: &[(SplitId, u64)] = match statement.said {
            Said::Outside(OutsideFact::Fetched { split, offset, count, .. }) => {
                let until = offset + u64::from(*count);
                fetched.entry(*split).or_default().push((statement.note, *offset, until));
                for reading in readings.entry(*split).or_default().values_mut().filter(|reading| *offset <= reading.given) {
                    reading.given = reading.given.max(until);
                }
                continue;
            }
            Said::Gone => {
                readings.values_mut().for_each(|readings| readings.retain(|_, reading| reading.machine != statement.machine));
                continue;
            }
            Said::Worker(WorkerFact::Ended { attempt, .. }) => {
                readings.values_mut().for_each(|readings| readings.retain(|of, _| of != attempt));
                continue;
            }
            Said::Worker(WorkerFact::Snapshotted { attempt, checkpoint, state, .. }) => {
                for (split, offset) in &state.splits {
                    let reading = readings.entry(*split).or_default().get_mut(attempt);
                    finding.judge(reading.as_ref().is_some_and(|reading| reading.offset <= *offset && *offset <= reading.given), || {
                        format!("{attempt} has {split} at offset {offset} in {checkpoint} at {}; it was {reading:?} before", evidence.when(statement.note))
                    });
                    if let Some(reading) = readings.entry(*split).or_default().get_mut(attempt) {
                        reading.offset = *offset;
                    }
                }
                continue;
            }
            Said::Worker(WorkerFact::Running { state, .. }) => &state.splits,
            Said::Worker(WorkerFact::Assigned { splits, .. }) => splits,
            Said::Worker(_) | Said::Master(_) | Said::Outside(_) | Said::Frozen(_) | Said::Session(_) => continue,
        };
        let (Said::Worker(WorkerFact::Running { attempt, .. } | WorkerFact::Assigned { attempt, .. }), false) = (statement.said, begun.is_empty()) else {
            continue;
        };
        let since = stream.task(*attempt).and_then(|task| task.deployed).map_or(statement.note, |(note, _)| note);
        for (split, offset) in begun {
            // It may have begun to fetch before it said that it runs.
            let before = fetched.get(split).map_or(&[][..], |all| &all[all.partition_point(|(note, ..)| *note < since)..]);
            let given = before.iter().fold(*offset, |given, (_, from, until)| if *from <= given { given.max(*until) } else { given });
            readings.entry(*split).or_default().entry(*attempt).or_insert(Reading { machine: statement.machine, offset: *offset, given });
        }
    }
}
