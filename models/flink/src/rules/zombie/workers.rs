//! A worker heeds one leader, and a leader its own workers.

use std::collections::BTreeMap;

use contract::ids::MachineId;
use flink_words::fact::{MasterFact, WorkerFact};
use flink_words::master::AckOutcome;
use judging::{Finding, Footing, Side};
use outside_words::ids::{AttemptId, LeaderId};

use crate::evidence::Evidence;
use crate::evidence::statement::Said;
use crate::law::Rule;

pub const WORKER: Rule = Rule {
    id: "zmb.tm",
    law: "A leader counts acknowledgements of its own executions alone; and a worker that registers with a leader has ended all tasks of every other.",
    source: "Flink: TaskExecutor.disconnectJobManagerConnection",
    scope: "zombie",
    side: Side::Safety,
    footing: Footing::Firm,
    check: check_worker,
};

pub const MASTER: Rule = Rule {
    id: "zmb.jm",
    law: "On a worker nothing is deployed, begun, snapshotted or heard but in the name of the leader with which it is registered.",
    source: "Flink: FencedRpcEndpoint, TaskExecutor.submitTask",
    scope: "zombie",
    side: Side::Safety,
    footing: Footing::Firm,
    check: check_master,
};

fn check_worker(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let mut alive: BTreeMap<MachineId, Vec<AttemptId>> = BTreeMap::new();
    for statement in &stream.statements {
        match statement.said {
            Said::Gone => drop(alive.remove(&statement.machine)),
            Said::Worker(WorkerFact::Deployed { attempt, .. }) => alive.entry(statement.machine).or_default().push(*attempt),
            Said::Worker(WorkerFact::Ended { attempt, .. }) => alive.entry(statement.machine).or_default().retain(|other| other != attempt),
            Said::Worker(WorkerFact::Registered { leader, .. }) => {
                let left = alive.get(&statement.machine).into_iter().flatten().find(|task| task.leader != *leader);
                finding.judge(left.is_none(), || {
                    format!("{} registers with {leader} at {}, and {left:?} is not over", statement.machine, evidence.when(statement.note))
                });
            }
            Said::Master(MasterFact::AckReceived { leader, checkpoint, attempt, outcome: AckOutcome::Success }) => {
                finding.judge(attempt.leader == *leader, || format!("{leader} counts {attempt} for {checkpoint} at {}", evidence.when(statement.note)));
            }
            Said::Worker(_) | Said::Master(_) | Said::Outside(_) | Said::Frozen(_) | Said::Session(_) => {}
        }
    }
}

fn check_master(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let mut heeded: BTreeMap<MachineId, LeaderId> = BTreeMap::new();
    for statement in &stream.statements {
        let attempt = match statement.said {
            Said::Gone => {
                heeded.remove(&statement.machine);
                continue;
            }
            Said::Worker(WorkerFact::Registered { leader, .. }) => {
                heeded.insert(statement.machine, *leader);
                continue;
            }
            Said::Worker(WorkerFact::LeaderLost { .. }) => {
                heeded.remove(&statement.machine);
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
        let leader = heeded.get(&statement.machine);
        finding.judge(leader == Some(&attempt.leader), || {
            format!("{} acts on {attempt} at {}, and its leader is {leader:?}", statement.machine, evidence.when(statement.note))
        });
    }
}
