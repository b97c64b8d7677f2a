//! An element of a queue is taken once. Whoever deleted it without learning so took it from everybody else all the same.

use std::collections::BTreeMap;

use vocab::service::EventKind;

use crate::case::Case;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "service.queue-once",
    law: "A node is taken out of a queue no more often than it was deleted, and not before it was committed.",
    source: "ZooKeeper recipes, queues",
    footing: Footing::Chain,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let mut taken: BTreeMap<&str, usize> = BTreeMap::new();
    for (note, machine, node) in &case.clients.taken {
        let times = taken.entry(node).or_default();
        *times += 1;
        let gone = case.course.changes.data(node).filter(|(_, kind)| *kind == EventKind::NodeDeleted);
        let deletions = gone.filter(|(position, _)| case.course.steps[*position as usize - 1].committed < *note).count();
        finding.judge(*times <= deletions, || {
            format!("{machine} at {} takes {node}, taken {times} times by then and deleted {deletions} times", case.when(*note))
        });
    }
}
