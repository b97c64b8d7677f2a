//! One barrier of a checkpoint from a task, and in the order of their numbers.

use crate::case::Case;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "bar.once",
    law: "A task snapshots a checkpoint, and so sends its barrier on, once at most, and checkpoints in the order of their numbers.",
    source: "catalogue, BAR-ONCE and BAR-FIFO; Flink: SubtaskCheckpointCoordinatorImpl.checkpointState",
    footing: Footing::Firm,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let Some(stream) = &case.stream else { return };
    for task in &stream.tasks {
        let mut last = None;
        for at in &task.snapshots {
            let snapshot = &stream.snapshots[*at];
            let before = last.replace(snapshot.checkpoint);
            finding.judge(before.is_none_or(|before| before < snapshot.checkpoint), || {
                format!("{} snapshots {} at {}, after {before:?}", task.id, snapshot.checkpoint, case.when(snapshot.note))
            });
        }
    }
}
