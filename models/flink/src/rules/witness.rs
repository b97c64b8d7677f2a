//! How witnesses name what they speak of.

use outside_words::ids::{CheckpointId, JobId};

/// How a witness names a checkpoint.
pub fn name(job: JobId, id: CheckpointId) -> String {
    format!("{id} of job {}", job.0)
}
