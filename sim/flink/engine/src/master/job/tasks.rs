//! The executions of a job's subtasks, and how each stands (ExecutionState). Never an event of an attempt that is over
//! taken for one of the present.

use std::collections::{BTreeMap, BTreeSet};

use flink_words::ids::WorkerId;
use outside_words::ids::{AttemptId, JobId, LeaderId, Subtask};

/// How an execution stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::master) enum TaskState {
    /// Nothing was sent to a worker.
    Created,
    /// It has no state or no channels yet.
    Deploying,
    /// It takes records.
    Running,
    /// It came to its end by itself.
    Finished,
    /// It was told to end.
    Canceling,
    /// It was canceled, or failed.
    Ended,
}

impl TaskState {
    /// Whether a worker may have it.
    pub fn is_alive(self) -> bool {
        matches!(self, TaskState::Deploying | TaskState::Running | TaskState::Canceling)
    }
}

/// The present execution of a subtask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::master) struct Task {
    /// The attempt; number 0 before the first.
    pub attempt: AttemptId,
    /// How it stands.
    pub state: TaskState,
    /// Where it runs, or ran.
    pub worker: Option<WorkerId>,
}

/// All executions of a job under a grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::master) struct Tasks(BTreeMap<Subtask, Task>);

impl Tasks {
    /// Executions that have not begun.
    pub fn new(job: JobId, leader: LeaderId, subtasks: &[Subtask]) -> Tasks {
        let task = |subtask: &Subtask| Task { attempt: AttemptId { job, subtask: *subtask, leader, number: 0 }, state: TaskState::Created, worker: None };
        Tasks(subtasks.iter().map(|subtask| (*subtask, task(subtask))).collect())
    }

    /// All executions.
    pub fn all(&self) -> impl Iterator<Item = (&Subtask, &Task)> {
        self.0.iter()
    }

    /// The execution of a subtask.
    pub fn of(&self, subtask: Subtask) -> &Task {
        &self.0[&subtask]
    }

    /// An attempt, if it is the present one.
    pub fn current(&mut self, attempt: AttemptId) -> Option<&mut Task> {
        self.0.get_mut(&attempt.subtask).filter(|task| task.attempt == attempt)
    }

    /// A new attempt at a subtask, on a worker.
    pub fn begin(&mut self, subtask: Subtask, worker: WorkerId) -> AttemptId {
        let task = self.0.get_mut(&subtask).expect("a subtask of the graph");
        task.attempt.number += 1;
        (task.state, task.worker) = (TaskState::Deploying, Some(worker));
        task.attempt
    }

    /// Attempts that a worker has, or may have.
    pub fn on(&self, worker: WorkerId) -> Vec<AttemptId> {
        self.0.values().filter(|task| task.state.is_alive() && task.worker == Some(worker)).map(|task| task.attempt).collect()
    }

    /// Tells which of these must be told to end, and marks them so.
    pub fn cancel(&mut self, subtasks: &BTreeSet<Subtask>) -> Vec<AttemptId> {
        let running = |task: &&mut Task| matches!(task.state, TaskState::Deploying | TaskState::Running);
        let mine = self.0.iter_mut().filter(|(subtask, _)| subtasks.contains(subtask)).map(|(_, task)| task).filter(running);
        mine.map(|task| {
            task.state = TaskState::Canceling;
            task.attempt
        })
        .collect()
    }

    /// Whether no worker has any of these.
    pub fn are_over<'a>(&self, subtasks: impl IntoIterator<Item = &'a Subtask>) -> bool {
        subtasks.into_iter().all(|subtask| !self.0[subtask].state.is_alive())
    }

    /// Whether all have finished.
    pub fn have_finished(&self) -> bool {
        self.0.values().all(|task| task.state == TaskState::Finished)
    }

    /// Where subtasks of an index other than these run.
    pub fn taken_besides(&self, subtasks: &BTreeSet<Subtask>) -> BTreeMap<u16, WorkerId> {
        let others = self.0.iter().filter(|(subtask, task)| !subtasks.contains(subtask) && task.state.is_alive());
        others.filter_map(|(subtask, task)| Some((subtask.index, task.worker?))).collect()
    }

    /// Where subtasks of an index ran last.
    pub fn last_places(&self) -> BTreeMap<u16, WorkerId> {
        self.0.iter().filter_map(|(subtask, task)| Some((subtask.index, task.worker?))).collect()
    }
}
