//! No request takes effect twice. That holds for unknown ones above all: they may take effect late, or never, but not again.

use std::collections::BTreeMap;

use crate::case::Case;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "service.at-most-once",
    law: "Every request of a session is in the chain at most once.",
    source: "ZooKeeper: a client never repeats a request by itself; vocab::fact, ClientFact::Unknown",
    footing: Footing::Chain,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let mut seen = BTreeMap::new();
    for step in case.course.steps.iter().filter(|step| step.txn.xid.0 != 0) {
        let txn = step.txn;
        let before = seen.insert((txn.session, txn.xid), txn.zxid);
        finding.judge(before.is_none(), || {
            let before = before.expect("judged not to be none");
            format!("xid {} of {} is {before} and again {} (committed at {})", txn.xid.0, txn.session, txn.zxid, case.when(step.committed))
        });
    }
}
