//! An input channel: what came and was not taken yet, how far it was taken, and the credit that its producer has. Never
//! which channel is next, nor what a barrier means.

use std::collections::VecDeque;
use std::sync::Arc;

use contract::ids::MachineId;
use flink_words::ids::ChannelId;
use flink_words::state::ChannelMark;
use outside_words::ids::{AttemptId, CheckpointId};

use super::context::Route;
use crate::message::{Buffer, Element};

/// Buffers that a channel has for itself, so that it always goes on (taskmanager.network.memory.buffers-per-channel;
/// Flink's default is 2, but its pools are larger).
pub const EXCLUSIVE: u32 = 1;

/// An input channel.
#[derive(Clone, Debug)]
pub struct InputChannel {
    /// Its name.
    pub id: ChannelId,
    /// The attempt that sends.
    pub producer: AttemptId,
    /// Where the producer is.
    pub machine: MachineId,
    /// Which of the task's inputs it belongs to.
    pub input: usize,
    /// The way to the producer, once it is requested.
    pub route: Option<Route>,
    /// Channel state to be taken before anything that comes.
    pub replay: VecDeque<Arc<Buffer>>,
    /// What came and was not taken.
    pub queue: VecDeque<Arc<Buffer>>,
    /// The number of the next buffer to come.
    pub next_number: u64,
    /// What was taken; channel state does not count, since the producer never sent it.
    pub mark: ChannelMark,
    /// Credit that the producer has and did not use.
    pub granted: u32,
    /// Data buffers in `queue`.
    pub held: u32,
    /// Floating buffers among those two.
    pub floating: u32,
    /// Credit that the producer does not know of yet.
    pub due: u32,
    /// How many buffers wait at the producer, as it last said.
    pub backlog: u32,
    /// EndOfData was taken: whether drained.
    pub end_of_data: Option<bool>,
    /// EndOfPartition was taken.
    pub ended: bool,
    /// Its barrier is here, the others' are not.
    pub blocked: bool,
}

impl InputChannel {
    /// A channel on which nothing has come.
    pub fn new(id: ChannelId, producer: AttemptId, machine: MachineId, input: usize) -> InputChannel {
        InputChannel {
            id,
            producer,
            machine,
            input,
            route: None,
            replay: VecDeque::new(),
            queue: VecDeque::new(),
            next_number: 0,
            mark: ChannelMark::default(),
            granted: EXCLUSIVE,
            held: 0,
            floating: 0,
            due: 0,
            backlog: 0,
            end_of_data: None,
            ended: false,
            blocked: false,
        }
    }

    /// Whether something can be taken from it now.
    pub fn is_ready(&self) -> bool {
        !self.blocked && !self.queue.is_empty()
    }

    /// Where a checkpoint's barrier waits in the queue.
    pub fn place_of(&self, checkpoint: CheckpointId) -> Option<usize> {
        self.queue.iter().position(|buffer| matches!(**buffer, Buffer::Barrier(barrier) if barrier.checkpoint == checkpoint))
    }

    /// Whether the end of the partition waits in the queue, so that no barrier will come.
    pub fn is_ending(&self) -> bool {
        self.queue.iter().any(|buffer| **buffer == Buffer::EndOfPartition)
    }

    /// The elements of the first buffers in the queue.
    pub fn ahead(&self, buffers: usize) -> Vec<Element> {
        self.queue.iter().take(buffers).flat_map(|buffer| elements(buffer)).cloned().collect()
    }

    /// What holds of its credit: every buffer is either granted or held, and one at least is its own.
    pub fn check(&self) -> Result<(), String> {
        let owned = self.granted + self.held;
        match owned == EXCLUSIVE + self.floating {
            true => Ok(()),
            false => Err(format!("channel {:?}: {} granted and {} held of {EXCLUSIVE} + {}", self.id, self.granted, self.held, self.floating)),
        }
    }
}

/// The elements of a buffer: none, if it is an event.
pub fn elements(buffer: &Buffer) -> &[Element] {
    match buffer {
        Buffer::Data(elements) => elements,
        Buffer::Barrier(_) | Buffer::CancelBarrier(_) | Buffer::EndOfData { .. } | Buffer::EndOfPartition => &[],
    }
}
