//! A session that has ended does nothing more, and whoever comes after it is somebody else. It asks the chain alone what took effect.

use std::collections::{BTreeMap, BTreeSet};

use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::ids::SessionId;
use zookeeper_words::service::{Op, Reply, Request};

use crate::Zookeeper;
use crate::evidence::Evidence;
use crate::evidence::chain::{Position, Step};

pub const RULE: Rule<Zookeeper> = Rule {
    id: "x.session-exclusive",
    law: "After the transaction that closes a session no other of it takes effect, and a client that begins again gets a session that nobody had before.",
    source: "ZooKeeper: SessionTrackerImpl.checkSession",
    scope: "cross",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let mut closed: BTreeMap<SessionId, Position> = BTreeMap::new();
    for (at, step) in evidence.chain.steps.iter().enumerate() {
        let txn = step.txn;
        if let Some(end) = closed.get(&txn.session) {
            finding.judge(!takes_effect(step), || {
                let end = evidence.chain.zxid(*end);
                format!("{} of {} takes effect (committed at {}), and {end} had closed that session", txn.zxid, txn.session, evidence.when(step.committed))
            });
        } else if let (Request::Op(Op::CloseSession), None) = (&txn.request, txn.error) {
            closed.insert(txn.session, at as Position + 1);
            finding.held(1);
        }
    }
    let mut had = BTreeSet::new();
    for opened in &evidence.clients.opened {
        finding.judge(had.insert(opened.session), || {
            format!("{} is given to a client at {}, and was another's before", opened.session, evidence.when(opened.note))
        });
    }
}

/// Whether a transaction changes anything but the zxid. A second closing does not.
fn takes_effect(step: &Step<'_>) -> bool {
    match (&step.txn.request, step.txn.error) {
        (_, Some(_)) | (Request::Op(Op::CloseSession), None) => false,
        (Request::Op(Op::Multi(_)) | Request::Local(Op::Multi(_)), None) => match &step.outcome {
            Ok(Reply::Multi(results)) => results.iter().any(Result::is_ok),
            Ok(_) | Err(_) => false,
        },
        (Request::CreateSession { .. } | Request::Op(_) | Request::Local(_), None) => true,
    }
}
