//! The cut: what the snapshots of a checkpoint have taken is what the snapshots upstream have sent, no more and no
//! less. The digest says that it is the same elements in the same order.

use judging::{Finding, Footing, Side};

use super::pairs::{Pair, pairs};
use crate::evidence::Evidence;
use crate::law::Rule;
use crate::rules::witness::name;

pub const ALIGNED: Rule = Rule {
    id: "bar.cut",
    law: "An aligned snapshot reflects exactly what each sender had emitted before its own snapshot of the checkpoint, and persists nothing of any channel.",
    source: "Carbone et al. (2015), asynchronous barrier snapshotting",
    scope: "barrier",
    side: Side::Safety,
    footing: Footing::Firm,
    check: |evidence, finding| check(evidence, finding, false),
};

pub const UNALIGNED: Rule = Rule {
    id: "bar.cut-uc",
    law: "With an unaligned barrier, what the receiver reflects, what it persists and what its sender persists are together exactly what was emitted before the sender's snapshot.",
    source: "Flink: ChannelStatePersister, FLIP-76",
    scope: "barrier",
    side: Side::Safety,
    footing: Footing::Firm,
    check: |evidence, finding| check(evidence, finding, true),
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding, unaligned: bool) {
    let stream = &evidence.stream;
    for checkpoint in &stream.checkpoints {
        for pair in pairs(stream, checkpoint) {
            if is_unaligned(&pair) != unaligned {
                continue;
            }
            if pair.receiver.unaligned && pair.receiver.acknowledged.is_none() {
                // What it would have persisted is not known.
                finding.waive();
                continue;
            }
            finding.judge(is_exact(&pair), || {
                let Pair { channel, input, receiver, output, sender } = &pair;
                format!(
                    "in {} {} has taken {:?} of {channel:?}, {:?} with what it persists; {} had emitted {:?}, {} of it persisted (at {} and {})",
                    name(checkpoint.job, checkpoint.id),
                    receiver.attempt.subtask,
                    input.consumed,
                    input.persisted,
                    sender.attempt.subtask,
                    output.emitted,
                    output.persisted,
                    evidence.when(receiver.note),
                    evidence.when(sender.note)
                )
            });
        }
    }
}

/// Whether anything of the channel was overtaken, or may have been.
fn is_unaligned(pair: &Pair<'_, '_>) -> bool {
    pair.receiver.unaligned || pair.output.persisted > 0
}

fn is_exact(pair: &Pair<'_, '_>) -> bool {
    let (consumed, persisted, emitted) = (pair.input.consumed, pair.input.persisted, pair.output.emitted);
    let is_cut = if pair.output.persisted == 0 { persisted == emitted } else { persisted.count + pair.output.persisted == emitted.count };
    // Two marks with one count are one mark.
    let is_one = consumed.count < persisted.count || consumed == persisted;
    is_cut && is_one && (pair.receiver.unaligned || consumed == persisted)
}
