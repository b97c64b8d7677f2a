//! Timers fire when their time has come, in its order, before the watermark that lets them is sent on.

use std::collections::BTreeMap;

use vocab::stream::WorkerFact;
use vocab::stream::data::EventTime;
use vocab::stream::ids::AttemptId;
use vocab::stream::state::TimeDomain;

use crate::case::Case;
use crate::case::stream::Said;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "tm.order",
    law: "Timers that fire together fire in the order of their times, none after what lets them; event-time timers by a watermark that is not behind the one sent on, and that is sent on next.",
    source: "catalogue, TM-ORDER; Flink: InternalTimerServiceImpl.advanceWatermark",
    footing: Footing::Firm,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let Some(stream) = &case.stream else { return };
    let mut sent: BTreeMap<AttemptId, EventTime> = BTreeMap::new();
    let mut due: BTreeMap<AttemptId, EventTime> = BTreeMap::new();
    for spoken in &stream.spoken {
        match spoken.said {
            Said::Worker(WorkerFact::TimersFired { attempt, fired }) => {
                let before = sent.get(attempt).copied();
                let is_event = fired.domain == TimeDomain::EventTime;
                let is_next = !is_event || before.is_none_or(|before| before <= fired.by);
                let is_due = fired.in_order && fired.first <= fired.last && fired.last <= fired.by && fired.count > 0;
                finding.judge(is_due && is_next, || format!("{attempt} fires {fired:?} at {}, having sent on {before:?}", case.when(spoken.note)));
                if is_event {
                    due.insert(*attempt, fired.by);
                }
            }
            Said::Worker(WorkerFact::WatermarkAdvanced { attempt, watermark }) => {
                let expected = due.remove(attempt);
                finding.judge(expected.is_none_or(|expected| expected <= *watermark), || {
                    format!("{attempt} sends on watermark {watermark} at {}, and timers had fired by {expected:?}", case.when(spoken.note))
                });
                sent.insert(*attempt, *watermark);
            }
            Said::Worker(WorkerFact::Ended { attempt, .. }) => {
                sent.remove(attempt);
                due.remove(attempt);
            }
            Said::Worker(_) | Said::Master(_) | Said::Outside(_) | Said::Gone | Said::Frozen(_) | Said::Session(_) => {}
        }
    }
}
