//! One leader at a time in the order of zxids. In real time the old one may believe in itself for a while; so a grant is judged by the state that gave it.

use std::collections::BTreeMap;

use vocab::ids::MachineId;

use crate::case::Case;
use crate::case::stream::said::Grant;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "ha.one-leader",
    law: "A master leads only after its own session's latch node was the lowest in a committed state, by one grant at a time.",
    source: "catalogue, HA-ONE-LEADER; Curator: LeaderLatch; reference zk_protocol, section 3",
    footing: Footing::Chain,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let Some(stream) = &case.stream else { return };
    let mut last: BTreeMap<MachineId, &Grant<'_>> = BTreeMap::new();
    for grant in &stream.grants {
        let lowest = stream.nodes.lowest(grant.node).filter(|(position, _)| *position <= case.course.committed_before(grant.note));
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
                case.when(grant.note),
                lowest.is_some()
            )
        });
    }
}
