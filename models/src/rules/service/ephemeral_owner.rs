//! An ephemeral belongs to the session that created it, for as long as it is there. Two lives of one path are two nodes.

use vocab::ids::SessionId;

use super::stat_of;
use crate::case::Case;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "service.ephemeral-owner",
    law: "Whoever looks at an ephemeral node sees the same owner, the session whose transaction created it.",
    source: "ZooKeeper: Stat.ephemeralOwner; reference semantics, section 5",
    footing: Footing::Chain,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    for (request, returned) in case.clients.answered() {
        let Ok(reply) = returned.result else { continue };
        let Some(stat) = stat_of(reply).filter(|stat| stat.ephemeral_owner != SessionId::NONE) else { continue };
        let creator = case.course.position(stat.czxid).and_then(|position| position.checked_sub(1)).map(|at| case.course.steps[at as usize].txn.session);
        finding.judge(creator == Some(stat.ephemeral_owner), || {
            format!(
                "{} at {} sees by {} a node of {}, created in {} by {creator:?}",
                request.machine,
                case.when(returned.note),
                request.op.name(),
                stat.ephemeral_owner,
                stat.czxid
            )
        });
    }
}
