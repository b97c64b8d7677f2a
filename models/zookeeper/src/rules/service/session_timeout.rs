//! A session's timeout is what was asked for, within the service's bounds.

use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::service::Request;

use crate::Zookeeper;
use crate::evidence::Evidence;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "service.session-timeout",
    law: "Whoever is attached is told the timeout that it asked for, but at least 2 and at most 20 ticks, and a session is opened with no other.",
    source: "ZooKeeper: ZooKeeperServer.processConnectRequest, minSessionTimeout, maxSessionTimeout",
    scope: "service",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

/// The bounds of a session's timeout in ticks.
const TICKS: (u32, u32) = (2, 20);

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let tick_ms = evidence.view.plan.settings.coordination.tick_ms;
    let (least_ms, most_ms) = (TICKS.0 * tick_ms, TICKS.1 * tick_ms);
    for (note, machine, timeout_ms) in &evidence.clients.timeouts {
        let due_ms = evidence.users.get(*machine).map(|user| user.session_timeout_ms.clamp(least_ms, most_ms));
        finding.judge(due_ms == Some(*timeout_ms), || {
            format!("{machine} is attached at {} with a timeout of {timeout_ms} ms; due are {due_ms:?}", evidence.when(*note))
        });
    }
    for step in &evidence.chain.steps {
        if let Request::CreateSession { timeout_ms } = step.txn.request {
            finding.judge((least_ms..=most_ms).contains(&timeout_ms), || {
                format!("{} opens {} with a timeout of {timeout_ms} ms, beyond {least_ms} to {most_ms} ms", step.txn.zxid, step.txn.session)
            });
        }
    }
}
