//! What masters and workers said, one entry each with what belongs to it. Data; never whether it was right.

use std::collections::BTreeMap;

use contract::ids::MachineId;
use flink_words::ids::{ChannelId, WorkerId};
use flink_words::master::{AckOutcome, AddOutcome, JobStatus};
use flink_words::state::{InputCut, OutputCut, SnapshotKind, StateSummary};
use flink_words::worker::TaskEnd;
use judging::NoteIndex;
use outside_words::ids::{AttemptId, BlobName, CheckpointId, JobId, LeaderId, SplitId, Subtask};
use zookeeper_models::evidence::chain::Position;

/// Somebody leads.
#[derive(Clone, Copy, Debug)]
pub struct Grant<'r> {
    /// The fencing token of all that is done under it.
    pub leader: LeaderId,
    /// The master's machine.
    pub machine: MachineId,
    /// The name of its latch node.
    pub node: &'r str,
    /// When it was told.
    pub note: NoteIndex,
    /// When it was over, if it was: said so, or its process ended.
    pub over: Option<NoteIndex>,
    /// The first state in which its node was the lowest.
    pub position: Option<Position>,
}

/// A job.
#[derive(Clone, Debug, Default)]
pub struct Job {
    /// When its execution plan was said to be durable.
    pub submitted: Vec<NoteIndex>,
    /// The parallelism that its plan says.
    pub parallelism: Option<u16>,
    /// The savepoint that it begins from.
    pub from: Option<(JobId, CheckpointId)>,
    /// Results that were stored, and whether its data was still to be removed.
    pub results: Vec<(NoteIndex, JobStatus, bool)>,
}

/// A task has its state.
#[derive(Clone, Copy, Debug)]
pub struct Running<'r> {
    /// When it said so.
    pub note: NoteIndex,
    /// The checkpoint that it began from.
    pub from: Option<CheckpointId>,
    /// What it found there.
    pub state: &'r StateSummary,
    /// The elements of channel state to be consumed before anything new, by input channel.
    pub replayed: &'r [(ChannelId, u64)],
}

/// An execution of a subtask.
#[derive(Clone, Debug)]
pub struct Task<'r> {
    /// Which one.
    pub id: AttemptId,
    /// The restore that it is part of.
    pub restore: Option<usize>,
    /// When its master sent it out, and to which worker.
    pub deploying: Option<(NoteIndex, WorkerId)>,
    /// Where it came to be.
    pub machine: Option<MachineId>,
    /// When its worker had it, and the checkpoint to begin from.
    pub deployed: Option<(NoteIndex, Option<CheckpointId>)>,
    /// When it had its state, and which.
    pub running: Option<Running<'r>>,
    /// Its end; by itself, or with its process.
    pub ended: Option<(NoteIndex, Option<&'r TaskEnd>)>,
    /// When its master took it for failed.
    pub failed: Option<NoteIndex>,
    /// Its snapshots, in order.
    pub snapshots: Vec<usize>,
    /// Complete checkpoints that it heard of.
    pub notified: Vec<(NoteIndex, CheckpointId)>,
}

impl Task<'_> {
    /// Whether it was deployed by this note, and not over.
    pub fn is_alive(&self, at: NoteIndex) -> bool {
        self.deployed.is_some_and(|(note, _)| note < at) && self.ended.is_none_or(|(note, _)| note >= at)
    }
}

/// A task's part of a checkpoint.
#[derive(Clone, Copy, Debug)]
pub struct Snapshot<'r> {
    /// When its synchronous part was done.
    pub note: NoteIndex,
    /// Whose snapshot it is.
    pub attempt: AttemptId,
    /// The checkpoint that it is part of.
    pub checkpoint: CheckpointId,
    /// Whether the barrier overtook what was in flight.
    pub unaligned: bool,
    /// The input channels, before all was persisted.
    pub inputs: &'r [InputCut],
    /// The output channels.
    pub outputs: &'r [OutputCut],
    /// What the state comes to.
    pub state: &'r StateSummary,
    /// When it was durable, and its inputs with all that was persisted.
    pub acknowledged: Option<(NoteIndex, &'r [InputCut])>,
}

/// A checkpoint or savepoint under one grant.
#[derive(Clone, Debug)]
pub struct Checkpoint<'r> {
    /// The grant.
    pub leader: LeaderId,
    /// The job.
    pub job: JobId,
    /// Its number.
    pub id: CheckpointId,
    /// What kind.
    pub kind: SnapshotKind,
    /// Who must acknowledge it.
    pub tasks: &'r [AttemptId],
    /// Splits that the enumerators hold unassigned, with their offsets.
    pub unassigned: &'r [(SplitId, u64)],
    /// When it was triggered.
    pub triggered: NoteIndex,
    /// Acknowledgements as its master took them: whose, and what each came to.
    pub acks: Vec<(NoteIndex, AttemptId, AckOutcome)>,
    /// When its metadata was in the blob store, under which name, and all blobs that it refers to.
    pub finalized: Option<(NoteIndex, &'r BlobName, &'r [BlobName])>,
    /// Ends of its addition to the store.
    pub added: Vec<(NoteIndex, AddOutcome)>,
    /// When it was complete, with the master's monotonic clock in ms.
    pub completed: Vec<(NoteIndex, u64)>,
    /// When it came to nothing, and why.
    pub aborted: Vec<(NoteIndex, &'r str)>,
    /// When its tasks were told that it is complete.
    pub notifying: Vec<NoteIndex>,
    /// When it was there for good: its node was committed; or, of a savepoint that stops the job, its tasks were told,
    /// or the next job's plan was committed. A leader that is deposed before that leaves a savepoint that nobody uses.
    pub durable: Option<NoteIndex>,
    /// The snapshots of it, by subtask.
    pub cuts: BTreeMap<Subtask, usize>,
}

impl Checkpoint<'_> {
    /// When it was over, if it was.
    pub fn over(&self) -> Option<NoteIndex> {
        let completed = self.completed.first().map(|(note, _)| *note);
        let aborted = self.aborted.first().map(|(note, _)| *note);
        completed.into_iter().chain(aborted).min()
    }

    /// When the store of its master had it.
    pub fn stored(&self) -> Option<NoteIndex> {
        self.added.iter().find(|(_, outcome)| matches!(outcome, AddOutcome::Added | AddOutcome::Assumed)).map(|(note, _)| *note)
    }
}

/// Tasks begin from a checkpoint.
#[derive(Clone, Copy, Debug)]
pub struct Restore<'r> {
    /// When it was decided.
    pub note: NoteIndex,
    /// The grant.
    pub leader: LeaderId,
    /// The job whose tasks begin.
    pub job: JobId,
    /// Of which job, and which checkpoint; nothing if they begin from nothing.
    pub from: Option<(JobId, CheckpointId)>,
    /// The attempts that begin.
    pub tasks: &'r [AttemptId],
    /// All tasks of the job, not some of its regions alone.
    pub global: bool,
}
