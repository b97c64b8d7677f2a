//! A session moves with its client. Who never left a replica is not refused for having moved, and who has moved is not answered where it was.

use vocab::service::ErrorCode;

use crate::case::Case;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "service.session-moved",
    law: "A leader refuses a write because its session has moved only if the client had lost a connection before; and nobody gets that as an answer, since its connection is closed instead.",
    source: "ZooKeeper: SessionTrackerImpl.checkSession, FinalRequestProcessor (ZOOKEEPER-710); reference semantics, sections 6 and 9",
    footing: Footing::Chain,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    for step in &case.course.steps {
        let is_refused = step.txn.error == Some(ErrorCode::SessionMoved);
        let has_left = || case.clients.detached.get(&step.txn.session).is_some_and(|note| *note < step.proposed);
        finding.judge(!is_refused || has_left(), || {
            format!("{} is refused (proposed at {}) because {} has moved; its client never left", step.txn.zxid, case.when(step.proposed), step.txn.session)
        });
    }
    for (request, returned) in case.clients.answered() {
        finding.judge(*returned.result != Err(ErrorCode::SessionMoved), || {
            format!("{} at {} is answered that {} has moved", request.machine, case.when(returned.note), request.session)
        });
    }
}
