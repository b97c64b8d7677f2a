//! What a barrier blocks is unblocked: by the snapshot, by giving the checkpoint up, by a newer barrier, or by the task's end.

use std::collections::BTreeMap;

use vocab::ids::MachineId;
use vocab::stream::WorkerFact;
use vocab::stream::ids::{AttemptId, CheckpointId};

use crate::case::Case;
use crate::case::stream::Said;
use crate::rules::stream::{SLOWEST_CLOCK_PERCENT, is_over};
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "bar.unblock",
    law: "An alignment ends: by its snapshot, by giving the checkpoint up, by the alignment of a newer one, or with its task.",
    source: "catalogue, BAR-UNBLOCK; Flink: SingleCheckpointBarrierHandler",
    footing: Footing::Durability,
    check,
};

/// How many checkpoint timeouts an alignment may last by the end of a run: its own, and what telling of its abort takes.
const TIMEOUTS: u64 = 2;
/// What the way of an abort may take besides, in ms.
const GRACE_MS: u64 = 10_000;

fn check(case: &Case<'_>, finding: &mut Finding) {
    let Some(stream) = &case.stream else { return };
    if !is_over(case) {
        finding.waive();
        return;
    }
    let mut open: BTreeMap<MachineId, BTreeMap<AttemptId, (CheckpointId, u64)>> = BTreeMap::new();
    for spoken in &stream.spoken {
        let here = match spoken.said {
            Said::Gone => {
                open.remove(&spoken.machine);
                continue;
            }
            Said::Worker(_) => open.entry(spoken.machine).or_default(),
            Said::Master(_) | Said::Outside(_) | Said::Frozen(_) | Said::Session(_) => continue,
        };
        match spoken.said {
            Said::Worker(WorkerFact::AlignmentBegan { attempt, checkpoint }) => {
                finding.held(u64::from(here.insert(*attempt, (*checkpoint, spoken.at_ns)).is_some()));
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
    let since = case.recording.end_ns.saturating_sub(patience_ms * 10_000 * SLOWEST_CLOCK_PERCENT);
    for (attempt, (checkpoint, at)) in open.into_values().flatten() {
        finding.judge(at > since, || format!("{attempt} aligns {checkpoint} since {at} ns, and to the end"));
    }
}
