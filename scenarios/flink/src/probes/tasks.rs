//! Tasks: what failed and what was started again, from what, and how much of the job with it; rescalings; splits that
//! changed hands; how jobs ended.

use std::collections::{BTreeMap, BTreeSet};

use contract::ids::MachineId;
use flink_words::fact::Fact;
use flink_words::fact::{MasterFact, StreamFact, WorkerFact};
use flink_words::master::JobStatus;
use flink_words::state::StateSummary;
use flink_words::worker::TaskEnd;
use judging::{Heard, NoteView};
use outside_words::ids::{AttemptId, CheckpointId, JobId, LeaderId, SplitId};

use super::is_end;
use super::table::Mark;
use super::{Fold, Hits, Plan};

/// So many restarts of a job make a rough night.
const RESTARTS: u32 = 5;

#[derive(Default)]
pub(super) struct Tasks {
    /// Running attempts, with their machines.
    running: BTreeMap<AttemptId, MachineId>,
    /// The parallelism of each job, and of the job whose savepoint it began from.
    jobs: BTreeMap<JobId, (u16, Option<u16>)>,
    /// Who had a split last.
    holders: BTreeMap<(JobId, SplitId), AttemptId>,
    /// The checkpoint that each job was restored from last.
    restored: BTreeMap<JobId, (LeaderId, Option<(JobId, CheckpointId)>)>,
    restarts: u32,
    failed: BTreeSet<AttemptId>,
}

impl Tasks {
    fn master(&mut self, fact: &MasterFact, hits: &mut Hits<'_, '_>) {
        match fact {
            MasterFact::Submitted { job, parallelism, from, .. } => {
                let before = from.and_then(|(job, _)| self.jobs.get(&job)).map(|(parallelism, _)| *parallelism);
                self.jobs.insert(*job, (*parallelism, before));
            }
            MasterFact::Restoring { leader, job, from, tasks, global } => self.restoring(*leader, *job, *from, tasks, *global, hits),
            MasterFact::TaskFailed { attempt, .. } => drop(self.failed.insert(*attempt)),
            MasterFact::RestartDecided { delay_ms: None, .. } => hits.mark(Mark::GaveUp),
            MasterFact::RestartDecided { .. } => {
                self.restarts += 1;
                hits.mark(Mark::Restarted);
                hits.mark_if(Mark::RestartedOften, self.restarts == RESTARTS);
            }
            MasterFact::SplitAssigned { attempt, split, offset } => {
                let before = self.holders.insert((attempt.job, *split), *attempt);
                hits.mark_if(Mark::SplitReassigned, before.is_some_and(|before| before != *attempt));
                hits.mark_if(Mark::SplitMoved, before.is_some_and(|before| before.subtask != attempt.subtask) && *offset > 0);
            }
            MasterFact::WorkerLost { .. } => hits.mark(Mark::WorkerLost),
            MasterFact::Status { status: JobStatus::Finished, .. } => hits.mark(Mark::JobFinished),
            MasterFact::Status { status: JobStatus::Failed, .. } => hits.mark(Mark::JobFailed),
            _ => {}
        }
    }

    fn restoring(&mut self, leader: LeaderId, job: JobId, from: Option<(JobId, CheckpointId)>, tasks: &[AttemptId], global: bool, hits: &mut Hits<'_, '_>) {
        let restarted: BTreeSet<_> = tasks.iter().map(|task| task.subtask).collect();
        let goes_on = self.running.keys().any(|running| running.job == job && running.leader == leader && !restarted.contains(&running.subtask));
        hits.mark_if(Mark::RegionRestarted, !global && goes_on);
        hits.mark_if(Mark::GlobalRestart, global && from.is_some_and(|(of, _)| of == job));
        hits.mark_if(Mark::FromSavepoint, from.is_some_and(|(of, _)| of != job));
        let before = self.restored.insert(job, (leader, from));
        hits.mark_if(Mark::FromNothingAgain, before.is_some_and(|(_, before)| before.is_none()) && from.is_none());
        hits.mark_if(Mark::SameAgain, before.is_some_and(|(_, before)| before == from) && from.is_some());
    }

    fn running(&mut self, machine: MachineId, attempt: AttemptId, from: Option<CheckpointId>, state: &StateSummary, replayed: u64, hits: &mut Hits<'_, '_>) {
        self.running.insert(attempt, machine);
        if from.is_none() {
            return;
        }
        hits.mark_if(Mark::ChannelStateRestored, replayed > 0);
        hits.mark_if(Mark::BroadcastRestored, state.broadcast.is_some());
        hits.mark_if(Mark::ListRestored, !state.list.is_empty() || !state.union.is_empty());
        hits.mark_if(Mark::CommittablesRestored, !state.committables.is_empty());
        let timers = state.groups.iter().any(|group| group.timers > 0);
        hits.mark_if(Mark::TimersRestored, timers);
        if let Some((now, Some(before))) = self.jobs.get(&attempt.job) {
            hits.mark_if(Mark::RescaledTimers, *before == 2 && *now == 3 && timers);
            hits.mark_if(Mark::RescaledUp, now > before);
            hits.mark_if(Mark::RescaledDown, now < before);
        }
    }

    fn worker(&mut self, machine: MachineId, fact: &WorkerFact, hits: &mut Hits<'_, '_>) {
        match fact {
            WorkerFact::Running { attempt, from, state, replayed } => {
                let replayed = replayed.iter().map(|(_, count)| count).sum();
                self.running(machine, *attempt, *from, state, replayed, hits);
            }
            WorkerFact::Ended { attempt, end } => {
                let was_running = self.running.remove(attempt).is_some();
                match end {
                    TaskEnd::Failed { .. } => hits.mark(Mark::TaskFailed),
                    TaskEnd::Canceled => hits.mark_if(Mark::CanceledStarting, !was_running),
                    TaskEnd::Finished => {}
                }
                // The master had given it up; it went on all the same.
                hits.mark_if(Mark::OutlivedItself, was_running && self.failed.contains(attempt) && *end == TaskEnd::Canceled);
            }
            _ => {}
        }
    }
}

impl Fold for Tasks {
    fn see(&mut self, note: &NoteView<'_, Fact>, _: &Plan<'_>, hits: &mut Hits<'_, '_>) {
        match note.what {
            Heard::Said(Fact::Stream(StreamFact::Master(fact))) => self.master(fact, hits),
            Heard::Said(Fact::Stream(StreamFact::Worker(fact))) => self.worker(note.machine, fact, hits),
            Heard::World(happening) if is_end(happening) => self.running.retain(|_, machine| *machine != note.machine),
            Heard::Said(Fact::Stream(StreamFact::Outside(_)) | Fact::Service(_)) | Heard::World(_) | Heard::Else => {}
        }
    }
}
