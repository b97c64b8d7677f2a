//! A transaction names who asked for it, and names them rightly. A connection is its address and what it authenticated; an auth whose answer was lost may have been granted or not.

use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::ids::Zxid;
use zookeeper_words::service::{Id, Op, Reply};

use crate::Zookeeper;
use crate::evidence::Evidence;
use crate::znode::acl;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "service.identity",
    law: "The identities in a committed transaction are its connection's: its address, and what it had authenticated before it sent the request; none for a leader's own. An auth is granted by its scheme alone, from no state.",
    source: "ZooKeeper: Request.authInfo, ServerCnxn.addAuthInfo",
    scope: "service",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    for step in &evidence.chain.steps {
        let txn = step.txn;
        let Some(op) = txn.request.op() else { continue };
        let (least, most) = match evidence.clients.find(txn.session, txn.xid) {
            Some(request) if txn.xid.0 != 0 => (&request.ids[..], &request.ids_most[..]),
            Some(_) | None if txn.xid.0 == 0 => (&[][..], &[][..]),
            // A request that nobody sent is `request_intact`'s.
            Some(_) | None => {
                finding.waive();
                continue;
            }
        };
        let told = &txn.ids[..];
        let is_told_once = |(at, id): (usize, &Id)| !told[..at].contains(id);
        let right = told.iter().enumerate().all(is_told_once) && least.iter().all(|id| told.contains(id)) && told.iter().all(|id| most.contains(id));
        finding.judge(right, || {
            format!("{} is a {} of {} as {:?}, which was {least:?} (committed at {})", txn.zxid, op.name(), txn.session, txn.ids, evidence.when(step.committed))
        });
    }
    for request in &evidence.clients.requests {
        let (Op::Auth { scheme, auth }, Some(returned)) = (request.op, request.returned) else { continue };
        let expected = acl::authenticated(scheme, auth, &request.machine.address()).map(|_| Reply::Done);
        finding.judge(*returned.result == expected && returned.zxid == Zxid::ZERO, || {
            format!(
                "{} at {} is told {:?} from {} for an auth of scheme {scheme}; it is {expected:?}",
                request.machine,
                evidence.when(returned.note),
                returned.result,
                returned.zxid
            )
        });
    }
}
