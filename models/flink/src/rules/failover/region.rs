//! Regions: who is started again together. Which channels there are is learned from what tasks say of theirs, as the
//! judge knows no graph.

use std::collections::{BTreeMap, BTreeSet};

use flink_words::ids::EdgeId;
use judging::{Finding, Footing, Side};
use outside_words::ids::{JobId, Subtask, VertexId};

use crate::evidence::Evidence;
use crate::evidence::stream::Stream;
use crate::law::Rule;
use crate::rules::witness::name;

pub const REGION: Rule = Rule {
    id: "fo.region",
    law: "Tasks that are started again are a region or several, closed under channels, and all of them begin from the checkpoint that their master chose.",
    source: "FLIP-1; Flink: RestartPipelinedRegionFailoverStrategy",
    scope: "failover",
    side: Side::Safety,
    footing: Footing::Firm,
    check: check_region,
};

pub const GLOBAL: Rule = Rule {
    id: "fo.global-if-older",
    law: "A region begins alone only from a checkpoint that is not older than any of which a task that runs on has heard.",
    source: "Flink: CheckpointCoordinator.restoreLatestCheckpointedStateToSubtasks",
    scope: "failover",
    side: Side::Safety,
    footing: Footing::Firm,
    check: check_global,
};

/// The channels of each job, as pairs of subtasks.
fn channels(stream: &Stream<'_>) -> BTreeMap<JobId, BTreeSet<(Subtask, Subtask)>> {
    let mut senders: BTreeMap<(JobId, EdgeId), VertexId> = BTreeMap::new();
    for snapshot in &stream.snapshots {
        for output in snapshot.outputs {
            senders.insert((snapshot.attempt.job, output.channel.edge), snapshot.attempt.subtask.vertex);
        }
    }
    let mut channels: BTreeMap<JobId, BTreeSet<(Subtask, Subtask)>> = BTreeMap::new();
    for snapshot in &stream.snapshots {
        for input in snapshot.inputs {
            let Some(vertex) = senders.get(&(snapshot.attempt.job, input.channel.edge)) else { continue };
            let from = Subtask { vertex: *vertex, index: input.channel.from };
            channels.entry(snapshot.attempt.job).or_default().insert((from, snapshot.attempt.subtask));
        }
    }
    channels
}

fn check_region(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let channels = channels(stream);
    for restore in &stream.restores {
        let set: BTreeSet<Subtask> = restore.tasks.iter().map(|task| task.subtask).collect();
        let cut = channels.get(&restore.job).and_then(|channels| channels.iter().find(|(from, to)| set.contains(from) != set.contains(to)));
        finding.judge(cut.is_none(), || {
            let (inside, outside) = cut.map(|(from, to)| if set.contains(from) { (from, to) } else { (to, from) }).expect("there is one");
            format!("{} starts {inside} again at {}, and not {outside}, with which it has a channel", restore.leader, evidence.when(restore.note))
        });
    }
    for task in &stream.tasks {
        let Some((note, from)) = task.deployed else { continue };
        let chosen = task.restore.map(|restore| stream.restores[restore]);
        let is_chosen = chosen.is_some_and(|restore| restore.note < note && restore.from.map(|(_, id)| id) == from);
        let is_same = task.running.is_none_or(|running| running.from == from);
        finding.judge(is_chosen && is_same, || {
            let chosen = chosen.map(|restore| restore.from);
            let ran = task.running.map(|running| running.from);
            format!("{} is deployed at {} from {from:?} and runs from {ran:?}; its master chose {chosen:?}", task.id, evidence.when(note))
        });
    }
}

fn check_global(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    // The tasks of each restore, the last one of each subtask under its grant, run on until it is started again.
    let mut current: BTreeMap<_, BTreeMap<Subtask, outside_words::ids::AttemptId>> = BTreeMap::new();
    for restore in &stream.restores {
        let current = current.entry((restore.leader, restore.job)).or_default();
        current.extend(restore.tasks.iter().map(|task| (task.subtask, *task)));
        if restore.global {
            finding.held(1);
            continue;
        }
        let others = current.values().filter(|other| !restore.tasks.contains(other)).filter_map(|other| stream.task(*other));
        let heard = others.filter(|other| other.is_alive(restore.note)).flat_map(|other| other.notified.iter().filter(|(note, _)| *note < restore.note));
        let newest = heard.map(|(_, id)| *id).max();
        let holds = newest.is_none_or(|newest| restore.from.is_some_and(|(_, id)| id >= newest));
        finding.judge(holds, || {
            let from = restore.from.map(|(job, id)| name(job, id));
            format!(
                "a region of job {} begins from {from:?} at {}, and a task that runs on has heard of {newest:?}",
                restore.job.0,
                evidence.when(restore.note)
            )
        });
    }
}
