//! What a newer checkpoint makes superfluous: pending ones before it, and complete ones beyond the number that is
//! retained. At a job's end all of them go, which is another rule's matter.

use std::collections::BTreeMap;

use flink_words::fact::MasterFact;
use judging::{Finding, Footing, Side};
use outside_words::ids::{CheckpointId, JobId, LeaderId};

use super::store::Stores;
use crate::evidence::Evidence;
use crate::evidence::statement::Said;
use crate::law::Rule;
use crate::rules::witness::name;

pub const RULE: Rule = Rule {
    id: "ck.subsume",
    law: "A pending checkpoint is subsumed by a newer one that is complete, and a savepoint never; a complete one leaves the store when as many newer ones as are retained are in it.",
    source: "Flink: CheckpointCoordinator.dropSubsumedCheckpoints, DefaultCompletedCheckpointStore",
    scope: "checkpoint",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let retained = usize::from(stream.plan.checkpoints.retained);
    let mut stores = Stores::default();
    let mut completed: BTreeMap<(LeaderId, JobId), CheckpointId> = BTreeMap::new();
    for statement in &stream.statements {
        let Said::Master(fact) = statement.said else { continue };
        match fact {
            MasterFact::Completed { leader, job, checkpoint, .. } => {
                let newest = completed.entry((*leader, *job)).or_default();
                *newest = (*newest).max(*checkpoint);
            }
            MasterFact::Added { leader, job, checkpoint, .. } => {
                // It may be complete in the store before it is said to be.
                let is_stored = stream.under(*leader, *job, *checkpoint).is_some_and(|checkpoint| checkpoint.stored() == Some(statement.note));
                let newest = completed.entry((*leader, *job)).or_default();
                *newest = if is_stored { (*newest).max(*checkpoint) } else { *newest };
            }
            MasterFact::Aborted { leader, job, checkpoint: id, why } if is_subsumption(why) => {
                let is_savepoint = stream.under(*leader, *job, *id).is_some_and(|checkpoint| checkpoint.kind.is_savepoint());
                let newest = completed.get(&(*leader, *job));
                finding.judge(!is_savepoint && newest.is_some_and(|newest| newest > id), || {
                    format!(
                        "{} is subsumed at {}; the newest that is complete is {newest:?}, a savepoint: {is_savepoint}",
                        name(*job, *id),
                        evidence.when(statement.note)
                    )
                });
            }
            MasterFact::Subsumed { leader, job, checkpoint: id, .. } => {
                let is_savepoint = stream.checkpoint(*job, *id).is_some_and(|checkpoint| checkpoint.kind.is_savepoint());
                let newer = stores.newer(*leader, *job, *id);
                if stream.jobs.get(job).is_some_and(|job| job.results.iter().any(|(note, ..)| *note < statement.note)) {
                    finding.waive();
                } else {
                    finding.judge(!is_savepoint && newer >= retained, || {
                        format!(
                            "{} leaves the store at {}, in which {newer} newer ones are, and {retained} are retained",
                            name(*job, *id),
                            evidence.when(statement.note)
                        )
                    });
                }
            }
            _ => {}
        }
        stores.take(fact);
    }
}

/// A newer checkpoint was completed; not that a task met its barrier first, which is a decline.
fn is_subsumption(why: &str) -> bool {
    let why = why.to_ascii_lowercase();
    why.contains("subsumed") && !why.contains("declin") && !why.contains("barrier")
}
