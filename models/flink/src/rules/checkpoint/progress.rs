//! Checkpoints go on after the heal, and no request for one is forgotten.

use std::collections::BTreeMap;

use contract::time::MILLISECOND;
use flink_words::fact::MasterFact;
use judging::{Finding, Footing, Side};
use outside_words::ids::LeaderId;
use zookeeper_models::clock::longest;

use crate::evidence::Evidence;
use crate::evidence::statement::Said;
use crate::law::Rule;

pub const PROGRESS: Rule = Rule {
    id: "ck.progress",
    law: "After the heal a checkpoint is completed within some intervals and timeouts, as long as the job is not over.",
    source: "Carbone et al. (2015), asynchronous barrier snapshotting, termination; ARCHITECTURE.md, Two phases of a run",
    scope: "checkpoint",
    side: Side::Liveness,
    footing: Footing::Durability,
    check: check_progress,
};

pub const NO_STUCK_TRIGGER: Rule = Rule {
    id: "ck.no-stuck-trigger",
    law: "Every request for a checkpoint comes to a number or to a refusal, as long as its master leads.",
    source: "Flink: CheckpointCoordinator.isTriggering",
    scope: "checkpoint",
    side: Side::Liveness,
    footing: Footing::Durability,
    check: check_trigger,
};

/// How many intervals and timeouts a job that was failed over may need for its next checkpoint.
const ROUNDS: u64 = 4;
/// What an election, a registration and a restart may take besides, in ms.
const GRACE_MS: u64 = 20_000;

fn check_progress(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let completed = stream.checkpoints.iter().flat_map(|checkpoint| checkpoint.completed.iter().map(|(note, _)| evidence.at_ns(*note)));
    if evidence.is_finished() {
        finding.held(completed.count() as u64);
        return;
    }
    let plan = &stream.plan.checkpoints;
    let patience_ms = ROUNDS * (u64::from(plan.interval_ms) + u64::from(plan.timeout_ms)) + GRACE_MS;
    let since = evidence.view.end_ns.saturating_sub(longest(patience_ms * MILLISECOND));
    // Who only cleans up triggers nothing more.
    let is_ended = stream.jobs.values().next_back().is_some_and(|job| !job.results.is_empty());
    if is_ended || !evidence.is_over() || stream.healed_ns.is_none_or(|healed| healed > since) {
        finding.waive();
        return;
    }
    let last = completed.max();
    finding
        .judge(last.is_some_and(|last| last >= since), || format!("the last checkpoint was complete at {last:?} ns; {patience_ms} ms should do for another"));
}

fn check_trigger(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    if !evidence.is_over() {
        finding.waive();
        return;
    }
    let mut open: BTreeMap<(LeaderId, u32), u64> = BTreeMap::new();
    for statement in &stream.statements {
        match statement.said {
            Said::Master(MasterFact::TriggerAsked { leader, request, .. }) => drop(open.insert((*leader, *request), statement.at_ns)),
            Said::Master(MasterFact::TriggerEnded { leader, request, .. }) => finding.held(u64::from(open.remove(&(*leader, *request)).is_some())),
            // Who leads no more, or has nothing left to lead, owes nothing.
            Said::Master(MasterFact::ResultStored { leader, .. } | MasterFact::Done { leader }) => open.retain(|(of, _), _| of != leader),
            Said::Master(_) | Said::Worker(_) | Said::Outside(_) | Said::Gone | Said::Frozen(_) | Said::Session(_) => {}
        }
    }
    let patience_ms = u64::from(stream.plan.checkpoints.timeout_ms) + u64::from(stream.plan.ha.session_timeout_ms) * 2 + GRACE_MS;
    let since = evidence.view.end_ns.saturating_sub(longest(patience_ms * MILLISECOND));
    for ((leader, request), at) in open {
        if stream.grant(leader).is_some_and(|grant| grant.over.is_none()) {
            finding.judge(at > since, || format!("{leader} was asked for a checkpoint (request {request}) at {at} ns, and it has come to nothing"));
        }
    }
}
