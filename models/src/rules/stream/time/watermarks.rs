//! Watermarks rise; an idle task has none to send.

use std::collections::BTreeMap;

use vocab::stream::WorkerFact;
use vocab::stream::data::{EventTime, LATEST};
use vocab::stream::ids::AttemptId;

use crate::case::Case;
use crate::case::stream::Said;
use crate::rules::{Finding, Footing, Rule};

pub const MONOTONE: Rule = Rule {
    id: "wm.mono",
    law: "The watermarks that an execution sends on rise.",
    source: "catalogue, WM-MONO; Flink: StatusWatermarkValve",
    footing: Footing::Firm,
    check: check_rise,
};

pub const IDLE: Rule = Rule {
    id: "wm.idle",
    law: "A task is idle or not, in turns; while it is, it sends no watermark on but the last one of all.",
    source: "catalogue, WM-IDLE; Flink: StatusWatermarkValve, WatermarksWithIdleness",
    footing: Footing::Firm,
    check: check_idle,
};

fn check_rise(case: &Case<'_>, finding: &mut Finding) {
    let Some(stream) = &case.stream else { return };
    let mut sent: BTreeMap<AttemptId, EventTime> = BTreeMap::new();
    for spoken in &stream.spoken {
        let Said::Worker(WorkerFact::WatermarkAdvanced { attempt, watermark }) = spoken.said else { continue };
        let before = sent.insert(*attempt, *watermark);
        finding.judge(before.is_none_or(|before| before < *watermark), || {
            format!("{attempt} sends on watermark {watermark} at {}, after {before:?}", case.when(spoken.note))
        });
    }
}

fn check_idle(case: &Case<'_>, finding: &mut Finding) {
    let Some(stream) = &case.stream else { return };
    let mut idle: BTreeMap<AttemptId, bool> = BTreeMap::new();
    for spoken in &stream.spoken {
        match spoken.said {
            Said::Worker(WorkerFact::Idle { attempt, idle: now }) => {
                let before = idle.insert(*attempt, *now).unwrap_or(false);
                finding.judge(before != *now, || format!("{attempt} is idle: {now} at {}, and was before: {before}", case.when(spoken.note)));
            }
            Said::Worker(WorkerFact::WatermarkAdvanced { attempt, watermark }) if *watermark != LATEST => {
                if let Some(is_idle) = idle.get(attempt) {
                    finding.judge(!is_idle, || format!("{attempt} sends on watermark {watermark} at {}, and is idle", case.when(spoken.note)));
                }
            }
            Said::Worker(_) | Said::Master(_) | Said::Outside(_) | Said::Gone | Said::Frozen(_) | Said::Session(_) => {}
        }
    }
}
