//! A sink whose place another has taken commits nothing new: what it commits late is of a checkpoint from which the other began, or comes to nothing.

use std::collections::BTreeMap;

use vocab::stream::OutsideFact;
use vocab::stream::WorkerFact;
use vocab::stream::ids::{AttemptId, JobId, Subtask};

use crate::case::Case;
use crate::case::stream::Said;
use crate::rules::stream::name;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "zmb.commit",
    law: "What an execution has committed after the next one of its subtask runs is of a checkpoint not newer than the one from which that one began.",
    source: "catalogue, ZMB-COMMIT; Kafka: KIP-98",
    footing: Footing::Chain,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let Some(stream) = &case.stream else { return };
    let mut current: BTreeMap<(JobId, Subtask), AttemptId> = BTreeMap::new();
    for spoken in &stream.spoken {
        match spoken.said {
            Said::Worker(WorkerFact::Running { attempt, .. }) => {
                let newest = current.entry((attempt.job, attempt.subtask)).or_insert(*attempt);
                if (stream.term(newest.leader), newest.number) < (stream.term(attempt.leader), attempt.number) {
                    *newest = *attempt;
                }
            }
            Said::Outside(OutsideFact::TxnCommitted { txn, by, .. }) => {
                let newest = current.get(&(by.job, by.subtask)).filter(|newest| *newest != by);
                let Some(newest) = newest.filter(|newest| (stream.term(newest.leader), newest.number) > (stream.term(by.leader), by.number)) else {
                    finding.held(1);
                    continue;
                };
                let origin = stream.task(*newest).and_then(|task| stream.origin(task)).map(|origin| (origin.job, origin.id));
                let prepared = stream.prepared_in(txn);
                finding.judge(prepared.is_some() && prepared <= origin, || {
                    let (prepared, origin) = (prepared.map(|(job, id)| name(job, id)), origin.map(|(job, id)| name(job, id)));
                    format!("{by} commits {txn} of {prepared:?} at {}, and {newest} has begun from {origin:?}", case.when(spoken.note))
                });
            }
            // A refusal is what a zombie should get.
            Said::Outside(OutsideFact::LedgerRefused { .. }) => finding.held(1),
            Said::Master(_) | Said::Worker(_) | Said::Outside(_) | Said::Gone | Said::Frozen(_) | Said::Session(_) => {}
        }
    }
}
