//! After a savepoint that stops the job, a task does nothing more: what it did before is in the savepoint.

use std::collections::{BTreeMap, BTreeSet};

use vocab::stream::ids::{AttemptId, CheckpointId};
use vocab::stream::{OutsideFact, WorkerFact};

use crate::case::Case;
use crate::case::stream::Said;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "sp.stop-atomic",
    law: "A task that has snapshotted a savepoint which stops the job snapshots nothing more and fires no timer, and once it has acknowledged it it writes no row.",
    source: "catalogue, SP-STOP-ATOMIC; FLIP-34; FLINK-21030",
    footing: Footing::Firm,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let Some(stream) = &case.stream else { return };
    let mut stopped: BTreeMap<AttemptId, CheckpointId> = BTreeMap::new();
    let mut settled: BTreeSet<AttemptId> = BTreeSet::new();
    for spoken in &stream.spoken {
        let (attempt, is_after, what) = match spoken.said {
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
            finding.judge(false, || format!("{attempt} {what} at {}, after it had stopped with {:?}", case.when(spoken.note), stopped.get(attempt)));
        }
    }
}
