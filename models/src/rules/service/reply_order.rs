//! Replies come in the order of the requests. Each connection is looked at by itself.

use crate::case::Case;
use crate::case::clients::Item;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "service.reply-order",
    law: "On one connection every reply is to the oldest request that has none; auths are answered at once, and have an order of their own.",
    source: "ZooKeeper: wire protocol; ClientCnxn.readResponse, Xid out of order",
    footing: Footing::Firm,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    for connection in &case.clients.connections {
        for item in &connection.items {
            let on = || format!("{} on its connection {}", connection.machine, connection.number);
            match item {
                Item::Answered { request, in_turn } => finding.judge(*in_turn, || {
                    let request = &case.clients.requests[*request];
                    let when = request.returned.map_or_else(String::new, |returned| case.when(returned.note));
                    format!("{} gets the reply to xid {} before one that it had sent earlier, at {when}", on(), request.xid.0)
                }),
                Item::Unasked { note, xid } => {
                    finding.judge(false, || format!("{} gets a reply to xid {}, which waits for none, at {}", on(), xid.0, case.when(*note)))
                }
                Item::Sent(_) | Item::Event { .. } => {}
            }
        }
    }
}
