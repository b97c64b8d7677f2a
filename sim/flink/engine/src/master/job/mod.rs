//! The job master: it reads what its predecessors left of a job, runs the job's tasks, and has its checkpoints taken
//! (JobMaster, DefaultScheduler). Never two attempts of a subtask at once, as far as it can know.

mod deploy;
mod failover;
mod recover;
pub(super) mod regions;
pub(super) mod restart;
pub(super) mod slots;
mod steps;
mod tasks;

use std::collections::{BTreeMap, BTreeSet};

use flink_words::fact::MasterFact;
use flink_words::master::JobStatus;
use flink_words::state::SnapshotKind;
use outside::{AskId, Lost};
use outside_words::ids::{AttemptId, CheckpointId, LeaderId, Subtask, VertexId};
use outside_words::message::Answer;
use zookeeper_client::curator::counter::{self, CheckpointIdCounter};
use zookeeper_client::curator::store::{Fence, StateHandleStore};
use zookeeper_client::curator::{CallError, Notice};

use super::cleanup::Held;
use super::context::MasterContext;
use super::coordinator::archive::{Archive, Completed};
use super::coordinator::failures::Reason;
use super::coordinator::{Consequence, Coordinator, Participants};
use super::enumerator::Enumerator;
use super::store::{ExecutionPlan, Root};
use crate::job::JobGraph;
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
    /// How the job stands.
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
    pub fn start(plan: ExecutionPlan, lease: Lease, context: &mut MasterContext) -> JobMaster {
        let Lease { leader, root, fence, token, plans, checkpoints } = lease;
        let graph = JobGraph::of(plan.kind, context.plan());
        let regions = Regions::of(&graph, plan.parallelism);
        let subtasks: Vec<Subtask> = graph.subtasks(plan.parallelism).collect();
        let upstream = subtasks.iter().map(|subtask| (*subtask, upstream(&graph, *subtask, plan.parallelism))).collect();
        let counter = CheckpointIdCounter::new(root.counter(plan.job)).fenced(fence.clone());
        let stage = Stage::start(&root, &fence, plan.job, context);
        let (job, steps) = (plan.job, Steps::new(context.plan().steps.clone(), plan.next_step as usize));
        let mut master = JobMaster {
            leader,
            token,
            plan,
            plans,
            checkpoints,
            graph,
            regions,
            upstream,
            partitions: context.plan().input.partitions,
            stage,
            counter,
            is_counting: false,
            coordinator: None,
            savepoint: None,
            tasks: Tasks::new(job, leader, &subtasks),
            enumerators: BTreeMap::new(),
            restarts: Restarts::new(context.plan().restart),
            restarting: subtasks.into_iter().collect(),
            due_ns: 0,
            ending: None,
            status: JobStatus::Suspended,
            steps,
            has_lost_assignment: false,
        };
        master.set_status(JobStatus::Created, context);
        master
    }

    /// Takes a notice of Curator's.
    pub fn on_notice(&mut self, notice: &Notice, context: &mut MasterContext) {
        self.on_recover_told(notice, context);
        self.on_step_told(notice, context);
        let counter = &mut self.counter;
        if let Some(outcome) = context.recipe(|recipe| counter.on(notice, recipe)) {
            self.on_counter(outcome, context);
        }
        if let Some(coordinator) = &mut self.coordinator {
            let outcomes = coordinator.archive.on_notice(notice, context);
            let consequences = coordinator.on_archive(outcomes, context);
            self.on_consequences(consequences, context);
        }
    }

    /// Takes an answer of the blob store.
    pub fn on_blob(&mut self, id: AskId, result: &Result<Answer, Lost>, context: &mut MasterContext) {
        self.on_recover_blob(id, result, context);
        self.on_step_blob(id, result, context);
        if let Some(coordinator) = &mut self.coordinator {
            let outcomes = coordinator.archive.on_blob(id, result, context);
            let consequences = coordinator.on_archive(outcomes, context);
            self.on_consequences(consequences, context);
        }
    }

    /// What the time, and all that was learnt in this step, make possible. Says how the job ended, if it has.
    pub fn go_on(&mut self, context: &mut MasterContext) -> Option<End> {
        if !self.is_going() {
            return None;
        }
        if let Some(coordinator) = &mut self.coordinator {
            let consequences = coordinator.on_time(context);
            self.on_consequences(consequences, context);
        }
        self.deploy_if_due(context);
        self.step_if_due(context);
        self.trigger_if_due(context);
        self.end(context)
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
    pub fn suspend(mut self, context: &mut MasterContext) -> Option<Archive> {
        let archive = self.coordinator.take().map(|mut coordinator| {
            coordinator.stop_timer();
            coordinator.abort_all(&Reason::Suspended, context);
            let mut archive = coordinator.archive;
            for checkpoint in archive.revoke(context) {
                let (leader, job, why) = (self.leader, self.plan.job, Reason::Suspended.words());
                context.note(MasterFact::Aborted { leader, job, checkpoint, why });
            }
            archive
        });
        self.set_status(JobStatus::Suspended, context);
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

    /// What must hold between steps.
    pub fn check(&self) -> Result<(), String> {
        self.coordinator.as_ref().map_or(Ok(()), Coordinator::check)
    }

    /// The state as plain data, for people.
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
    fn participants(&self) -> Result<Participants, &'static str> {
        let has_finished = |subtask: &Subtask| self.tasks.of(*subtask).state == TaskState::Finished;
        let mut participants = Participants::default();
        for (subtask, task) in self.tasks.all() {
            match task.state {
                TaskState::Finished => participants.finished.push(*subtask),
                TaskState::Running => {
                    participants.tasks.push(task.attempt);
                    if self.upstream[subtask].iter().all(has_finished) {
                        participants.first.push(task.attempt);
                    }
                }
                TaskState::Created | TaskState::Deploying | TaskState::Canceling | TaskState::Ended => return Err(NOT_RUNNING),
            }
        }
        if participants.tasks.is_empty() || !self.restarting.is_empty() || self.ending.is_some() {
            return Err(NOT_RUNNING);
        }
        participants.unassigned = self.enumerators.iter().map(|(vertex, enumerator)| (*vertex, enumerator.unassigned())).collect();
        Ok(participants)
    }

    fn trigger_if_due(&mut self, context: &mut MasterContext) {
        let Some(coordinator) = &mut self.coordinator else { return };
        if coordinator.is_timer_due(context) {
            coordinator.request(SnapshotKind::Checkpoint, true, context);
        }
        let is_asked = coordinator.is_asked() && !self.is_counting;
        let participants = if is_asked { self.participants() } else { Err(NOT_RUNNING) };
        if is_asked && self.coordinator.as_mut().is_some_and(|coordinator| coordinator.next(&participants, context)) {
            self.is_counting = true;
            let counter = &mut self.counter;
            if let Some(outcome) = context.recipe(|recipe| counter.get_and_increment(recipe)) {
                self.on_counter(outcome, context);
            }
        }
        if self.coordinator.as_mut().is_some_and(Coordinator::take_lost_savepoint) {
            self.on_no_savepoint(context);
        }
    }

    fn on_counter(&mut self, outcome: counter::Outcome, context: &mut MasterContext) {
        let number = match outcome {
            counter::Outcome::Started => return self.on_counter_started(context),
            counter::Outcome::Raised => return self.on_counter_raised(context),
            counter::Outcome::NotStarted(error) => return context.exit(format!("the checkpoint counter cannot be used: {error:?}")),
            counter::Outcome::Next(id) => Ok(CheckpointId(u64::try_from(id).expect("numbers of checkpoints are positive"))),
            // The latch by which it leads is gone: it does not lead, whatever it believes.
            counter::Outcome::Failed(counter::CounterError::Call(CallError::Fenced)) => {
                return context.exit("the fence is gone: another leads, or nobody");
            }
            counter::Outcome::Failed(error) if self.is_recovering() => return context.exit(format!("the checkpoint counter cannot be set: {error:?}")),
            counter::Outcome::Failed(error) => Err(format!("no number: {error:?}")),
        };
        self.is_counting = false;
        let participants = self.participants();
        let Some(coordinator) = &mut self.coordinator else { return };
        if let Some(id) = coordinator.numbered(number, participants, context) {
            for enumerator in self.enumerators.values_mut() {
                enumerator.snapshot(id);
            }
        }
    }

    fn on_consequences(&mut self, consequences: Vec<Consequence>, context: &mut MasterContext) {
        for consequence in consequences {
            match consequence {
                Consequence::Completed(completed) if completed.metadata.kind.is_savepoint() => self.on_savepoint(completed, context),
                Consequence::Completed(completed) => {
                    for enumerator in self.enumerators.values_mut() {
                        enumerator.complete(completed.metadata.checkpoint);
                    }
                }
                Consequence::FailJob => self.fail_globally(context),
                Consequence::NoSavepoint => self.on_no_savepoint(context),
                Consequence::Doubtful => context.exit("nobody knows what is in the checkpoint store"),
            }
        }
    }

    fn set_status(&mut self, status: JobStatus, context: &mut MasterContext) {
        if self.status != status || status == JobStatus::Created {
            self.status = status;
            context.note(MasterFact::Status { leader: self.leader, job: self.plan.job, status });
        }
    }

    /// Splits for a reader that runs, or asks.
    fn assign_splits(&mut self, attempt: AttemptId, context: &mut MasterContext) {
        let Some(enumerator) = self.enumerators.get_mut(&attempt.subtask.vertex) else { return };
        let mut splits = enumerator.give(attempt.subtask.index);
        for (split, offset) in &splits {
            context.note(MasterFact::SplitAssigned { attempt, split: *split, offset: *offset });
        }
        if context.has(flink_words::plant::StreamPlant::AssignmentLost) && !splits.is_empty() && !self.has_lost_assignment {
            self.has_lost_assignment = true;
            splits.pop();
        }
        // All splits are known at once, so there will be no more (signalNoMoreSplits).
        context.tell(attempt, crate::message::Down::AssignSplits { attempt, splits, last: true });
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
