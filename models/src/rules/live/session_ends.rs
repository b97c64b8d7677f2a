//! A session that nobody keeps alive ends, and what it owns with it. It is looked at where nothing could delay that: no fault has struck yet, or all is healed, and one leader goes on leading.

use std::collections::BTreeMap;

use vocab::fact::{ClientFact, Fact, ReplicaFact};
use vocab::happening::Happening;
use vocab::ids::SessionId;
use vocab::plan::Plan;
use vocab::time::{MICROSECOND, MILLISECOND};

use super::is_over;
use crate::case::Case;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "live.session-ends",
    law: "A session whose client has left it is closed a timeout and a few ticks later; a local one ends with its replica's knowledge of it.",
    source: "ZooKeeper: SessionTrackerImpl, ExpiryQueue; reference semantics, section 9 (timeout to timeout and a tick, and the lag of a ping)",
    footing: Footing::Durability,
    check,
};

/// How much slower than the world's a leader's clock may run, in percent (the largest drift that a plan may have).
const SLOWEST_CLOCK_PERCENT: u64 = 125;
/// The tick up to which a deadline is rounded, half a one until a learner tells its leader who was heard of, and as much again until the leader looks.
const TICKS: u64 = 4;
/// Messages and syncs, one after the other, between the last word of a client and the commit of its session's end.
const STEPS: u64 = 20;
/// How long a healed system is left to itself first, in ms.
const SETTLED_MS: u64 = 20_000;

fn check(case: &Case<'_>, finding: &mut Finding) {
    if !is_over(case) {
        return;
    }
    let plan = &case.recording.plan;
    let tick_ns = u64::from(plan.coordination.tick_ms) * MILLISECOND;
    let (disturbed, quiet_until_ns, quiet_from_ns) = disturbances(case);
    for (session, (left_ns, timeout_ms)) in left(case) {
        let patience_ns = u64::from(timeout_ms) * MILLISECOND * SLOWEST_CLOCK_PERCENT / 100;
        let until_ns = left_ns + patience_ns + TICKS * tick_ns + STEPS * slowest_ns(plan);
        let is_quiet = until_ns < quiet_until_ns || left_ns > quiet_from_ns;
        let next = disturbed.partition_point(|at_ns| *at_ns < left_ns);
        let is_calm = disturbed.get(next).is_none_or(|at_ns| *at_ns > until_ns);
        if !is_quiet || !is_calm || until_ns >= case.recording.end_ns {
            continue;
        }
        let at_ns = |note: u32| case.recording.notes[note as usize].at_ns;
        let life = case.course.lives.get(&session);
        let closed = life.and_then(|life| life.closed.first()).map(|closed| at_ns(case.course.steps[*closed as usize - 1].committed));
        let ended = case.local.lives.get(&session).and_then(|life| life.ended).map(|(note, _)| at_ns(note));
        // One that all know of by now ends for all.
        let end_ns = if life.is_some() { closed } else { ended };
        finding.judge(end_ns.is_some_and(|end_ns| end_ns <= until_ns), || {
            let (left_ms, until_ms) = (left_ns / MILLISECOND, until_ns / MILLISECOND);
            format!("{session}, of {timeout_ms} ms, was left at {left_ms} ms; at {until_ms} ms it is still open")
        });
    }
}

/// When something happened that may delay the end of a session; when the first fault struck, and when all was healed for long enough.
fn disturbances(case: &Case<'_>) -> (Vec<u64>, u64, u64) {
    let (mut all, mut struck_ns, mut healed_ns) = (vec![], u64::MAX, u64::MAX);
    for note in &case.recording.notes {
        match &note.fact {
            Fact::World(Happening::Healed) => healed_ns = note.at_ns + SETTLED_MS * MILLISECOND,
            Fact::World(happening) => {
                all.push(note.at_ns);
                if matches!(happening, Happening::Struck { .. }) {
                    struck_ns = struck_ns.min(note.at_ns);
                }
            }
            Fact::Replica(ReplicaFact::Looking { .. } | ReplicaFact::StepDown { .. } | ReplicaFact::Established { .. }) => all.push(note.at_ns),
            Fact::Replica(_) | Fact::Client(_) | Fact::Stream(_) => {}
        }
    }
    (all, struck_ns, healed_ns)
}

/// Sessions that their clients have left for good: when, and with which timeout in ms.
fn left(case: &Case<'_>) -> BTreeMap<SessionId, (u64, u32)> {
    let mut timeouts_ms: BTreeMap<SessionId, u32> = BTreeMap::new();
    let mut left = BTreeMap::new();
    for note in &case.recording.notes {
        match &note.fact {
            Fact::Client(ClientFact::Attached { session, timeout_ms, .. }) => {
                timeouts_ms.insert(*session, *timeout_ms);
                left.remove(session);
            }
            Fact::Client(ClientFact::Detached { session, .. }) => {
                left.extend(timeouts_ms.get(session).map(|timeout_ms| (*session, (note.at_ns, *timeout_ms))));
            }
            _ => {}
        }
    }
    left
}

/// The longest that a message or a sync may take by the plan's weather.
fn slowest_ns(plan: &Plan) -> u64 {
    let links = plan.weather.links.iter().map(|link| &link.weather).chain([&plan.weather.link]);
    let link_us = links.map(|link| 3 * (u64::from(link.latency_us) + u64::from(link.jitter_us) + u64::from(link.tail_us))).max().unwrap_or(0);
    let disk = &plan.weather.disk;
    let disk_us = u64::from(disk.sync_us) + u64::from(disk.jitter_us) + u64::from(disk.tail_us);
    link_us.max(disk_us) * MICROSECOND
}
