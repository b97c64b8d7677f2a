//! Who asks the outside, and for what: jobs, their tasks and attempts, with Flink's names; partitions, transactions, blobs. Newtypes, so that no two of them can be confused.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A job (JobID). A job that is stopped with a savepoint and started again with another parallelism is another job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(pub u32);

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// A grant of leadership (leaderSessionID): a fresh UUID at each, and the fencing token of every call that is made in its name.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LeaderId(pub u128);

impl fmt::Display for LeaderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "leader {:08x}", self.0 >> 96)
    }
}

impl fmt::Debug for LeaderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A checkpoint or savepoint: one row of numbers for both, from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CheckpointId(pub u64);

impl fmt::Display for CheckpointId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "checkpoint {}", self.0)
    }
}

/// A vertex of a job's graph: a chain of operators. Its place in the graph, sources first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VertexId(pub u16);

/// One of a vertex' parallel instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Subtask {
    /// The vertex.
    pub vertex: VertexId,
    /// Its place among the parallel instances, from 0.
    pub index: u16,
}

impl fmt::Display for Subtask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {}.{}", self.vertex.0, self.index)
    }
}

/// One execution of a subtask (ExecutionAttemptID). No two executions ever share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AttemptId {
    /// The job.
    pub job: JobId,
    /// The subtask.
    pub subtask: Subtask,
    /// The leader in whose execution graph it is.
    pub leader: LeaderId,
    /// Which execution of the subtask in that graph, from 1.
    pub number: u32,
}

impl fmt::Display for AttemptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of job {}, attempt {} of {}", self.subtask, self.job.0, self.number, self.leader)
    }
}

/// A split of a source: a partition of one of the log's topics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SplitId {
    /// The topic.
    pub topic: crate::data::Topic,
    /// The partition, from 0.
    pub partition: u16,
}

impl fmt::Display for SplitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}-{}", self.topic, self.partition)
    }
}

/// A transactional id of the ledger (transactional.id of Kafka).
pub type TxnId = Arc<str>;
/// A name in the blob store: `chk-7/…`, `shared/…`, `savepoint-3/…`, `job-result/…`.
pub type BlobName = Arc<str>;
