//! An element of a queue is taken once. Whoever deleted it without learning so took it from everybody else all the same.

use std::collections::BTreeMap;

use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::service::EventKind;

use crate::Zookeeper;
use crate::evidence::Evidence;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "service.queue-once",
    law: "A node is taken out of a queue no more often than it was deleted, and not before it was committed.",
    source: "ZooKeeper recipes, queues",
    scope: "service",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let mut taken: BTreeMap<&str, usize> = BTreeMap::new();
    for (note, machine, node) in &evidence.clients.recipes.taken {
        let times = taken.entry(node).or_default();
        *times += 1;
        let gone = evidence.chain.changes.data(node).filter(|(_, kind)| *kind == EventKind::NodeDeleted);
        let deletions = gone.filter(|(position, _)| evidence.chain.steps[*position as usize - 1].committed < *note).count();
        finding.judge(*times <= deletions, || {
            format!("{machine} at {} takes {node}, taken {times} times by then and deleted {deletions} times", evidence.when(*note))
        });
    }
}
