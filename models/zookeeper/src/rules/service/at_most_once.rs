//! No request takes effect twice. That holds for unknown ones above all: they may take effect late, or never, but not again.

use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::ids::Zxid;

use crate::Zookeeper;
use crate::evidence::Evidence;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "service.at-most-once",
    law: "Every request of a session is in the chain at most once.",
    source: "ZooKeeper: a client never repeats a request by itself; ARCHITECTURE.md, Words: history",
    scope: "service",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    for (position, step) in (1..).zip(&evidence.chain.steps).filter(|(_, step)| step.txn.xid.0 != 0) {
        let txn = step.txn;
        let first = evidence.chain.of_request(txn.session, txn.xid);
        finding.judge(first == Some(position), || {
            let before = first.map_or(Zxid::ZERO, |first| evidence.chain.zxid(first));
            format!("xid {} of {} is {before} and again {} (committed at {})", txn.xid.0, txn.session, txn.zxid, evidence.when(step.committed))
        });
    }
}
