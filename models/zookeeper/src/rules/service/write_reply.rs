//! The reply to a write is what the write came to. A request that the service refused because the session was no more, or elsewhere, need not be in the chain.

use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::service::{ErrorCode, Op, Reply};

use super::session_alive::is_ending;
use crate::Zookeeper;
use crate::evidence::Evidence;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "service.write-reply",
    law: "A write that was answered is in the chain, was committed before the answer, and the answer is its zxid with the result that the reference comes to.",
    source: "ZooKeeper: FinalRequestProcessor",
    scope: "service",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    for (request, returned) in evidence.clients.answered().filter(|(request, _)| request.op.is_write()) {
        let told = || {
            format!(
                "{} at {} is told {:?} at {} for its {} with xid {}",
                request.machine,
                evidence.when(returned.note),
                returned.result,
                returned.zxid,
                request.op.name(),
                request.xid.0
            )
        };
        let Some(position) = evidence.chain.of_request(request.session, request.xid) else {
            // The end of a session that no leader knows is no transaction.
            let ends_local = *request.op == Op::CloseSession && evidence.local.closed_before(request.session, returned.note);
            let refused = match returned.result {
                // Who is dead may be told so before anything is proposed.
                Err(ErrorCode::SessionExpired) => is_ending(evidence, request.session, returned.note),
                Err(ErrorCode::NotReadOnly) => evidence.local.readers.contains(&request.session),
                Ok(Reply::Done) => ends_local,
                Ok(_) | Err(_) => false,
            };
            finding.judge(refused, || format!("{}, which was never committed", told()));
            continue;
        };
        let step = &evidence.chain.steps[position as usize - 1];
        let same = *returned.result == step.outcome || (step.dead && *returned.result == Err(ErrorCode::SessionExpired));
        finding.judge(same && returned.zxid == step.txn.zxid && step.committed < returned.note, || {
            format!("{}; it is {}, committed at {}, and the reference says {:?}", told(), step.txn.zxid, evidence.when(step.committed), step.outcome)
        });
    }
}
