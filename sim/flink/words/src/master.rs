//! What masters say happened: dispatcher, job master, checkpoint coordinator.

use serde::{Deserialize, Serialize};

use crate::ids::WorkerId;
use crate::job::JobKind;
use crate::state::SnapshotKind;
use outside_words::ids::{AttemptId, BlobName, CheckpointId, JobId, LeaderId, SplitId};

/// How a job stands (JobStatus).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JobStatus {
    /// Accepted, nothing deployed.
    Created,
    /// Its tasks are deployed, or being deployed.
    Running,
    /// Its tasks are canceled, or it waits to start them again.
    Restarting,
    /// It is over: all its tasks finished. Globally terminal.
    Finished,
    /// It is over: its restart strategy gave up. Globally terminal.
    Failed,
    /// Its master leads no more; another goes on with it.
    Suspended,
}

impl JobStatus {
    /// Whether nobody will ever go on with it.
    pub fn is_globally_terminal(self) -> bool {
        matches!(self, JobStatus::Finished | JobStatus::Failed)
    }
}

/// What a coordinator made of an acknowledgement (PendingCheckpoint.TaskAcknowledgeResult).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AckOutcome {
    /// Counted.
    Success,
    /// Counted before.
    Duplicate,
    /// Of an attempt that this checkpoint does not wait for; its state is discarded.
    Unknown,
    /// Of a checkpoint that is over; its state is discarded.
    Discarded,
}

/// How the addition to the completed-checkpoint store ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AddOutcome {
    /// The service said so.
    Added,
    /// An earlier try of the same addition was said to have been there first.
    Assumed,
    /// It was refused before it could be there: the files can go.
    Discarded,
    /// Nobody knows: the files must stay (PossibleInconsistentStateException).
    Inconsistent,
    /// The author's latch was gone. Only with fencing.
    Fenced,
}

/// What a master did. The noting machine is the master's.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MasterFact {
    /// Its process began a life.
    Started,
    /// It leads.
    Granted {
        /// The grant.
        leader: LeaderId,
        /// Its latch node.
        node: String,
    },
    /// It leads no more.
    Revoked {
        /// The grant.
        leader: LeaderId,
    },
    /// A job's execution plan is durable: it will not be lost.
    Submitted {
        /// The grant.
        leader: LeaderId,
        /// The job.
        job: JobId,
        /// What it does.
        kind: JobKind,
        /// Its parallelism.
        parallelism: u16,
        /// The savepoint that it begins from.
        from: Option<(JobId, CheckpointId)>,
    },
    /// A new leader found a job's execution plan and read the store of its checkpoints.
    Recovered {
        /// The grant.
        leader: LeaderId,
        /// The job.
        job: JobId,
        /// The parallelism that the plan says.
        parallelism: u16,
        /// The savepoint that the plan says the job begins from.
        from: Option<(JobId, CheckpointId)>,
        /// The checkpoints that it found and locked, in order.
        checkpoints: Vec<CheckpointId>,
    },
    /// A job stands otherwise.
    Status {
        /// The grant.
        leader: LeaderId,
        /// The job.
        job: JobId,
        /// How.
        status: JobStatus,
    },
    /// A worker registered.
    WorkerRegistered {
        /// The grant.
        leader: LeaderId,
        /// The worker.
        worker: WorkerId,
    },
    /// A worker is given up: its connection or its heartbeats ended.
    WorkerLost {
        /// The grant.
        leader: LeaderId,
        /// The worker.
        worker: WorkerId,
    },
    /// Tasks are to begin from this checkpoint, or from nothing.
    Restoring {
        /// The grant.
        leader: LeaderId,
        /// The job.
        job: JobId,
        /// Of which job, and which. A savepoint's is that of the job that made it.
        from: Option<(JobId, CheckpointId)>,
        /// The attempts.
        tasks: Vec<AttemptId>,
        /// All tasks of the job, not some of its regions alone.
        global: bool,
    },
    /// A task is sent to a worker.
    Deploying {
        /// The attempt.
        attempt: AttemptId,
        /// The worker.
        worker: WorkerId,
    },
    /// A task failed, or is taken to have.
    TaskFailed {
        /// The attempt.
        attempt: AttemptId,
        /// Why.
        why: String,
    },
    /// The restart strategy was asked.
    RestartDecided {
        /// The grant.
        leader: LeaderId,
        /// The job.
        job: JobId,
        /// Failures that it has counted under this grant.
        failures: u32,
        /// How long it waits, or none if it gives up.
        delay_ms: Option<u64>,
    },
    /// A split enumerator gave a split to a reader.
    SplitAssigned {
        /// The reader.
        attempt: AttemptId,
        /// The split.
        split: SplitId,
        /// From which offset.
        offset: u64,
    },
    /// Somebody wants a checkpoint or savepoint.
    TriggerAsked {
        /// The grant.
        leader: LeaderId,
        /// The request's number under this grant.
        request: u32,
        /// What kind.
        kind: SnapshotKind,
        /// The timer wants it, not a person.
        periodic: bool,
    },
    /// A request for a checkpoint came to its end: a number was handed out, or it was refused.
    TriggerEnded {
        /// The grant.
        leader: LeaderId,
        /// The request's number.
        request: u32,
        /// The number, or why there is none.
        outcome: Result<CheckpointId, String>,
    },
    /// A checkpoint is pending: its source tasks are told.
    Triggered {
        /// The grant.
        leader: LeaderId,
        /// The job.
        job: JobId,
        /// Its number.
        checkpoint: CheckpointId,
        /// What kind.
        kind: SnapshotKind,
        /// The timer wanted it.
        periodic: bool,
        /// Who must acknowledge it; tasks that have finished are left out.
        tasks: Vec<AttemptId>,
        /// Splits that the enumerators hold unassigned, with their offsets.
        unassigned: Vec<(SplitId, u64)>,
        /// By the master's monotonic clock, in ms.
        mono_ms: u64,
    },
    /// An acknowledgement came.
    AckReceived {
        /// The grant.
        leader: LeaderId,
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// Whose.
        attempt: AttemptId,
        /// What it came to.
        outcome: AckOutcome,
    },
    /// The metadata of a fully acknowledged checkpoint is in the blob store.
    Finalized {
        /// The grant.
        leader: LeaderId,
        /// The job.
        job: JobId,
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// The metadata's blob.
        metadata: BlobName,
        /// All blobs that it refers to, sorted.
        blobs: Vec<BlobName>,
    },
    /// The addition to the completed-checkpoint store ended.
    Added {
        /// The grant.
        leader: LeaderId,
        /// The job.
        job: JobId,
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// How.
        outcome: AddOutcome,
    },
    /// A checkpoint is complete; of a savepoint: its metadata is durable.
    Completed {
        /// The grant.
        leader: LeaderId,
        /// The job.
        job: JobId,
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// What kind.
        kind: SnapshotKind,
        /// By the master's monotonic clock, in ms.
        mono_ms: u64,
    },
    /// A checkpoint came to nothing.
    Aborted {
        /// The grant.
        leader: LeaderId,
        /// The job.
        job: JobId,
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// Why (CheckpointFailureReason).
        why: String,
    },
    /// An aborted checkpoint counted as a failure of checkpointing.
    FailureCounted {
        /// The grant.
        leader: LeaderId,
        /// The job.
        job: JobId,
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// How many in a row.
        failures: u32,
        /// The job fails of it.
        fails_job: bool,
    },
    /// The tasks are told that a checkpoint is complete.
    Notifying {
        /// The grant.
        leader: LeaderId,
        /// The job.
        job: JobId,
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// Who.
        tasks: Vec<AttemptId>,
    },
    /// A complete checkpoint leaves the store, since newer ones are enough.
    Subsumed {
        /// The grant.
        leader: LeaderId,
        /// The job.
        job: JobId,
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// Whether the service said that its node is gone; in unfenced mode its files are removed all the same.
        removed: bool,
    },
    /// The blob store is asked to delete, since nothing needs these any more.
    Discarding {
        /// The grant.
        leader: LeaderId,
        /// The job.
        job: JobId,
        /// The blobs.
        blobs: Vec<BlobName>,
    },
    /// A job's result is durable: whatever happens to its data, it does not run again (JobResultStore).
    ResultStored {
        /// The grant.
        leader: LeaderId,
        /// The job.
        job: JobId,
        /// How it ended.
        status: JobStatus,
        /// Its data is still to be removed.
        dirty: bool,
    },
    /// What the service held of a job is gone.
    CleanedUp {
        /// The grant.
        leader: LeaderId,
        /// The job.
        job: JobId,
    },
    /// All that the plan wants of the job, and of those that follow it, is done.
    Done {
        /// The grant.
        leader: LeaderId,
    },
}
