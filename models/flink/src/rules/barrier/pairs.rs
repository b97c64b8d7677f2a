//! The channels of a checkpoint, with what both ends said of each. It joins; the rules compare.

use std::collections::BTreeMap;

use flink_words::ids::ChannelId;
use flink_words::state::{InputCut, OutputCut};

use crate::evidence::entries::{Checkpoint, Snapshot};
use crate::evidence::stream::Stream;

/// A channel in a checkpoint: what its receiver had taken, and what its sender had emitted.
pub(super) struct Pair<'c, 'r> {
    pub channel: ChannelId,
    pub input: &'r InputCut,
    pub receiver: &'c Snapshot<'r>,
    pub output: &'r OutputCut,
    pub sender: &'c Snapshot<'r>,
}

/// The channels of a checkpoint of which both ends have said how far they were. A sender that had finished says nothing
/// any more.
pub(super) fn pairs<'c, 'r>(stream: &'c Stream<'r>, checkpoint: &Checkpoint<'r>) -> Vec<Pair<'c, 'r>> {
    let mut outputs: BTreeMap<ChannelId, (&OutputCut, &Snapshot<'r>)> = BTreeMap::new();
    for (_, sender) in stream.cuts(checkpoint) {
        outputs.extend(sender.outputs.iter().map(|output| (output.channel, (output, sender))));
    }
    let mut pairs = vec![];
    for (_, receiver) in stream.cuts(checkpoint) {
        let inputs = receiver.acknowledged.map_or(receiver.inputs, |(_, inputs)| inputs);
        for input in inputs {
            if let Some((output, sender)) = outputs.get(&input.channel) {
                pairs.push(Pair { channel: input.channel, input, receiver, output, sender });
            }
        }
    }
    pairs
}
