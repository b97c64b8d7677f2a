//! Whatever the store refers to is there. It is the chain that says what is in the store: a master that takes a
//! checkpoint for gone may be wrong.

use judging::{Finding, Footing, Side};
use outside_words::fact::OutsideFact;

use crate::evidence::Evidence;
use crate::evidence::living::Living;
use crate::evidence::statement::Said;
use crate::law::Rule;
use crate::rules::witness::name;

pub const RULE: Rule = Rule {
    id: "inc.refs",
    law: "Every blob that a checkpoint in the store refers to is there when its node is made, and as long as the node is; nobody looks for it in vain.",
    source: "FLINK-24611, FLINK-34063",
    scope: "files",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let mut living = Living::new(stream);
    let born = |living: &mut Living<'_, '_>, note: u32, finding: &mut Finding| {
        for ((job, id), committed) in living.advance(note) {
            let Some(id) = id else { continue };
            let blobs = living.blobs((job, Some(id)));
            let missing = blobs.iter().find(|blob| !stream.blobs.exists(blob, committed));
            finding.judge(!blobs.is_empty() && missing.is_none(), || {
                format!("{} is in the store (committed at {}), of {} blobs; missing: {missing:?}", name(job, id), evidence.when(committed), blobs.len())
            });
        }
    };
    for statement in &stream.statements {
        let (blob, what) = match statement.said {
            Said::Outside(OutsideFact::BlobDeleted { name, by }) => (name, format!("is deleted for {by:?}")),
            Said::Outside(OutsideFact::BlobRead { name, digest: None, by }) => (name, format!("is looked for in vain for {by:?}")),
            Said::Outside(_) | Said::Master(_) | Said::Worker(_) | Said::Gone | Said::Frozen(_) | Said::Session(_) => continue,
        };
        born(&mut living, statement.note, finding);
        let needed = living.who_needs(blob).next();
        finding.judge(needed.is_none(), || {
            let needed = needed.and_then(|(job, id)| Some(name(job, id?)));
            format!("{blob} {what} at {}, and {needed:?}, in the store, needs it", evidence.when(statement.note))
        });
    }
    born(&mut living, u32::MAX, finding);
}
