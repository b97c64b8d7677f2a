//! Service without a quorum is for replicas that have none: who is at an election, and has been for a while by its own clock.

use crate::case::Case;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "local.readers-wait",
    law: "A replica serves readers alone only while it looks for a leader, and has done so for 2 s, or a longer tick; a client is told so by such a replica alone, and only if it can be read-only.",
    source: "ZooKeeper: QuorumPeer.run (LOOKING, roZkMgr), ZooKeeperServer.processConnectRequest",
    footing: Footing::Firm,
    check,
};

/// How long a replica looks for a leader at least, in ms.
const GRACE_MIN_MS: u64 = 2_000;
/// A clock may run faster than the world's by a fifth (the largest drift that a plan may have).
const DRIFT_MAX: (u64, u64) = (5, 6);

fn check(case: &Case<'_>, finding: &mut Finding) {
    let plan = &case.recording.plan;
    let grace_ns = GRACE_MIN_MS.max(u64::from(plan.coordination.tick_ms)) * 1_000_000 * DRIFT_MAX.0 / DRIFT_MAX.1;
    let at_ns = |note: u32| case.recording.notes[note as usize].at_ns;
    for service in &case.local.services {
        let waited_ns = service.looking.map(|looking| at_ns(service.note) - at_ns(looking));
        finding.judge(waited_ns.is_some_and(|waited_ns| waited_ns >= grace_ns), || {
            format!("{} serves readers at {}, having looked for a leader for {waited_ns:?} ns", service.machine, case.when(service.note))
        });
    }
    for taken in case.local.taken.iter().filter(|taken| taken.read_only) {
        let place = taken.client.index().checked_sub(usize::from(plan.replicas()));
        let may = place.and_then(|place| plan.clients.get(place)).is_some_and(|client| client.can_be_read_only);
        // Who asked after its end was not taken on in it.
        let is_at_it = taken.service.is_some_and(|service| case.local.services[service].ended.is_none_or(|ended| ended > taken.asked_after));
        finding.judge(may && is_at_it, || {
            format!(
                "{} is told at {} that {} serves readers alone, which it did not, or which the client cannot bear",
                taken.client,
                case.when(taken.note),
                taken.replica
            )
        });
    }
}
