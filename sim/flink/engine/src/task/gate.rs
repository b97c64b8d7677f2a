//! A task's input: channels, credit, the order in which buffers are taken, and what barriers do to it. Never what an
//! element does to an operator's state.
//!
//! Aligned: a channel whose barrier is here is blocked until all are. Unaligned: the first barrier counts as soon as it
//! comes, and what is in flight ahead of the others is channel state.

mod flow;
mod overtake;
mod persisting;
#[cfg(test)]
mod laws;

use std::collections::VecDeque;
use std::sync::Arc;

use flink_words::ids::ChannelId;
use flink_words::state::InputCut;
use outside_words::ids::{AttemptId, CheckpointId};

use super::barriers::Barriers;
use super::channel::{InputChannel, elements};
use super::mark;
use crate::message::{Barrier, Buffer};
pub use persisting::Persisting;

/// CheckpointFailureReason.CHECKPOINT_DECLINED_SUBSUMED in words.
const SUBSUMED: &str = "Checkpoint was canceled because a barrier from newer checkpoint was received.";

/// What a task takes from its gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Polled {
    /// Elements of a channel.
    Elements {
        /// The channel's place.
        channel: usize,
        /// A data buffer.
        buffer: Arc<Buffer>,
    },
    /// The first barrier of a checkpoint came.
    Began(CheckpointId),
    /// The state is to be fixed now. `unaligned` says how it came about.
    Snapshot(Barrier),
    /// A checkpoint is given up.
    Aborted {
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// Why, in Flink's words.
        why: &'static str,
    },
    /// All channels have said that their data ended.
    EndOfData {
        /// All of them were drained.
        drained: bool,
    },
    /// Nothing comes any more.
    Ended,
}

/// How a gate treats barriers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manner {
    /// How long an alignment may take before its barrier overtakes; `None` is for ever.
    pub timeout_ns: Option<u64>,
    /// A barrier does not block its channel (a plant).
    pub blocks: bool,
}

/// A task's input.
#[derive(Clone, Debug)]
pub struct Gate {
    channels: Vec<InputChannel>,
    barriers: Barriers,
    manner: Manner,
    /// Floating buffers that no channel has.
    floating: u32,
    /// The channel that is looked at first.
    next: usize,
    /// What is to be told before anything else is taken.
    told: VecDeque<Polled>,
    /// Unaligned barriers that came, by channel, in their order.
    urgent: VecDeque<(usize, Barrier)>,
    /// The oldest barrier that waits in a queue, and when its alignment will have taken too long.
    deadline: Option<(Barrier, u64)>,
    persisting: Option<Persisting>,
    /// All ends were told.
    is_over: bool,
}

impl Gate {
    /// A gate on which nothing has come, with so many floating buffers.
    pub fn new(channels: Vec<InputChannel>, floating: u32, manner: Manner) -> Gate {
        Gate {
            channels,
            barriers: Barriers::default(),
            manner,
            floating,
            next: 0,
            told: VecDeque::new(),
            urgent: VecDeque::new(),
            deadline: None,
            persisting: None,
            is_over: false,
        }
    }

    /// The channels.
    pub fn channels(&self) -> &[InputChannel] {
        &self.channels
    }

    /// A channel, to be requested, credited or given what it must replay.
    pub fn channel_mut(&mut self, place: usize) -> &mut InputChannel {
        &mut self.channels[place]
    }

    /// Where a channel is.
    pub fn place_of(&self, channel: ChannelId, producer: AttemptId) -> Option<usize> {
        self.channels.iter().position(|known| known.id == channel && known.producer == producer)
    }

    /// A checkpoint is triggered here, since nothing upstream runs that could send its barrier.
    pub fn trigger(&mut self, barrier: Barrier) {
        self.on_barrier(None, barrier);
        self.complete_if_all_are_here();
    }

    /// A checkpoint came to nothing, the master says. Says whether it was under way here.
    pub fn abort(&mut self, checkpoint: CheckpointId) -> bool {
        let was_aligned = self.barriers.abort(checkpoint);
        if was_aligned {
            self.unblock(checkpoint);
        }
        self.persisting.take_if(|persisting| persisting.checkpoint == checkpoint).is_some() | was_aligned
    }

    /// Whether [`Gate::poll`] has something; with `urgent` what blocked outputs do not hold up.
    pub fn is_ready(&self, urgent: bool) -> bool {
        let unaligned = !self.urgent.is_empty() && self.is_replayed();
        !self.told.is_empty() || unaligned || !urgent && (self.channels.iter().any(InputChannel::is_ready) || !self.is_replayed())
    }

    /// Takes what is next. With `urgent` only what overtakes everything.
    pub fn poll(&mut self, urgent: bool) -> Option<Polled> {
        loop {
            if let Some(told) = self.told.pop_front() {
                return Some(told);
            }
            // Channel state comes before anything new (BAR-CHSTATE-ORDER), barriers included.
            if let Some(channel) = self.channels.iter().position(|channel| !channel.replay.is_empty()) {
                if urgent {
                    return None;
                }
                let buffer = self.channels[channel].replay.pop_front().expect("it was looked for");
                return Some(Polled::Elements { channel, buffer });
            }
            if let Some((channel, barrier)) = self.urgent.pop_front() {
                self.on_urgent(channel, barrier);
                continue;
            }
            if urgent {
                return None;
            }
            let channel = self.next_ready()?;
            let buffer = self.channels[channel].queue.pop_front().expect("it is ready");
            match &*buffer {
                Buffer::Data(_) => {
                    for element in elements(&buffer) {
                        mark::push(&mut self.channels[channel].mark, element);
                    }
                    self.consumed(channel);
                    return Some(Polled::Elements { channel, buffer });
                }
                Buffer::Barrier(barrier) => {
                    self.on_barrier(Some(channel), *barrier);
                    self.complete_if_all_are_here();
                }
                Buffer::CancelBarrier(checkpoint) => self.on_cancel(*checkpoint),
                Buffer::EndOfData { drained } => self.on_end_of_data(channel, *drained),
                Buffer::EndOfPartition => self.on_end_of_partition(channel),
            }
        }
    }

    /// Whether a channel's end has come, taken or not.
    pub fn has_end(&self, place: usize) -> bool {
        self.channels[place].ended || self.channels[place].is_ending()
    }

    /// When an alignment will have taken too long.
    pub fn deadline_ns(&self) -> Option<u64> {
        self.deadline.map(|(_, at_ns)| at_ns)
    }

    /// How far each channel was taken.
    pub fn cuts(&self) -> Vec<InputCut> {
        self.channels.iter().map(|channel| InputCut { channel: channel.id, consumed: channel.mark, persisted: channel.mark }).collect()
    }

    /// All elements that wait to be replayed, by channel; channels without any are left out.
    pub fn replayed(&self) -> Vec<(ChannelId, u64)> {
        let counts = self.channels.iter().map(|channel| (channel.id, channel.replay.iter().map(|buffer| elements(buffer).len() as u64).sum()));
        counts.filter(|(_, count)| *count > 0).collect()
    }

    /// Whether no channel state waits.
    pub fn is_replayed(&self) -> bool {
        self.channels.iter().all(|channel| channel.replay.is_empty())
    }

    /// Whether all ends were taken.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// What must hold between steps.
    pub fn check(&self) -> Result<(), String> {
        self.channels.iter().try_for_each(InputChannel::check)?;
        match self.barriers.current.is_none() && self.channels.iter().any(|channel| channel.blocked) {
            true => Err("a channel is blocked, and no checkpoint is aligned (BAR-UNBLOCK)".into()),
            false => Ok(()),
        }
    }

    fn next_ready(&mut self) -> Option<usize> {
        let count = self.channels.len();
        let place = (0..count).map(|i| (self.next + i) % count).find(|place| self.channels[*place].is_ready())?;
        self.next = (place + 1) % count;
        Some(place)
    }

    /// Says whether it counts.
    fn on_barrier(&mut self, channel: Option<usize>, barrier: Barrier) -> bool {
        let arrival = self.barriers.arrive(channel, barrier);
        if let Some(checkpoint) = arrival.aborted {
            self.unblock(checkpoint);
            self.told.push_back(Polled::Aborted { checkpoint, why: SUBSUMED });
        }
        if arrival.began {
            // An older one that is still being persisted will not be waited for.
            self.give_up_persisting(barrier.checkpoint);
            self.told.push_back(Polled::Began(barrier.checkpoint));
        }
        if let (true, Some(channel)) = (arrival.counts && self.manner.blocks, channel) {
            self.channels[channel].blocked = true;
        }
        arrival.counts
    }

    fn complete_if_all_are_here(&mut self) {
        let Some(current) = &self.barriers.current else { return };
        if (0..self.channels.len()).all(|place| self.channels[place].ended || current.arrived.contains(&place)) {
            let barrier = self.barriers.complete().expect("it is under way");
            self.unblock(barrier.checkpoint);
            self.told.push_back(Polled::Snapshot(Barrier { unaligned: false, ..barrier }));
        }
    }

    /// A checkpoint is given up upstream (CancelCheckpointMarker). An older one that is being aligned would wait for a
    /// barrier that never comes.
    fn on_cancel(&mut self, checkpoint: CheckpointId) {
        let current = self.barriers.current.as_ref().map(|current| current.barrier.checkpoint);
        if let Some(older) = current.filter(|current| *current < checkpoint) {
            self.abort(older);
            self.told.push_back(Polled::Aborted { checkpoint: older, why: SUBSUMED });
        }
        let is_over = checkpoint <= self.barriers.over;
        if self.abort(checkpoint) || !is_over {
            self.told.push_back(Polled::Aborted { checkpoint, why: "Task received cancellation from one of its inputs." });
        }
        self.barriers.over = self.barriers.over.max(checkpoint);
    }

    fn on_end_of_data(&mut self, channel: usize, drained: bool) {
        self.channels[channel].end_of_data = Some(drained);
        let ends: Option<Vec<bool>> = self.channels.iter().map(|channel| channel.end_of_data).collect();
        if let Some(ends) = ends {
            self.told.push_back(Polled::EndOfData { drained: ends.into_iter().all(|drained| drained) });
        }
    }

    fn on_end_of_partition(&mut self, channel: usize) {
        self.channels[channel].ended = true;
        self.channels[channel].blocked = false;
        self.complete_if_all_are_here();
        if self.channels.iter().all(|channel| channel.ended) && !self.is_over {
            self.is_over = true;
            self.told.push_back(Polled::Ended);
        }
    }

    /// A checkpoint is over: nothing is blocked or awaited for it any more.
    fn unblock(&mut self, checkpoint: CheckpointId) {
        self.channels.iter_mut().for_each(|channel| channel.blocked = false);
        self.deadline.take_if(|(barrier, _)| barrier.checkpoint <= checkpoint);
    }
}
