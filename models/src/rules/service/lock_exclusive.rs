//! Locks and elections are exclusive in the order of zxids. In real time they are not: a holder may be paused, or expired without knowing it, while the next one has its turn.
//!
//! So a claim is judged by the state that it was made from: there, the node must be the lowest of its directory and the claimant's own. Two claims of one directory then hold in turns, one node after the other's deletion.

use std::collections::{BTreeMap, BTreeSet};

use crate::case::Case;
use crate::case::course::Position;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "service.lock-exclusive",
    law: "Who says that it holds a lock had read a state in which its own node was the lowest; and no other node is the lowest before that one is gone.",
    source: "ZooKeeper recipes, locks and leader election; reference zk_protocol, section 5",
    footing: Footing::Chain,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let mut holders: BTreeMap<&str, Vec<(Position, &str)>> = BTreeMap::new();
    let judged: BTreeSet<usize> = case.course.turns.iter().map(|turn| turn.acquired).collect();
    (0..case.clients.acquired.len()).filter(|at| !judged.contains(at)).for_each(|_| finding.waive());
    for turn in &case.course.turns {
        let acquired = &case.clients.acquired[turn.acquired];
        let session = acquired.read.map(|read| case.clients.requests[read].session);
        finding.judge(turn.lowest.as_deref() == Some(acquired.node) && session == Some(turn.owner), || {
            format!(
                "{} at {} holds {} by {}; it had read {}, where the lowest was {:?}, and that node's owner {}",
                acquired.machine,
                case.when(acquired.note),
                acquired.directory,
                acquired.node,
                case.course.zxid(turn.position),
                turn.lowest,
                turn.owner
            )
        });
        holders.entry(acquired.directory).or_default().push((turn.position, acquired.node));
    }
    for (directory, mut turns) in holders {
        turns.sort_unstable();
        for pair in turns.windows(2).filter(|pair| pair[0].1 != pair[1].1) {
            let ((first, node), (second, next)) = (pair[0], pair[1]);
            finding.judge(!case.course.changes.exists(node, second), || {
                let zxid = |position| case.course.zxid(position);
                format!("{directory} is held by {node} from {} and by {next} from {}, when {node} is still there", zxid(first), zxid(second))
            });
        }
    }
}
