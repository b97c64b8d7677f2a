//! What a leader makes of a write is what the reference makes of it, given the same writes before. It looks at errors; what succeeded shows in replies and states.

use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::service::ErrorCode;

use crate::Zookeeper;
use crate::evidence::Evidence;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "service.txn-outcome",
    law: "The error that a leader records for a transaction is the one that the reference comes to.",
    source: "ZooKeeper: PrepRequestProcessor; the reference, proven on transcripts of ZooKeeper 3.8.0 and 3.9.3",
    scope: "service",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    for step in &evidence.chain.steps {
        if step.refused {
            finding.waive(); // Who owned a session, and who was about to be closed, is not in the chain.
            continue;
        }
        let (recorded, expected) = (step.txn.error, step.outcome.as_ref().err().copied());
        // Who is dead may be told so before anything else is looked at.
        let lawful = recorded == expected || (step.dead && recorded == Some(ErrorCode::SessionExpired));
        finding
            .judge(lawful, || format!("{} is {:?}; its leader recorded {recorded:?}, the reference says {:?}", step.txn.zxid, step.txn.request, step.outcome));
    }
}
