//! One name, one content.

use std::collections::BTreeMap;

use judging::{Finding, Footing, Side};
use outside_words::fact::OutsideFact;

use crate::evidence::Evidence;
use crate::evidence::statement::Said;
use crate::law::Rule;

pub const RULE: Rule = Rule {
    id: "inc.key-collision",
    law: "A name that is put or read again has the content that it had at first; and what is shared among checkpoints is put by one execution.",
    source: "Flink: SharedStateRegistryImpl.registerReference; FLINK-29095",
    scope: "files",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let mut contents: BTreeMap<&str, (u64, _)> = BTreeMap::new();
    for statement in &stream.statements {
        match statement.said {
            Said::Outside(OutsideFact::BlobPut { name, digest, by, .. }) => {
                let (first, author) = *contents.entry(name).or_insert((*digest, *by));
                let is_one = !name.contains("/shared/") || author == *by;
                finding.judge(first == *digest && is_one, || {
                    format!("{name} is put with content {digest:x} at {} for {by:?}; it had been {first:x}, for {author:?}", evidence.when(statement.note))
                });
            }
            Said::Outside(OutsideFact::BlobRead { name, digest: Some(digest), .. }) => {
                let first = contents.get(&**name).map(|(first, _)| *first);
                finding.judge(first == Some(*digest), || format!("{name} reads {digest:x} at {}, and was {first:x?}", evidence.when(statement.note)));
            }
            Said::Master(_) | Said::Worker(_) | Said::Outside(_) | Said::Gone | Said::Frozen(_) | Said::Session(_) => {}
        }
    }
}
