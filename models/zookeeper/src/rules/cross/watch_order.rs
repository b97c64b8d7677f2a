//! Events come before what they announce, by their zxids alone: no watch need be known for that. What a setWatches tells of the past is exempt.

use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::ids::{Xid, Zxid};
use zookeeper_words::service::Op;

use crate::Zookeeper;
use crate::evidence::Evidence;
use crate::evidence::clients::Item;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "x.watch-order",
    law: "On one connection, no reply from a state with a transaction comes before an event of that transaction, and events come in the order of their zxids.",
    source: "ZooKeeper programmer's guide, what ZooKeeper guarantees about watches",
    scope: "cross",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    for connection in &evidence.clients.connections {
        let (mut shown, mut told, mut rearming) = (Zxid::ZERO, Zxid::ZERO, 0u32);
        for item in &connection.items {
            match item {
                Item::Sent(request) => rearming += u32::from(matches!(evidence.clients.requests[*request].op, Op::SetWatches { .. })),
                Item::Answered { request, .. } => {
                    let request = &evidence.clients.requests[*request];
                    if let Op::SetWatches { .. } = request.op {
                        rearming = rearming.saturating_sub(1);
                    }
                    let returned = request.returned.filter(|_| request.xid != Xid::AUTH);
                    shown = returned.map_or(shown, |returned| shown.max(returned.zxid));
                }
                Item::Unasked { .. } => {}
                Item::Event { note, zxid, event } => {
                    let missed = rearming > 0 && *zxid >= shown;
                    finding.judge(*zxid >= told && (*zxid > shown || missed), || {
                        format!(
                            "{} on its connection {} at {} is told {:?} {} of {zxid}, after a reply from {shown} and an event of {told}",
                            connection.machine,
                            connection.number,
                            evidence.when(*note),
                            event.kind,
                            event.path
                        )
                    });
                    told = told.max(*zxid);
                }
            }
        }
    }
}
