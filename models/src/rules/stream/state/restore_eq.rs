//! Keyed state comes back as it was, whatever the parallelism; its timers with it.

use super::groups;
use crate::case::Case;
use crate::rules::stream::name;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "ks.restore-eq",
    law: "A task that begins from a checkpoint has, of each key group of its range, exactly what the checkpoint has.",
    source: "catalogue, KS-RESTORE-EQ, KS-SNAPSHOT-ISO (what a snapshot holds is compared with the state at its barrier); Flink: StateAssignmentOperation, FLINK-23886",
    footing: Footing::Firm,
    check: |case, finding| check(case, finding, false),
};

pub const TIMERS: Rule = Rule {
    id: "tm.durable",
    law: "The timers of a checkpoint are there again in the tasks that begin from it, in each key group as many as there were.",
    source: "catalogue, TM-DURABLE; Flink: InternalTimeServiceManager.snapshotToRawKeyedState",
    footing: Footing::Firm,
    check: |case, finding| check(case, finding, true),
};

fn check(case: &Case<'_>, finding: &mut Finding, timers: bool) {
    let Some(stream) = &case.stream else { return };
    for task in &stream.tasks {
        let Some((kept, found)) = groups(stream, task) else { continue };
        let holds = if timers {
            let count = |groups: &std::collections::BTreeMap<_, vocab::stream::state::GroupDigest>| -> Vec<_> {
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
                task.running.map(|running| case.when(running.note))
            )
        });
    }
}
