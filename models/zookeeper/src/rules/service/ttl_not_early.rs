//! A node with a time to live has all of it. By the leader's clock; and a set that is on its way when the leader decides comes too late, in ZooKeeper as well. So does a node that is made again by then: ZooKeeper
//! picks candidates from what is committed, and asks of the node that it deletes only that it has no children and is no ephemeral (PrepRequestProcessor, deleteContainer). Such deletions are waived and counted.

use judging::{Finding, Footing, Rule, Side};

use crate::Zookeeper;
use crate::evidence::Evidence;
use crate::znode::Kind;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "service.ttl-not-early",
    law: "A leader deletes a TTL node only when it has no children and its data were last set longer ago than its time to live.",
    source: "ZooKeeper: ContainerManager.getCandidates; PrepRequestProcessor, deleteContainer",
    scope: "service",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    for reaping in &evidence.chain.reapings {
        let step = &evidence.chain.steps[reaping.position as usize - 1];
        let Some((node, Kind::Ttl(ttl_ms))) = reaping.node.map(|node| (node, node.kind)) else { continue };
        if step.txn.error.is_some() {
            continue; // Something came in between, and nothing was deleted.
        }
        let seen = evidence.chain.committed_before(step.proposed);
        if evidence.chain.changes.created(reaping.path, reaping.position - 1) > seen {
            finding.waive(); // Its leader had looked at an earlier node of this name.
            continue;
        }
        // What the leader had looked at: the node as it was committed by then.
        let looked_at = evidence.chain.changes.last_set(reaping.path, seen);
        let looked_at_ms = looked_at.checked_sub(1).map_or(node.mtime_ms, |at| evidence.chain.steps[at as usize].txn.time_ms);
        let age_ms = step.txn.time_ms.saturating_sub(node.mtime_ms.min(looked_at_ms));
        finding.judge(node.children == 0 && age_ms > ttl_ms, || {
            format!(
                "{} deletes {} with {} children, {age_ms} ms old, which may live for {ttl_ms} ms (committed at {})",
                step.txn.zxid,
                reaping.path,
                node.children,
                evidence.when(step.committed)
            )
        });
    }
}
