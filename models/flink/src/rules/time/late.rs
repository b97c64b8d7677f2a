//! Nothing is dropped that is in time. Watermarks wait for as long as the plan's input may be out of order, so a record
//! comes late only where a watermark did not wait for its split: it was idle, or came to a reader that had begun
//! without it.

use std::collections::BTreeSet;

use flink_words::fact::{MasterFact, WorkerFact};
use judging::{Finding, Footing, Side};
use outside_words::data::EARLIEST;
use outside_words::ids::{AttemptId, JobId, LeaderId};

use crate::evidence::Evidence;
use crate::evidence::statement::Said;
use crate::law::Rule;

pub const RULE: Rule = Rule {
    id: "wm.restore",
    law: "What is dropped as late is behind the watermark, and some watermark had a reason not to wait for it: idleness, or a split that was given to a reader on its way.",
    source: "Flink: BoundedOutOfOrdernessWatermarks, WatermarkStrategy.withIdleness",
    scope: "time",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let mut hasty: BTreeSet<(LeaderId, JobId)> = BTreeSet::new();
    let mut begun: BTreeSet<AttemptId> = BTreeSet::new();
    let mut advances = 0;
    for statement in &stream.statements {
        match statement.said {
            Said::Worker(WorkerFact::WatermarkAdvanced { attempt, watermark }) => {
                begun.extend((*watermark > EARLIEST).then_some(*attempt));
                advances += 1;
            }
            Said::Worker(WorkerFact::Idle { attempt, idle: true }) => drop(hasty.insert((attempt.leader, attempt.job))),
            Said::Master(MasterFact::SplitAssigned { attempt, .. }) => {
                hasty.extend(begun.contains(attempt).then_some((attempt.leader, attempt.job)));
            }
            Said::Worker(WorkerFact::Assigned { attempt, .. }) => hasty.extend(begun.contains(attempt).then_some((attempt.leader, attempt.job))),
            Said::Worker(WorkerFact::DroppedLate { attempt, at, watermark }) => {
                let has_reason = stream.plan.input.idle_ms > 0 || hasty.contains(&(attempt.leader, attempt.job));
                // A window's end is one past its last time.
                let is_late = *at <= watermark.saturating_add(1);
                if is_late && has_reason {
                    finding.waive();
                } else {
                    finding.judge(false, || {
                        format!(
                            "{attempt} drops a record of {at} at {} with watermark {watermark}; late: {is_late}, a reason: {has_reason}",
                            evidence.when(statement.note)
                        )
                    });
                }
            }
            Said::Worker(_) | Said::Master(_) | Said::Outside(_) | Said::Gone | Said::Frozen(_) | Said::Session(_) => {}
        }
    }
    // Where nothing was dropped, all advances of all watermarks were harmless.
    finding.held(advances);
}
