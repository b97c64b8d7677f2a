//! A worker heeds one leader, and a leader its own workers.

use std::collections::BTreeMap;

use vocab::ids::MachineId;
use vocab::stream::ids::{AttemptId, LeaderId};
use vocab::stream::master::AckOutcome;
use vocab::stream::{MasterFact, WorkerFact};

use crate::case::Case;
use crate::case::stream::Said;
use crate::rules::{Finding, Footing, Rule};

pub const WORKER: Rule = Rule {
    id: "zmb.tm",
    law: "A leader counts acknowledgements of its own executions alone; and a worker that registers with a leader has ended all tasks of every other.",
    source: "catalogue, ZMB-TM; Flink: TaskExecutor.disconnectJobManagerConnection",
    footing: Footing::Firm,
    check: check_worker,
};

pub const MASTER: Rule = Rule {
    id: "zmb.jm",
    law: "On a worker nothing is deployed, begun, snapshotted or heard but in the name of the leader with which it is registered.",
    source: "catalogue, ZMB-JM; Flink: FencedRpcEndpoint, TaskExecutor.submitTask",
    footing: Footing::Firm,
    check: check_master,
};

fn check_worker(case: &Case<'_>, finding: &mut Finding) {
    let Some(stream) = &case.stream else { return };
    let mut alive: BTreeMap<MachineId, Vec<AttemptId>> = BTreeMap::new();
    for spoken in &stream.spoken {
        match spoken.said {
            Said::Gone => drop(alive.remove(&spoken.machine)),
            Said::Worker(WorkerFact::Deployed { attempt, .. }) => alive.entry(spoken.machine).or_default().push(*attempt),
            Said::Worker(WorkerFact::Ended { attempt, .. }) => alive.entry(spoken.machine).or_default().retain(|other| other != attempt),
            Said::Worker(WorkerFact::Registered { leader, .. }) => {
                let left = alive.get(&spoken.machine).into_iter().flatten().find(|task| task.leader != *leader);
                finding.judge(left.is_none(), || format!("{} registers with {leader} at {}, and {left:?} is not over", spoken.machine, case.when(spoken.note)));
            }
            Said::Master(MasterFact::AckReceived { leader, checkpoint, attempt, outcome: AckOutcome::Success }) => {
                finding.judge(attempt.leader == *leader, || format!("{leader} counts {attempt} for {checkpoint} at {}", case.when(spoken.note)));
            }
            Said::Worker(_) | Said::Master(_) | Said::Outside(_) | Said::Frozen(_) | Said::Session(_) => {}
        }
    }
}

fn check_master(case: &Case<'_>, finding: &mut Finding) {
    let Some(stream) = &case.stream else { return };
    let mut heeded: BTreeMap<MachineId, LeaderId> = BTreeMap::new();
    for spoken in &stream.spoken {
        let attempt = match spoken.said {
            Said::Gone => {
                heeded.remove(&spoken.machine);
                continue;
            }
            Said::Worker(WorkerFact::Registered { leader, .. }) => {
                heeded.insert(spoken.machine, *leader);
                continue;
            }
            Said::Worker(WorkerFact::LeaderLost { .. }) => {
                heeded.remove(&spoken.machine);
                continue;
            }
            Said::Worker(
                WorkerFact::Deployed { attempt, .. }
                | WorkerFact::Running { attempt, .. }
                | WorkerFact::AlignmentBegan { attempt, .. }
                | WorkerFact::Snapshotted { attempt, .. }
                | WorkerFact::Acknowledged { attempt, .. }
                | WorkerFact::Notified { attempt, .. }
                | WorkerFact::Assigned { attempt, .. }
                | WorkerFact::Committing { attempt, .. },
            ) => attempt,
            Said::Worker(_) | Said::Master(_) | Said::Outside(_) | Said::Frozen(_) | Said::Session(_) => continue,
        };
        let leader = heeded.get(&spoken.machine);
        finding.judge(leader == Some(&attempt.leader), || {
            format!("{} acts on {attempt} at {}, and its leader is {leader:?}", spoken.machine, case.when(spoken.note))
        });
    }
}
