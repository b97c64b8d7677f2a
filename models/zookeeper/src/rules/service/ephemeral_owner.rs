//! An ephemeral belongs to the session that created it, for as long as it is there. Two lives of one path are two nodes.

use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::ids::SessionId;

use super::stat_of;
use crate::Zookeeper;
use crate::evidence::Evidence;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "service.ephemeral-owner",
    law: "Whoever looks at an ephemeral node sees the same owner, the session whose transaction created it.",
    source: "ZooKeeper: Stat.ephemeralOwner",
    scope: "service",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    for (request, returned) in evidence.clients.answered() {
        let Ok(reply) = returned.result else { continue };
        let Some(stat) = stat_of(reply).filter(|stat| stat.ephemeral_owner != SessionId::NONE) else { continue };
        let creator = evidence.chain.position(stat.czxid).and_then(|position| position.checked_sub(1)).map(|at| evidence.chain.steps[at as usize].txn.session);
        finding.judge(creator == Some(stat.ephemeral_owner), || {
            format!(
                "{} at {} sees by {} a node of {}, created in {} by {creator:?}",
                request.machine,
                evidence.when(returned.note),
                request.op.name(),
                stat.ephemeral_owner,
                stat.czxid
            )
        });
    }
}
