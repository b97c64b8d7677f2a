//! Tasks that began from a checkpoint, and what they had to find there. It joins; the rules compare.

use std::collections::{BTreeMap, BTreeSet};

use flink_words::ids::KeyGroup;
use flink_words::state::{GroupDigest, StateSummary};
use outside_words::ids::{Subtask, VertexId};

use crate::evidence::entries::{Checkpoint, Running, Task};
use crate::evidence::stream::Stream;

/// The key groups of a subtask: `[(i*maxP+p-1)/p, ((i+1)*maxP-1)/p]`
/// (KeyGroupRangeAssignment.computeKeyGroupRangeForOperatorIndex).
pub(super) fn range(index: u16, parallelism: u16, max: u16) -> std::ops::RangeInclusive<u16> {
    let (index, parallelism, max) = (u32::from(index), u32::from(parallelism).max(1), u32::from(max));
    let (first, last) = ((index * max).div_ceil(parallelism), ((index + 1) * max - 1) / parallelism);
    first as u16..=last as u16
}

/// A task that has its state, and what it had to find.
pub(super) struct Restored<'c, 'r> {
    pub task: &'c Task<'r>,
    pub running: Running<'r>,
    pub origin: &'c Checkpoint<'r>,
    /// Whether the checkpoint's job had the same parallelism.
    pub same: bool,
}

/// All tasks that began from a checkpoint.
pub(super) fn restored<'c, 'r>(stream: &'c Stream<'r>) -> impl Iterator<Item = Restored<'c, 'r>> {
    stream.tasks.iter().filter_map(|task| {
        let (running, origin) = task.running.zip(stream.origin(task))?;
        let same = stream.parallelism(origin.job) == stream.parallelism(task.id.job);
        Some(Restored { task, running, origin, same })
    })
}

/// The states of a vertex in a checkpoint.
pub(super) fn of_vertex<'c, 'r>(stream: &'c Stream<'r>, checkpoint: &'c Checkpoint<'r>, vertex: VertexId) -> impl Iterator<Item = (Subtask, &'r StateSummary)> {
    let (first, last) = (Subtask { vertex, index: 0 }, Subtask { vertex, index: u16::MAX });
    checkpoint.cuts.range(first..=last).map(|(subtask, at)| (*subtask, stream.snapshots[*at].state))
}

/// The key groups that a restored task must have, and those that it has. A subtask that had finished leaves none.
pub(super) fn groups<'r>(stream: &Stream<'r>, task: &Task<'r>) -> Option<(BTreeMap<KeyGroup, GroupDigest>, BTreeMap<KeyGroup, GroupDigest>)> {
    let (running, origin) = task.running.zip(stream.origin(task))?;
    let subtask = task.id.subtask;
    let range = range(subtask.index, stream.parallelism(task.id.job), stream.plan.max_parallelism);
    let kept = of_vertex(stream, origin, subtask.vertex).flat_map(|(_, state)| &state.groups).filter(|group| range.contains(&group.group.0));
    let by_group = |group: &GroupDigest| (group.group, *group);
    let kept: BTreeMap<_, _> = kept.map(by_group).collect();
    let found: BTreeMap<_, _> = running.state.groups.iter().map(by_group).collect();
    (!kept.is_empty() || !found.is_empty()).then_some((kept, found))
}

/// The vertices of a checkpoint.
pub(super) fn vertices(checkpoint: &Checkpoint<'_>) -> BTreeSet<VertexId> {
    checkpoint.cuts.keys().map(|subtask| subtask.vertex).collect()
}
