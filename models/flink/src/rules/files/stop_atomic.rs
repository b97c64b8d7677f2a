//! After a savepoint that stops the job, a task does nothing more: what it did before is in the savepoint.

use std::collections::{BTreeMap, BTreeSet};

use flink_words::fact::WorkerFact;
use judging::{Finding, Footing, Side};
use outside_words::fact::OutsideFact;
use outside_words::ids::{AttemptId, CheckpointId};

use crate::evidence::Evidence;
use crate::evidence::statement::Said;
use crate::law::Rule;

pub const RULE: Rule = Rule {
    id: "sp.stop-atomic",
    law: "A task that has snapshotted a savepoint which stops the job snapshots nothing more and fires no timer, and once it has acknowledged it it writes no row.",
    source: "FLIP-34; FLINK-21030",
    scope: "files",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let mut stopped: BTreeMap<AttemptId, CheckpointId> = BTreeMap::new();
    let mut settled: BTreeSet<AttemptId> = BTreeSet::new();
    for statement in &stream.statements {
        let (attempt, is_after, what) = match statement.said {
            Said::Worker(WorkerFact::Snapshotted { attempt, checkpoint, kind, .. }) => {
                let before = stopped.get(attempt).copied();
                if kind.stops() {
                    stopped.insert(*attempt, *checkpoint);
                    finding.held(1);
                }
                (attempt, before.is_some(), "takes another snapshot")
            }
            Said::Worker(WorkerFact::Acknowledged { attempt, checkpoint, .. }) => {
                settled.extend((stopped.get(attempt) == Some(checkpoint)).then_some(*attempt));
                continue;
            }
            Said::Worker(WorkerFact::TimersFired { attempt, .. }) => (attempt, stopped.contains_key(attempt), "fires timers"),
            Said::Outside(OutsideFact::Wrote { by, .. } | OutsideFact::Upserted { by, .. }) => (by, settled.contains(by), "writes"),
            Said::Worker(_) | Said::Master(_) | Said::Outside(_) | Said::Gone | Said::Frozen(_) | Said::Session(_) => continue,
        };
        if is_after {
            finding.judge(false, || format!("{attempt} {what} at {}, after it had stopped with {:?}", evidence.when(statement.note), stopped.get(attempt)));
        }
    }
}
