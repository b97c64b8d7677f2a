//! A session's writes take effect in the order in which its client sent them, over all its connections. A write that was refused because the session had moved on took no effect.

use std::collections::BTreeMap;

use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::ids::{SessionId, Xid, Zxid};

use crate::Zookeeper;
use crate::evidence::Evidence;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "service.session-fifo",
    law: "The writes of one session are in the chain in the order of their numbers.",
    source: "ZooKeeper programmer's guide, FIFO client order; SessionMovedException; ZOOKEEPER-1863",
    scope: "service",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let mut last: BTreeMap<SessionId, (Xid, Zxid)> = BTreeMap::new();
    for step in evidence.chain.steps.iter().filter(|step| step.txn.xid.0 != 0 && !step.refused && !step.dead) {
        let txn = step.txn;
        let before = last.insert(txn.session, (txn.xid, txn.zxid));
        finding.judge(before.is_none_or(|(xid, _)| xid < txn.xid), || {
            let (xid, zxid) = before.expect("judged not to be none");
            format!("xid {} of {} is {}, and xid {} before it is {zxid}", txn.xid.0, txn.session, txn.zxid, xid.0)
        });
    }
}
