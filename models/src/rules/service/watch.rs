//! Watches that fire once: two rules. An event comes once for each change that was watched and for nothing else; and it comes before any reply that shows the change. Which events are due is worked out in `case::watches`.

use crate::case::Case;
use crate::case::watches::{Fault, Wrong};
use crate::rules::{Finding, Footing, Rule};

pub const EXACT: Rule = Rule {
    id: "service.watch-exact",
    law: "On a connection that goes on, every change that a watch was left for is told once, and nothing else is; whoever takes a watch away is told whether there was one.",
    source: "ZooKeeper programmer's guide, watches; reference semantics, section 8; ZOOKEEPER-1412, 3145",
    footing: Footing::Chain,
    check: |case, finding| {
        finding.held(case.watches.events + case.watches.removed - case.watches.removals.len() as u64);
        report(case, finding, |fault| fault.wrong == Wrong::Invented || fault.wrong == Wrong::Lost && !fault.lasting);
        for removal in &case.watches.removals {
            let request = &case.clients.requests[removal.request];
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

pub const BEFORE_DATA: Rule = Rule {
    id: "service.watch-before-data",
    law: "A client is told of a change that it watches before it gets a reply that shows the change.",
    source: "ZooKeeper programmer's guide, what ZooKeeper guarantees about watches; reference semantics, section 8",
    footing: Footing::Chain,
    check: |case, finding| {
        finding.held(case.watches.replies);
        report(case, finding, |fault| fault.wrong == Wrong::Late);
    },
};

/// The faults of a kind, as breaches.
pub fn report(case: &Case<'_>, finding: &mut Finding, which: impl Fn(&Fault) -> bool) {
    for fault in case.watches.faults.iter().filter(|fault| which(fault)) {
        let Fault { wrong, note, connection, zxid, event, .. } = fault;
        let connection = &case.clients.connections[*connection];
        finding.judge(false, || {
            let what = match wrong {
                Wrong::Lost => "is shown a change without the event for it",
                Wrong::Late => "was shown a change before the event for it",
                Wrong::Invented => "gets an event for nothing that it watched, or a second time",
                Wrong::Forbidden => "gets an event of a node that it may not read",
            };
            format!("{} on its connection {} at {} {what}: {:?} {} of {zxid}", connection.machine, connection.number, case.when(*note), event.kind, event.path)
        });
    }
}
