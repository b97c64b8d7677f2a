//! What a leader keeps beyond its own life: execution plans, completed checkpoints and results, as nodes of the
//! coordination service and blobs behind them. The names of all of them; never when one is written.

pub(super) mod keep;
pub(super) mod read;

use std::sync::Arc;

use flink_words::job::JobKind;
use flink_words::state::SnapshotKind;
use outside_words::ids::{BlobName, CheckpointId, JobId, LeaderId};
use serde::{Deserialize, Serialize};
use zookeeper_client::curator::Uuid;
use zookeeper_client::curator::store::{Fence, StateHandleStore};
use zookeeper_words::service::Path;

/// What is to be run: the content of an execution plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ExecutionPlan {
    /// The job.
    pub job: JobId,
    /// What it does.
    pub kind: JobKind,
    /// Its parallelism.
    pub parallelism: u16,
    /// The savepoint that it begins from: whose, which, and its metadata.
    pub from: Option<(JobId, CheckpointId, BlobName)>,
    /// The first of the plan's steps that is not done.
    pub next_step: u32,
}

/// The root of a cluster's HA data: cluster-id below zookeeper.znode.parent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Root(pub String);

impl Root {
    /// A path below it.
    pub fn path(&self, rest: &str) -> Path {
        format!("{}/{rest}", self.0).into()
    }

    /// A job's directory.
    pub fn job(&self, job: JobId) -> Path {
        self.path(&format!("jobs/{job}"))
    }

    /// The node of a job's checkpoint counter.
    pub fn counter(&self, job: JobId) -> Path {
        self.path(&format!("jobs/{job}/checkpoint_id_counter"))
    }

    /// The store of execution plans.
    pub fn plans(&self, lock: Uuid, fence: &Fence) -> StateHandleStore {
        StateHandleStore { root: self.path("execution-plans"), lock, fence: fence.clone() }
    }

    /// The store of a job's completed checkpoints.
    pub fn checkpoints(&self, job: JobId, lock: Uuid, fence: &Fence) -> StateHandleStore {
        StateHandleStore { root: self.path(&format!("jobs/{job}/checkpoints")), lock, fence: fence.clone() }
    }
}

/// A checkpoint's node: 19 digits.
pub(super) fn node_of(checkpoint: CheckpointId) -> String {
    format!("{:019}", checkpoint.0)
}

/// An execution plan's node.
pub(super) fn node_of_job(job: JobId) -> String {
    job.to_string()
}

/// The job of a node or of a blob's name.
pub(super) fn job_of(name: &str) -> Option<JobId> {
    u32::from_str_radix(name, 16).ok().map(JobId)
}

/// The first digits of a grant.
fn hex8(leader: LeaderId) -> String {
    format!("{:08x}", leader.0 >> 96)
}

/// The blob of a checkpoint's or savepoint's metadata.
pub(super) fn metadata_blob(job: JobId, checkpoint: CheckpointId, kind: SnapshotKind, leader: LeaderId) -> BlobName {
    let leader = hex8(leader);
    match kind {
        SnapshotKind::Checkpoint => format!("job-{job}/chk-{}/_metadata-{leader}", checkpoint.0).into(),
        SnapshotKind::Savepoint | SnapshotKind::Suspend | SnapshotKind::Drain => format!("savepoint-{job}-{}/_metadata-{leader}", checkpoint.0).into(),
    }
}

/// The blob of an execution plan.
pub(super) fn plan_blob(job: JobId) -> BlobName {
    format!("execution-plan/{job}").into()
}

/// The beginning of the blobs that say which steps of a job are done.
pub(super) fn steps_prefix(job: JobId) -> BlobName {
    format!("execution-plan/{job}-step-").into()
}

/// The blob that says that a step is done.
pub(super) fn step_blob(job: JobId, step: u32) -> BlobName {
    format!("execution-plan/{job}-step-{step}").into()
}

/// The blob of a job's result.
pub(super) fn result_blob(job: JobId, dirty: bool) -> BlobName {
    let dirty = if dirty { "_DIRTY" } else { "" };
    format!("job-result/{job}{dirty}.json").into()
}

/// What all results' names begin with.
pub(super) const RESULTS: &str = "job-result/";

/// The job of a result's blob, and whether its data is still to be removed.
pub(super) fn result_of(name: &str) -> Option<(JobId, bool)> {
    let name = name.strip_prefix(RESULTS)?.strip_suffix(".json")?;
    let (hex, dirty) = name.strip_suffix("_DIRTY").map_or((name, false), |hex| (hex, true));
    Some((job_of(hex)?, dirty))
}

/// The bytes of a value, as a blob or a node takes them.
pub(super) fn bytes<T: Serialize>(value: &T) -> Arc<[u8]> {
    outside::codec::encode(value).into()
}
