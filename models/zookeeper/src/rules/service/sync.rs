//! What sync really promises: the state that follows has all that the leader which answered had committed. It is not a quorum operation, so a deposed leader may answer, and no more is asked here.

use std::collections::BTreeMap;

use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::ids::{SessionId, Xid};
use zookeeper_words::service::Op;

use crate::Zookeeper;
use crate::evidence::Evidence;
use crate::evidence::replication::said::SyncAnswer;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "service.sync",
    law: "A sync is answered by a leader with all that it has committed, and its reply is from a state that has all of that.",
    source: "ZooKeeper programmer's guide, consistency guarantees: sync; ZOOKEEPER-2136; Jepsen on sync and read",
    scope: "service",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let mut answers: BTreeMap<(SessionId, Xid), &SyncAnswer> = BTreeMap::new();
    for answer in &evidence.replication.sync_answers {
        finding.judge(answer.committed >= answer.noted, || {
            format!("{} at {} answers a sync with {}, and had committed {}", answer.machine, evidence.when(answer.note), answer.committed, answer.noted)
        });
        answers.entry((answer.session, answer.xid)).or_insert(answer);
    }
    for (request, returned) in evidence.clients.answered().filter(|(request, returned)| matches!(request.op, Op::Sync { .. }) && returned.result.is_ok()) {
        let answer = answers.get(&(request.session, request.xid)).filter(|answer| answer.note < returned.note);
        finding.judge(answer.is_some_and(|answer| returned.zxid >= answer.committed), || {
            let said =
                answer.map_or_else(|| "no leader had answered it".to_owned(), |answer| format!("{} had answered it with {}", answer.machine, answer.committed));
            format!("{} at {} gets its sync with xid {} from {}; {said}", request.machine, evidence.when(returned.note), request.xid.0, returned.zxid)
        });
    }
}
