//! A session's timeout is what was asked for, within the service's bounds.

use vocab::ids::MachineId;
use vocab::service::Request;

use crate::case::Case;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "service.session-timeout",
    law: "Whoever is attached is told the timeout that it asked for, but at least 2 and at most 20 ticks, and a session is opened with no other.",
    source: "ZooKeeper: ZooKeeperServer.processConnectRequest, minSessionTimeout, maxSessionTimeout; reference semantics, section 9",
    footing: Footing::Firm,
    check,
};

/// The bounds of a session's timeout in ticks.
const TICKS: (u32, u32) = (2, 20);

fn check(case: &Case<'_>, finding: &mut Finding) {
    let tick_ms = case.recording.plan.coordination.tick_ms;
    let (least_ms, most_ms) = (TICKS.0 * tick_ms, TICKS.1 * tick_ms);
    for (note, machine, timeout_ms) in &case.clients.timeouts {
        let due_ms = asked_ms(case, *machine).map(|asked_ms| asked_ms.clamp(least_ms, most_ms));
        finding.judge(due_ms == Some(*timeout_ms), || {
            format!("{machine} is attached at {} with a timeout of {timeout_ms} ms; due are {due_ms:?}", case.when(*note))
        });
    }
    for step in &case.course.steps {
        if let Request::CreateSession { timeout_ms } = step.txn.request {
            finding.judge((least_ms..=most_ms).contains(&timeout_ms), || {
                format!("{} opens {} with a timeout of {timeout_ms} ms, beyond {least_ms} to {most_ms} ms", step.txn.zxid, step.txn.session)
            });
        }
    }
}

/// What a machine's clients ask for: by the plan of the client, or of the stream engine's.
fn asked_ms(case: &Case<'_>, machine: MachineId) -> Option<u32> {
    let plan = &case.recording.plan;
    let nth = machine.index().checked_sub(usize::from(plan.replicas()))?;
    match plan.clients.get(nth) {
        Some(client) => Some(client.session_timeout_ms),
        None => plan.stream.as_ref().map(|stream| stream.ha.session_timeout_ms),
    }
}
