//! What is committed is what was asked. Sessions whose client never heard of them have their opening and their expiry in the chain, and nothing else.

use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::ids::SessionId;
use zookeeper_words::service::{Op, Request};

use crate::Zookeeper;
use crate::evidence::Evidence;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "service.request-intact",
    law: "A committed transaction is a write that its session's client had sent under that number, unchanged, or the opening of a session, or the closing of one that the leader had declared dead, or its deletion of a container or TTL node.",
    source: "Zab (DSN 2011), integrity, carried to clients; ZooKeeper: Request and TxnHeader (clientId, cxid)",
    scope: "service",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    for step in &evidence.chain.steps {
        let txn = step.txn;
        let at = || format!("{} by {} with xid {} (proposed at {})", txn.zxid, txn.session, txn.xid.0, evidence.when(step.proposed));
        match &txn.request {
            Request::CreateSession { .. } => finding.judge(txn.xid.0 == 0, || format!("{} opens a session, which takes no xid", at())),
            Request::Op(Op::CloseSession) if txn.xid.0 == 0 => {
                let declared = evidence.replication.expiries.iter().any(|expiry| expiry.session == txn.session && expiry.note < step.proposed);
                finding.judge(declared, || format!("{} closes a session that no leader had declared dead", at()));
            }
            Request::Op(Op::DeleteContainer { .. }) if txn.session == SessionId::NONE => {
                finding.judge(txn.xid.0 == 0, || format!("{} is a leader's own deletion, which takes no xid", at()));
            }
            Request::Op(op) | Request::Local(op) => match evidence.clients.find(txn.session, txn.xid) {
                None => finding.judge(false, || format!("{} is a {} that no client sent", at(), op.name())),
                Some(sent) => finding.judge(sent.op == op && sent.invoked < step.proposed, || {
                    format!("{} is {op:?}; its client sent {:?} at {}", at(), sent.op, evidence.when(sent.invoked))
                }),
            },
        }
    }
}
