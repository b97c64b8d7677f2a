//! Keyed state comes back as it was, whatever the parallelism; its timers with it.

use judging::{Finding, Footing, Side};

use super::restored::groups;
use crate::evidence::Evidence;
use crate::law::Rule;
use crate::rules::witness::name;

pub const RULE: Rule = Rule {
    id: "ks.restore-eq",
    law: "A task that begins from a checkpoint has, of each key group of its range, exactly what the checkpoint has.",
    source: "Flink: StateAssignmentOperation, FLINK-23886",
    scope: "state",
    side: Side::Safety,
    footing: Footing::Firm,
    check: |evidence, finding| check(evidence, finding, false),
};

pub const TIMERS: Rule = Rule {
    id: "tm.durable",
    law: "The timers of a checkpoint are there again in the tasks that begin from it, in each key group as many as there were.",
    source: "Flink: InternalTimeServiceManager.snapshotToRawKeyedState",
    scope: "state",
    side: Side::Safety,
    footing: Footing::Firm,
    check: |evidence, finding| check(evidence, finding, true),
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding, timers: bool) {
    let stream = &evidence.stream;
    for task in &stream.tasks {
        let Some((kept, found)) = groups(stream, task) else { continue };
        let holds = if timers {
            let count = |groups: &std::collections::BTreeMap<_, flink_words::state::GroupDigest>| -> Vec<_> {
                groups.values().filter(|group| group.timers > 0).map(|group| (group.group, group.timers)).collect()
            };
            count(&kept) == count(&found)
        } else {
            kept == found
        };
        finding.judge(holds, || {
            let other =
                kept.values().find(|group| found.get(&group.group) != Some(group)).or_else(|| found.values().find(|group| !kept.contains_key(&group.group)));
            let from = stream.origin(task).map(|origin| name(origin.job, origin.id));
            let there = other.map(|other| (kept.get(&other.group), found.get(&other.group)));
            format!(
                "{} begins from {from:?} at {:?}; the first group that differs is (kept, found) {there:?}",
                task.id,
                task.running.map(|running| evidence.when(running.note))
            )
        });
    }
}
