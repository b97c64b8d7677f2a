//! What sync really promises: the state that follows has all that the leader which answered had committed. It is not a quorum operation, so a deposed leader may answer, and no more is asked here.

use std::collections::BTreeMap;

use vocab::ids::{SessionId, Xid};
use vocab::service::Op;

use crate::case::Case;
use crate::case::said::SyncAnswer;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "service.sync",
    law: "A sync is answered by a leader with all that it has committed, and its reply is from a state that has all of that.",
    source: "reference semantics, section 7; ZOOKEEPER-2136; Jepsen on sync and read",
    footing: Footing::Chain,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let mut answers: BTreeMap<(SessionId, Xid), &SyncAnswer> = BTreeMap::new();
    for answer in &case.ensemble.sync_answers {
        finding.judge(answer.committed >= answer.noted, || {
            format!("{} at {} answers a sync with {}, and had committed {}", answer.machine, case.when(answer.note), answer.committed, answer.noted)
        });
        answers.entry((answer.session, answer.xid)).or_insert(answer);
    }
    for (request, returned) in case.clients.answered().filter(|(request, returned)| matches!(request.op, Op::Sync { .. }) && returned.result.is_ok()) {
        let answer = answers.get(&(request.session, request.xid)).filter(|answer| answer.note < returned.note);
        finding.judge(answer.is_some_and(|answer| returned.zxid >= answer.committed), || {
            let said =
                answer.map_or_else(|| "no leader had answered it".to_owned(), |answer| format!("{} had answered it with {}", answer.machine, answer.committed));
            format!("{} at {} gets its sync with xid {} from {}; {said}", request.machine, case.when(returned.note), request.xid.0, returned.zxid)
        });
    }
}
