//! What masters and workers said, one entry each with what belongs to it. Data; never whether it was right.

use std::collections::BTreeMap;

use vocab::ids::MachineId;
use vocab::stream::ids::{AttemptId, BlobName, ChannelId, CheckpointId, JobId, LeaderId, SplitId, Subtask, WorkerId};
use vocab::stream::master::{AckOutcome, AddOutcome, JobStatus};
use vocab::stream::state::{InputCut, OutputCut, SnapshotKind, StateSummary};
use vocab::stream::worker::TaskEnd;

use crate::case::course::Position;
use crate::case::said::NoteIndex;

/// Somebody leads.
#[derive(Clone, Copy, Debug)]
pub struct Grant<'r> {
    pub leader: LeaderId,
    pub machine: MachineId,
    /// The name of its latch node.
    pub node: &'r str,
    pub note: NoteIndex,
    /// When it was over, if it was: said so, or its process ended.
    pub over: Option<NoteIndex>,
    /// The first state in which its node was the lowest.
    pub position: Option<Position>,
}

/// A job.
#[derive(Clone, Debug, Default)]
pub struct Job {
    pub submitted: Vec<NoteIndex>,
    pub parallelism: Option<u16>,
    /// The savepoint that it begins from.
    pub from: Option<(JobId, CheckpointId)>,
    /// Results that were stored, and whether its data was still to be removed.
    pub results: Vec<(NoteIndex, JobStatus, bool)>,
}

/// A task has its state.
#[derive(Clone, Copy, Debug)]
pub struct Running<'r> {
    pub note: NoteIndex,
    pub from: Option<CheckpointId>,
    pub state: &'r StateSummary,
    pub replayed: &'r [(ChannelId, u64)],
}

/// An execution of a subtask.
#[derive(Clone, Debug)]
pub struct Task<'r> {
    pub id: AttemptId,
    /// The restore that it is part of.
    pub restore: Option<usize>,
    pub deploying: Option<(NoteIndex, WorkerId)>,
    /// Where it came to be.
    pub machine: Option<MachineId>,
    pub deployed: Option<(NoteIndex, Option<CheckpointId>)>,
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
    pub note: NoteIndex,
    pub attempt: AttemptId,
    pub checkpoint: CheckpointId,
    pub unaligned: bool,
    pub inputs: &'r [InputCut],
    pub outputs: &'r [OutputCut],
    pub state: &'r StateSummary,
    /// When it was durable, and its inputs with all that was persisted.
    pub acknowledged: Option<(NoteIndex, &'r [InputCut])>,
}

/// A checkpoint or savepoint under one grant.
#[derive(Clone, Debug)]
pub struct Checkpoint<'r> {
    pub leader: LeaderId,
    pub job: JobId,
    pub id: CheckpointId,
    pub kind: SnapshotKind,
    pub tasks: &'r [AttemptId],
    pub unassigned: &'r [(SplitId, u64)],
    pub triggered: NoteIndex,
    pub acks: Vec<(NoteIndex, AttemptId, AckOutcome)>,
    pub finalized: Option<(NoteIndex, &'r BlobName, &'r [BlobName])>,
    pub added: Vec<(NoteIndex, AddOutcome)>,
    /// With the master's monotonic clock.
    pub completed: Vec<(NoteIndex, u64)>,
    pub aborted: Vec<(NoteIndex, &'r str)>,
    pub notifying: Vec<NoteIndex>,
    /// When it was there for good: its node was committed; or, of a savepoint that stops the job, its tasks were told, or the next job's plan was committed. A leader that is deposed before that leaves a
    /// savepoint that nobody uses.
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
    pub note: NoteIndex,
    pub leader: LeaderId,
    pub job: JobId,
    pub from: Option<(JobId, CheckpointId)>,
    pub tasks: &'r [AttemptId],
    pub global: bool,
}
