//! Events come before what they announce, by their zxids alone: no watch need be known for that. What a setWatches tells of the past is exempt.

use vocab::ids::{Xid, Zxid};
use vocab::service::Op;

use crate::case::Case;
use crate::case::clients::Item;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "x.watch-order",
    law: "On one connection, no reply from a state with a transaction comes before an event of that transaction, and events come in the order of their zxids.",
    source: "catalogue, X-WATCH-ORDER; ZooKeeper programmer's guide, what ZooKeeper guarantees about watches",
    footing: Footing::Chain,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    for connection in &case.clients.connections {
        let (mut shown, mut told, mut rearming) = (Zxid::ZERO, Zxid::ZERO, 0u32);
        for item in &connection.items {
            match item {
                Item::Sent(request) => rearming += u32::from(matches!(case.clients.requests[*request].op, Op::SetWatches { .. })),
                Item::Answered { request, .. } => {
                    let request = &case.clients.requests[*request];
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
                            case.when(*note),
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
