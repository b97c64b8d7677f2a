//! What an enumerator takes to be its own after tasks have begun again: never what a reader has, restored or going on.

use std::collections::BTreeMap;

use flink_words::fact::MasterFact;
use judging::{Finding, Footing, Side};
use outside_words::ids::{JobId, LeaderId, SplitId, Subtask};

use crate::evidence::Evidence;
use crate::evidence::statement::Said;
use crate::law::Rule;

pub const RULE: Rule = Rule {
    id: "fo.reset-coord",
    law: "When tasks begin again their enumerator is as the checkpoint has it: it gives away no split that a reader of the checkpoint begins with, none that a reader which goes on has, and none twice.",
    source: "Flink: OperatorCoordinator.resetToCheckpoint, subtaskReset; SourceCoordinator.addSplitsBack",
    scope: "failover",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

/// Who has which split; nobody by name where another job's readers had it.
type Held = BTreeMap<SplitId, Option<Subtask>>;

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let mut all: BTreeMap<(LeaderId, JobId), Held> = BTreeMap::new();
    for statement in &stream.statements {
        match statement.said {
            Said::Master(MasterFact::Restoring { leader, job, from, tasks, global }) => {
                let held = all.entry((*leader, *job)).or_default();
                let begins = |subtask: Subtask| tasks.iter().any(|attempt| attempt.subtask == subtask);
                held.retain(|_, holder| !global && !holder.is_some_and(begins));
                let Some(origin) = from.and_then(|(job, id)| stream.checkpoint(job, id)) else { continue };
                let is_own = origin.job == *job;
                for (subtask, snapshot) in stream.cuts(origin).filter(|(subtask, _)| !is_own || begins(*subtask)) {
                    held.extend(snapshot.state.splits.iter().map(|(split, _)| (*split, is_own.then_some(subtask))));
                }
            }
            Said::Master(MasterFact::SplitAssigned { attempt, split, .. }) => {
                let held = all.entry((attempt.leader, attempt.job)).or_default();
                let holder = held.insert(*split, Some(attempt.subtask));
                finding.judge(holder.is_none(), || {
                    let holder = holder.flatten().map_or_else(|| "a reader that began with it".into(), |subtask| subtask.to_string());
                    format!("{split} is given to {attempt} at {}, and is with {holder}", evidence.when(statement.note))
                });
            }
            Said::Master(_) | Said::Worker(_) | Said::Outside(_) | Said::Gone | Said::Frozen(_) | Said::Session(_) => {}
        }
    }
}
