//! A handle points at something: the metadata of a checkpoint, the plan of a job. The blob is put before the node is
//! made, and deleted after it is gone.

use std::collections::BTreeMap;

use judging::{Finding, Footing, Side};
use outside_words::fact::OutsideFact;
use outside_words::ids::BlobName;

use crate::evidence::Evidence;
use crate::evidence::living::{Holder, Living};
use crate::evidence::statement::Said;
use crate::law::Rule;

pub const RULE: Rule = Rule {
    id: "ha.handle-exists",
    law: "The blob to which a node of a checkpoint or plan points is there when the node is made, and until it is gone.",
    source: "Flink: ZooKeeperStateHandleStore.addAndLock, releaseAndTryRemove; FLINK-24543",
    scope: "ha",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let mut living = Living::new(stream);
    let mut holders: BTreeMap<BlobName, Holder> = BTreeMap::new();
    let born = |living: &mut Living<'_, '_>, note: u32, holders: &mut BTreeMap<BlobName, Holder>, finding: &mut Finding| {
        for (holder, committed) in living.advance(note) {
            let handle = living.handles.get(&holder);
            let is_there = handle.is_some_and(|handle| stream.blobs.exists(handle, committed));
            // A checkpoint's points at what its master took for its metadata.
            let metadata = holder.1.and_then(|id| stream.checkpoint(holder.0, id)).and_then(|checkpoint| checkpoint.finalized).map(|(_, metadata, _)| metadata);
            finding.judge(is_there && (holder.1.is_none() || handle == metadata), || {
                let when = evidence.when(committed);
                format!(
                    "the node of job {}, {:?}, is made (committed at {when}); it points at {handle:?}, there: {is_there}, its metadata are {metadata:?}",
                    holder.0.0, holder.1
                )
            });
            holders.extend(handle.map(|handle| (handle.clone(), holder)));
        }
    };
    for statement in &stream.statements {
        let Said::Outside(OutsideFact::BlobDeleted { name, by }) = statement.said else { continue };
        born(&mut living, statement.note, &mut holders, finding);
        let holder = holders.get(name).filter(|holder| living.there.contains(holder));
        finding
            .judge(holder.is_none(), || format!("{name} is deleted at {} for {by:?}, and the node of {holder:?} points at it", evidence.when(statement.note)));
    }
    born(&mut living, u32::MAX, &mut holders, finding);
}
