//! Checkpoints go on after the heal, and no request for one is forgotten.

use std::collections::BTreeMap;

use vocab::fact::Fact;
use vocab::happening::Happening;
use vocab::stream::MasterFact;
use vocab::stream::ids::LeaderId;

use crate::case::Case;
use crate::case::stream::Said;
use crate::rules::stream::{SLOWEST_CLOCK_PERCENT, at_ns, is_finished, is_over};
use crate::rules::{Finding, Footing, Rule};

pub const PROGRESS: Rule = Rule {
    id: "ck.progress",
    law: "After the heal a checkpoint is completed within some intervals and timeouts, as long as the job is not over.",
    source: "catalogue, CK-PROGRESS",
    footing: Footing::Durability,
    check: check_progress,
};

pub const NO_STUCK_TRIGGER: Rule = Rule {
    id: "ck.no-stuck-trigger",
    law: "Every request for a checkpoint comes to a number or to a refusal, as long as its master leads.",
    source: "catalogue, CK-NO-STUCK-TRIGGER; Flink: CheckpointCoordinator.isTriggering",
    footing: Footing::Durability,
    check: check_trigger,
};

/// How many intervals and timeouts a job that was failed over may need for its next checkpoint.
const ROUNDS: u64 = 4;
/// What an election, a registration and a restart may take besides, in ms.
const GRACE_MS: u64 = 20_000;

fn check_progress(case: &Case<'_>, finding: &mut Finding) {
    let Some(stream) = &case.stream else { return };
    let completed = stream.checkpoints.iter().flat_map(|checkpoint| checkpoint.completed.iter().map(|(note, _)| at_ns(case, *note)));
    if is_finished(case) {
        finding.held(completed.count() as u64);
        return;
    }
    let healed = case.recording.notes.iter().find(|note| note.fact == Fact::World(Happening::Healed)).map(|note| note.at_ns);
    let plan = &stream.plan.checkpoints;
    let patience_ms = ROUNDS * (u64::from(plan.interval_ms) + u64::from(plan.timeout_ms)) + GRACE_MS;
    let since = case.recording.end_ns.saturating_sub(patience_ms * 10_000 * SLOWEST_CLOCK_PERCENT);
    // Who only cleans up triggers nothing more.
    let is_ended = stream.jobs.values().next_back().is_some_and(|job| !job.results.is_empty());
    if is_ended || !is_over(case) || healed.is_none_or(|healed| healed > since) {
        finding.waive();
        return;
    }
    let last = completed.max();
    finding
        .judge(last.is_some_and(|last| last >= since), || format!("the last checkpoint was complete at {last:?} ns; {patience_ms} ms should do for another"));
}

fn check_trigger(case: &Case<'_>, finding: &mut Finding) {
    let Some(stream) = &case.stream else { return };
    if !is_over(case) {
        finding.waive();
        return;
    }
    let mut open: BTreeMap<(LeaderId, u32), u64> = BTreeMap::new();
    for spoken in &stream.spoken {
        match spoken.said {
            Said::Master(MasterFact::TriggerAsked { leader, request, .. }) => drop(open.insert((*leader, *request), spoken.at_ns)),
            Said::Master(MasterFact::TriggerEnded { leader, request, .. }) => finding.held(u64::from(open.remove(&(*leader, *request)).is_some())),
            // Who leads no more, or has nothing left to lead, owes nothing.
            Said::Master(MasterFact::ResultStored { leader, .. } | MasterFact::Done { leader }) => open.retain(|(of, _), _| of != leader),
            Said::Master(_) | Said::Worker(_) | Said::Outside(_) | Said::Gone | Said::Frozen(_) | Said::Session(_) => {}
        }
    }
    let patience_ms = u64::from(stream.plan.checkpoints.timeout_ms) + u64::from(stream.plan.ha.session_timeout_ms) * 2 + GRACE_MS;
    let since = case.recording.end_ns.saturating_sub(patience_ms * 10_000 * SLOWEST_CLOCK_PERCENT);
    for ((leader, request), at) in open {
        if stream.grant(leader).is_some_and(|grant| grant.over.is_none()) {
            finding.judge(at > since, || format!("{leader} was asked for a checkpoint (request {request}) at {at} ns, and it has come to nothing"));
        }
    }
}
