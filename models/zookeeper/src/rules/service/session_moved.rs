//! A session moves with its client. Who never left a replica is not refused for having moved, and who has moved is not answered where it was.

use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::service::ErrorCode;

use crate::Zookeeper;
use crate::evidence::Evidence;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "service.session-moved",
    law: "A leader refuses a write because its session has moved only if the client had lost a connection before; and nobody gets that as an answer, since its connection is closed instead.",
    source: "ZooKeeper: SessionTrackerImpl.checkSession, FinalRequestProcessor (ZOOKEEPER-710)",
    scope: "service",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    for step in &evidence.chain.steps {
        let is_refused = step.txn.error == Some(ErrorCode::SessionMoved);
        let has_left = || evidence.clients.detached.get(&step.txn.session).is_some_and(|note| *note < step.proposed);
        finding.judge(!is_refused || has_left(), || {
            format!("{} is refused (proposed at {}) because {} has moved; its client never left", step.txn.zxid, evidence.when(step.proposed), step.txn.session)
        });
    }
    for (request, returned) in evidence.clients.answered() {
        finding.judge(*returned.result != Err(ErrorCode::SessionMoved), || {
            format!("{} at {} is answered that {} has moved", request.machine, evidence.when(returned.note), request.session)
        });
    }
}
