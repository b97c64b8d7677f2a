//! The stream engine: exactly-once from the counter of checkpoints to the committed rows, by the ids of the catalogue of exactly-once rules. Each asks what masters, workers and the outside said, and what the chain holds; never how the engine came to it.
//!
//! Two things are kept apart everywhere. What a master did is judged by what it could know: it may be deposed and not know it, a task may be gone and its last word still be on its way. What had an effect is judged by the chain and by the outside, whoever did it.

pub mod checkpoint;
pub mod barrier;
pub mod source;
pub mod state;
pub mod time;
pub mod sink;
pub mod files;
pub mod failover;
pub mod ha;
pub mod zombie;
pub mod live_job;

use vocab::recording::Ending;
use vocab::stream::ids::{CheckpointId, JobId};
use vocab::stream::master::JobStatus;

use crate::case::Case;
use crate::case::said::NoteIndex;
use crate::case::stream::Stream;

/// What a timeout takes at most by the world's time, in percent: by the slowest clock that a plan may have, 20 % behind.
const SLOWEST_CLOCK_PERCENT: u64 = 125;
/// What a delay takes at least by the world's time, in percent: by the fastest clock that a plan may have, 20 % ahead.
const FASTEST_CLOCK_PERCENT: u64 = 80;
/// What rounding between two clocks may cost, in ns.
const ROUNDING_NS: u64 = 2_000_000;

/// How a witness names a checkpoint.
fn name(job: JobId, id: CheckpointId) -> String {
    format!("{id} of job {}", job.0)
}

/// When a note was written.
fn at_ns(case: &Case<'_>, note: NoteIndex) -> u64 {
    case.recording.notes.get(note as usize).map_or(0, |note| note.at_ns)
}

/// Whether all that the plan wants was done, so that what is left can be looked at.
fn is_finished(case: &Case<'_>) -> bool {
    case.recording.ending == Ending::Finished
}

/// Whether every job came to its good end, so that all of its output is there.
fn is_all_there(case: &Case<'_>, stream: &Stream<'_>) -> bool {
    let is_good = |results: &[(NoteIndex, JobStatus, bool)]| results.iter().any(|(_, status, _)| *status == JobStatus::Finished);
    is_finished(case) && !stream.jobs.is_empty() && stream.jobs.values().all(|job| is_good(&job.results))
}

/// Whether the run got as far as its healing phase's end, well or badly.
fn is_over(case: &Case<'_>) -> bool {
    match case.recording.ending {
        Ending::Finished | Ending::Deadline { .. } => true,
        Ending::Crashed { .. } | Ending::Inconsistent { .. } | Ending::Runaway { .. } => false,
    }
}
