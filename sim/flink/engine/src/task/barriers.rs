//! Which checkpoint a task is aligning, and how far (SingleCheckpointBarrierHandler). Numbers and sets alone; never a
//! buffer, nor a snapshot.

use std::collections::BTreeSet;

use outside_words::ids::CheckpointId;

use crate::message::Barrier;

/// How many aborted checkpoints are remembered (SubtaskCheckpointCoordinatorImpl remembers 128): their barriers are
/// under way and come soon.
const ABORTED_MAX: usize = 128;

/// A checkpoint whose barriers are on their way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alignment {
    /// Its barrier.
    pub barrier: Barrier,
    /// The channels whose barrier was taken.
    pub arrived: BTreeSet<usize>,
}

/// What a barrier comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// This one is given up for it.
    pub aborted: Option<CheckpointId>,
    /// It is the first of its checkpoint.
    pub began: bool,
    /// It counts; one that comes late does not.
    pub counts: bool,
}

/// The alignment of a task's channels.
#[derive(Clone, Debug, Default)]
pub struct Barriers {
    /// The checkpoint under way.
    pub current: Option<Alignment>,
    /// The newest that is over, one way or the other.
    pub over: CheckpointId,
    /// Those that were given up before their barriers came.
    aborted: BTreeSet<CheckpointId>,
}

impl Barriers {
    /// A barrier is here, on a channel or (as a trigger) on none.
    pub fn arrive(&mut self, channel: Option<usize>, barrier: Barrier) -> Arrival {
        let mut arrival = Arrival { aborted: None, began: false, counts: false };
        if barrier.checkpoint <= self.over || self.aborted.contains(&barrier.checkpoint) {
            return arrival;
        }
        match &self.current {
            Some(current) if current.barrier.checkpoint > barrier.checkpoint => return arrival,
            Some(current) if current.barrier.checkpoint == barrier.checkpoint => {}
            // CHECKPOINT_DECLINED_SUBSUMED: a newer barrier overtakes an older alignment.
            Some(older) => {
                arrival.aborted = Some(older.barrier.checkpoint);
                self.over = older.barrier.checkpoint;
                arrival.began = true;
            }
            None => arrival.began = true,
        }
        if arrival.began {
            self.current = Some(Alignment { barrier, arrived: BTreeSet::new() });
        }
        arrival.counts = true;
        let current = self.current.as_mut().expect("it began now or before");
        current.arrived.extend(channel);
        arrival
    }

    /// A checkpoint came to nothing. Says whether it was under way.
    pub fn abort(&mut self, checkpoint: CheckpointId) -> bool {
        let was = self.current.as_ref().is_some_and(|current| current.barrier.checkpoint == checkpoint);
        if was {
            self.current = None;
            // A newer one had begun: barriers of older ones that are still to come find nothing of theirs
            // (currentCheckpointId never goes back).
            self.over = self.over.max(checkpoint);
        }
        if checkpoint > self.over {
            self.aborted.insert(checkpoint);
            if self.aborted.len() > ABORTED_MAX {
                self.aborted.pop_first();
            }
        }
        was
    }

    /// All barriers are here: the checkpoint under way is over.
    pub fn complete(&mut self) -> Option<Barrier> {
        let current = self.current.take()?;
        self.over = current.barrier.checkpoint;
        self.aborted.retain(|aborted| *aborted > current.barrier.checkpoint);
        Some(current.barrier)
    }
}
