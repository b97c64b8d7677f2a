//! A savepoint belongs to whoever asked for it: the system removes nothing of it.

use std::collections::BTreeSet;

use vocab::stream::OutsideFact;

use crate::case::Case;
use crate::case::stream::Said;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "sp.not-subsumed",
    law: "No blob of a complete savepoint is ever deleted.",
    source: "catalogue, SP-NOT-SUBSUMED; Flink: CheckpointProperties.discardOnSubsumed, RestoreMode.NO_CLAIM",
    footing: Footing::Firm,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let Some(stream) = &case.stream else { return };
    let savepoints = stream.checkpoints.iter().filter(|checkpoint| checkpoint.kind.is_savepoint() && !checkpoint.completed.is_empty());
    let kept: BTreeSet<&str> = savepoints
        .filter_map(|savepoint| savepoint.finalized)
        .flat_map(|(_, metadata, blobs)| std::iter::once(&**metadata).chain(blobs.iter().map(|name| &**name)))
        .collect();
    finding.held(kept.len() as u64);
    for spoken in &stream.spoken {
        let Said::Outside(OutsideFact::BlobDeleted { name, by }) = spoken.said else { continue };
        finding.judge(!kept.contains(&**name), || format!("{name} of a savepoint is deleted at {} for {by:?}", case.when(spoken.note)));
    }
}
