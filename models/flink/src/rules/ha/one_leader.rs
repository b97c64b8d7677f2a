//! One leader at a time in the order of zxids. In real time the old one may believe in itself for a while; so a grant
//! is judged by the state that gave it.

use std::collections::BTreeMap;

use contract::ids::MachineId;
use judging::{Finding, Footing, Side};

use crate::evidence::Evidence;
use crate::evidence::entries::Grant;
use crate::law::Rule;

pub const RULE: Rule = Rule {
    id: "ha.one-leader",
    law: "A master leads only after its own session's latch node was the lowest in a committed state, by one grant at a time.",
    source: "Curator: LeaderLatch",
    scope: "ha",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let mut last: BTreeMap<MachineId, &Grant<'_>> = BTreeMap::new();
    for grant in &stream.grants {
        let lowest = stream.nodes.lowest(grant.node).filter(|(position, _)| *position <= evidence.service.chain.committed_before(grant.note));
        let is_own = lowest.and_then(|(_, session)| stream.nodes.machines.get(&session)) == Some(&grant.machine);
        let before = last.insert(grant.machine, grant);
        let is_alone = before.is_none_or(|before| before.over.is_some_and(|over| over < grant.note));
        finding.judge(is_own && is_alone, || {
            let before = before.map(|before| before.leader);
            format!(
                "{} leads as {} by {} at {}; the node was the lowest: {}, and its own: {is_own}; an earlier grant {before:?} is over: {is_alone}",
                grant.machine,
                grant.leader,
                grant.node,
                evidence.when(grant.note),
                lowest.is_some()
            )
        });
    }
}
