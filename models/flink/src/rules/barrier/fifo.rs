//! Channels are first in, first out: whatever a receiver had taken at any of its snapshots is a beginning of what its
//! sender emitted.

use std::collections::BTreeMap;

use flink_words::ids::ChannelId;
use flink_words::state::ChannelMark;
use judging::{Finding, Footing, Side};
use outside_words::ids::AttemptId;

use super::pairs::pairs;
use crate::evidence::Evidence;
use crate::law::Rule;
use crate::rules::witness::name;

pub const RULE: Rule = Rule {
    id: "bar.fifo",
    law: "On a channel between two executions a receiver never has more than was emitted by its sender's snapshot, neither end goes back, and marks with the same count have the same digest.",
    source: "Flink: LocalInputChannel, RemoteInputChannel (sequence numbers)",
    scope: "barrier",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

/// What is known of a channel between two executions.
#[derive(Debug, Default)]
struct Known {
    digests: BTreeMap<u64, u64>,
    taken: u64,
    emitted: u64,
}

impl Known {
    /// Puts down a mark; false if another digest was there.
    fn put(&mut self, mark: ChannelMark) -> bool {
        *self.digests.entry(mark.count).or_insert(mark.digest) == mark.digest
    }
}

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let stream = &evidence.stream;
    let mut channels: BTreeMap<(ChannelId, AttemptId, AttemptId), Known> = BTreeMap::new();
    for checkpoint in &stream.checkpoints {
        for pair in pairs(stream, checkpoint) {
            let known = channels.entry((pair.channel, pair.sender.attempt, pair.receiver.attempt)).or_default();
            let (taken, emitted) = (pair.input.consumed, pair.output.emitted);
            let is_same = known.put(taken) && known.put(emitted) && known.put(pair.input.persisted);
            let is_forward = known.taken <= taken.count && known.emitted <= emitted.count && taken.count <= emitted.count;
            (known.taken, known.emitted) = (taken.count, emitted.count);
            finding.judge(is_same && is_forward, || {
                format!(
                    "{:?} from {} to {} in {}: taken {taken:?}, emitted {emitted:?}; one digest a count: {is_same}, in order: {is_forward}",
                    pair.channel,
                    pair.sender.attempt,
                    pair.receiver.attempt,
                    name(checkpoint.job, checkpoint.id)
                )
            });
        }
    }
}
