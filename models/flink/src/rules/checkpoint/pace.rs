//! How often, how many at once and for how long. A periodic trigger is judged by what was complete when it was asked
//! for, as handing out its number takes time.

use std::collections::{BTreeMap, BTreeSet};

use contract::ids::MachineId;
use contract::time::MILLISECOND;
use flink_words::fact::MasterFact;
use flink_words::master::AckOutcome;
use flink_words::state::SnapshotKind;
use judging::{Finding, Footing, Side};
use outside_words::ids::{CheckpointId, JobId, LeaderId};
use zookeeper_models::clock::longest;

use crate::evidence::Evidence;
use crate::evidence::statement::Said;
use crate::law::Rule;
use crate::rules::clocks::ROUNDING_NS;
use crate::rules::witness::name;

pub const CONCURRENT: Rule = Rule {
    id: "ck.conc",
    law: "Under one grant no more checkpoints of a job are pending at a time than the plan allows; savepoints are not counted.",
    source: "Flink: CheckpointRequestDecider",
    scope: "checkpoint",
    side: Side::Safety,
    footing: Footing::Firm,
    check: check_concurrent,
};

pub const MIN_PAUSE: Rule = Rule {
    id: "ck.minpause",
    law: "A periodic checkpoint is triggered no sooner after the last one that was complete when it was asked for than the plan's pause, by the master's monotonic clock.",
    source: "Flink: CheckpointRequestDecider.nextTriggerDelayMillis",
    scope: "checkpoint",
    side: Side::Safety,
    footing: Footing::Firm,
    check: check_pause,
};

pub const TIMEOUT: Rule = Rule {
    id: "ck.timeout",
    law: "A checkpoint is completed only if its last acknowledgement came within the plan's timeout.",
    source: "Flink: CheckpointCoordinator.CheckpointCanceller",
    scope: "checkpoint",
    side: Side::Safety,
    footing: Footing::Firm,
    check: check_timeout,
};

fn check_concurrent(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let most = usize::from(stream.plan.checkpoints.max_concurrent);
    let mut pending: BTreeMap<(LeaderId, JobId), BTreeSet<CheckpointId>> = BTreeMap::new();
    for statement in &stream.statements {
        match statement.said {
            Said::Master(MasterFact::Triggered { leader, job, checkpoint, kind: SnapshotKind::Checkpoint, .. }) => {
                let pending = pending.entry((*leader, *job)).or_default();
                pending.insert(*checkpoint);
                finding.judge(pending.len() <= most, || {
                    format!("{} is triggered at {}, and {pending:?} are pending, where {most} may be", name(*job, *checkpoint), evidence.when(statement.note))
                });
            }
            Said::Master(MasterFact::Completed { leader, job, checkpoint, .. } | MasterFact::Aborted { leader, job, checkpoint, .. }) => {
                pending.entry((*leader, *job)).or_default().remove(checkpoint);
            }
            Said::Master(_) | Said::Worker(_) | Said::Outside(_) | Said::Gone | Said::Frozen(_) | Said::Session(_) => {}
        }
    }
}

fn check_pause(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let pause = u64::from(stream.plan.checkpoints.min_pause_ms);
    let mut last: BTreeMap<LeaderId, (JobId, u64)> = BTreeMap::new();
    // By request, and then by the number that it got: others may have been asked for meanwhile.
    let mut asked: BTreeMap<(LeaderId, u32), (JobId, u64)> = BTreeMap::new();
    let mut numbered: BTreeMap<(LeaderId, CheckpointId), (JobId, u64)> = BTreeMap::new();
    for statement in &stream.statements {
        match statement.said {
            Said::Master(MasterFact::Completed { leader, job, kind: SnapshotKind::Checkpoint, mono_ms, .. }) => {
                last.insert(*leader, (*job, *mono_ms));
            }
            Said::Master(MasterFact::TriggerAsked { leader, request, periodic: true, .. }) => {
                asked.extend(last.get(leader).map(|last| ((*leader, *request), *last)));
            }
            Said::Master(MasterFact::TriggerEnded { leader, request, outcome: Ok(checkpoint) }) => {
                numbered.extend(asked.remove(&(*leader, *request)).map(|last| ((*leader, *checkpoint), last)));
            }
            Said::Master(MasterFact::Triggered { leader, job, checkpoint, periodic: true, mono_ms, .. }) => {
                let Some((_, before)) = numbered.get(&(*leader, *checkpoint)).filter(|(of, _)| of == job) else { continue };
                finding.judge(*mono_ms >= before + pause, || {
                    format!(
                        "{} is triggered at {mono_ms} ms of its master's clock, after one was complete at {before} ms; the pause is {pause} ms",
                        name(*job, *checkpoint)
                    )
                });
            }
            Said::Master(_) | Said::Worker(_) | Said::Outside(_) | Said::Gone | Said::Frozen(_) | Said::Session(_) => {}
        }
    }
}

fn check_timeout(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let most_ns = longest(u64::from(stream.plan.checkpoints.timeout_ms) * MILLISECOND) + ROUNDING_NS;
    let mut frozen: BTreeMap<MachineId, Vec<u32>> = BTreeMap::new();
    for statement in stream.statements.iter().filter(|statement| matches!(statement.said, Said::Frozen(true))) {
        frozen.entry(statement.machine).or_default().push(statement.note);
    }
    for checkpoint in stream.checkpoints.iter().filter(|checkpoint| !checkpoint.completed.is_empty()) {
        let counted = checkpoint.acks.iter().filter(|(.., outcome)| *outcome == AckOutcome::Success);
        let Some(last) = counted.map(|(note, ..)| *note).max() else { continue };
        // Who wakes takes what has waited before it looks at its clock.
        let pauses = stream.grant(checkpoint.leader).and_then(|grant| frozen.get(&grant.machine)).map_or(&[][..], Vec::as_slice);
        let next = pauses.partition_point(|note| *note < checkpoint.triggered);
        if pauses.get(next).is_some_and(|note| *note < last) {
            finding.waive();
            continue;
        }
        let took_ns = evidence.at_ns(last) - evidence.at_ns(checkpoint.triggered);
        finding.judge(took_ns <= most_ns, || {
            format!(
                "{} is complete, and its last acknowledgement came {took_ns} ns after its trigger, at {}",
                name(checkpoint.job, checkpoint.id),
                evidence.when(last)
            )
        });
    }
}
