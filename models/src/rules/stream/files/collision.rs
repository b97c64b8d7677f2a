//! One name, one content.

use std::collections::BTreeMap;

use vocab::stream::OutsideFact;

use crate::case::Case;
use crate::case::stream::Said;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "inc.key-collision",
    law: "A name that is put or read again has the content that it had at first; and what is shared among checkpoints is put by one execution.",
    source: "catalogue, INC-KEY-COLLISION; Flink: SharedStateRegistryImpl.registerReference; FLINK-29095",
    footing: Footing::Firm,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let Some(stream) = &case.stream else { return };
    let mut contents: BTreeMap<&str, (u64, _)> = BTreeMap::new();
    for spoken in &stream.spoken {
        match spoken.said {
            Said::Outside(OutsideFact::BlobPut { name, digest, by, .. }) => {
                let (first, author) = *contents.entry(name).or_insert((*digest, *by));
                let is_one = !name.contains("/shared/") || author == *by;
                finding.judge(first == *digest && is_one, || {
                    format!("{name} is put with content {digest:x} at {} for {by:?}; it had been {first:x}, for {author:?}", case.when(spoken.note))
                });
            }
            Said::Outside(OutsideFact::BlobRead { name, digest: Some(digest), .. }) => {
                let first = contents.get(&**name).map(|(first, _)| *first);
                finding.judge(first == Some(*digest), || format!("{name} reads {digest:x} at {}, and was {first:x?}", case.when(spoken.note)));
            }
            Said::Master(_) | Said::Worker(_) | Said::Outside(_) | Said::Gone | Said::Frozen(_) | Said::Session(_) => {}
        }
    }
}
