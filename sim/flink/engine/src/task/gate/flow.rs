//! What comes into a gate, and the credit that goes out for it: a buffer of a channel's own always comes back to it,
//! floating ones go where a backlog is. Never what is in a buffer.

use std::sync::Arc;

use flink_words::state::SnapshotKind;

use super::{Gate, Polled};
use crate::message::{Barrier, Buffer};

impl Gate {
    /// A buffer came. Panics when one is missing before it, or came without credit: streams are FIFO, and producers
    /// keep to their credit.
    pub fn receive(&mut self, place: usize, number: u64, backlog: u32, buffer: Arc<Buffer>, now_ns: u64) {
        let channel = &mut self.channels[place];
        assert_eq!(number, channel.next_number, "buffers of {:?} come in their order", channel.id);
        channel.next_number += 1;
        channel.backlog = backlog;
        match &*buffer {
            Buffer::Data(_) => {
                assert!(channel.granted > 0, "a buffer of {:?} came without credit", channel.id);
                channel.granted -= 1;
                channel.held += 1;
            }
            Buffer::Barrier(barrier) if self.is_persisted_until(place, *barrier) => return,
            Buffer::Barrier(barrier) if barrier.unaligned => self.urgent.push_back((place, *barrier)),
            Buffer::Barrier(barrier) => self.announce(*barrier, now_ns),
            Buffer::CancelBarrier(_) | Buffer::EndOfData { .. } | Buffer::EndOfPartition => {}
        }
        self.persist(place, &buffer);
        self.channels[place].queue.push_back(buffer);
        self.lend(place);
    }

    /// The credit to be told to each channel's producer, which is told with this.
    pub fn take_due(&mut self) -> Vec<(usize, u32)> {
        let dues = self.channels.iter_mut().enumerate().filter(|(_, channel)| channel.due > 0);
        dues.map(|(place, channel)| (place, std::mem::take(&mut channel.due))).collect()
    }

    /// How long an alignment may take is counted from when its first barrier waits in a queue.
    fn announce(&mut self, barrier: Barrier, now_ns: u64) {
        let is_new = barrier.checkpoint > self.barriers.over && barrier.kind == SnapshotKind::Checkpoint;
        if let (Some(timeout_ns), true, None) = (self.manner.timeout_ns, is_new, &self.deadline) {
            self.deadline = Some((barrier, now_ns + timeout_ns));
        }
    }

    /// A data buffer was taken: it is free again.
    pub(super) fn consumed(&mut self, place: usize) {
        let channel = &mut self.channels[place];
        channel.held -= 1;
        if channel.floating > 0 && channel.granted >= channel.backlog {
            channel.floating -= 1;
            self.floating += 1;
            (0..self.channels.len()).for_each(|place| self.lend(place));
        } else if channel.end_of_data.is_none() {
            channel.granted += 1;
            channel.due += 1;
        } else {
            // Nobody will use it any more, but it is the channel's all the same.
            channel.granted += 1;
        }
    }

    /// Floating buffers for a channel's backlog, as long as there are any.
    fn lend(&mut self, place: usize) {
        let channel = &mut self.channels[place];
        let wanted = channel.backlog.saturating_sub(channel.granted).min(self.floating);
        channel.floating += wanted;
        channel.granted += wanted;
        channel.due += wanted;
        self.floating -= wanted;
    }

    /// What is told to a task must not be told again; a gate that is given up tells nothing.
    pub(super) fn tell(&mut self, polled: Polled) {
        self.told.push_back(polled);
    }
}
