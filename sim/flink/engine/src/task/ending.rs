//! How a task comes to its end: its data ends, then it waits for a checkpoint that it took after that, then it says
//! that nothing comes any more (FLIP-147). Never a cancellation.

use std::collections::BTreeSet;

use outside_words::ids::CheckpointId;

use super::gate::Gate;

/// How far a task is with its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ending {
    /// Its data has ended: whether drained.
    data: Option<bool>,
    /// Checkpoints that it took after that, or with which the job stops.
    last: BTreeSet<CheckpointId>,
    /// The savepoint with which the job stops.
    stop: Option<CheckpointId>,
    /// One of those is complete, or there is nothing to be kept.
    is_kept: bool,
    /// EndOfPartition was sent.
    is_told: bool,
}

impl Ending {
    /// Its data has ended.
    pub fn end_data(&mut self, drained: bool) {
        self.data = Some(drained);
    }

    /// Whether its data has ended.
    pub fn has_ended(&self) -> bool {
        self.data.is_some()
    }

    /// A checkpoint was taken.
    pub fn snapshotted(&mut self, checkpoint: CheckpointId, stops: bool) {
        if stops {
            self.stop = Some(checkpoint);
        }
        if stops || self.has_ended() {
            self.last.insert(checkpoint);
        }
    }

    /// A checkpoint is complete. Says whether the job stops with it.
    pub fn on_complete(&mut self, checkpoint: CheckpointId) -> bool {
        self.is_kept |= self.last.contains(&checkpoint);
        self.stop == Some(checkpoint)
    }

    /// Whether it took the savepoint with which the job stops: nothing that is in no savepoint may happen after it
    /// (SP-STOP-ATOMIC).
    pub fn is_stopping(&self) -> bool {
        self.stop.is_some()
    }

    /// Whether the job was to stop with this one.
    pub fn stops_with(&self, checkpoint: CheckpointId) -> bool {
        self.stop == Some(checkpoint)
    }

    /// There is nothing to be kept.
    pub fn may_finish(&mut self) {
        self.is_kept = true;
    }

    /// Whether EndOfPartition is to be sent now; it is once.
    pub fn tell(&mut self) -> bool {
        let now = self.data.is_some() && self.is_kept && !self.is_told;
        self.is_told |= now;
        now
    }

    /// Whether EndOfPartition was sent.
    pub fn is_told(&self) -> bool {
        self.is_told
    }

    /// Whether all is said, and all inputs have ended.
    pub fn is_over(&self, gate: &Gate) -> bool {
        self.is_told && (gate.channels().is_empty() || gate.is_over())
    }
}
