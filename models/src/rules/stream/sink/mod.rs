//! Sinks (catalogue, section F): transactions from their first row to their commit, and the rows that come out in the end. Their ends are judged by the ledger's word; a commit may be asked for as often as one likes.

pub mod precommit;
pub mod commit;
pub mod idempotent;
pub mod abort;
pub mod visible;
pub mod last;
pub mod fence;
pub mod e2e;

use vocab::stream::master::JobStatus;

use crate::case::Case;
use crate::case::stream::Stream;
use crate::rules::stream::is_finished;

/// Whether every job came to its good end, so that all of its output is there.
fn is_all_there(case: &Case<'_>, stream: &Stream<'_>) -> bool {
    let is_good = |results: &[(u32, JobStatus, bool)]| results.iter().any(|(_, status, _)| *status == JobStatus::Finished);
    is_finished(case) && !stream.jobs.is_empty() && stream.jobs.values().all(|job| is_good(&job.results))
}
