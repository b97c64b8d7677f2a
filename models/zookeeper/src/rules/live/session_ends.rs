//! A session that nobody keeps alive ends, and what it owns with it. It is looked at where nothing could delay that: no fault has struck yet, or all is healed, and one leader goes on leading.

use contract::plan::Weather;
use contract::time::{MICROSECOND, MILLISECOND};
use judging::{Finding, Footing, Rule, Side};

use super::is_over;
use crate::Zookeeper;
use crate::clock;
use crate::evidence::Evidence;
use crate::evidence::disturbances::Disturbances;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "live.session-ends",
    law: "A session whose client has left it is closed a timeout and a few ticks later; a local one ends with its replica's knowledge of it.",
    source: "ZooKeeper: SessionTrackerImpl, ExpiryQueue (a timeout to a timeout and a tick, and the lag of a ping)",
    scope: "live",
    side: Side::Liveness,
    footing: Footing::Durability,
    check,
};

/// The tick up to which a deadline is rounded, half a one until a learner tells its leader who was heard of, and as much again until the leader looks.
const TICKS: u64 = 4;
/// Messages and syncs, one after the other, between the last word of a client and the commit of its session's end.
const STEPS: u64 = 20;
/// How long a healed system is left to itself first, in ms.
const SETTLED_MS: u64 = 20_000;

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    if !is_over(evidence) {
        return;
    }
    let plan = evidence.view.plan;
    let tick_ns = u64::from(plan.settings.coordination.tick_ms) * MILLISECOND;
    let Disturbances { struck_ns, healed_ns, .. } = evidence.disturbances;
    for (session, (left, timeout_ms)) in &evidence.clients.left.sessions {
        let left_ns = evidence.at_ns(*left);
        let until_ns = left_ns + clock::longest(u64::from(*timeout_ms) * MILLISECOND) + TICKS * tick_ns + STEPS * slowest_ns(plan.weather);
        let is_quiet =
            struck_ns.is_none_or(|struck_ns| until_ns < struck_ns) || healed_ns.is_some_and(|healed_ns| left_ns > healed_ns + SETTLED_MS * MILLISECOND);
        if !is_quiet || !evidence.disturbances.is_calm(left_ns, until_ns) || until_ns >= evidence.view.end_ns {
            continue;
        }
        let life = evidence.chain.lives.get(session);
        let closed = life.and_then(|life| life.closed.first()).map(|closed| evidence.chain.steps[*closed as usize - 1].committed);
        let ended = evidence.local.lives.get(session).and_then(|life| life.ended).map(|(note, _)| note);
        // One that all know of by now ends for all.
        let end = if life.is_some() { closed } else { ended };
        finding.judge(end.is_some_and(|end| evidence.at_ns(end) <= until_ns), || {
            let (left_ms, until_ms) = (left_ns / MILLISECOND, until_ns / MILLISECOND);
            format!("{session}, of {timeout_ms} ms, was left at {left_ms} ms; at {until_ms} ms it is still open")
        });
    }
}

/// The longest that a message or a sync may take by the plan's weather.
fn slowest_ns(weather: &Weather) -> u64 {
    let links = weather.links.iter().map(|link| &link.weather).chain([&weather.link]);
    let link_us = links.map(|link| 3 * (u64::from(link.latency_us) + u64::from(link.jitter_us) + u64::from(link.tail_us))).max().unwrap_or(0);
    let disk = &weather.disk;
    let disk_us = u64::from(disk.sync_us) + u64::from(disk.jitter_us) + u64::from(disk.tail_us);
    link_us.max(disk_us) * MICROSECOND
}
