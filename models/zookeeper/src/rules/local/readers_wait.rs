//! Service without a quorum is for replicas that have none: who is at an election, and has been for a while by its own clock.

use contract::time::MILLISECOND;
use judging::{Finding, Footing, Rule, Side};

use crate::Zookeeper;
use crate::clock;
use crate::evidence::Evidence;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "local.readers-wait",
    law: "A replica serves readers alone only while it looks for a leader, and has done so for 2 s, or a longer tick; a client is told so by such a replica alone, and only if it can be read-only.",
    source: "ZooKeeper: QuorumPeer.run (LOOKING, roZkMgr), ZooKeeperServer.processConnectRequest",
    scope: "local",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

/// How long a replica looks for a leader at least, in ms.
const GRACE_MIN_MS: u64 = 2_000;

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let tick_ms = u64::from(evidence.view.plan.settings.coordination.tick_ms);
    let grace_ns = clock::shortest(GRACE_MIN_MS.max(tick_ms) * MILLISECOND);
    for service in &evidence.local.services {
        let waited_ns = service.looking.map(|looking| evidence.at_ns(service.note) - evidence.at_ns(looking));
        finding.judge(waited_ns.is_some_and(|waited_ns| waited_ns >= grace_ns), || {
            format!("{} serves readers at {}, having looked for a leader for {waited_ns:?} ns", service.machine, evidence.when(service.note))
        });
    }
    for taken in evidence.local.taken.iter().filter(|taken| taken.read_only) {
        let may = evidence.users.get(taken.client).is_some_and(|user| user.can_be_read_only);
        // Who asked after its end was not taken on in it.
        let is_at_it = taken.service.is_some_and(|service| evidence.local.services[service].ended.is_none_or(|ended| ended > taken.asked_after));
        finding.judge(may && is_at_it, || {
            format!(
                "{} is told at {} that {} serves readers alone, which it did not, or which the client cannot bear",
                taken.client,
                evidence.when(taken.note),
                taken.replica
            )
        });
    }
}
