//! Barriers and what lies around them: alignment, overtaking, cuts that heal in the middle of it, snapshots that came
//! to nothing, channels that could not be written to.

use std::collections::{BTreeMap, BTreeSet};

use contract::fault::What;
use contract::happening::Happening;
use flink_words::fact::Fact;
use flink_words::fact::{StreamFact, WorkerFact};
use flink_words::worker::TaskEnd;
use judging::{Heard, NoteView};
use outside_words::ids::{AttemptId, CheckpointId};

use super::table::Mark;
use super::{Fold, Hits, Plan};

/// A task that was blocked for so long together, in µs, has felt its receivers.
const BLOCKED_US: u64 = 1_000_000;

/// A snapshot between its first barrier and its acknowledgement.
#[derive(Default)]
struct Snapshot {
    /// A partition was lifted since its alignment began.
    healed: bool,
    is_done: bool,
}

pub(super) struct Barriers {
    has_timeout: bool,
    /// The partitions that are in force, by the numbers of their faults.
    cuts: BTreeSet<u32>,
    /// By attempt; the newest checkpoint of each.
    open: BTreeMap<AttemptId, (CheckpointId, Snapshot)>,
    /// Attempts that have aborted a snapshot, and taken none since.
    hurt: BTreeSet<AttemptId>,
    /// Who aborted a snapshot on its way into the store just now: no task has said anything since but how busy it was.
    gave_up: Option<AttemptId>,
}

impl Barriers {
    pub(super) fn new(plan: &Plan<'_>) -> Barriers {
        let checkpoints = &plan.settings.stream.checkpoints;
        Barriers {
            has_timeout: checkpoints.unaligned && checkpoints.aligned_timeout_ms > 0,
            cuts: BTreeSet::new(),
            open: BTreeMap::new(),
            hurt: BTreeSet::new(),
            gave_up: None,
        }
    }

    /// A partition is lifted.
    fn lifted(&mut self) {
        self.open.values_mut().for_each(|(_, snapshot)| snapshot.healed = true);
    }

    fn worker(&mut self, fact: &WorkerFact, hits: &mut Hits<'_, '_>) {
        let gave_up = if matches!(fact, WorkerFact::Pressure { .. }) { None } else { self.gave_up.take() };
        match fact {
            WorkerFact::AlignmentBegan { attempt, checkpoint } => {
                self.open.insert(*attempt, (*checkpoint, Snapshot::default()));
            }
            WorkerFact::Snapshotted { attempt, checkpoint, unaligned, inputs, outputs, .. } => {
                let open = self.open.entry(*attempt).or_insert_with(|| (*checkpoint, Snapshot::default()));
                // With one input there is nothing to align.
                let aligns = inputs.len() > 1 && !unaligned;
                hits.mark_if(Mark::AlignedAcrossHeal, aligns && open.0 == *checkpoint && open.1.healed);
                hits.mark_if(Mark::AlignmentTimedOut, self.has_timeout && *unaligned && !inputs.is_empty());
                hits.mark_if(Mark::Overtook, outputs.iter().any(|cut| cut.persisted > 0));
                hits.mark_if(Mark::AfterAbort, self.hurt.remove(attempt));
                *open = (*checkpoint, Snapshot { healed: false, is_done: true });
            }
            WorkerFact::Acknowledged { attempt, inputs, .. } => {
                hits.mark_if(Mark::Overtook, inputs.iter().any(|cut| cut.persisted.count > cut.consumed.count));
                self.open.remove(attempt);
            }
            WorkerFact::SnapshotAborted { attempt, .. } => {
                hits.mark(Mark::SnapshotAborted);
                self.hurt.insert(*attempt);
                let open = self.open.remove(attempt);
                self.gave_up = open.filter(|(_, snapshot)| snapshot.is_done).map(|_| *attempt);
            }
            WorkerFact::Ended { attempt, end } => {
                self.hurt.remove(attempt);
                let open = self.open.remove(attempt);
                hits.mark_if(Mark::EndedInAlignment, open.as_ref().is_some_and(|(_, snapshot)| !snapshot.is_done) && *end != TaskEnd::Finished);
                // Whoever ends gives up first, in the same breath, what it has under way.
                hits.mark_if(
                    Mark::EndedInUpload,
                    (gave_up == Some(*attempt) || open.is_some_and(|(_, snapshot)| snapshot.is_done)) && *end != TaskEnd::Finished,
                );
            }
            WorkerFact::Pressure { blocked_us, .. } => hits.mark_if(Mark::BackPressure, *blocked_us >= BLOCKED_US),
            _ => {}
        }
    }
}

/// Whether the fault of this number is a partition.
fn is_partition(plan: &Plan<'_>, fault: u32) -> bool {
    matches!(plan.faults.get(fault as usize).map(|fault| &fault.what), Some(What::Partition { .. }))
}

impl Fold for Barriers {
    fn see(&mut self, note: &NoteView<'_, Fact>, plan: &Plan<'_>, hits: &mut Hits<'_, '_>) {
        match note.what {
            Heard::Said(Fact::Stream(StreamFact::Worker(fact))) => self.worker(fact, hits),
            Heard::World(Happening::Struck { fault, .. }) if is_partition(plan, *fault) => drop(self.cuts.insert(*fault)),
            Heard::World(Happening::Ended { fault }) if is_partition(plan, *fault) => {
                self.cuts.remove(fault);
                self.lifted();
            }
            Heard::World(Happening::Healed) if !self.cuts.is_empty() => {
                self.cuts.clear();
                self.lifted();
            }
            Heard::Said(Fact::Stream(_) | Fact::Service(_)) | Heard::World(_) | Heard::Else => {}
        }
    }
}
