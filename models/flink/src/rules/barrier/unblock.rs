//! What a barrier blocks is unblocked: by the snapshot, by giving the checkpoint up, by a newer barrier, or by the
//! task's end.

use std::collections::BTreeMap;

use contract::ids::MachineId;
use contract::time::MILLISECOND;
use flink_words::fact::WorkerFact;
use judging::{Finding, Footing, Side};
use outside_words::ids::{AttemptId, CheckpointId};
use zookeeper_models::clock::longest;

use crate::evidence::Evidence;
use crate::evidence::statement::Said;
use crate::law::Rule;

pub const RULE: Rule = Rule {
    id: "bar.unblock",
    law: "An alignment ends: by its snapshot, by giving the checkpoint up, by the alignment of a newer one, or with its task.",
    source: "Flink: SingleCheckpointBarrierHandler",
    scope: "barrier",
    side: Side::Liveness,
    footing: Footing::Durability,
    check,
};

/// How many checkpoint timeouts an alignment may last by the end of a run: its own, and what telling of its abort
/// takes.
const TIMEOUTS: u64 = 2;
/// What the way of an abort may take besides, in ms.
const GRACE_MS: u64 = 10_000;

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    if !evidence.is_over() {
        finding.waive();
        return;
    }
    let mut open: BTreeMap<MachineId, BTreeMap<AttemptId, (CheckpointId, u64)>> = BTreeMap::new();
    for statement in &stream.statements {
        let here = match statement.said {
            Said::Gone => {
                open.remove(&statement.machine);
                continue;
            }
            Said::Worker(_) => open.entry(statement.machine).or_default(),
            Said::Master(_) | Said::Outside(_) | Said::Frozen(_) | Said::Session(_) => continue,
        };
        match statement.said {
            Said::Worker(WorkerFact::AlignmentBegan { attempt, checkpoint }) => {
                finding.held(u64::from(here.insert(*attempt, (*checkpoint, statement.at_ns)).is_some()));
            }
            Said::Worker(WorkerFact::Snapshotted { attempt, checkpoint, .. } | WorkerFact::SnapshotAborted { attempt, checkpoint, .. })
                if here.get(attempt).is_some_and(|(open, _)| open <= checkpoint) =>
            {
                here.remove(attempt);
                finding.held(1);
            }
            Said::Worker(WorkerFact::Ended { attempt, .. }) => drop(here.remove(attempt)),
            _ => {}
        }
    }
    let patience_ms = u64::from(stream.plan.checkpoints.timeout_ms) * TIMEOUTS + GRACE_MS;
    let since = evidence.view.end_ns.saturating_sub(longest(patience_ms * MILLISECOND));
    for (attempt, (checkpoint, at)) in open.into_values().flatten() {
        finding.judge(at > since, || format!("{attempt} aligns {checkpoint} since {at} ns, and to the end"));
    }
}
