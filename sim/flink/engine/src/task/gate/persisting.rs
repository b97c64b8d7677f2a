//! The channel state of one unaligned checkpoint, while it is gathered. Data; never when it is complete.

use flink_words::ids::ChannelId;
use flink_words::state::{ChannelMark, InputCut};
use outside_words::ids::CheckpointId;

use crate::message::Element;
use crate::task::mark;

/// What is kept of a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) channel: ChannelId,
    /// What the operator had taken when its state was fixed.
    pub(super) consumed: ChannelMark,
    pub(super) elements: Vec<Element>,
    /// The barrier is here, or will never come.
    pub(super) is_done: bool,
}

/// The channel state of a checkpoint, on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Persisting {
    /// The checkpoint.
    pub checkpoint: CheckpointId,
    pub(super) kept: Vec<Kept>,
}

impl Persisting {
    /// The cuts, with all that is kept.
    pub fn cuts(&self) -> Vec<InputCut> {
        let cut = |kept: &Kept| InputCut { channel: kept.channel, consumed: kept.consumed, persisted: mark::after(kept.consumed, &kept.elements) };
        self.kept.iter().map(cut).collect()
    }

    /// The elements of each channel that has any.
    pub fn into_elements(self) -> Vec<(ChannelId, Vec<Element>)> {
        self.kept.into_iter().map(|kept| (kept.channel, kept.elements)).filter(|(_, elements)| !elements.is_empty()).collect()
    }
}
