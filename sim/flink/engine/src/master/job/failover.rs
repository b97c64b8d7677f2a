//! What follows when a task runs, ends or fails, or a worker is lost: regions begin again, or the job ends
//! (DefaultScheduler, ExecutionFailureHandler). Never a task begun again while another of its region runs on.

use std::collections::BTreeSet;

use contract::time::MILLISECOND;
use flink_words::fact::MasterFact;
use flink_words::ids::WorkerId;
use flink_words::master::JobStatus;
use flink_words::worker::TaskEnd;
use outside_words::ids::{AttemptId, CheckpointId, Subtask};

use super::super::context::MasterContext;
use super::super::coordinator::failures::Reason;
use super::tasks::TaskState;
use super::{End, JobMaster};
use crate::message::{Down, Up};

impl JobMaster {
    /// Takes what a worker says of a task.
    pub fn on_up(&mut self, call: Up, context: &mut MasterContext) {
        match call {
            Up::Register { .. } | Up::Heartbeat => {}
            Up::TaskRunning { attempt } => self.on_running(attempt, context),
            Up::TaskEnded { attempt, end } => self.on_ended(attempt, end, context),
            Up::Acknowledge { attempt, checkpoint, state } => {
                if let Some(coordinator) = &mut self.coordinator {
                    coordinator.on_ack(attempt, checkpoint, state, context);
                }
            }
            Up::Decline { attempt, checkpoint, why, counts } => self.on_decline(attempt, checkpoint, why, counts, context),
            Up::RequestSplit { attempt } => {
                if self.tasks.current(attempt).is_some_and(|task| task.state == TaskState::Running) {
                    self.assign_splits(attempt, context);
                }
            }
        }
    }

    /// A worker is given up: its tasks are taken for failed, all at once.
    pub fn on_worker_lost(&mut self, worker: WorkerId, context: &mut MasterContext) {
        let mut failed = Vec::new();
        for attempt in self.tasks.on(worker) {
            context.workers.leave(attempt);
            let task = self.tasks.current(attempt).expect("it was just listed");
            if std::mem::replace(&mut task.state, TaskState::Ended) != TaskState::Canceling {
                failed.push((attempt, "its worker is lost".to_string()));
            }
        }
        if !failed.is_empty() {
            self.fail(failed, context);
        }
    }

    /// The job as a whole fails, though no task did.
    pub(super) fn fail_globally(&mut self, context: &mut MasterContext) {
        if self.is_calm() {
            let all = self.tasks.all().map(|(subtask, _)| *subtask).collect();
            self.restart(all, context);
        }
    }

    /// Every task that runs is told to end.
    pub(super) fn cancel_all(&mut self, context: &mut MasterContext) {
        let all = self.tasks.all().map(|(subtask, _)| *subtask).collect();
        self.cancel(&all, context);
    }

    /// How the job ended, if its tasks are all over.
    pub(super) fn end(&mut self, context: &mut MasterContext) -> Option<End> {
        let everything: Vec<Subtask> = self.tasks.all().map(|(subtask, _)| *subtask).collect();
        let successor = self.steps.successor().cloned();
        let status = match (self.ending, &successor) {
            // What is being added or removed comes to its end first (CheckpointsCleaner.closeAsync).
            _ if self.coordinator.as_ref().is_none_or(|coordinator| !coordinator.archive.is_idle()) => return None,
            (Some(status), _) if self.tasks.are_over(&everything) => status,
            (None, Some(_)) if self.tasks.are_over(&everything) => JobStatus::Finished,
            (None, None) if self.tasks.have_finished() && !self.steps.is_stopping() => JobStatus::Finished,
            _ => return None,
        };
        if let Some(coordinator) = &mut self.coordinator {
            coordinator.stop_timer();
            coordinator.abort_all(&Reason::Suspended, context);
        }
        self.set_status(status, context);
        Some(End { status, successor })
    }

    fn on_running(&mut self, attempt: AttemptId, context: &mut MasterContext) {
        let Some(task) = self.tasks.current(attempt) else { return };
        if task.state == TaskState::Deploying {
            task.state = TaskState::Running;
            self.assign_splits(attempt, context);
        }
    }

    fn on_ended(&mut self, attempt: AttemptId, end: TaskEnd, context: &mut MasterContext) {
        context.workers.leave(attempt);
        let Some(task) = self.tasks.current(attempt) else { return };
        if !task.state.is_alive() {
            return;
        }
        let was_canceled = task.state == TaskState::Canceling;
        match end {
            TaskEnd::Finished => {
                task.state = TaskState::Finished;
                if let Some(coordinator) = &mut self.coordinator {
                    let consequences = coordinator.on_finished(attempt, context);
                    self.on_consequences(consequences, context);
                }
            }
            TaskEnd::Canceled | TaskEnd::Failed { .. } if was_canceled => task.state = TaskState::Ended,
            TaskEnd::Canceled => {
                task.state = TaskState::Ended;
                self.fail(vec![(attempt, "it was canceled by its worker".into())], context);
            }
            TaskEnd::Failed { why } => {
                task.state = TaskState::Ended;
                self.fail(vec![(attempt, why)], context);
            }
        }
    }

    fn on_decline(&mut self, attempt: AttemptId, checkpoint: CheckpointId, why: String, counts: bool, context: &mut MasterContext) {
        if let Some(coordinator) = &mut self.coordinator {
            let consequences = coordinator.on_decline(attempt, checkpoint, why, counts, context);
            self.on_consequences(consequences, context);
        }
    }

    /// Tasks have failed together.
    fn fail(&mut self, failed: Vec<(AttemptId, String)>, context: &mut MasterContext) {
        let regions = self.regions.around(failed.iter().map(|(attempt, _)| attempt.subtask));
        for (attempt, why) in failed {
            context.note(MasterFact::TaskFailed { attempt, why });
        }
        if self.is_calm() {
            self.restart(regions, context);
        } else {
            self.cancel_all(context);
        }
    }

    /// Whether the job is not about to end anyway.
    fn is_calm(&self) -> bool {
        self.ending.is_none() && self.steps.successor().is_none()
    }

    /// These begin again, if the restart strategy lets them.
    fn restart(&mut self, subtasks: BTreeSet<Subtask>, context: &mut MasterContext) {
        let delay_ms = self.restarts.on_failure(context.mono_ms());
        let (leader, job, failures) = (self.leader, self.plan.job, self.restarts.failures());
        context.note(MasterFact::RestartDecided { leader, job, failures, delay_ms });
        self.restarting.extend(subtasks.iter().copied());
        if let Some(coordinator) = &mut self.coordinator {
            coordinator.stop_timer();
            // The job may be failing for this very reason: what else follows from it is of no interest.
            let consequences = coordinator.abort_all(&Reason::Failover, context);
            if consequences.contains(&super::Consequence::NoSavepoint) || coordinator.take_lost_savepoint() {
                self.on_no_savepoint(context);
            }
        }
        let Some(delay_ms) = delay_ms else {
            self.ending = Some(JobStatus::Failed);
            self.restarting.clear();
            return self.cancel_all(context);
        };
        self.due_ns = self.due_ns.max(context.now.mono_ns + delay_ms * MILLISECOND);
        self.cancel(&subtasks, context);
        // Whatever runs on, no checkpoint is triggered meanwhile.
        self.set_status(JobStatus::Restarting, context);
    }

    fn cancel(&mut self, subtasks: &BTreeSet<Subtask>, context: &mut MasterContext) {
        for attempt in self.tasks.cancel(subtasks) {
            context.tell(attempt, Down::Cancel { attempt });
        }
    }
}
