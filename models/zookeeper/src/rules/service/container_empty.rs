//! A leader deletes of itself only what may go: a container that has served, or a node whose time is up. A container that is made again while its deletion is under way goes too, in ZooKeeper as well.

use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::ids::Zxid;

use crate::Zookeeper;
use crate::evidence::Evidence;
use crate::znode::Kind;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "service.container-empty",
    law: "A leader deletes of itself only containers and TTL nodes, and a container only when it had children and has none.",
    source: "ZooKeeper: ContainerManager.getCandidates",
    scope: "service",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    for reaping in &evidence.chain.reapings {
        let step = &evidence.chain.steps[reaping.position as usize - 1];
        if step.txn.error.is_some() {
            continue; // Something came in between, and nothing was deleted.
        }
        if evidence.chain.changes.created(reaping.path, reaping.position - 1) > evidence.chain.committed_before(step.proposed) {
            finding.waive(); // Its leader had looked at an earlier node of this name.
            continue;
        }
        let may_go = reaping.node.is_some_and(|node| match node.kind {
            Kind::Container => node.had_children && node.children == 0,
            Kind::Ttl(_) => true,
            Kind::Persistent | Kind::Ephemeral(_) => false,
        });
        let zxid: Zxid = step.txn.zxid;
        finding.judge(may_go, || format!("{zxid} deletes {}, which was {:?} (committed at {})", reaping.path, reaping.node, evidence.when(step.committed)));
    }
}
