//! One execution of a subtask at a time, under one master. A worker that is given up may run on without knowing it;
//! what it can still do is for the ledger to shut out.

use std::collections::{BTreeMap, BTreeSet};

use flink_words::fact::MasterFact;
use flink_words::ids::WorkerId;
use judging::{Finding, Footing, Side};
use outside_words::ids::{AttemptId, JobId, LeaderId, Subtask};

use crate::evidence::Evidence;
use crate::evidence::statement::Said;
use crate::law::Rule;

pub const RULE: Rule = Rule {
    id: "fo.one-attempt",
    law: "A master sends a subtask's next execution out only when the one before is over or its worker is given up; executions are counted up, and each is sent out once.",
    source: "Flink: Execution, SlotSharingExecutionSlotAllocator",
    scope: "failover",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let mut last: BTreeMap<(LeaderId, JobId, Subtask), (AttemptId, WorkerId)> = BTreeMap::new();
    let mut lost: BTreeSet<(LeaderId, WorkerId)> = BTreeSet::new();
    for statement in &stream.statements {
        match statement.said {
            Said::Master(MasterFact::WorkerLost { leader, worker }) => drop(lost.insert((*leader, *worker))),
            Said::Master(MasterFact::Deploying { attempt, worker }) => {
                let before = last.insert((attempt.leader, attempt.job, attempt.subtask), (*attempt, *worker));
                let Some((before, on)) = before else {
                    finding.held(1);
                    continue;
                };
                let is_alive = stream.task(before).is_some_and(|task| task.is_alive(statement.note));
                let is_given_up = lost.contains(&(attempt.leader, on));
                finding.judge(before.number < attempt.number && (!is_alive || is_given_up), || {
                    format!("{attempt} is sent out at {}; {before} runs: {is_alive}, its worker is given up: {is_given_up}", evidence.when(statement.note))
                });
            }
            Said::Master(_) | Said::Worker(_) | Said::Outside(_) | Said::Gone | Said::Frozen(_) | Said::Session(_) => {}
        }
    }
}
