//! Blobs do not change: a name is written once, and what is read under it is what was written, until it is deleted and
//! for ever nothing.

use std::collections::BTreeMap;

use judging::{Finding, Footing, Rule, Side};
use outside_words::fact::OutsideFact;
use outside_words::ids::BlobName;

use crate::evidence::Evidence;
use crate::law::Outside;

pub(super) const RULE: Rule<Outside> = Rule {
    id: "out.blob-once",
    law: "A name is written at most once; a read gives what was put under it, or nothing before that and after its deletion; only what is there is deleted.",
    source: "Amazon S3: strong read-after-write consistency and conditional writes; the store's own promise",
    scope: "outside",
    side: Side::Safety,
    footing: Footing::Durability,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    // The digest under each name that was ever used, `None` when it is deleted.
    let mut blobs: BTreeMap<&BlobName, Option<u64>> = BTreeMap::new();
    for statement in &evidence.statements {
        if !statement.sound {
            finding.waive();
            continue;
        }
        match statement.fact {
            OutsideFact::BlobPut { name, digest, .. } => {
                let before = blobs.insert(name, Some(*digest));
                finding.judge(before.is_none(), || format!("{} writes {name} with digest {digest:016x}, where {before:x?} was", statement.place()));
            }
            OutsideFact::BlobRead { name, digest, .. } => {
                let there = blobs.get(name).copied().flatten();
                finding.judge(*digest == there, || format!("{} gives {digest:x?} for {name}, where {there:x?} is", statement.place()));
            }
            OutsideFact::BlobDeleted { name, .. } => {
                let before = blobs.insert(name, None).flatten();
                finding.judge(before.is_some(), || format!("{} deletes {name}, where nothing is", statement.place()));
            }
            OutsideFact::ProducerInitialised { .. } | OutsideFact::Wrote { .. } | OutsideFact::TxnCommitted { .. } | OutsideFact::TxnAborted { .. } => {}
            OutsideFact::Upserted { .. } | OutsideFact::LedgerRefused { .. } | OutsideFact::Appended { .. } | OutsideFact::Fetched { .. } => {}
        }
    }
}
