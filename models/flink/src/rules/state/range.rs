//! Each key group has one owner, in every execution.

use flink_words::state::StateSummary;
use judging::NoteIndex;
use judging::{Finding, Footing, Side};
use outside_words::ids::AttemptId;

use super::restored::range;
use crate::evidence::Evidence;
use crate::law::Rule;

pub const RULE: Rule = Rule {
    id: "ks.range",
    law: "A task has state of the key groups of its own range alone, in its snapshots and when it begins.",
    source: "Flink: KeyGroupRangeAssignment",
    scope: "state",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let mut look = |attempt: AttemptId, state: &StateSummary, note: NoteIndex| {
        let own = range(attempt.subtask.index, stream.parallelism(attempt.job), stream.plan.max_parallelism);
        let foreign = state.groups.iter().find(|group| !own.contains(&group.group.0));
        let is_once = state.groups.windows(2).all(|pair| pair[0].group < pair[1].group);
        if state.groups.is_empty() {
            return;
        }
        finding.judge(foreign.is_none() && is_once, || format!("{attempt} has {foreign:?} at {}, and owns {own:?}; each once: {is_once}", evidence.when(note)));
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
