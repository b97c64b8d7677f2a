//! From where tasks begin: the newest checkpoint of the store, as its master knows it. What was there without the master's knowledge, `ha.store-complete` looks at.

use vocab::stream::MasterFact;

use super::store::Stores;
use crate::case::Case;
use crate::case::stream::Said;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "ck.latest",
    law: "Tasks begin from the newest checkpoint of the store; from the savepoint that the job was submitted with, or from nothing, only while the store has none.",
    source: "catalogue, CK-LATEST; FLINK-22502; Flink: CheckpointCoordinator.restoreLatestCheckpointedStateInternal",
    footing: Footing::Chain,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let Some(stream) = &case.stream else { return };
    let mut stores = Stores::default();
    for spoken in &stream.spoken {
        let Said::Master(fact) = spoken.said else { continue };
        if let MasterFact::Restoring { leader, job, from, .. } = fact {
            let latest = stores.latest(*leader, *job);
            let first = stream.jobs.get(job).and_then(|job| job.from);
            let holds = match (from, latest) {
                (Some((of, id)), Some(latest)) => of == job && (*id == latest || *id > latest && stores.is_doubtful(*leader, *job, *id)),
                (Some((of, id)), None) if of == job => stores.is_doubtful(*leader, *job, *id),
                (from, None) => first == *from,
                (None, Some(_)) => false,
            };
            finding.judge(holds, || {
                format!(
                    "{leader} begins job {} from {from:?} at {}; the newest in its store is {latest:?}, and the job was submitted with {first:?}",
                    job.0,
                    case.when(spoken.note)
                )
            });
        }
        stores.take(fact);
    }
}
