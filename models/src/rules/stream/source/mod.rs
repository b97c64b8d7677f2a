//! Sources (catalogue, section C): splits and offsets, by what enumerators and readers say and by what the log gave. Never what became of the records.

pub mod offset_cut;
pub mod split_partition;
pub mod assign_reliable;
pub mod replay;
pub mod discovery;

use std::collections::BTreeSet;

use vocab::plan::StreamPlan;
use vocab::stream::ids::SplitId;

/// All splits that the plan's job reads.
fn splits(plan: &StreamPlan) -> BTreeSet<SplitId> {
    let topics = plan.job.topics().iter();
    topics.flat_map(|topic| (0..plan.input.partitions).map(|partition| SplitId { topic: *topic, partition })).collect()
}
