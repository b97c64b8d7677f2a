//! A checkpoint uses a file again only if an earlier one that has it is known to be complete.

use std::collections::BTreeMap;

use crate::case::Case;
use crate::case::said::NoteIndex;
use crate::rules::stream::name;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "inc.placeholder",
    law: "Each blob of a checkpoint was put for it, after its trigger, or is part of an earlier one that was durable by then.",
    source: "catalogue, INC-PLACEHOLDER; Flink: PlaceholderStreamStateHandle, RocksIncrementalSnapshotStrategy; FLINK-25478",
    footing: Footing::Chain,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let Some(stream) = &case.stream else { return };
    let mut finalized: Vec<_> = stream.checkpoints.iter().filter_map(|checkpoint| Some((checkpoint.finalized?, checkpoint))).collect();
    finalized.sort_by_key(|((note, ..), _)| *note);
    // When a blob was first part of something durable.
    let mut known: BTreeMap<&str, NoteIndex> = BTreeMap::new();
    for ((note, _, blobs), checkpoint) in finalized {
        for blob in blobs {
            let put = stream.blobs.put.get(&**blob).copied();
            let is_new = put.is_some_and(|put| put > checkpoint.triggered && put < note);
            let is_known = known.get(&**blob).is_some_and(|durable| *durable < note);
            finding.judge(is_new || is_known, || {
                let put = put.map(|put| case.when(put));
                format!(
                    "{} refers at {} to {blob}, put at {put:?}, of no earlier checkpoint that is durable",
                    name(checkpoint.job, checkpoint.id),
                    case.when(note)
                )
            });
            if let Some(durable) = checkpoint.durable {
                let first = known.entry(blob).or_insert(durable);
                *first = (*first).min(durable);
            }
        }
    }
}
