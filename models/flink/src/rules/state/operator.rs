//! Operator state through a restore: lists are dealt out, unions go to all, broadcast state is the same everywhere.

use std::collections::BTreeMap;

use flink_words::state::StateSummary;
use judging::{Finding, Footing, Side};
use outside_words::ids::VertexId;

use super::restored::{Restored, of_vertex, restored, vertices};
use crate::evidence::Evidence;
use crate::law::Rule;
use crate::rules::witness::name;

pub const LIST: Rule = Rule {
    id: "os.list",
    law: "The elements of list state are there again, each once: with the same parallelism where they were, else dealt out among all.",
    source: "Flink: RoundRobinOperatorStateRepartitioner",
    scope: "state",
    side: Side::Safety,
    footing: Footing::Firm,
    check: check_list,
};

pub const UNION: Rule = Rule {
    id: "os.union",
    law: "With the same parallelism a task has its own elements of union list state after a restore, or all; with another one every task has all, or makes the same of them.",
    source: "Flink: RoundRobinOperatorStateRepartitioner.repartitionUnionState",
    scope: "state",
    side: Side::Safety,
    footing: Footing::Firm,
    check: check_union,
};

pub const BROADCAST: Rule = Rule {
    id: "os.bcast",
    law: "Broadcast state is the same in all tasks of an aligned checkpoint, and in those that begin from it.",
    source: "Flink: RoundRobinOperatorStateRepartitioner.repartitionBroadcastState",
    scope: "state",
    side: Side::Safety,
    footing: Footing::Firm,
    check: check_broadcast,
};

fn sorted(elements: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut elements: Vec<u64> = elements.collect();
    elements.sort_unstable();
    elements
}

fn witness(evidence: &Evidence<'_>, restored: &Restored<'_, '_>, what: &str, found: &[u64], kept: &[u64]) -> String {
    let from = name(restored.origin.job, restored.origin.id);
    format!("{} begins from {from} at {} with {what} {found:x?}; the checkpoint has {kept:x?}", restored.task.id, evidence.when(restored.running.note))
}

fn check_list(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    // What is left to deal out of each restore with another parallelism, and how many tasks are still to come.
    let mut dealt: BTreeMap<(usize, VertexId), (Vec<u64>, u16)> = BTreeMap::new();
    for restored in restored(stream) {
        let subtask = restored.task.id.subtask;
        let found = sorted(restored.running.state.list.iter().copied());
        if restored.same {
            let kept =
                sorted(of_vertex(stream, restored.origin, subtask.vertex).filter(|(of, _)| *of == subtask).flat_map(|(_, state)| state.list.iter().copied()));
            if !kept.is_empty() || !found.is_empty() {
                finding.judge(found == kept, || witness(evidence, &restored, "list state", &found, &kept));
            }
            continue;
        }
        let Some(restore) = restored.task.restore else { continue };
        let all = || sorted(of_vertex(stream, restored.origin, subtask.vertex).flat_map(|(_, state)| state.list.iter().copied()));
        let (left, tasks) = dealt.entry((restore, subtask.vertex)).or_insert_with(|| (all(), 0));
        *tasks += 1;
        let mut is_kept = true;
        for element in &found {
            match left.binary_search(element) {
                Ok(at) => drop(left.remove(at)),
                Err(_) => is_kept = false,
            }
        }
        let is_all = *tasks < stream.parallelism(restored.task.id.job) || left.is_empty();
        finding.judge(is_kept && is_all, || witness(evidence, &restored, "list state (of what is left to deal out)", &found, left));
    }
}

fn check_union(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let mut first: BTreeMap<(usize, VertexId), Vec<u64>> = BTreeMap::new();
    for restored in restored(stream) {
        let (subtask, restore) = (restored.task.id.subtask, restored.task.restore.unwrap_or_default());
        let kept = sorted(of_vertex(stream, restored.origin, subtask.vertex).flat_map(|(_, state)| state.union.iter().copied()));
        let own =
            || sorted(of_vertex(stream, restored.origin, subtask.vertex).filter(|(of, _)| *of == subtask).flat_map(|(_, state)| state.union.iter().copied()));
        let found = sorted(restored.running.state.union.iter().copied());
        if kept.is_empty() && found.is_empty() {
            continue;
        }
        let is_known = !found.is_empty() && found.iter().all(|element| kept.binary_search(element).is_ok());
        let holds =
            if restored.same { found == kept || found == own() } else { is_known && *first.entry((restore, subtask.vertex)).or_insert(found.clone()) == found };
        finding.judge(holds, || witness(evidence, &restored, "union state", &found, &kept));
    }
}

fn check_broadcast(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let broadcast = |state: &StateSummary| state.broadcast;
    for checkpoint in stream.checkpoints.iter().filter(|checkpoint| !checkpoint.completed.is_empty()) {
        if stream.cuts(checkpoint).any(|(_, snapshot)| snapshot.unaligned) {
            continue;
        }
        for vertex in vertices(checkpoint) {
            let all: Vec<Option<u64>> = of_vertex(stream, checkpoint, vertex).map(|(_, state)| broadcast(state)).collect();
            if all.iter().any(Option::is_some) {
                let is_one = all.windows(2).all(|pair| pair[0] == pair[1]);
                finding.judge(is_one, || format!("vertex {} has broadcast states {all:x?} in {}", vertex.0, name(checkpoint.job, checkpoint.id)));
            }
        }
    }
    for restored in restored(stream) {
        let subtask = restored.task.id.subtask;
        let mut kept = of_vertex(stream, restored.origin, subtask.vertex).filter(|(of, _)| !restored.same || *of == subtask).map(|(_, state)| broadcast(state));
        let found = broadcast(restored.running.state);
        let Some(first) = kept.next() else { continue };
        if first.is_some() || found.is_some() {
            let is_any = found == first || kept.any(|kept| kept == found);
            finding.judge(is_any, || {
                let (found, first): (Vec<u64>, Vec<u64>) = (found.into_iter().collect(), first.into_iter().collect());
                witness(evidence, &restored, "broadcast state", &found, &first)
            });
        }
    }
}
