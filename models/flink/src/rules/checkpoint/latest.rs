//! From where tasks begin: the newest checkpoint of the store, as its master knows it. What was there without the
//! master's knowledge, `ha.store-complete` looks at.

use flink_words::fact::MasterFact;
use judging::{Finding, Footing, Side};

use super::store::Stores;
use crate::evidence::Evidence;
use crate::evidence::statement::Said;
use crate::law::Rule;

pub const RULE: Rule = Rule {
    id: "ck.latest",
    law: "Tasks begin from the newest checkpoint of the store; from the savepoint that the job was submitted with, or from nothing, only while the store has none.",
    source: "FLINK-22502; Flink: CheckpointCoordinator.restoreLatestCheckpointedStateInternal",
    scope: "checkpoint",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let mut stores = Stores::default();
    for statement in &stream.statements {
        let Said::Master(fact) = statement.said else { continue };
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
                    evidence.when(statement.note)
                )
            });
        }
        stores.take(fact);
    }
}
