//! A savepoint belongs to whoever asked for it: the system removes nothing of it.

use std::collections::BTreeSet;

use judging::{Finding, Footing, Side};
use outside_words::fact::OutsideFact;

use crate::evidence::Evidence;
use crate::evidence::statement::Said;
use crate::law::Rule;

pub const RULE: Rule = Rule {
    id: "sp.not-subsumed",
    law: "No blob of a complete savepoint is ever deleted.",
    source: "Flink: CheckpointProperties.discardOnSubsumed, RestoreMode.NO_CLAIM",
    scope: "files",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let savepoints = stream.checkpoints.iter().filter(|checkpoint| checkpoint.kind.is_savepoint() && !checkpoint.completed.is_empty());
    let kept: BTreeSet<&str> = savepoints
        .filter_map(|savepoint| savepoint.finalized)
        .flat_map(|(_, metadata, blobs)| std::iter::once(&**metadata).chain(blobs.iter().map(|name| &**name)))
        .collect();
    finding.held(kept.len() as u64);
    for statement in &stream.statements {
        let Said::Outside(OutsideFact::BlobDeleted { name, by }) = statement.said else { continue };
        finding.judge(!kept.contains(&**name), || format!("{name} of a savepoint is deleted at {} for {by:?}", evidence.when(statement.note)));
    }
}
