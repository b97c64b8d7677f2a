//! A session begins once and ends once. A second ending that its leader refused as an error of the client's is no ending.

use std::collections::BTreeSet;

use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::service::{Op, Request};

use crate::Zookeeper;
use crate::evidence::Evidence;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "service.session-once",
    law: "A session is opened by one transaction and closed by at most one.",
    source: "ZooKeeper: SessionTrackerImpl",
    scope: "service",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let mut opened = BTreeSet::new();
    for step in &evidence.chain.steps {
        let txn = step.txn;
        let at = || format!("{} by {} (committed at {})", txn.zxid, txn.session, evidence.when(step.committed));
        match &txn.request {
            Request::CreateSession { .. } => finding.judge(opened.insert(txn.session), || format!("{} opens a session that had been opened before", at())),
            Request::Op(Op::CloseSession) => {
                // A client may ask twice and be told that its session is no more; a leader may not decide twice.
                let again = step.dead && (txn.xid.0 == 0 || txn.error.is_none());
                finding.judge(!again, || format!("{} closes a session that was not open", at()));
            }
            Request::Op(_) | Request::Local(_) => {}
        }
    }
}
