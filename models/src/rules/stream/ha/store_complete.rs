//! A new leader finds all that its predecessors left. It reads a state that has its own latch node as the lowest, or a later one; what was there all the time between it must have found.

use std::collections::BTreeMap;

use vocab::stream::MasterFact;
use vocab::stream::ids::{CheckpointId, JobId};

use crate::case::Case;
use crate::case::stream::Said;
use crate::case::stream::nodes::Life;
use crate::rules::stream::name;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "ha.store-complete",
    law: "What a new leader recovers of a job's checkpoints has each that was there since it leads, and none that was not; and nothing older than what an earlier leader had told its tasks of.",
    source: "catalogue, HA-STORE-COMPLETE; FLINK-22502, FLINK-19596; Flink: DefaultCompletedCheckpointStoreUtils.retrieveCompletedCheckpoints",
    footing: Footing::Chain,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let Some(stream) = &case.stream else { return };
    // The newest that was told, by the term in which it was.
    let mut told: BTreeMap<JobId, BTreeMap<usize, CheckpointId>> = BTreeMap::new();
    for spoken in &stream.spoken {
        match spoken.said {
            Said::Master(MasterFact::Notifying { leader, job, checkpoint, .. }) => {
                if stream.under(*leader, *job, *checkpoint).is_some_and(|checkpoint| !checkpoint.kind.is_savepoint()) {
                    let newest = told.entry(*job).or_default().entry(stream.term(*leader)).or_default();
                    *newest = (*newest).max(*checkpoint);
                }
            }
            Said::Master(MasterFact::Recovered { leader, job, checkpoints, .. }) => {
                let Some(from) = stream.grant(*leader).and_then(|grant| grant.position) else { continue };
                let until = case.course.committed_before(spoken.note);
                let all_time = |life: &Life| {
                    life.created <= from && life.deleted.map(|(position, _)| position).into_iter().chain(life.marked).all(|position| position > until)
                };
                let some_time = |life: &Life| life.created <= until && life.deleted.is_none_or(|(position, _)| position > from);
                let of_job = stream.nodes.checkpoints.range((*job, CheckpointId(0))..=(*job, CheckpointId(u64::MAX)));
                let missed = of_job.filter(|(_, lives)| lives.iter().any(all_time)).map(|((_, id), _)| *id).find(|id| !checkpoints.contains(id));
                let there = |id: &&CheckpointId| stream.nodes.checkpoints.get(&(*job, **id)).is_some_and(|lives| lives.iter().any(some_time));
                let invented = checkpoints.iter().find(|id| !there(id));
                finding.judge(missed.is_none() && invented.is_none(), || {
                    format!("{leader} recovers {checkpoints:?} of job {} at {}; missed: {missed:?}, not there: {invented:?}", job.0, case.when(spoken.note))
                });
                let newest = told.get(job).into_iter().flat_map(|terms| terms.range(..stream.term(*leader))).map(|(_, newest)| *newest).max();
                finding.judge(newest.is_none_or(|newest| checkpoints.iter().any(|id| *id >= newest)), || {
                    let newest = newest.map(|newest| name(*job, newest));
                    format!("{leader} recovers {checkpoints:?} at {}, and {newest:?} had been told before", case.when(spoken.note))
                });
            }
            Said::Master(_) | Said::Worker(_) | Said::Outside(_) | Said::Gone | Said::Frozen(_) | Said::Session(_) => {}
        }
    }
}
