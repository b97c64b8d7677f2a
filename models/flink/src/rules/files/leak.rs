//! What is left over at the end. A crash or a lost answer explains an orphan, so where the plan has faults what is left
//! is counted and not judged.

use std::collections::BTreeSet;

use judging::{Finding, Footing, Side};

use crate::evidence::Evidence;
use crate::law::Rule;

pub const RULE: Rule = Rule {
    id: "inc.no-leak",
    law: "When all is done without a fault, the blob store has the results of jobs and the savepoints, and nothing else.",
    source: "Flink: CheckpointRetentionPolicy.NEVER_RETAIN_AFTER_TERMINATION",
    scope: "files",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    if !evidence.is_finished() {
        finding.waive();
        return;
    }
    let savepoints = stream.checkpoints.iter().filter(|checkpoint| checkpoint.kind.is_savepoint() && !checkpoint.completed.is_empty());
    let kept: BTreeSet<&str> = savepoints
        .filter_map(|savepoint| savepoint.finalized)
        .flat_map(|(_, metadata, blobs)| std::iter::once(&**metadata).chain(blobs.iter().map(|name| &**name)))
        .collect();
    let is_calm = evidence.view.plan.faults.is_empty();
    for name in stream.blobs.put.keys() {
        let is_left = !stream.blobs.deleted.contains_key(name) && !kept.contains(name) && !name.starts_with("job-result/");
        if is_left && !is_calm {
            finding.waive();
        } else {
            finding.judge(!is_left, || format!("{name} is left over, and nothing refers to it"));
        }
    }
}
