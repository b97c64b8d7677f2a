//! A sink whose place another has taken commits nothing new: what it commits late is of a checkpoint from which the
//! other began, or comes to nothing.

use std::collections::BTreeMap;

use flink_words::fact::WorkerFact;
use judging::{Finding, Footing, Side};
use outside_words::fact::OutsideFact;
use outside_words::ids::{AttemptId, JobId, Subtask};

use crate::evidence::Evidence;
use crate::evidence::statement::Said;
use crate::law::Rule;
use crate::rules::witness::name;

pub const RULE: Rule = Rule {
    id: "zmb.commit",
    law: "What an execution has committed after the next one of its subtask runs is of a checkpoint not newer than the one from which that one began.",
    source: "KIP-98: zombie fencing",
    scope: "zombie",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let mut current: BTreeMap<(JobId, Subtask), AttemptId> = BTreeMap::new();
    for statement in &stream.statements {
        match statement.said {
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
                    format!("{by} commits {txn} of {prepared:?} at {}, and {newest} has begun from {origin:?}", evidence.when(statement.note))
                });
            }
            // A refusal is what a zombie should get.
            Said::Outside(OutsideFact::LedgerRefused { .. }) => finding.held(1),
            Said::Master(_) | Said::Worker(_) | Said::Outside(_) | Said::Gone | Said::Frozen(_) | Said::Session(_) => {}
        }
    }
}
