//! Watches that fire once: two rules. An event comes once for each change that was watched and for nothing else; and it comes before any reply that shows the change. Which events are due is worked out in `evidence::watches`.

use judging::{Finding, Footing, Rule, Side};

use crate::Zookeeper;
use crate::evidence::Evidence;
use crate::evidence::watches::{Mismatch, Wrong};

pub const EXACT: Rule<Zookeeper> = Rule {
    id: "service.watch-exact",
    law: "On a connection that goes on, every change that a watch was left for is told once, and nothing else is; whoever takes a watch away is told whether there was one.",
    source: "ZooKeeper programmer's guide, watches; ZOOKEEPER-1412, 3145",
    scope: "service",
    side: Side::Safety,
    footing: Footing::Chain,
    check: |evidence, finding| {
        finding.held(evidence.watches.events + evidence.watches.removed - evidence.watches.removals.len() as u64);
        report(evidence, finding, |mismatch| mismatch.wrong == Wrong::Invented || mismatch.wrong == Wrong::Lost && !mismatch.lasting);
        for removal in &evidence.watches.removals {
            let request = &evidence.clients.requests[removal.request];
            finding.judge(false, || {
                let told = request.returned.map(|returned| returned.result);
                format!(
                    "{} is told {told:?} for its {:?} with xid {}; by what it watched it is {:?}",
                    request.machine, request.op, request.xid.0, removal.expected
                )
            });
        }
    },
};

pub const BEFORE_DATA: Rule<Zookeeper> = Rule {
    id: "service.watch-before-data",
    law: "A client is told of a change that it watches before it gets a reply that shows the change.",
    source: "ZooKeeper programmer's guide, what ZooKeeper guarantees about watches",
    scope: "service",
    side: Side::Safety,
    footing: Footing::Chain,
    check: |evidence, finding| {
        finding.held(evidence.watches.replies);
        report(evidence, finding, |mismatch| mismatch.wrong == Wrong::Late);
    },
};

/// The mismatches of a kind, as breaches.
pub fn report(evidence: &Evidence<'_>, finding: &mut Finding, which: impl Fn(&Mismatch) -> bool) {
    for mismatch in evidence.watches.mismatches.iter().filter(|mismatch| which(mismatch)) {
        let Mismatch { wrong, note, connection, zxid, event, .. } = mismatch;
        let connection = &evidence.clients.connections[*connection];
        finding.judge(false, || {
            let what = match wrong {
                Wrong::Lost => "is shown a change without the event for it",
                Wrong::Late => "was shown a change before the event for it",
                Wrong::Invented => "gets an event for nothing that it watched, or a second time",
                Wrong::Forbidden => "gets an event of a node that it may not read",
            };
            format!(
                "{} on its connection {} at {} {what}: {:?} {} of {zxid}",
                connection.machine,
                connection.number,
                evidence.when(*note),
                event.kind,
                event.path
            )
        });
    }
}
