//! A session lives as long as its client is heard of. It judges by the leader's own clock, as the leader does.

use crate::case::Case;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "service.session-expiry",
    law: "A leader expires a session only after it was silent for its whole timeout, unless it was told to; and so does a replica a session of its own.",
    source: "ZooKeeper: SessionTrackerImpl, ExpiryQueue; reference semantics, section 9",
    footing: Footing::Firm,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    for expiry in case.ensemble.expiries.iter().chain(&case.local.expiries) {
        finding.judge(expiry.ordered || expiry.silent_ms >= u64::from(expiry.timeout_ms), || {
            format!(
                "{} at {} expires {}, silent for {} ms of {} ms",
                expiry.machine,
                case.when(expiry.note),
                expiry.session,
                expiry.silent_ms,
                expiry.timeout_ms
            )
        });
    }
}
