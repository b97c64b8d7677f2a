//! Replies come in the order of the requests. Each connection is looked at by itself.

use judging::{Finding, Footing, Rule, Side};

use crate::Zookeeper;
use crate::evidence::Evidence;
use crate::evidence::clients::Item;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "service.reply-order",
    law: "On one connection every reply is to the oldest request that has none; auths are answered at once, and have an order of their own.",
    source: "ZooKeeper: wire protocol; ClientCnxn.readResponse, Xid out of order",
    scope: "service",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    for connection in &evidence.clients.connections {
        for item in &connection.items {
            let on = || format!("{} on its connection {}", connection.machine, connection.number);
            match item {
                Item::Answered { request, in_turn } => finding.judge(*in_turn, || {
                    let request = &evidence.clients.requests[*request];
                    let when = request.returned.map_or_else(String::new, |returned| evidence.when(returned.note));
                    format!("{} gets the reply to xid {} before one that it had sent earlier, at {when}", on(), request.xid.0)
                }),
                Item::Unasked { note, xid } => {
                    finding.judge(false, || format!("{} gets a reply to xid {}, which waits for none, at {}", on(), xid.0, evidence.when(*note)))
                }
                Item::Sent(_) | Item::Event { .. } => {}
            }
        }
    }
}
