//! One barrier of a checkpoint from a task, and in the order of their numbers.

use judging::{Finding, Footing, Side};

use crate::evidence::Evidence;
use crate::law::Rule;

pub const RULE: Rule = Rule {
    id: "bar.once",
    law: "A task snapshots a checkpoint, and so sends its barrier on, once at most, and checkpoints in the order of their numbers.",
    source: "Flink: SubtaskCheckpointCoordinatorImpl.checkpointState",
    scope: "barrier",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    for task in &stream.tasks {
        let mut last = None;
        for at in &task.snapshots {
            let snapshot = &stream.snapshots[*at];
            let before = last.replace(snapshot.checkpoint);
            finding.judge(before.is_none_or(|before| before < snapshot.checkpoint), || {
                format!("{} snapshots {} at {}, after {before:?}", task.id, snapshot.checkpoint, evidence.when(snapshot.note))
            });
        }
    }
}
