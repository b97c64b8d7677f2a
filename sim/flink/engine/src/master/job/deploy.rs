//! How the tasks that are to begin are placed, restored and sent to their workers. Never before all that they replace
//! is over, and never from anything but the latest checkpoint in the store.

use std::collections::{BTreeMap, BTreeSet};

use flink_words::fact::MasterFact;
use flink_words::ids::{ChannelId, WorkerId};
use flink_words::master::JobStatus;
use outside_words::ids::{Subtask, VertexId};

use super::super::context::MasterContext;
use super::super::coordinator::archive::Completed;
use super::super::enumerator::Enumerator;
use super::{JobMaster, slots};
use crate::job::Role;
use crate::message::{Deployment, Down, Restore};
use crate::snapshot::SubtaskSnapshot;

impl JobMaster {
    /// Begins the tasks that wait, if nothing keeps them from it.
    pub(super) fn deploy_if_due(&mut self, context: &mut MasterContext) {
        let Some(coordinator) = &self.coordinator else { return };
        let may = !self.restarting.is_empty() && self.ending.is_none() && !self.steps.is_stopping();
        // While a checkpoint is on its way into the store nobody can say which is the latest.
        if !may || context.now.mono_ns < self.due_ns || coordinator.archive.is_adding() || !self.tasks.are_over(&self.restarting) {
            return;
        }
        let wanted: BTreeSet<u16> = self.restarting.iter().map(|subtask| subtask.index).collect();
        let slots: BTreeMap<WorkerId, u16> = context.workers.all().map(|(id, worker)| (id, worker.slots)).collect();
        let taken = self.tasks.taken_besides(&self.restarting);
        let Some(places) = slots::assign(&wanted, &taken, &self.tasks.last_places(), &slots) else { return };
        self.deploy(&places, context);
    }

    fn deploy(&mut self, places: &BTreeMap<u16, WorkerId>, context: &mut MasterContext) {
        let subtasks: Vec<Subtask> = std::mem::take(&mut self.restarting).into_iter().collect();
        let from = self.restore_point().cloned();
        let global = subtasks.len() == self.tasks.all().count();
        self.reset_enumerators(&subtasks, from.as_ref(), global);
        let attempts = subtasks.iter().map(|subtask| self.tasks.begin(*subtask, places[&subtask.index])).collect();
        let (leader, job) = (self.leader, self.plan.job);
        let origin = from.as_ref().map(|from| (from.metadata.job, from.metadata.checkpoint));
        context.note(MasterFact::Restoring { leader, job, from: origin, tasks: attempts, global });
        for subtask in subtasks {
            let task = self.tasks.of(subtask);
            let (attempt, worker) = (task.attempt, task.worker.expect("it was just given a place"));
            let deployment = self.deployment(subtask, from.as_ref());
            context.note(MasterFact::Deploying { attempt, worker });
            context.workers.settle(attempt, worker);
            context.workers.tell(worker, Down::Deploy(Box::new(deployment)), context.out);
        }
        self.set_status(JobStatus::Running, context);
        self.coordinator.as_mut().expect("who deploys has a coordinator").start_timer(context);
    }

    /// The latest checkpoint in the store, else the savepoint that the job begins from.
    fn restore_point(&self) -> Option<&Completed> {
        self.coordinator.as_ref().and_then(|coordinator| coordinator.archive.latest()).or(self.savepoint.as_ref())
    }

    /// Enumerators begin anew with all tasks; with some of them they take back what those had been given since.
    fn reset_enumerators(&mut self, subtasks: &[Subtask], from: Option<&Completed>, global: bool) {
        let parallelism = self.plan.parallelism;
        if global {
            self.enumerators.clear();
            for (vertex, topic) in self.sources() {
                let partitions = (0..self.partitions).map(|partition| (outside_words::ids::SplitId { topic, partition }, 0));
                let unassigned = match from {
                    Some(from) => from.metadata.unassigned.get(&vertex).cloned().unwrap_or_default(),
                    None => partitions.collect(),
                };
                self.enumerators.insert(vertex, Enumerator::new(parallelism, unassigned));
            }
            return;
        }
        // What was given before the savepoint of another job is nothing of this one's.
        let restored = from.filter(|from| from.metadata.job == self.plan.job).map(|from| from.metadata.checkpoint);
        for subtask in subtasks {
            if let Some(enumerator) = self.enumerators.get_mut(&subtask.vertex) {
                enumerator.take_back(subtask.index, restored);
            }
        }
    }

    pub(super) fn sources(&self) -> Vec<(VertexId, outside_words::data::Topic)> {
        let topic = |role: &Role| match role {
            Role::Source { topic, .. } => Some(*topic),
            Role::Operator(_) | Role::Sink => None,
        };
        let numbered = self.graph.vertices.iter().enumerate();
        numbered.filter_map(|(vertex, of)| Some((VertexId(vertex as u16), topic(&of.role)?))).collect()
    }

    fn deployment(&self, subtask: Subtask, from: Option<&Completed>) -> Deployment {
        let parallelism = self.plan.parallelism;
        let inputs = self.graph.inputs(subtask.vertex).flat_map(|(edge, ends)| {
            let mine = self.graph.channels(edge, parallelism).into_iter().filter(move |channel| channel.to == subtask.index);
            mine.map(|channel: ChannelId| {
                let producer = self.tasks.of(Subtask { vertex: ends.from, index: channel.from });
                (channel, producer.attempt, producer.worker.expect("a region begins as a whole").machine)
            })
        });
        let outputs = self.graph.outputs(subtask.vertex).flat_map(|(edge, ends)| {
            let mine = self.graph.channels(edge, parallelism).into_iter().filter(move |channel| channel.from == subtask.index);
            mine.map(|channel: ChannelId| (channel, self.tasks.of(Subtask { vertex: ends.to, index: channel.to }).attempt))
        });
        Deployment {
            attempt: self.tasks.of(subtask).attempt,
            token: self.token,
            kind: self.plan.kind,
            parallelism,
            inputs: inputs.collect(),
            outputs: outputs.collect(),
            restore: from.map(|from| {
                let own = restore(subtask, parallelism, from);
                match self.graph.vertices[usize::from(subtask.vertex.0)].role {
                    Role::Operator(_) => with_unions(own, subtask, from),
                    Role::Source { .. } | Role::Sink => own,
                }
            }),
        }
    }
}

/// Adds what others' parts hold of union list state, of which everybody gets all (OS-UNION).
fn with_unions(mut own: Restore, subtask: Subtask, from: &Completed) -> Restore {
    let missing = |other: &Subtask| other.vertex == subtask.vertex && own.states.iter().all(|(known, _)| known != other);
    let unkeyed = |state: &SubtaskSnapshot| SubtaskSnapshot { unkeyed: state.unkeyed.clone(), ..SubtaskSnapshot::default() };
    let others: Vec<_> = from.metadata.subtasks.iter().filter(|(other, _)| missing(other)).map(|(other, state)| (*other, unkeyed(state))).collect();
    own.states.extend(others);
    own
}

/// What a subtask gets of a checkpoint: its own part, or, with another parallelism, all of its vertex'.
pub(super) fn restore(subtask: Subtask, parallelism: u16, from: &Completed) -> Restore {
    let metadata = &from.metadata;
    let is_same = metadata.parallelism == parallelism;
    let of_vertex = |other: &Subtask| other.vertex == subtask.vertex && (!is_same || other.index == subtask.index);
    let states = metadata.subtasks.iter().filter(|(other, _)| of_vertex(other)).map(|(other, state)| (*other, state.clone())).collect();
    let finished = metadata.finished.iter().filter(|other| of_vertex(other)).count();
    let all = if is_same { 1 } else { usize::from(metadata.parallelism) };
    Restore { checkpoint: metadata.checkpoint, job: metadata.job, parallelism: metadata.parallelism, states, finished: finished == all }
}
