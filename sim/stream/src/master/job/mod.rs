//! The job master: it reads what its predecessors left of a job, runs the job's tasks, and has its checkpoints taken (JobMaster, DefaultScheduler). Never two attempts of a subtask at once, as far as it can know.

mod deploy;
mod failover;
mod recover;
pub(super) mod regions;
pub(super) mod restart;
pub(super) mod slots;
mod steps;
mod tasks;

use std::collections::{BTreeMap, BTreeSet};

use coord::curator::Told;
use coord::curator::counter::{self, CheckpointIdCounter};
use coord::curator::store::{Fence, StateHandleStore};
use vocab::stream::MasterFact;
use vocab::stream::ids::{AttemptId, CheckpointId, LeaderId, Subtask, VertexId};
use vocab::stream::master::JobStatus;
use vocab::stream::state::SnapshotKind;

use super::cleanup::Held;
use super::coordinator::archive::{Archive, Completed};
use super::coordinator::failures::Reason;
use super::coordinator::{Coordinator, Course, Verdict};
use super::desk::Desk;
use super::enumerator::Enumerator;
use super::store::{ExecutionPlan, Root};
use crate::job::JobGraph;
use crate::message::Answer;
use crate::outside::{AskId, Lost};
use recover::Stage;
use regions::Regions;
use restart::Restarts;
use steps::Steps;
use tasks::{TaskState, Tasks};

/// Why no checkpoint can be triggered (CheckpointFailureReason).
const NOT_RUNNING: &str = "not-all-required-tasks-running";

/// What the dispatcher gives a job master.
#[derive(Clone, Debug)]
pub(super) struct Lease {
    /// The grant.
    pub leader: LeaderId,
    /// Where HA data is.
    pub root: Root,
    /// What its writes check first.
    pub fence: Fence,
    /// See [`Deployment`](crate::message::Deployment).
    pub token: u64,
    /// The store of execution plans.
    pub plans: StateHandleStore,
    /// The store of the job's checkpoints.
    pub checkpoints: StateHandleStore,
}

/// How a job came to its end: globally terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct End {
    /// How.
    pub status: JobStatus,
    /// What goes on after it.
    pub successor: Option<ExecutionPlan>,
}

/// The master of one job.
#[derive(Clone, Debug)]
pub(super) struct JobMaster {
    leader: LeaderId,
    token: u64,
    plan: ExecutionPlan,
    plans: StateHandleStore,
    checkpoints: StateHandleStore,
    graph: JobGraph,
    regions: Regions,
    /// Who sends to a subtask.
    upstream: BTreeMap<Subtask, Vec<Subtask>>,
    partitions: u16,
    stage: Stage,
    counter: CheckpointIdCounter,
    /// A number is asked for.
    is_counting: bool,
    coordinator: Option<Coordinator>,
    /// What the job begins from.
    savepoint: Option<Completed>,
    tasks: Tasks,
    enumerators: BTreeMap<VertexId, Enumerator>,
    restarts: Restarts,
    /// Subtasks that are to begin, as soon as their former attempts are over and the time has come.
    restarting: BTreeSet<Subtask>,
    due_ns: u64,
    /// The job is to end so, once its tasks are over.
    ending: Option<JobStatus>,
    status: JobStatus,
    steps: Steps,
    /// A plant: an assignment was lost already.
    has_lost_assignment: bool,
}

impl JobMaster {
    /// Begins with reading what is there of the job.
    pub fn start(plan: ExecutionPlan, lease: Lease, desk: &mut Desk) -> JobMaster {
        let Lease { leader, root, fence, token, plans, checkpoints } = lease;
        let graph = JobGraph::of(plan.kind, desk.plan());
        let regions = Regions::of(&graph, plan.parallelism);
        let subtasks: Vec<Subtask> = graph.subtasks(plan.parallelism).collect();
        let upstream = subtasks.iter().map(|subtask| (*subtask, upstream(&graph, *subtask, plan.parallelism))).collect();
        let counter = CheckpointIdCounter::new(root.counter(plan.job)).fenced(fence.clone());
        let stage = Stage::start(&root, &fence, plan.job, desk);
        let (job, steps) = (plan.job, Steps::new(desk.plan().steps.clone(), plan.next_step as usize));
        let mut master = JobMaster {
            leader,
            token,
            plan,
            plans,
            checkpoints,
            graph,
            regions,
            upstream,
            partitions: desk.plan().input.partitions,
            stage,
            counter,
            is_counting: false,
            coordinator: None,
            savepoint: None,
            tasks: Tasks::new(job, leader, &subtasks),
            enumerators: BTreeMap::new(),
            restarts: Restarts::new(desk.plan().restart),
            restarting: subtasks.into_iter().collect(),
            due_ns: 0,
            ending: None,
            status: JobStatus::Suspended,
            steps,
            has_lost_assignment: false,
        };
        master.set_status(JobStatus::Created, desk);
        master
    }

    /// Takes what Curator told.
    pub fn on_told(&mut self, told: &Told, desk: &mut Desk) {
        self.on_recover_told(told, desk);
        self.on_step_told(told, desk);
        let counter = &mut self.counter;
        if let Some(outcome) = desk.turn(|turn| counter.on(told, turn)) {
            self.on_counter(outcome, desk);
        }
        if let Some(coordinator) = &mut self.coordinator {
            let outcomes = coordinator.archive.on_told(told, desk);
            let verdicts = coordinator.on_archive(outcomes, desk);
            self.on_verdicts(verdicts, desk);
        }
    }

    /// Takes an answer of the blob store.
    pub fn on_blob(&mut self, id: AskId, result: &Result<Answer, Lost>, desk: &mut Desk) {
        self.on_recover_blob(id, result, desk);
        self.on_step_blob(id, result, desk);
        if let Some(coordinator) = &mut self.coordinator {
            let outcomes = coordinator.archive.on_blob(id, result, desk);
            let verdicts = coordinator.on_archive(outcomes, desk);
            self.on_verdicts(verdicts, desk);
        }
    }

    /// What the time, and all that was learnt in this step, make possible. Says how the job ended, if it has.
    pub fn go_on(&mut self, desk: &mut Desk) -> Option<End> {
        if !self.is_going() {
            return None;
        }
        if let Some(coordinator) = &mut self.coordinator {
            let verdicts = coordinator.on_time(desk);
            self.on_verdicts(verdicts, desk);
        }
        self.deploy_if_due(desk);
        self.step_if_due(desk);
        self.trigger_if_due(desk);
        self.end(desk)
    }

    /// When it must act by itself.
    pub fn wake_ns(&self, now_ns: u64) -> Option<u64> {
        if !self.is_going() {
            return None;
        }
        let due_ns = Some(self.due_ns).filter(|due_ns| !self.restarting.is_empty() && *due_ns > now_ns);
        let coordinator_ns = self.coordinator.as_ref().and_then(Coordinator::wake_ns);
        due_ns.into_iter().chain(coordinator_ns).chain(self.steps.wake_ns(now_ns)).min()
    }

    /// The leadership is over: the tasks are left to cancel themselves. What is on its way into the store goes on.
    pub fn suspend(mut self, desk: &mut Desk) -> Option<Archive> {
        let archive = self.coordinator.take().map(|mut coordinator| {
            coordinator.stop_timer();
            coordinator.abort_all(&Reason::Suspended, desk);
            let mut archive = coordinator.archive;
            for checkpoint in archive.revoke(desk) {
                let (leader, job, why) = (self.leader, self.plan.job, Reason::Suspended.words());
                desk.note(MasterFact::Aborted { leader, job, checkpoint, why });
            }
            archive
        });
        self.set_status(JobStatus::Suspended, desk);
        archive
    }

    /// The store of its checkpoints.
    pub fn store(&self) -> &StateHandleStore {
        &self.checkpoints
    }

    /// What is left of it: the job is over.
    pub fn into_held(self) -> Held {
        let (completed, shared) = match self.coordinator {
            Some(mut coordinator) => (coordinator.archive.take(), coordinator.archive.registry.give_up_all()),
            None => (Vec::new(), Vec::new()),
        };
        Held { store: self.checkpoints, completed, shared }
    }

    /// What it runs.
    pub fn plan(&self) -> &ExecutionPlan {
        &self.plan
    }

    /// What holds between steps.
    pub fn check(&self) -> Result<(), String> {
        self.coordinator.as_ref().map_or(Ok(()), Coordinator::check)
    }

    /// For people.
    pub fn look(&self) -> Vec<(&'static str, String)> {
        let tasks: Vec<String> = self.tasks.all().map(|(subtask, task)| format!("{subtask} #{} {:?}", task.attempt.number, task.state)).collect();
        vec![
            ("job", format!("{} {:?}", self.plan.job.0, self.status)),
            ("tasks", tasks.join(", ")),
            ("steps", self.steps.look()),
            ("checkpoints", self.coordinator.as_ref().map_or_else(|| "none yet".into(), Coordinator::look)),
        ]
    }

    /// Who would take part in a checkpoint now; or why none can be triggered.
    fn course(&self) -> Result<Course, &'static str> {
        let has_finished = |subtask: &Subtask| self.tasks.of(*subtask).state == TaskState::Finished;
        let mut course = Course::default();
        for (subtask, task) in self.tasks.all() {
            match task.state {
                TaskState::Finished => course.finished.push(*subtask),
                TaskState::Running => {
                    course.tasks.push(task.attempt);
                    if self.upstream[subtask].iter().all(has_finished) {
                        course.first.push(task.attempt);
                    }
                }
                TaskState::Created | TaskState::Deploying | TaskState::Canceling | TaskState::Ended => return Err(NOT_RUNNING),
            }
        }
        if course.tasks.is_empty() || !self.restarting.is_empty() || self.ending.is_some() {
            return Err(NOT_RUNNING);
        }
        course.unassigned = self.enumerators.iter().map(|(vertex, enumerator)| (*vertex, enumerator.unassigned())).collect();
        Ok(course)
    }

    fn trigger_if_due(&mut self, desk: &mut Desk) {
        let Some(coordinator) = &mut self.coordinator else { return };
        if coordinator.is_timer_due(desk) {
            coordinator.request(SnapshotKind::Checkpoint, true, desk);
        }
        let is_asked = coordinator.is_asked() && !self.is_counting;
        let course = if is_asked { self.course() } else { Err(NOT_RUNNING) };
        if is_asked && self.coordinator.as_mut().is_some_and(|coordinator| coordinator.next(&course, desk)) {
            self.is_counting = true;
            let counter = &mut self.counter;
            if let Some(outcome) = desk.turn(|turn| counter.get_and_increment(turn)) {
                self.on_counter(outcome, desk);
            }
        }
        if self.coordinator.as_mut().is_some_and(Coordinator::take_lost_savepoint) {
            self.on_no_savepoint(desk);
        }
    }

    fn on_counter(&mut self, outcome: counter::Outcome, desk: &mut Desk) {
        let number = match outcome {
            counter::Outcome::Started => return self.on_counter_started(desk),
            counter::Outcome::Raised => return self.on_counter_raised(desk),
            counter::Outcome::NotStarted(failure) => return desk.exit(format!("the checkpoint counter cannot be used: {failure:?}")),
            counter::Outcome::Next(id) => Ok(CheckpointId(u64::try_from(id).expect("numbers of checkpoints are positive"))),
            // The latch by which it leads is gone: it does not lead, whatever it believes.
            counter::Outcome::Failed(counter::Trouble::Call(coord::curator::Failure::Fenced)) => {
                return desk.exit("the fence is gone: another leads, or nobody");
            }
            counter::Outcome::Failed(trouble) if self.is_recovering() => return desk.exit(format!("the checkpoint counter cannot be set: {trouble:?}")),
            counter::Outcome::Failed(trouble) => Err(format!("no number: {trouble:?}")),
        };
        self.is_counting = false;
        let course = self.course();
        let Some(coordinator) = &mut self.coordinator else { return };
        if let Some(id) = coordinator.numbered(number, course, desk) {
            for enumerator in self.enumerators.values_mut() {
                enumerator.snapshot(id);
            }
        }
    }

    fn on_verdicts(&mut self, verdicts: Vec<Verdict>, desk: &mut Desk) {
        for verdict in verdicts {
            match verdict {
                Verdict::Completed(completed) if completed.metadata.kind.is_savepoint() => self.on_savepoint(completed, desk),
                Verdict::Completed(completed) => {
                    for enumerator in self.enumerators.values_mut() {
                        enumerator.complete(completed.metadata.checkpoint);
                    }
                }
                Verdict::FailJob => self.fail_globally("exceeded checkpoint tolerable failure threshold", desk),
                Verdict::NoSavepoint => self.on_no_savepoint(desk),
                Verdict::Doubtful => desk.exit("nobody knows what is in the checkpoint store"),
            }
        }
    }

    fn set_status(&mut self, status: JobStatus, desk: &mut Desk) {
        if self.status != status || status == JobStatus::Created {
            self.status = status;
            desk.note(MasterFact::Status { leader: self.leader, job: self.plan.job, status });
        }
    }

    /// Splits for a reader that runs, or asks.
    fn assign_splits(&mut self, attempt: AttemptId, desk: &mut Desk) {
        let Some(enumerator) = self.enumerators.get_mut(&attempt.subtask.vertex) else { return };
        let mut splits = enumerator.give(attempt.subtask.index);
        for (split, offset) in &splits {
            desk.note(MasterFact::SplitAssigned { attempt, split: *split, offset: *offset });
        }
        if desk.has(vocab::plan::StreamPlant::AssignmentLost) && !splits.is_empty() && !self.has_lost_assignment {
            self.has_lost_assignment = true;
            splits.pop();
        }
        // All splits are known at once, so there will be no more (signalNoMoreSplits).
        desk.tell(attempt, crate::message::Down::AssignSplits { attempt, splits, last: true });
    }
}

/// Who sends to a subtask.
fn upstream(graph: &JobGraph, subtask: Subtask, parallelism: u16) -> Vec<Subtask> {
    let senders = graph.inputs(subtask.vertex).flat_map(|(edge, ends)| {
        let mine = graph.channels(edge, parallelism).into_iter().filter(|channel| channel.to == subtask.index);
        mine.map(move |channel| Subtask { vertex: ends.from, index: channel.from })
    });
    senders.collect()
}
