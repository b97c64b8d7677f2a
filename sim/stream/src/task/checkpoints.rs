//! A task's part in checkpoints: it is triggered, fixes its state when its barriers are here, and hears how the checkpoint went. Never how barriers are aligned, nor how blobs are uploaded.

use vocab::plan::StreamPlant;
use vocab::stream::WorkerFact;
use vocab::stream::ids::CheckpointId;
use vocab::stream::state::{SnapshotKind, StateSummary};

use super::core::Task;
use super::desk::Desk;
use super::snapshotting::Fixed;
use super::work::Work;
use crate::message::{Barrier, Buffer, Up};
use crate::snapshot::Unkeyed;
use crate::state::OperatorState;

impl Task {
    /// The master triggers a checkpoint here: nothing upstream runs.
    pub fn on_trigger(&mut self, checkpoint: CheckpointId, kind: SnapshotKind, desk: &mut Desk) {
        let checkpoints = desk.plan.checkpoints;
        let unaligned = checkpoints.unaligned && checkpoints.aligned_timeout_ms == 0 && kind == SnapshotKind::Checkpoint;
        let barrier = Barrier { checkpoint, kind, unaligned };
        if !self.is_running() {
            let why = "Checkpoint was declined because the task is not running.";
            desk.up(Up::Decline { attempt: desk.attempt, checkpoint, why: why.into(), counts: false });
            return;
        }
        if !self.gate.channels().is_empty() {
            self.gate.trigger(barrier);
        } else if checkpoint > self.emitted {
            desk.note(WorkerFact::AlignmentBegan { attempt: desk.attempt, checkpoint });
            if kind == SnapshotKind::Drain && !self.ending.has_ended() {
                self.end_source(true, desk);
            }
            if let Work::Source { reader, .. } = &mut self.work
                && kind.stops()
            {
                reader.stop();
            }
            self.fix(barrier, desk);
        }
        self.settle(desk);
    }

    /// A checkpoint is complete.
    pub fn on_complete(&mut self, checkpoint: CheckpointId, desk: &mut Desk) {
        desk.note(WorkerFact::Notified { attempt: desk.attempt, checkpoint });
        self.snapshots.on_complete(checkpoint);
        if let Work::Sink(sink) = &mut self.work {
            sink.on_complete(checkpoint, desk);
        }
        let stops = self.ending.on_complete(checkpoint);
        if stops && self.gate.channels().is_empty() && !self.ending.has_ended() {
            self.end_data(false, desk);
        }
        self.settle(desk);
    }

    /// A checkpoint came to nothing, the master says.
    pub fn on_abort(&mut self, checkpoint: CheckpointId, desk: &mut Desk) {
        if self.ending.stops_with(checkpoint) {
            return desk.fail("Stop-with-savepoint failed.".into());
        }
        let was_aligned = self.gate.abort(checkpoint) | self.forget_pending(checkpoint);
        let why = "Checkpoint was aborted by the coordinator.";
        if !self.snapshots.abort(checkpoint, why, desk) && was_aligned {
            desk.note(WorkerFact::SnapshotAborted { attempt: desk.attempt, checkpoint, why: why.into() });
        }
        self.settle(desk);
    }

    /// A checkpoint cannot be had here: the master is told, and those downstream, unless they have its barrier.
    pub(super) fn give_up(&mut self, checkpoint: CheckpointId, why: &str, desk: &mut Desk) {
        self.forget_pending(checkpoint);
        if !self.snapshots.abort(checkpoint, why, desk) {
            desk.note(WorkerFact::SnapshotAborted { attempt: desk.attempt, checkpoint, why: why.into() });
        }
        if checkpoint > self.emitted && !self.ending.is_told() {
            self.output.cancel(checkpoint);
        }
        desk.up(Up::Decline { attempt: desk.attempt, checkpoint, why: why.into(), counts: false });
    }

    /// All barriers are here: the state is fixed as soon as the sink's rows are written.
    pub(super) fn snapshot(&mut self, barrier: Barrier, desk: &mut Desk) {
        self.pending = Some(barrier);
        self.fix_if_flushed(desk);
    }

    pub(super) fn fix_if_flushed(&mut self, desk: &mut Desk) -> bool {
        let Some(barrier) = self.pending.take_if(|_| self.work.is_flushed()) else { return false };
        self.fix(barrier, desk);
        true
    }

    /// The synchronous part of a snapshot: the barrier goes out before anything that comes after it, and the state is fixed.
    fn fix(&mut self, barrier: Barrier, desk: &mut Desk) {
        let checkpoint = barrier.checkpoint;
        assert!(checkpoint > self.emitted, "barriers rise: {checkpoint} comes after {}", self.emitted);
        self.emitted = checkpoint;
        // Whoever was told that nothing comes any more counts this channel as aligned.
        let (outputs, overtaken) = if self.ending.is_told() { (self.output.cuts(), Vec::new()) } else { self.output.barrier(barrier) };
        if let Work::Sink(sink) = &mut self.work {
            sink.prepare(checkpoint);
        }
        let (OperatorState { mut groups, list, union, broadcast, watermark }, rest, state) = self.state();
        let unkeyed = Unkeyed { list, union, broadcast, watermark, ..rest };
        if desk.has_plant(StreamPlant::TimersNotSaved) {
            groups.values_mut().for_each(|group| group.timers.clear());
        }
        let cuts = self.gate.cuts();
        let (kind, unaligned) = (barrier.kind, barrier.unaligned);
        desk.note(WorkerFact::Snapshotted { attempt: desk.attempt, checkpoint, kind, unaligned, inputs: cuts.clone(), outputs, state });
        self.tell_pressure(desk);
        self.ending.snapshotted(checkpoint, barrier.kind.stops());
        let awaits_inputs = unaligned && !self.gate.channels().is_empty();
        self.snapshots.begin(barrier, Fixed { groups, unkeyed, outputs: overtaken, cuts, awaits_inputs }, desk);
        self.collect_channel_state(desk);
    }

    /// Channel state that is all here goes into its snapshot.
    pub(super) fn collect_channel_state(&mut self, desk: &mut Desk) {
        let awaiting: Vec<CheckpointId> = self.snapshots.awaiting().collect();
        for checkpoint in awaiting {
            if let Some(persisted) = self.gate.take_persisted(checkpoint) {
                let cuts = persisted.cuts();
                self.snapshots.on_inputs(checkpoint, cuts, persisted.into_elements(), desk);
            }
        }
    }

    /// Says downstream that the data has ended.
    pub(super) fn end_data(&mut self, drained: bool, desk: &mut Desk) {
        self.ending.end_data(drained);
        self.output.event(Buffer::EndOfData { drained });
        desk.note(WorkerFact::EndOfData { attempt: desk.attempt, drained });
    }

    /// Says downstream that nothing comes any more, once that is so.
    pub(super) fn end_partition(&mut self) {
        if self.pending.is_none() && self.ending.tell() {
            self.output.event(Buffer::EndOfPartition);
        }
    }

    fn forget_pending(&mut self, checkpoint: CheckpointId) -> bool {
        self.pending.take_if(|pending| pending.checkpoint == checkpoint).is_some()
    }

    /// The state as it is now: the operator's, what others than operators keep, and all of it in numbers.
    fn state(&self) -> (OperatorState, Unkeyed, StateSummary) {
        let (operator, rest) = match &self.work {
            Work::Source { reader, .. } => (OperatorState::default(), Unkeyed { splits: reader.offsets(), ..Unkeyed::default() }),
            Work::Operator(operator) => (operator.snapshot(), Unkeyed::default()),
            Work::Sink(sink) => {
                let (committables, next_txn) = sink.state();
                (OperatorState::default(), Unkeyed { committables, next_txn, ..Unkeyed::default() })
            }
            Work::Finished => (OperatorState::default(), Unkeyed::default()),
        };
        let committables = rest.committables.iter().map(|committable| committable.txn.clone()).collect();
        let summary = StateSummary { splits: rest.splits.clone(), committables, ..operator.summary() };
        (operator, rest, summary)
    }

    /// The state in numbers.
    pub(super) fn summary(&self) -> StateSummary {
        self.state().2
    }
}
