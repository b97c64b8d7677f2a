//! What operators give out, in tables. Never a whole job: tests/tests/jobs.rs has those.

use vocab::plan::{Fencing, InputPlan, SinkKind, StreamPlan};
use vocab::stream::job::JobKind;

/// A plan with nothing but a job.
pub(crate) fn plan(job: JobKind) -> StreamPlan {
    StreamPlan {
        job,
        masters: 1,
        workers: 1,
        slots: 4,
        parallelism: 2,
        max_parallelism: 8,
        fencing: Fencing::default(),
        sink: SinkKind::default(),
        input: InputPlan { records: 10, partitions: 2, until_ms: 1_000, disorder_ms: 100, idle_ms: 0 },
        checkpoints: Default::default(),
        restart: Default::default(),
        network: Default::default(),
        ha: Default::default(),
        heartbeat_interval_ms: 500,
        heartbeat_timeout_ms: 2_500,
        txn_timeout_ms: 900_000,
        steps: Vec::new(),
        plant: None,
    }
}
