//! The plan's steps: savepoints, and stops with a savepoint after which another job goes on. Never a task told that a
//! stopping savepoint is complete before the plan of the next job is durable: else a leader that comes later would
//! begin before effects that are committed (FLINK-26783).

use contract::time::MILLISECOND;
use flink_words::fact::MasterFact;
use flink_words::settings::{StepAction, StepPlan};
use flink_words::state::SnapshotKind;
use outside::{AskId, Lost};
use outside_words::ids::JobId;
use outside_words::message::Answer;
use zookeeper_client::curator::Notice;
use zookeeper_client::curator::store::Added;

use super::super::context::{MasterContext, PUT_TRIES};
use super::super::coordinator::archive::Completed;
use super::super::coordinator::failures::Reason;
use super::super::store::keep::{Keep, Kept};
use super::super::store::{ExecutionPlan, bytes, node_of_job, plan_blob, step_blob};
use super::JobMaster;

/// How long after a savepoint that came to nothing it is tried again: a person would wait so long, or longer.
const STEP_RETRY_MS: u64 = 1_000;

/// Where the present step is.
#[derive(Clone, Debug)]
enum State {
    /// It is not due.
    Waiting,
    /// Its savepoint is asked for.
    Asked(SnapshotKind),
    /// Its savepoint is complete, which is written down.
    Marking(AskId),
    /// Its savepoint is complete, and the next job's plan is on its way.
    Stopping(Keep, Completed, ExecutionPlan),
    /// The next job's plan is durable.
    Stopped(ExecutionPlan),
}

/// The steps.
#[derive(Clone, Debug)]
pub(super) struct Steps {
    plan: Vec<StepPlan>,
    next: usize,
    state: State,
    /// No step begins before this time, by the monotonic clock.
    not_before_ns: u64,
}

impl Steps {
    pub fn new(plan: Vec<StepPlan>, next: usize) -> Steps {
        Steps { plan, next, state: State::Waiting, not_before_ns: 0 }
    }

    /// So many of the job's steps were done by earlier leaders.
    pub fn skip(&mut self, done: usize) {
        self.next = done.max(self.next);
    }

    /// Whether nothing may be started any more: another job goes on.
    pub fn is_stopping(&self) -> bool {
        matches!(self.state, State::Stopping(..) | State::Stopped(_))
    }

    /// What goes on after this job, once that is decided.
    pub fn successor(&self) -> Option<&ExecutionPlan> {
        match &self.state {
            State::Stopped(plan) => Some(plan),
            State::Waiting | State::Asked(_) | State::Marking(_) | State::Stopping(..) => None,
        }
    }

    /// When the next step is due.
    pub fn wake_ns(&self, now_ns: u64) -> Option<u64> {
        let due_ns = self.plan.get(self.next)?.at_ms * MILLISECOND;
        let due_ns = due_ns.max(self.not_before_ns);
        (matches!(self.state, State::Waiting) && due_ns > now_ns).then_some(due_ns)
    }

    /// The state as plain data, for people.
    pub fn look(&self) -> String {
        let state = match self.state {
            State::Waiting => "waiting",
            State::Asked(_) => "asked",
            State::Marking(_) => "marking",
            State::Stopping(..) => "stopping",
            State::Stopped(_) => "stopped",
        };
        format!("{} of {}, {state}", self.next, self.plan.len())
    }
}

impl JobMaster {
    /// Asks for the savepoint of a step that is due.
    pub(super) fn step_if_due(&mut self, context: &mut MasterContext) {
        let Some(step) = self.steps.plan.get(self.steps.next).copied() else { return };
        let due_ns = (step.at_ms * MILLISECOND).max(self.steps.not_before_ns);
        if !matches!(self.steps.state, State::Waiting) || context.now.mono_ns < due_ns || self.participants().is_err() {
            return;
        }
        let Some(coordinator) = &mut self.coordinator else { return };
        let kind = match step.action {
            StepAction::Savepoint => SnapshotKind::Savepoint,
            StepAction::Rescale { .. } => SnapshotKind::Suspend,
        };
        self.steps.state = State::Asked(kind);
        if kind.stops() {
            // No checkpoint beside it (stopCheckpointScheduler).
            coordinator.stop_timer();
            coordinator.abort_all(&Reason::Suspended, context);
            coordinator.take_lost_savepoint();
        }
        coordinator.request(kind, false, context);
    }

    /// A savepoint is complete.
    pub(super) fn on_savepoint(&mut self, savepoint: Completed, context: &mut MasterContext) {
        let State::Asked(kind) = self.steps.state else { return };
        if !kind.stops() {
            let name = step_blob(self.plan.job, self.steps.next as u32);
            self.steps.state = State::Marking(context.put(&name, bytes(&savepoint.name), self.leader, PUT_TRIES));
            return;
        }
        let job = JobId(self.plan.job.0 + 1);
        self.store_successor(job, savepoint, context);
    }

    /// Stores what goes on after this job, under a number that nobody has taken.
    fn store_successor(&mut self, job: JobId, savepoint: Completed, context: &mut MasterContext) {
        let parallelism = match self.steps.plan[self.steps.next].action {
            StepAction::Rescale { parallelism } => parallelism,
            StepAction::Savepoint => self.plan.parallelism,
        };
        let from = (savepoint.metadata.job, savepoint.metadata.checkpoint, savepoint.name.clone());
        let next_step = self.steps.next as u32 + 1;
        let plan = ExecutionPlan { job, kind: self.plan.kind, parallelism, from: Some(from), next_step };
        let keep = Keep::start(Some(self.plans.clone()), node_of_job(job), plan_blob(job), bytes(&plan), self.leader, context);
        self.steps.state = State::Stopping(keep, savepoint, plan);
    }

    /// A savepoint came to nothing: again, later.
    pub(super) fn on_no_savepoint(&mut self, context: &mut MasterContext) {
        let State::Asked(kind) = self.steps.state else { return };
        self.steps.state = State::Waiting;
        self.steps.not_before_ns = context.after_ms(STEP_RETRY_MS);
        if kind.stops()
            && self.restarting.is_empty()
            && let Some(coordinator) = &mut self.coordinator
        {
            coordinator.start_timer(context);
        }
    }

    pub(super) fn on_step_blob(&mut self, id: AskId, result: &Result<Answer, Lost>, context: &mut MasterContext) {
        match &mut self.steps.state {
            State::Marking(ask) if *ask == id => {
                // If that could not be written, a later leader makes one savepoint more.
                self.steps.next += 1;
                self.steps.state = State::Waiting;
            }
            State::Stopping(keep, ..) => {
                let kept = keep.on_blob(id, result, context);
                self.on_kept(kept, context);
            }
            State::Waiting | State::Asked(_) | State::Marking(_) | State::Stopped(_) => {}
        }
    }

    pub(super) fn on_step_told(&mut self, notice: &Notice, context: &mut MasterContext) {
        if let State::Stopping(keep, ..) = &mut self.steps.state {
            let kept = keep.on_notice(notice, context);
            self.on_kept(kept, context);
        }
    }

    fn on_kept(&mut self, kept: Option<Kept>, context: &mut MasterContext) {
        let State::Stopping(_, savepoint, plan) = &self.steps.state else { return };
        match kept {
            None | Some(Kept::Content) => {}
            Some(Kept::Handle(Added::Added | Added::Assumed)) => {
                let (savepoint, plan) = (savepoint.clone(), plan.clone());
                let from = plan.from.as_ref().map(|(job, checkpoint, _)| (*job, *checkpoint));
                context.note(MasterFact::Submitted { leader: self.leader, job: plan.job, kind: plan.kind, parallelism: plan.parallelism, from });
                let checkpoint = savepoint.metadata.checkpoint;
                let coordinator = self.coordinator.as_mut().expect("a savepoint has a coordinator");
                coordinator.notify(checkpoint, context);
                coordinator.forget(checkpoint);
                self.steps.state = State::Stopped(plan);
                if !self.restarting.is_empty() {
                    // Tasks have failed meanwhile: none begins again, the others end.
                    self.cancel_all(context);
                }
            }
            // A leader that was deposed before it could add its plan has left the content of another.
            Some(Kept::Conflict) => {
                let (job, savepoint) = (JobId(plan.job.0 + 1), savepoint.clone());
                self.store_successor(job, savepoint, context);
            }
            // Whoever leads next finds out how it stands.
            Some(Kept::NoContent | Kept::Handle(_)) => context.exit("the plan of the next job could not be stored"),
        }
    }
}
