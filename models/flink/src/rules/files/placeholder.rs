//! A checkpoint uses a file again only if an earlier one that has it is known to be complete.

use std::collections::BTreeMap;

use judging::NoteIndex;
use judging::{Finding, Footing, Side};

use crate::evidence::Evidence;
use crate::law::Rule;
use crate::rules::witness::name;

pub const RULE: Rule = Rule {
    id: "inc.placeholder",
    law: "Each blob of a checkpoint was put for it, after its trigger, or is part of an earlier one that was durable by then.",
    source: "Flink: PlaceholderStreamStateHandle, RocksIncrementalSnapshotStrategy; FLINK-25478",
    scope: "files",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
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
                let put = put.map(|put| evidence.when(put));
                format!(
                    "{} refers at {} to {blob}, put at {put:?}, of no earlier checkpoint that is durable",
                    name(checkpoint.job, checkpoint.id),
                    evidence.when(note)
                )
            });
            if let Some(durable) = checkpoint.durable {
                let first = known.entry(blob).or_insert(durable);
                *first = (*first).min(durable);
            }
        }
    }
}
