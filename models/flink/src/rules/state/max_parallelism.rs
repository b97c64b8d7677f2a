//! The number of key groups is for ever: state under another one belongs to nobody.

use judging::{Finding, Footing, Side};

use super::restored::vertices;
use crate::evidence::Evidence;
use crate::law::Rule;
use crate::rules::witness::name;

pub const RULE: Rule = Rule {
    id: "ks.maxp",
    law: "No job has a higher parallelism than there are key groups, no group is beyond them, and a restore keeps the vertices of its checkpoint.",
    source: "Flink: StateAssignmentOperation.checkParallelismPreconditions",
    scope: "state",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let max = stream.plan.max_parallelism;
    for restore in &stream.restores {
        let parallelism = stream.parallelism(restore.job);
        let beyond = restore.tasks.iter().find(|task| task.subtask.index >= parallelism);
        finding.judge(parallelism <= max && beyond.is_none(), || {
            format!(
                "job {} begins at {} with a parallelism of {parallelism} of at most {max}; beyond it: {beyond:?}",
                restore.job.0,
                evidence.when(restore.note)
            )
        });
        let Some(origin) = restore.from.and_then(|(job, id)| stream.checkpoint(job, id)) else { continue };
        if restore.global {
            let found: std::collections::BTreeSet<_> = restore.tasks.iter().map(|task| task.subtask.vertex).collect();
            let lost = vertices(origin).into_iter().find(|vertex| !found.contains(vertex));
            finding.judge(lost.is_none(), || {
                format!("{} has state of vertex {lost:?}, and nobody gets it at {}", name(origin.job, origin.id), evidence.when(restore.note))
            });
        }
    }
    for snapshot in &stream.snapshots {
        let beyond = snapshot.state.groups.iter().find(|group| group.group.0 >= max);
        finding.judge(beyond.is_none(), || format!("{} has {beyond:?} at {}, and there are {max} groups", snapshot.attempt, evidence.when(snapshot.note)));
    }
}
