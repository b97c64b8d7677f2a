//! Unaligned barriers: the barrier counts at once, and what it overtook is kept as channel state until the other
//! channels' barriers come (ChannelStateWriter). Never where it is kept.

use outside_words::ids::CheckpointId;

use super::persisting::{Kept, Persisting};
use super::{Gate, Polled, SUBSUMED};
use crate::message::{Barrier, Buffer};
use crate::task::channel::elements;

impl Gate {
    /// The channel state of a checkpoint, once all of it is here.
    pub fn take_persisted(&mut self, checkpoint: CheckpointId) -> Option<Persisting> {
        self.persisting.take_if(|persisting| persisting.checkpoint == checkpoint && persisting.kept.iter().all(|kept| kept.is_done))
    }

    /// An alignment may have taken too long: then its barrier overtakes.
    pub fn on_time(&mut self, now_ns: u64) {
        let Some((barrier, _)) = self.deadline.take_if(|(_, at_ns)| *at_ns <= now_ns) else { return };
        let is_taken = self.persisting.as_ref().is_none_or(|persisting| persisting.kept.iter().any(|kept| !kept.is_done));
        if !self.is_replayed() || !is_taken {
            // No checkpoint while channel state is replayed, or while what an older one persisted waits to be taken; it
            // is asked again.
            self.deadline = Some((barrier, now_ns + self.manner.timeout_ns.unwrap_or_default()));
        } else if self.on_barrier(None, barrier) {
            self.overtake();
        }
    }

    pub(super) fn on_urgent(&mut self, place: usize, barrier: Barrier) {
        let Some(position) = self.channels[place].place_of(barrier.checkpoint) else { return };
        if self.on_barrier(None, barrier) {
            self.overtake();
        } else {
            self.channels[place].queue.remove(position);
        }
    }

    /// The checkpoint under way goes on unaligned.
    fn overtake(&mut self) {
        let arrived = self.barriers.current.as_ref().map(|current| current.arrived.clone()).unwrap_or_default();
        let barrier = self.barriers.complete().expect("its barrier was counted just now");
        self.unblock(barrier.checkpoint);
        let keep = |(place, channel): (usize, &mut crate::task::channel::InputChannel)| {
            let waiting = channel.place_of(barrier.checkpoint);
            let (elements, is_done) = match waiting {
                Some(position) => (channel.ahead(position), true),
                None if channel.ended || arrived.contains(&place) => (Vec::new(), true),
                None => (channel.ahead(channel.queue.len()), channel.is_ending()),
            };
            if let Some(position) = waiting {
                channel.queue.remove(position);
            }
            Kept { channel: channel.id, consumed: channel.mark, elements, is_done }
        };
        let kept = self.channels.iter_mut().enumerate().map(keep).collect();
        self.persisting = Some(Persisting { checkpoint: barrier.checkpoint, kept });
        self.urgent.retain(|(_, urgent)| urgent.checkpoint > barrier.checkpoint);
        self.tell(Polled::Snapshot(Barrier { unaligned: true, ..barrier }));
    }

    /// Whether a barrier ends what is kept of a channel. It has done its work then and is not queued.
    pub(super) fn is_persisted_until(&mut self, place: usize, barrier: Barrier) -> bool {
        self.give_up_persisting(barrier.checkpoint);
        match &mut self.persisting {
            Some(persisting) if persisting.checkpoint == barrier.checkpoint => {
                persisting.kept[place].is_done = true;
                true
            }
            Some(_) | None => false,
        }
    }

    /// What comes on a channel before its barrier is channel state too.
    pub(super) fn persist(&mut self, place: usize, buffer: &Buffer) {
        let Some(kept) = self.persisting.as_mut().map(|persisting| &mut persisting.kept[place]).filter(|kept| !kept.is_done) else { return };
        kept.elements.extend_from_slice(elements(buffer));
        kept.is_done = *buffer == Buffer::EndOfPartition;
    }

    /// A newer barrier is here: what is kept for an older one will not be complete.
    pub(super) fn give_up_persisting(&mut self, newer: CheckpointId) {
        if let Some(older) = self.persisting.take_if(|persisting| persisting.checkpoint < newer && persisting.kept.iter().any(|kept| !kept.is_done)) {
            self.tell(Polled::Aborted { checkpoint: older.checkpoint, why: SUBSUMED });
        }
    }
}
