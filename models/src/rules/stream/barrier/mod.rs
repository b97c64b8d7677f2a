//! Barriers and channels (catalogue, section B), by the marks that both ends of a channel put down: counts and digests of what had passed. Never the elements themselves.

pub mod cut;
pub mod fifo;
pub mod once;
pub mod unblock;
pub mod channel_state;

use std::collections::BTreeMap;

use vocab::stream::ids::ChannelId;
use vocab::stream::state::{InputCut, OutputCut};

use crate::case::stream::Stream;
use crate::case::stream::said::{Checkpoint, Snapshot};

/// A channel in a checkpoint: what its receiver had taken, and what its sender had emitted.
struct Pair<'c, 'r> {
    channel: ChannelId,
    input: &'r InputCut,
    receiver: &'c Snapshot<'r>,
    output: &'r OutputCut,
    sender: &'c Snapshot<'r>,
}

/// The channels of a checkpoint of which both ends have said how far they were. A sender that had finished says nothing any more.
fn pairs<'c, 'r>(stream: &'c Stream<'r>, checkpoint: &Checkpoint<'r>) -> Vec<Pair<'c, 'r>> {
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
