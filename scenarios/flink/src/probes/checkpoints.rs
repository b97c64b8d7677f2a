//! Checkpoints and savepoints as coordinators see them: what completed, what came to nothing and why, what the store
//! said, what was reused and thrown away.

use std::collections::{BTreeMap, BTreeSet};

use flink_words::fact::Fact;
use flink_words::fact::{MasterFact, StreamFact, WorkerFact};
use flink_words::master::{AckOutcome, AddOutcome};
use flink_words::state::SnapshotKind;
use judging::{Heard, NoteView};
use outside_words::ids::{AttemptId, BlobName, CheckpointId, LeaderId};

use super::table::Mark;
use super::{Fold, Hits, Plan};

/// In so many checkpoints a shared file must stand to count as reused.
const REUSED: u32 = 3;

pub(super) struct Checkpoints {
    parallelism: u16,
    /// Pending ones, with their leaders.
    pending: BTreeMap<CheckpointId, (LeaderId, SnapshotKind)>,
    /// In how many finalized checkpoints a shared file stands.
    shared: BTreeMap<BlobName, u32>,
    /// Attempts that had all data, with the checkpoint that they snapshotted last.
    ended: BTreeSet<AttemptId>,
    aborted: BTreeSet<CheckpointId>,
}

impl Checkpoints {
    pub(super) fn new(plan: &Plan<'_>) -> Checkpoints {
        Checkpoints {
            parallelism: plan.settings.stream.parallelism,
            pending: BTreeMap::new(),
            shared: BTreeMap::new(),
            ended: BTreeSet::new(),
            aborted: BTreeSet::new(),
        }
    }

    fn completed(&mut self, checkpoint: CheckpointId, kind: SnapshotKind, hits: &mut Hits<'_, '_>) {
        self.pending.remove(&checkpoint);
        match kind {
            SnapshotKind::Checkpoint => hits.mark(Mark::CheckpointCompleted),
            SnapshotKind::Savepoint => {
                hits.mark(Mark::SavepointTaken);
                hits.mark_if(Mark::SavepointBetween, self.pending.values().any(|(_, kind)| *kind == SnapshotKind::Checkpoint));
            }
            SnapshotKind::Suspend | SnapshotKind::Drain => hits.mark(Mark::StoppedWithSavepoint),
        }
    }

    fn aborted(&mut self, checkpoint: CheckpointId, why: &str, hits: &mut Hits<'_, '_>) {
        let kind = self.pending.remove(&checkpoint).map(|(_, kind)| kind);
        self.aborted.insert(checkpoint);
        let has = |word: &str| why.to_ascii_lowercase().contains(word);
        hits.mark_if(Mark::CheckpointExpired, has("expired"));
        hits.mark_if(Mark::CheckpointDeclined, has("declined"));
        hits.mark_if(Mark::CheckpointSubsumed, has("subsumed"));
        hits.mark_if(Mark::CheckpointFailedOver, has("failover"));
        hits.mark_if(Mark::FinalizeFailed, has("finalize"));
        hits.mark_if(Mark::SavepointFailed, kind.is_some_and(SnapshotKind::is_savepoint));
    }

    fn master(&mut self, fact: &MasterFact, hits: &mut Hits<'_, '_>) {
        match fact {
            MasterFact::Granted { .. } => self.pending.clear(),
            MasterFact::Triggered { leader, checkpoint, kind, tasks, .. } => {
                self.pending.insert(*checkpoint, (*leader, *kind));
                hits.mark_if(Mark::CheckpointsAtOnce, self.pending.len() > 1);
                hits.mark_if(Mark::CheckpointOfFew, self.parallelism > 1 && !tasks.is_empty() && tasks.iter().any(|task| self.ended.contains(task)));
            }
            MasterFact::TriggerEnded { outcome: Err(_), .. } => hits.mark(Mark::TriggerRefused),
            MasterFact::AckReceived { outcome, .. } => match outcome {
                AckOutcome::Success => {}
                AckOutcome::Duplicate => hits.mark(Mark::AckTwice),
                AckOutcome::Unknown => hits.mark(Mark::AckUnknown),
                AckOutcome::Discarded => hits.mark(Mark::AckAfterAbort),
            },
            MasterFact::Finalized { blobs, .. } => {
                for blob in blobs.iter().filter(|blob| blob.contains("/shared/")) {
                    let stands = self.shared.entry(blob.clone()).or_default();
                    *stands += 1;
                    hits.mark_if(Mark::SharedReused, *stands == REUSED);
                }
            }
            MasterFact::Added { outcome, .. } => match outcome {
                AddOutcome::Added => {}
                AddOutcome::Assumed => hits.mark(Mark::AddAssumed),
                AddOutcome::Discarded => hits.mark(Mark::AddDiscarded),
                AddOutcome::Inconsistent => hits.mark(Mark::AddInconsistent),
                AddOutcome::Fenced => hits.mark(Mark::AddFenced),
            },
            MasterFact::Completed { checkpoint, kind, .. } => self.completed(*checkpoint, *kind, hits),
            MasterFact::Aborted { checkpoint, why, .. } => self.aborted(*checkpoint, why, hits),
            MasterFact::FailureCounted { fails_job, .. } => {
                hits.mark_if(Mark::FailureTolerated, !fails_job);
                hits.mark_if(Mark::FailureFatal, *fails_job);
            }
            MasterFact::Subsumed { removed, .. } => {
                hits.mark(Mark::LeftStore);
                hits.mark_if(Mark::LeftStoreRefused, !removed);
            }
            MasterFact::Discarding { blobs, .. } => hits.mark_if(Mark::BlobsDiscarded, !blobs.is_empty()),
            _ => {}
        }
    }

    fn worker(&mut self, fact: &WorkerFact, hits: &mut Hits<'_, '_>) {
        match fact {
            WorkerFact::EndOfData { attempt, .. } => drop(self.ended.insert(*attempt)),
            WorkerFact::Notified { attempt, .. } => hits.mark_if(Mark::FinalCheckpoint, self.ended.contains(attempt)),
            WorkerFact::Snapshotted { checkpoint, .. } => hits.mark_if(Mark::SnapshotOfAborted, self.aborted.contains(checkpoint)),
            _ => {}
        }
    }
}

impl Fold for Checkpoints {
    fn see(&mut self, note: &NoteView<'_, Fact>, _: &Plan<'_>, hits: &mut Hits<'_, '_>) {
        match note.what {
            Heard::Said(Fact::Stream(StreamFact::Master(fact))) => self.master(fact, hits),
            Heard::Said(Fact::Stream(StreamFact::Worker(fact))) => self.worker(fact, hits),
            Heard::Said(Fact::Stream(StreamFact::Outside(_)) | Fact::Service(_)) | Heard::World(_) | Heard::Else => {}
        }
    }
}
