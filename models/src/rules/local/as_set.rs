//! What a setting leaves off stays off.

use crate::case::Case;
use crate::case::local::End;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "local.as-set",
    law: "Sessions are local, and are made known to all later, and readers are served without a quorum, only where the settings say so; where sessions are local, none begins otherwise.",
    source: "ZooKeeper: localSessionsEnabled, localSessionsUpgradingEnabled, readonlymode.enabled",
    footing: Footing::Chain,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let settings = &case.recording.plan.coordination;
    for (session, life) in &case.local.lives {
        let is_upgraded = matches!(life.ended, Some((_, End::Upgraded)));
        finding.judge(settings.local_sessions && (settings.local_sessions_upgrading || !is_upgraded), || {
            let what = if is_upgraded { "is then made known to all" } else { "is local" };
            format!("{session}, which {} opens at {}, {what}", life.replica, case.when(life.opened))
        });
    }
    for service in &case.local.services {
        finding.judge(settings.read_only_mode, || format!("{} serves readers at {}", service.machine, case.when(service.note)));
    }
    for session in case.course.lives.keys().filter(|_| settings.local_sessions) {
        finding.judge(case.local.lives.contains_key(session), || format!("{session} was never local"));
    }
}
