//! Each key group has one owner, in every execution.

use vocab::stream::ids::AttemptId;
use vocab::stream::state::StateSummary;

use super::range;
use crate::case::Case;
use crate::case::said::NoteIndex;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "ks.range",
    law: "A task has state of the key groups of its own range alone, in its snapshots and when it begins.",
    source: "catalogue, KS-RANGE; Flink: KeyGroupRangeAssignment",
    footing: Footing::Firm,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let Some(stream) = &case.stream else { return };
    let mut look = |attempt: AttemptId, state: &StateSummary, note: NoteIndex| {
        let own = range(attempt.subtask.index, stream.parallelism(attempt.job), stream.plan.max_parallelism);
        let foreign = state.groups.iter().find(|group| !own.contains(&group.group.0));
        let is_once = state.groups.windows(2).all(|pair| pair[0].group < pair[1].group);
        if state.groups.is_empty() {
            return;
        }
        finding.judge(foreign.is_none() && is_once, || format!("{attempt} has {foreign:?} at {}, and owns {own:?}; each once: {is_once}", case.when(note)));
    };
    for snapshot in &stream.snapshots {
        look(snapshot.attempt, snapshot.state, snapshot.note);
    }
    for task in &stream.tasks {
        if let Some(running) = task.running {
            look(task.id, running.state, running.note);
        }
    }
}
