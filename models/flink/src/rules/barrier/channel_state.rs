//! Channel state comes back: what was in flight when an unaligned barrier passed is consumed again before anything new.

use std::collections::BTreeMap;

use flink_words::ids::ChannelId;
use judging::{Finding, Footing, Side};

use crate::evidence::Evidence;
use crate::law::Rule;
use crate::rules::witness::name;

pub const RULE: Rule = Rule {
    id: "bar.chstate-order",
    law: "A task that begins from a checkpoint has, of each input channel, as many elements to consume before anything new as it had persisted there.",
    source: "Flink: RecoveredInputChannel; FLINK-19681 and others of channel state",
    scope: "barrier",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    for task in &stream.tasks {
        let Some((running, origin)) = task.running.zip(stream.origin(task)) else { continue };
        let replayed: BTreeMap<ChannelId, u64> = running.replayed.iter().copied().filter(|(_, count)| *count > 0).collect();
        let is_another = stream.parallelism(origin.job) != stream.parallelism(task.id.job);
        let own = origin.cuts.get(&task.id.subtask).map(|at| &stream.snapshots[*at]).filter(|_| !is_another);
        let inputs = own.map_or(&[][..], |own| own.acknowledged.map_or(own.inputs, |(_, inputs)| inputs));
        let kept = inputs.iter().map(|input| (input.channel, input.persisted.count.saturating_sub(input.consumed.count)));
        let kept: BTreeMap<ChannelId, u64> = kept.filter(|(_, count)| *count > 0).collect();
        finding.judge(replayed == kept, || {
            let from = name(origin.job, origin.id);
            format!("{} begins from {from} at {} with channel state {replayed:?}, and had persisted {kept:?}", task.id, evidence.when(running.note))
        });
    }
}
