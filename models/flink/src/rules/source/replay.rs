//! A restored reader goes on where its snapshot was.

use std::collections::BTreeMap;

use judging::{Finding, Footing, Side};
use outside_words::ids::{SplitId, VertexId};

use crate::evidence::Evidence;
use crate::law::Rule;
use crate::rules::witness::name;

pub const RULE: Rule = Rule {
    id: "src.replay",
    law: "Readers that begin from a checkpoint have exactly the splits and offsets of its snapshots: their own, or, with another parallelism, each split one of them.",
    source: "Flink: SourceOperator.initializeState",
    scope: "source",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let mut dealt: BTreeMap<(usize, VertexId, SplitId), u64> = BTreeMap::new();
    for task in &stream.tasks {
        let Some(((running, origin), restore)) = task.running.zip(stream.origin(task)).zip(task.restore) else { continue };
        let vertex = task.id.subtask.vertex;
        let is_same = stream.parallelism(origin.job) == stream.parallelism(task.id.job);
        let concerns = |subtask: outside_words::ids::Subtask| if is_same { subtask == task.id.subtask } else { subtask.vertex == vertex };
        let kept: BTreeMap<SplitId, u64> =
            stream.cuts(origin).filter(|(subtask, _)| concerns(*subtask)).flat_map(|(_, snapshot)| snapshot.state.splits.iter().copied()).collect();
        if kept.is_empty() && running.state.splits.is_empty() {
            continue;
        }
        let found: BTreeMap<SplitId, u64> = running.state.splits.iter().copied().collect();
        let is_kept = found.iter().all(|(split, offset)| kept.get(split) == Some(offset) && dealt.insert((restore, vertex, *split), *offset).is_none());
        finding.judge(is_kept && (!is_same || found == kept), || {
            format!("{} begins from {} at {} with {found:?}; the snapshots had {kept:?}", task.id, name(origin.job, origin.id), evidence.when(running.note))
        });
    }
}
