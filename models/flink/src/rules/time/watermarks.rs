//! Watermarks rise; an idle task has none to send.

use std::collections::BTreeMap;

use flink_words::fact::WorkerFact;
use judging::{Finding, Footing, Side};
use outside_words::data::{EventTime, LATEST};
use outside_words::ids::AttemptId;

use crate::evidence::Evidence;
use crate::evidence::statement::Said;
use crate::law::Rule;

pub const MONOTONE: Rule = Rule {
    id: "wm.mono",
    law: "The watermarks that an execution sends on rise.",
    source: "Flink: StatusWatermarkValve",
    scope: "time",
    side: Side::Safety,
    footing: Footing::Firm,
    check: check_rise,
};

pub const IDLE: Rule = Rule {
    id: "wm.idle",
    law: "A task is idle or not, in turns; while it is, it sends no watermark on but the last one of all.",
    source: "Flink: StatusWatermarkValve, WatermarksWithIdleness",
    scope: "time",
    side: Side::Safety,
    footing: Footing::Firm,
    check: check_idle,
};

fn check_rise(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let mut sent: BTreeMap<AttemptId, EventTime> = BTreeMap::new();
    for statement in &stream.statements {
        let Said::Worker(WorkerFact::WatermarkAdvanced { attempt, watermark }) = statement.said else { continue };
        let before = sent.insert(*attempt, *watermark);
        finding.judge(before.is_none_or(|before| before < *watermark), || {
            format!("{attempt} sends on watermark {watermark} at {}, after {before:?}", evidence.when(statement.note))
        });
    }
}

fn check_idle(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let mut idle: BTreeMap<AttemptId, bool> = BTreeMap::new();
    for statement in &stream.statements {
        match statement.said {
            Said::Worker(WorkerFact::Idle { attempt, idle: now }) => {
                let before = idle.insert(*attempt, *now).unwrap_or(false);
                finding.judge(before != *now, || format!("{attempt} is idle: {now} at {}, and was before: {before}", evidence.when(statement.note)));
            }
            Said::Worker(WorkerFact::WatermarkAdvanced { attempt, watermark }) if *watermark != LATEST => {
                if let Some(is_idle) = idle.get(attempt) {
                    finding.judge(!is_idle, || format!("{attempt} sends on watermark {watermark} at {}, and is idle", evidence.when(statement.note)));
                }
            }
            Said::Worker(_) | Said::Master(_) | Said::Outside(_) | Said::Gone | Said::Frozen(_) | Said::Session(_) => {}
        }
    }
}
