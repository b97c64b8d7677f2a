//! Nothing outlives its session: no write of it takes effect before its opening or after its end, and no ephemeral of it is seen then.

use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::ids::SessionId;
use zookeeper_words::service::Op;

use super::stat_of;
use crate::Zookeeper;
use crate::evidence::Evidence;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "service.ephemeral-dies",
    law: "A write of a session that is not open takes no effect, and an ephemeral node is seen only in states in which its owner's session is open.",
    source: "ZooKeeper: closeSession deletes ephemerals in its own transaction; ZOOKEEPER-1208, 2355",
    scope: "service",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    for step in &evidence.chain.steps {
        let txn = step.txn;
        // A multi fails within its own results, which another rule looks at; a second closing is another rule's too, and a container's deletion is the leader's own.
        let Some(op) = txn.request.op() else { continue };
        if matches!(op, Op::Multi(_) | Op::CloseSession) || txn.session == SessionId::NONE {
            continue;
        }
        finding.judge(!step.dead || txn.error.is_some(), || {
            format!("{} is a {} of {}, which is not open then (committed at {})", txn.zxid, op.name(), txn.session, evidence.when(step.committed))
        });
    }
    for (request, returned) in evidence.clients.answered() {
        let Ok(reply) = returned.result else { continue };
        let Some(stat) = stat_of(reply).filter(|stat| stat.ephemeral_owner != SessionId::NONE) else { continue };
        let Some(position) = evidence.chain.position(returned.zxid) else { continue };
        let open = evidence.chain.lives.get(&stat.ephemeral_owner).is_some_and(|life| life.is_open(position));
        finding.judge(open, || {
            format!(
                "{} at {} sees in {} by {} a node of {}, which is not open then",
                request.machine,
                evidence.when(returned.note),
                returned.zxid,
                request.op.name(),
                stat.ephemeral_owner
            )
        });
    }
}
