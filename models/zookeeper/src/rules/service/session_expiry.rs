//! A session lives as long as its client is heard of. It judges by the leader's own clock, as the leader does.

use judging::{Finding, Footing, Rule, Side};

use crate::Zookeeper;
use crate::evidence::Evidence;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "service.session-expiry",
    law: "A leader expires a session only after it was silent for its whole timeout, unless it was told to; and so does a replica a session of its own.",
    source: "ZooKeeper: SessionTrackerImpl, ExpiryQueue",
    scope: "service",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    for expiry in evidence.replication.expiries.iter().chain(&evidence.local.expiries) {
        finding.judge(expiry.ordered || expiry.silent_ms >= u64::from(expiry.timeout_ms), || {
            format!(
                "{} at {} expires {}, silent for {} ms of {} ms",
                expiry.machine,
                evidence.when(expiry.note),
                expiry.session,
                expiry.silent_ms,
                expiry.timeout_ms
            )
        });
    }
}
