//! Locks and elections are exclusive in the order of zxids. In real time they are not: a holder may be paused, or expired without knowing it, while the next one holds.
//!
//! So a claim is judged by the state that it was made from: there, the node must be the lowest of its directory and the claimant's own. Two claims of one directory then hold in turns, one node after the other's deletion.

use std::collections::{BTreeMap, BTreeSet};

use judging::{Finding, Footing, Rule, Side};

use crate::Zookeeper;
use crate::evidence::Evidence;
use crate::evidence::chain::Position;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "service.lock-exclusive",
    law: "Who says that it holds a lock had read a state in which its own node was the lowest; and no other node is the lowest before that one is gone.",
    source: "ZooKeeper recipes, locks and leader election",
    scope: "service",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let mut holders: BTreeMap<&str, Vec<(Position, &str)>> = BTreeMap::new();
    let judged: BTreeSet<usize> = evidence.chain.precedences.iter().map(|precedence| precedence.acquired).collect();
    (0..evidence.clients.recipes.acquired.len()).filter(|at| !judged.contains(at)).for_each(|_| finding.waive());
    for precedence in &evidence.chain.precedences {
        let acquired = &evidence.clients.recipes.acquired[precedence.acquired];
        let session = acquired.read.map(|read| evidence.clients.requests[read].session);
        finding.judge(precedence.lowest.as_deref() == Some(acquired.node) && session == Some(precedence.owner), || {
            format!(
                "{} at {} holds {} by {}; it had read {}, where the lowest was {:?}, and that node's owner {}",
                acquired.machine,
                evidence.when(acquired.note),
                acquired.directory,
                acquired.node,
                evidence.chain.zxid(precedence.position),
                precedence.lowest,
                precedence.owner
            )
        });
        holders.entry(acquired.directory).or_default().push((precedence.position, acquired.node));
    }
    for (directory, mut claims) in holders {
        claims.sort_unstable();
        for pair in claims.windows(2).filter(|pair| pair[0].1 != pair[1].1) {
            let ((first, node), (second, next)) = (pair[0], pair[1]);
            finding.judge(!evidence.chain.changes.exists(node, second), || {
                let zxid = |position| evidence.chain.zxid(position);
                format!("{directory} is held by {node} from {} and by {next} from {}, when {node} is still there", zxid(first), zxid(second))
            });
        }
    }
}
