//! Blobs do not change: a name is written once, and what is read under it is what was written, until it is deleted and for ever nothing.

use std::collections::BTreeMap;

use vocab::stream::ids::BlobName;
use vocab::stream::outside::OutsideFact;

use crate::case::Case;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "out.blob-once",
    law: "A name is written at most once; a read gives what was put under it, or nothing before that and after its deletion; only what is there is deleted.",
    source: "Amazon S3: strong read-after-write consistency and conditional writes; the store's own promise",
    footing: Footing::Durability,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    // The digest under each name that was ever used, `None` when it is deleted.
    let mut blobs: BTreeMap<&BlobName, Option<u64>> = BTreeMap::new();
    for told in &case.outside.told {
        if !told.sound {
            finding.waive();
            continue;
        }
        let at = || format!("{} at {}", told.machine, case.when(told.note));
        match told.fact {
            OutsideFact::BlobPut { name, digest, .. } => {
                let before = blobs.insert(name, Some(*digest));
                finding.judge(before.is_none(), || format!("{} writes {name} with digest {digest:016x}, where {before:x?} was", at()));
            }
            OutsideFact::BlobRead { name, digest, .. } => {
                let there = blobs.get(name).copied().flatten();
                finding.judge(*digest == there, || format!("{} gives {digest:x?} for {name}, where {there:x?} is", at()));
            }
            OutsideFact::BlobDeleted { name, .. } => {
                let before = blobs.insert(name, None).flatten();
                finding.judge(before.is_some(), || format!("{} deletes {name}, where nothing is", at()));
            }
            OutsideFact::ProducerInitialised { .. } | OutsideFact::Wrote { .. } | OutsideFact::TxnCommitted { .. } | OutsideFact::TxnAborted { .. } => {}
            OutsideFact::Upserted { .. } | OutsideFact::LedgerRefused { .. } | OutsideFact::Appended { .. } | OutsideFact::Fetched { .. } => {}
        }
    }
}
