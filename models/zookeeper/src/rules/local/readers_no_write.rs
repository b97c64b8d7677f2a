//! A replica without a quorum can order nothing, and must say so.

use std::collections::BTreeMap;

use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::service::{ErrorCode, Op};

use crate::Zookeeper;
use crate::evidence::Evidence;
use crate::evidence::clients::Item;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "local.readers-no-write",
    law: "A replica that serves readers alone refuses every write and sync with NotReadOnly, none of them is ever committed, and nobody else refuses anything so.",
    source: "ZooKeeper: ReadOnlyRequestProcessor",
    scope: "local",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let over = |service: Option<usize>| service.and_then(|service| evidence.local.services[service].ended);
    let read_only: BTreeMap<_, _> =
        evidence.local.taken.iter().filter(|taken| taken.read_only).map(|taken| ((taken.client, taken.conn), over(taken.service))).collect();
    for connection in &evidence.clients.connections {
        let until = read_only.get(&(connection.machine, connection.number));
        let is_read_only = until.is_some();
        for item in &connection.items {
            let (Item::Sent(request) | Item::Answered { request, .. }) = item else { continue };
            let request = &evidence.clients.requests[*request];
            let told = || format!("{}'s {} with xid {} in {}", request.machine, request.op.name(), request.xid.0, request.session);
            let is_order = (request.op.is_write() || matches!(request.op, Op::Sync { .. })) && *request.op != Op::CloseSession;
            match item {
                Item::Sent(_) if is_read_only && is_order => {
                    let position = evidence.chain.of_request(request.session, request.xid);
                    finding.judge(position.is_none(), || {
                        format!("{} was sent to a reader's replica and is {:?}", told(), position.map(|at| evidence.chain.zxid(at)))
                    });
                }
                Item::Answered { .. } => {
                    let Some(returned) = request.returned else { continue };
                    let is_refused = *returned.result == Err(ErrorCode::NotReadOnly);
                    if is_refused || is_read_only && is_order {
                        let in_time = until.copied().flatten().is_none_or(|until| request.invoked < until);
                        finding.judge(is_refused && is_read_only && is_order && in_time, || {
                            let by = if is_read_only { "a replica without a quorum" } else { "a replica with a quorum" };
                            format!("{} is answered {:?} by {by} at {}", told(), returned.result, evidence.when(returned.note))
                        });
                    }
                }
                Item::Sent(_) | Item::Unasked { .. } | Item::Event { .. } => {}
            }
        }
    }
}
