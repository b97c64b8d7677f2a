//! Timers fire when their time has come, in its order, before the watermark that lets them is sent on.

use std::collections::BTreeMap;

use flink_words::fact::WorkerFact;
use flink_words::state::TimeDomain;
use judging::{Finding, Footing, Side};
use outside_words::data::EventTime;
use outside_words::ids::AttemptId;

use crate::evidence::Evidence;
use crate::evidence::statement::Said;
use crate::law::Rule;

pub const RULE: Rule = Rule {
    id: "tm.order",
    law: "Timers that fire together fire in the order of their times, none after what lets them; event-time timers by a watermark that is not behind the one sent on, and that is sent on next.",
    source: "Flink: InternalTimerServiceImpl.advanceWatermark",
    scope: "time",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let mut sent: BTreeMap<AttemptId, EventTime> = BTreeMap::new();
    let mut due: BTreeMap<AttemptId, EventTime> = BTreeMap::new();
    for statement in &stream.statements {
        match statement.said {
            Said::Worker(WorkerFact::TimersFired { attempt, fired }) => {
                let before = sent.get(attempt).copied();
                let is_event = fired.domain == TimeDomain::EventTime;
                let is_next = !is_event || before.is_none_or(|before| before <= fired.by);
                let is_due = fired.in_order && fired.first <= fired.last && fired.last <= fired.by && fired.count > 0;
                finding.judge(is_due && is_next, || format!("{attempt} fires {fired:?} at {}, having sent on {before:?}", evidence.when(statement.note)));
                if is_event {
                    due.insert(*attempt, fired.by);
                }
            }
            Said::Worker(WorkerFact::WatermarkAdvanced { attempt, watermark }) => {
                let expected = due.remove(attempt);
                finding.judge(expected.is_none_or(|expected| expected <= *watermark), || {
                    format!("{attempt} sends on watermark {watermark} at {}, and timers had fired by {expected:?}", evidence.when(statement.note))
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
