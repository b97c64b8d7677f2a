//! The checkpoint coordinator: it triggers checkpoints, gathers acknowledgements, and tells the tasks how each ended
//! (CheckpointCoordinator). Never a checkpoint told to be complete before it is durable, and never one that ends twice.

pub(super) mod archive;
pub(super) mod failures;
pub(super) mod pending;
pub(super) mod registry;
pub(super) mod requests;
mod trigger;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};

use contract::time::MILLISECOND;
use flink_words::fact::MasterFact;
use flink_words::master::AckOutcome;
use flink_words::plant::StreamPlant;
use flink_words::state::SnapshotKind;
use outside_words::ids::{AttemptId, BlobName, CheckpointId, JobId, LeaderId, SplitId, Subtask, VertexId};

use super::context::MasterContext;
use crate::message::Down;
use crate::snapshot::{Metadata, SubtaskSnapshot};
use archive::{Archive, Completed, Outcome};
use failures::{Failures, Reason};
use pending::Pending;
use registry::private;
use requests::Requests;

/// How many numbers of checkpoints that are over are kept, to know a late acknowledgement (NUM_GHOST_CHECKPOINT_IDS).
const RECENT_MAX: usize = 16;

/// Who takes part in a checkpoint, as the scheduler has it (CheckpointPlan).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Participants {
    /// All who run.
    pub tasks: Vec<AttemptId>,
    /// Those of them without an unfinished task before them.
    pub first: Vec<AttemptId>,
    /// Subtasks that have finished.
    pub finished: Vec<Subtask>,
    /// What the enumerators hold.
    pub unassigned: BTreeMap<VertexId, Vec<(SplitId, u64)>>,
}

/// What the job master learns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Consequence {
    /// A checkpoint or savepoint is complete.
    Completed(Completed),
    /// Too many failed in a row: the job fails.
    FailJob,
    /// A savepoint that somebody asked for came to nothing.
    NoSavepoint,
    /// The process must not go on leading.
    Doubtful,
}

/// The coordinator.
#[derive(Clone, Debug)]
pub(super) struct Coordinator {
    leader: LeaderId,
    job: JobId,
    parallelism: u16,
    /// Completed checkpoints.
    pub archive: Archive,
    requests: Requests,
    next_request: u32,
    /// The request that is being carried out: its number is asked for.
    triggering: Option<requests::Request>,
    pending: BTreeMap<CheckpointId, Pending>,
    /// Those on their way into the archive, with who takes part.
    finalizing: BTreeMap<CheckpointId, Vec<AttemptId>>,
    recent: VecDeque<CheckpointId>,
    failures: Failures,
    completed_ms: Option<u64>,
    /// The latest that is complete and that the present attempts have lived through.
    latest: Option<CheckpointId>,
    /// When the timer is due, while it runs.
    timer_ns: Option<u64>,
    /// A savepoint that somebody asked for was refused.
    lost_savepoint: bool,
}

impl Coordinator {
    /// A coordinator that does nothing yet.
    pub fn new(leader: LeaderId, job: JobId, parallelism: u16, archive: Archive, context: &MasterContext) -> Coordinator {
        let plan = context.plan().checkpoints;
        Coordinator {
            leader,
            job,
            parallelism,
            archive,
            requests: Requests::new(plan.max_concurrent, plan.min_pause_ms),
            next_request: 1,
            triggering: None,
            pending: BTreeMap::new(),
            finalizing: BTreeMap::new(),
            recent: VecDeque::new(),
            failures: Failures::new(plan.tolerable_failures),
            completed_ms: None,
            latest: None,
            timer_ns: None,
            lost_savepoint: false,
        }
    }

    /// Begins the periodic checkpoints: the first comes after min pause to interval (getRandomInitDelay).
    pub fn start_timer(&mut self, context: &mut MasterContext) {
        let plan = context.plan().checkpoints;
        let (pause_ms, interval_ms) = (u64::from(plan.min_pause_ms), u64::from(plan.interval_ms));
        let delay_ms = pause_ms + context.lots.draw() % (interval_ms.saturating_sub(pause_ms) + 1);
        self.timer_ns = Some(context.after_ms(delay_ms));
    }

    /// Ends the periodic checkpoints; what is pending goes on.
    pub fn stop_timer(&mut self) {
        self.timer_ns = None;
    }

    /// When it must act by itself.
    pub fn wake_ns(&self) -> Option<u64> {
        let timeouts = self.pending.values().map(|pending| pending.until_ns);
        timeouts.chain(self.timer_ns).min()
    }

    /// Whether requests wait.
    pub fn is_asked(&self) -> bool {
        self.requests.len() > 0
    }

    /// Whether a savepoint that somebody asked for was refused since this was asked last.
    pub fn take_lost_savepoint(&mut self) -> bool {
        std::mem::take(&mut self.lost_savepoint)
    }

    /// A task acknowledges.
    pub fn on_ack(&mut self, attempt: AttemptId, checkpoint: CheckpointId, state: SubtaskSnapshot, context: &mut MasterContext) {
        let leader = self.leader;
        let (outcome, refused) = match self.pending.get_mut(&checkpoint) {
            // Shared files are registered whatever becomes of the checkpoint (FLINK-24611).
            Some(pending) => match pending.acknowledge(attempt, state.clone()) {
                Ok(()) => {
                    self.archive.registry.register(checkpoint, &state);
                    (AckOutcome::Success, None)
                }
                Err((AckOutcome::Duplicate, _)) => (AckOutcome::Duplicate, None),
                Err((outcome, state)) => (outcome, Some(state)),
            },
            None if self.finalizing.contains_key(&checkpoint) => (AckOutcome::Duplicate, None),
            None if self.recent.contains(&checkpoint) => (AckOutcome::Discarded, Some(state)),
            None => (AckOutcome::Unknown, Some(state)),
        };
        context.note(MasterFact::AckReceived { leader, checkpoint, attempt, outcome });
        if let Some(state) = refused {
            self.archive.registry.register(checkpoint, &state);
            context.discard(private(&state), self.job, leader);
        }
        if self.pending.get(&checkpoint).is_some_and(Pending::is_full) {
            let pending = self.pending.remove(&checkpoint).expect("it was just looked at");
            self.finalize(pending, context);
        }
    }

    /// A task cannot take part.
    pub fn on_decline(&mut self, attempt: AttemptId, checkpoint: CheckpointId, why: String, counts: bool, context: &mut MasterContext) -> Vec<Consequence> {
        let is_awaited = self.pending.get(&checkpoint).is_some_and(|pending| pending.tasks.contains(&attempt));
        if is_awaited { self.abort(checkpoint, Reason::Declined { why, counts }, context) } else { Vec::new() }
    }

    /// A task finished: checkpoints that wait for it come to nothing.
    pub fn on_finished(&mut self, attempt: AttemptId, context: &mut MasterContext) -> Vec<Consequence> {
        let waiting: Vec<CheckpointId> = self.pending.values().filter(|pending| pending.waits_for(attempt)).map(|pending| pending.id).collect();
        waiting.into_iter().flat_map(|id| self.abort(id, Reason::TaskClosing, context)).collect()
    }

    /// What the time demands: timeouts. The timer is the owner's, see [`Coordinator::is_timer_due`].
    pub fn on_time(&mut self, context: &mut MasterContext) -> Vec<Consequence> {
        let expired: Vec<CheckpointId> = self.pending.values().filter(|pending| context.now.mono_ns >= pending.until_ns).map(|pending| pending.id).collect();
        expired.into_iter().flat_map(|id| self.abort(id, Reason::Expired, context)).collect()
    }

    /// All that is pending or waits comes to nothing, since tasks begin again or the coordinator stops.
    pub fn abort_all(&mut self, reason: &Reason, context: &mut MasterContext) -> Vec<Consequence> {
        self.latest = None;
        if context.has(StreamPlant::AckOfOldAttempt) && *reason == Reason::Failover {
            return Vec::new();
        }
        self.refuse_waiting(&reason.words(), context);
        let all: Vec<CheckpointId> = self.pending.keys().copied().collect();
        all.into_iter().flat_map(|id| self.abort(id, reason.clone(), context)).collect()
    }

    /// Takes what became of checkpoints on their way into the archive.
    pub fn on_archive(&mut self, outcomes: Vec<Outcome>, context: &mut MasterContext) -> Vec<Consequence> {
        let mut consequences = Vec::new();
        for outcome in outcomes {
            match outcome {
                Outcome::Finalized(completed) if context.has(StreamPlant::NotifyBeforeAdd) => self.notify(completed.metadata.checkpoint, context),
                Outcome::Finalized(_) => {}
                Outcome::Completed(completed) => consequences.extend(self.completed(completed, context)),
                Outcome::Failed(id, kind, reason) => consequences.extend(self.failed(id, kind, &reason, context)),
                Outcome::Doubtful(_) => consequences.push(Consequence::Doubtful),
            }
        }
        consequences
    }

    /// Tells the tasks of a checkpoint that it is complete.
    pub fn notify(&mut self, checkpoint: CheckpointId, context: &mut MasterContext) {
        let (leader, job) = (self.leader, self.job);
        let tasks = self.finalizing.get(&checkpoint).cloned().unwrap_or_default();
        context.note(MasterFact::Notifying { leader, job, checkpoint, tasks: tasks.clone() });
        for attempt in tasks {
            context.tell(attempt, Down::Complete { attempt, checkpoint });
        }
    }

    /// A stopping savepoint is done with: its tasks were told, or will never be.
    pub fn forget(&mut self, checkpoint: CheckpointId) {
        self.finalizing.remove(&checkpoint);
    }

    fn finalize(&mut self, pending: Pending, context: &mut MasterContext) {
        self.finalizing.insert(pending.id, pending.tasks.clone());
        self.remember(pending.id);
        let metadata = Metadata {
            job: self.job,
            checkpoint: pending.id,
            kind: pending.kind,
            parallelism: self.parallelism,
            max_parallelism: context.plan().max_parallelism,
            subtasks: pending.states().clone(),
            finished: pending.finished,
            unassigned: pending.unassigned,
        };
        self.archive.add(metadata, context);
    }

    fn completed(&mut self, completed: Completed, context: &mut MasterContext) -> Vec<Consequence> {
        let (id, kind) = (completed.metadata.checkpoint, completed.metadata.kind);
        self.failures.on_success(id);
        self.completed_ms = Some(context.mono_ms());
        let mut consequences = Vec::new();
        if kind == SnapshotKind::Checkpoint {
            self.latest = self.latest.max(Some(id));
            let older: Vec<CheckpointId> =
                self.pending.values().filter(|pending| pending.id < id && !pending.kind.is_savepoint()).map(|pending| pending.id).collect();
            consequences.extend(older.into_iter().flat_map(|older| self.abort(older, Reason::Subsumed, context)));
            if !context.has(StreamPlant::NotifyBeforeAdd) {
                self.notify(id, context);
            }
        }
        // A savepoint says nothing to the tasks, unless it stops them: then the job master lets them know, once what
        // follows is durable.
        if !kind.stops() {
            self.finalizing.remove(&id);
        }
        consequences.push(Consequence::Completed(completed));
        consequences
    }

    /// A pending checkpoint comes to nothing.
    fn abort(&mut self, id: CheckpointId, reason: Reason, context: &mut MasterContext) -> Vec<Consequence> {
        let Some(pending) = self.pending.remove(&id) else { return Vec::new() };
        let (leader, job) = (self.leader, self.job);
        context.note(MasterFact::Aborted { leader, job, checkpoint: id, why: reason.words() });
        self.remember(id);
        let blobs: Vec<BlobName> = pending.states().values().flat_map(private).collect();
        context.discard(blobs, job, leader);
        self.tell_aborted(id, &pending.tasks, context);
        self.count_failure(id, pending.kind, &reason, context)
    }

    /// A checkpoint on its way into the archive came to nothing; the archive has noted that.
    fn failed(&mut self, id: CheckpointId, kind: SnapshotKind, reason: &Reason, context: &mut MasterContext) -> Vec<Consequence> {
        let tasks = self.finalizing.remove(&id).unwrap_or_default();
        self.tell_aborted(id, &tasks, context);
        self.count_failure(id, kind, reason, context)
    }

    fn tell_aborted(&self, checkpoint: CheckpointId, tasks: &[AttemptId], context: &mut MasterContext) {
        for attempt in tasks {
            context.tell(*attempt, Down::Abort { attempt: *attempt, checkpoint, latest: self.latest });
        }
    }

    /// Counts a failure, if it is of a kind that counts; says what follows for the job.
    fn count_failure(&mut self, checkpoint: CheckpointId, kind: SnapshotKind, reason: &Reason, context: &mut MasterContext) -> Vec<Consequence> {
        let mut consequences = Vec::new();
        if kind.is_savepoint() {
            consequences.push(Consequence::NoSavepoint);
        }
        if reason.counts()
            && !kind.stops()
            && let Some((failures, fails_job)) = self.failures.on_failure(checkpoint)
        {
            let (leader, job) = (self.leader, self.job);
            context.note(MasterFact::FailureCounted { leader, job, checkpoint, failures, fails_job });
            consequences.extend(fails_job.then_some(Consequence::FailJob));
        }
        consequences
    }

    fn remember(&mut self, id: CheckpointId) {
        self.recent.push_back(id);
        if self.recent.len() > RECENT_MAX {
            self.recent.pop_front();
        }
    }

    /// What must hold between steps.
    pub fn check(&self) -> Result<(), String> {
        match self.pending.keys().find(|id| self.finalizing.contains_key(id)) {
            Some(id) => Err(format!("{id} is pending and on its way into the archive")),
            None => Ok(()),
        }
    }

    /// The state as plain data, for people.
    pub fn look(&self) -> String {
        let pending: Vec<String> = self.pending.keys().map(|id| id.0.to_string()).collect();
        let finalizing: Vec<String> = self.finalizing.keys().map(|id| id.0.to_string()).collect();
        let latest = self.archive.latest().map_or(0, |latest| latest.metadata.checkpoint.0);
        format!("latest {latest}, pending [{}], finalizing [{}], {} wait", pending.join(" "), finalizing.join(" "), self.requests.len())
    }

    fn timeout_ns(&self, context: &MasterContext) -> u64 {
        context.now.mono_ns + u64::from(context.plan().checkpoints.timeout_ms) * MILLISECOND
    }
}
