//! What a setting leaves off stays off.

use judging::{Finding, Footing, Rule, Side};

use crate::Zookeeper;
use crate::evidence::Evidence;
use crate::evidence::local::End;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "local.as-set",
    law: "Sessions are local, and are made known to all later, and readers are served without a quorum, only where the settings say so; where sessions are local, none begins otherwise.",
    source: "ZooKeeper: localSessionsEnabled, localSessionsUpgradingEnabled, readonlymode.enabled",
    scope: "local",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let settings = &evidence.view.plan.settings.coordination;
    for (session, life) in &evidence.local.lives {
        let is_upgraded = matches!(life.ended, Some((_, End::Upgraded)));
        finding.judge(settings.local_sessions && (settings.local_sessions_upgrading || !is_upgraded), || {
            let what = if is_upgraded { "is then made known to all" } else { "is local" };
            format!("{session}, which {} opens at {}, {what}", life.replica, evidence.when(life.opened))
        });
    }
    for service in &evidence.local.services {
        finding.judge(settings.read_only_mode, || format!("{} serves readers at {}", service.machine, evidence.when(service.note)));
    }
    for session in evidence.chain.lives.keys().filter(|_| settings.local_sessions) {
        finding.judge(evidence.local.lives.contains_key(session), || format!("{session} was never local"));
    }
}
