//! A new leader finds all that its predecessors left. It reads a state that has its own latch node as the lowest, or a
//! later one; what was there all the time between it must have found.

use std::collections::BTreeMap;

use flink_words::fact::MasterFact;
use judging::{Finding, Footing, Side};
use outside_words::ids::{CheckpointId, JobId};

use crate::evidence::Evidence;
use crate::evidence::nodes::Life;
use crate::evidence::statement::Said;
use crate::law::Rule;
use crate::rules::witness::name;

pub const RULE: Rule = Rule {
    id: "ha.store-complete",
    law: "What a new leader recovers of a job's checkpoints has each that was there since it leads, and none that was not; and nothing older than what an earlier leader had told its tasks of.",
    source: "FLINK-22502, FLINK-19596; Flink: DefaultCompletedCheckpointStoreUtils.retrieveCompletedCheckpoints",
    scope: "ha",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    // The newest that was told, by the term in which it was.
    let mut told: BTreeMap<JobId, BTreeMap<usize, CheckpointId>> = BTreeMap::new();
    for statement in &stream.statements {
        match statement.said {
            Said::Master(MasterFact::Notifying { leader, job, checkpoint, .. }) => {
                if stream.under(*leader, *job, *checkpoint).is_some_and(|checkpoint| !checkpoint.kind.is_savepoint()) {
                    let newest = told.entry(*job).or_default().entry(stream.term(*leader)).or_default();
                    *newest = (*newest).max(*checkpoint);
                }
            }
            Said::Master(MasterFact::Recovered { leader, job, checkpoints, .. }) => {
                let Some(from) = stream.grant(*leader).and_then(|grant| grant.position) else { continue };
                let until = evidence.service.chain.committed_before(statement.note);
                let all_time = |life: &Life| {
                    life.created <= from && life.deleted.map(|(position, _)| position).into_iter().chain(life.marked).all(|position| position > until)
                };
                let some_time = |life: &Life| life.created <= until && life.deleted.is_none_or(|(position, _)| position > from);
                let of_job = stream.nodes.checkpoints.range((*job, CheckpointId(0))..=(*job, CheckpointId(u64::MAX)));
                let missed = of_job.filter(|(_, lives)| lives.iter().any(all_time)).map(|((_, id), _)| *id).find(|id| !checkpoints.contains(id));
                let there = |id: &&CheckpointId| stream.nodes.checkpoints.get(&(*job, **id)).is_some_and(|lives| lives.iter().any(some_time));
                let invented = checkpoints.iter().find(|id| !there(id));
                finding.judge(missed.is_none() && invented.is_none(), || {
                    format!(
                        "{leader} recovers {checkpoints:?} of job {} at {}; missed: {missed:?}, not there: {invented:?}",
                        job.0,
                        evidence.when(statement.note)
                    )
                });
                let newest = told.get(job).into_iter().flat_map(|terms| terms.range(..stream.term(*leader))).map(|(_, newest)| *newest).max();
                finding.judge(newest.is_none_or(|newest| checkpoints.iter().any(|id| *id >= newest)), || {
                    let newest = newest.map(|newest| name(*job, newest));
                    format!("{leader} recovers {checkpoints:?} at {}, and {newest:?} had been told before", evidence.when(statement.note))
                });
            }
            Said::Master(_) | Said::Worker(_) | Said::Outside(_) | Said::Gone | Said::Frozen(_) | Said::Session(_) => {}
        }
    }
}
