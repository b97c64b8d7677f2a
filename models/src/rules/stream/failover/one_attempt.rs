//! One execution of a subtask at a time, under one master. A worker that is given up may run on without knowing it; what it can still do is for the ledger to shut out.

use std::collections::{BTreeMap, BTreeSet};

use vocab::stream::MasterFact;
use vocab::stream::ids::{AttemptId, JobId, LeaderId, Subtask, WorkerId};

use crate::case::Case;
use crate::case::stream::Said;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "fo.one-attempt",
    law: "A master sends a subtask's next execution out only when the one before is over or its worker is given up; executions are counted up, and each is sent out once.",
    source: "catalogue, FO-ONE-ATTEMPT; Flink: Execution, SlotSharingExecutionSlotAllocator",
    footing: Footing::Firm,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let Some(stream) = &case.stream else { return };
    let mut last: BTreeMap<(LeaderId, JobId, Subtask), (AttemptId, WorkerId)> = BTreeMap::new();
    let mut lost: BTreeSet<(LeaderId, WorkerId)> = BTreeSet::new();
    for spoken in &stream.spoken {
        match spoken.said {
            Said::Master(MasterFact::WorkerLost { leader, worker }) => drop(lost.insert((*leader, *worker))),
            Said::Master(MasterFact::Deploying { attempt, worker }) => {
                let before = last.insert((attempt.leader, attempt.job, attempt.subtask), (*attempt, *worker));
                let Some((before, on)) = before else {
                    finding.held(1);
                    continue;
                };
                let is_alive = stream.task(before).is_some_and(|task| task.is_alive(spoken.note));
                let is_given_up = lost.contains(&(attempt.leader, on));
                finding.judge(before.number < attempt.number && (!is_alive || is_given_up), || {
                    format!("{attempt} is sent out at {}; {before} runs: {is_alive}, its worker is given up: {is_given_up}", case.when(spoken.note))
                });
            }
            Said::Master(_) | Said::Worker(_) | Said::Outside(_) | Said::Gone | Said::Frozen(_) | Said::Session(_) => {}
        }
    }
}
