//! A task's part in checkpoints: it is triggered, fixes its state when its barriers are here, and hears how the
//! checkpoint went. Never how barriers are aligned, nor how blobs are uploaded.

use flink_words::fact::WorkerFact;
use flink_words::plant::StreamPlant;
use flink_words::state::{SnapshotKind, StateSummary};
use outside_words::ids::CheckpointId;

use super::context::TaskContext;
use super::core::Task;
use super::snapshotting::Fixed;
use super::work::Work;
use crate::message::{Barrier, Buffer, Up};
use crate::snapshot::Unkeyed;
use crate::state::OperatorState;

impl Task {
    /// The master triggers a checkpoint here: nothing upstream runs.
    pub fn on_trigger(&mut self, checkpoint: CheckpointId, kind: SnapshotKind, context: &mut TaskContext) {
        let checkpoints = context.plan.checkpoints;
        let unaligned = checkpoints.unaligned && checkpoints.aligned_timeout_ms == 0 && kind == SnapshotKind::Checkpoint;
        let barrier = Barrier { checkpoint, kind, unaligned };
        if !self.is_running() {
            let why = "Checkpoint was declined because the task is not running.";
            context.up(Up::Decline { attempt: context.attempt, checkpoint, why: why.into(), counts: false });
            return;
        }
        if !self.gate.channels().is_empty() {
            self.gate.trigger(barrier);
        } else if checkpoint > self.emitted {
            context.note(WorkerFact::AlignmentBegan { attempt: context.attempt, checkpoint });
            if kind == SnapshotKind::Drain && !self.ending.has_ended() {
                self.end_source(true, context);
            }
            if let Work::Source { reader, .. } = &mut self.work
                && kind.stops()
            {
                reader.stop();
            }
            self.fix(barrier, context);
        }
        self.settle(context);
    }

    /// A checkpoint is complete.
    pub fn on_complete(&mut self, checkpoint: CheckpointId, context: &mut TaskContext) {
        context.note(WorkerFact::Notified { attempt: context.attempt, checkpoint });
        self.snapshots.on_complete(checkpoint);
        if let Work::Sink(sink) = &mut self.work {
            sink.on_complete(checkpoint, context);
        }
        let stops = self.ending.on_complete(checkpoint);
        if stops && self.gate.channels().is_empty() && !self.ending.has_ended() {
            self.end_data(false, context);
        }
        self.settle(context);
    }

    /// A checkpoint came to nothing, the master says.
    pub fn on_abort(&mut self, checkpoint: CheckpointId, context: &mut TaskContext) {
        if self.ending.stops_with(checkpoint) {
            return context.fail("Stop-with-savepoint failed.".into());
        }
        let was_aligned = self.gate.abort(checkpoint) | self.forget_pending(checkpoint);
        let why = "Checkpoint was aborted by the coordinator.";
        if !self.snapshots.abort(checkpoint, why, context) && was_aligned {
            context.note(WorkerFact::SnapshotAborted { attempt: context.attempt, checkpoint, why: why.into() });
        }
        self.settle(context);
    }

    /// A checkpoint cannot be had here: the master is told, and those downstream, unless they have its barrier.
    pub(super) fn give_up(&mut self, checkpoint: CheckpointId, why: &str, context: &mut TaskContext) {
        self.forget_pending(checkpoint);
        if !self.snapshots.abort(checkpoint, why, context) {
            context.note(WorkerFact::SnapshotAborted { attempt: context.attempt, checkpoint, why: why.into() });
        }
        if checkpoint > self.emitted && !self.ending.is_told() {
            self.output.cancel(checkpoint);
        }
        context.up(Up::Decline { attempt: context.attempt, checkpoint, why: why.into(), counts: false });
    }

    /// All barriers are here: the state is fixed as soon as the sink's rows are written.
    pub(super) fn snapshot(&mut self, barrier: Barrier, context: &mut TaskContext) {
        self.pending = Some(barrier);
        self.fix_if_flushed(context);
    }

    pub(super) fn fix_if_flushed(&mut self, context: &mut TaskContext) -> bool {
        let Some(barrier) = self.pending.take_if(|_| self.work.is_flushed()) else { return false };
        self.fix(barrier, context);
        true
    }

    /// The synchronous part of a snapshot: the barrier goes out before anything that comes after it, and the state is
    /// fixed.
    fn fix(&mut self, barrier: Barrier, context: &mut TaskContext) {
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
        if context.has_plant(StreamPlant::TimersNotSaved) {
            groups.values_mut().for_each(|group| group.timers.clear());
        }
        let cuts = self.gate.cuts();
        let (kind, unaligned) = (barrier.kind, barrier.unaligned);
        context.note(WorkerFact::Snapshotted { attempt: context.attempt, checkpoint, kind, unaligned, inputs: cuts.clone(), outputs, state });
        self.tell_pressure(context);
        self.ending.snapshotted(checkpoint, barrier.kind.stops());
        let awaits_inputs = unaligned && !self.gate.channels().is_empty();
        self.snapshots.begin(barrier, Fixed { groups, unkeyed, outputs: overtaken, cuts, awaits_inputs }, context);
        self.collect_channel_state(context);
    }

    /// Channel state that is all here goes into its snapshot.
    pub(super) fn collect_channel_state(&mut self, context: &mut TaskContext) {
        let awaiting: Vec<CheckpointId> = self.snapshots.awaiting().collect();
        for checkpoint in awaiting {
            if let Some(persisted) = self.gate.take_persisted(checkpoint) {
                let cuts = persisted.cuts();
                self.snapshots.on_inputs(checkpoint, cuts, persisted.into_elements(), context);
            }
        }
    }

    /// Says downstream that the data has ended.
    pub(super) fn end_data(&mut self, drained: bool, context: &mut TaskContext) {
        self.ending.end_data(drained);
        self.output.event(Buffer::EndOfData { drained });
        context.note(WorkerFact::EndOfData { attempt: context.attempt, drained });
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
