//! A worker's network buffers: what each task must have, and what it gets besides (NetworkBufferPool). Numbers alone;
//! never a buffer.

use std::collections::BTreeMap;

use flink_words::settings::NetworkPlan;
use outside_words::ids::{AttemptId, VertexId};

use crate::job::JobGraph;
use crate::task::channel::EXCLUSIVE;
use crate::task::core::Room;

/// Floating buffers of a gate, or spare buffers of an output, at most
/// (taskmanager.network.memory.floating-buffers-per-gate).
const SPARE_MAX: u32 = 8;

/// What a task needs and gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Share {
    sending: u32,
    receiving: u32,
}

/// A worker's network buffers.
#[derive(Clone, Debug)]
pub struct Pool {
    sending: u32,
    receiving: u32,
    slots: u32,
    shares: BTreeMap<AttemptId, Share>,
}

impl Pool {
    /// The pool of a plan.
    pub fn new(network: &NetworkPlan, slots: u16) -> Pool {
        let (sending, receiving) = network.buffers();
        Pool { sending, receiving, slots: slots.into(), shares: BTreeMap::new() }
    }

    /// All buffers, both ways.
    pub fn total(&self) -> u32 {
        self.sending + self.receiving
    }

    /// Sets aside what a task must have: a buffer for each output channel and one more, and each input channel's own.
    /// What is left when all slots are taken is shared evenly.
    pub fn reserve(&mut self, attempt: AttemptId, graph: &JobGraph, parallelism: u16) -> Result<Room, String> {
        let vertices = || (0..graph.vertices.len()).map(|vertex| VertexId(vertex as u16));
        let needs = |vertex: VertexId| Share { sending: outputs(graph, vertex, parallelism), receiving: inputs(graph, vertex, parallelism) };
        let need = needs(attempt.subtask.vertex);
        let all = vertices()
            .map(needs)
            .fold(Share { sending: 0, receiving: 0 }, |sum, share| Share { sending: sum.sending + share.sending, receiving: sum.receiving + share.receiving });
        let spare = |total: u32, all: u32, tasks: usize| (total.saturating_sub(all * self.slots) / (tasks as u32 * self.slots).max(1)).min(SPARE_MAX);
        let senders = vertices().filter(|vertex| needs(*vertex).sending > 0).count();
        let receivers = vertices().filter(|vertex| needs(*vertex).receiving > 0).count();
        let spare_sending = if need.sending > 0 { spare(self.sending, all.sending, senders) } else { 0 };
        let floating = if need.receiving > 0 { spare(self.receiving, all.receiving, receivers) } else { 0 };
        let share = Share { sending: need.sending + spare_sending, receiving: need.receiving + floating };
        let used = self.shares.values().fold((0, 0), |sum, share| (sum.0 + share.sending, sum.1 + share.receiving));
        self.available(need.sending, self.sending - used.0)?;
        self.available(need.receiving, self.receiving - used.1)?;
        // Where former tasks have got more, there may be less left to share.
        let share = Share { sending: share.sending.min(self.sending - used.0), receiving: share.receiving.min(self.receiving - used.1) };
        self.shares.insert(attempt, share);
        Ok(Room { sending: share.sending, floating: share.receiving - need.receiving })
    }

    /// A task has ended.
    pub fn release(&mut self, attempt: AttemptId) {
        self.shares.remove(&attempt);
    }

    /// What must hold between steps.
    pub fn check(&self) -> Result<(), String> {
        let used = self.shares.values().fold((0, 0), |sum, share| (sum.0 + share.sending, sum.1 + share.receiving));
        match used.0 <= self.sending && used.1 <= self.receiving {
            true => Ok(()),
            false => Err(format!("{used:?} buffers are given away of {} to send and {} to receive", self.sending, self.receiving)),
        }
    }

    fn available(&self, required: u32, available: u32) -> Result<(), String> {
        if required <= available {
            return Ok(());
        }
        Err(format!(
            "Insufficient number of network buffers: required {required}, but only {available} available. The total number of network buffers is currently set to {}. \
             You can increase this number by setting 'taskmanager.memory.network.buffer.percent' and 'taskmanager.memory.consumer.buffer.percent'.",
            self.total()
        ))
    }
}

/// The buffers that a worker must have to send and to receive, so that all its slots can be taken by a job: a plan with
/// fewer may start its tasks again for ever.
pub fn least_buffers(graph: &JobGraph, parallelism: u16, slots: u16) -> (u32, u32) {
    let vertices = || (0..graph.vertices.len()).map(|vertex| VertexId(vertex as u16));
    let taken = u32::from(slots.min(parallelism));
    let (sending, receiving) = (vertices().map(|vertex| outputs(graph, vertex, parallelism)), vertices().map(|vertex| inputs(graph, vertex, parallelism)));
    (sending.sum::<u32>() * taken, receiving.sum::<u32>() * taken)
}

/// Buffers that a subtask's outputs must have.
fn outputs(graph: &JobGraph, vertex: VertexId, parallelism: u16) -> u32 {
    let channels: usize = graph.outputs(vertex).map(|(edge, _)| graph.channels(edge, parallelism).iter().filter(|channel| channel.from == 0).count()).sum();
    if channels == 0 { 0 } else { channels as u32 + 1 }
}

/// Buffers that a subtask's inputs must have.
fn inputs(graph: &JobGraph, vertex: VertexId, parallelism: u16) -> u32 {
    let channels: usize = graph.inputs(vertex).map(|(edge, _)| graph.channels(edge, parallelism).iter().filter(|channel| channel.to == 0).count()).sum();
    channels as u32 * EXCLUSIVE
}

#[cfg(test)]
mod tests {
    use flink_words::job::JobKind;
    use outside_words::ids::{JobId, LeaderId, Subtask};

    use super::*;

    #[test]
    fn the_least_is_enough_for_all_slots_and_one_buffer_less_is_not() {
        for kind in JobKind::ALL {
            for parallelism in 1..4 {
                let plan = crate::operator::tests::plan(kind);
                let graph = JobGraph::of(kind, &plan);
                let (sending, receiving) = least_buffers(&graph, parallelism, parallelism);
                let fits = |sending: u32, receiving: u32| {
                    let mut pool = Pool { sending, receiving, slots: parallelism.into(), shares: BTreeMap::new() };
                    let subtasks =
                        (0..graph.vertices.len() as u16).flat_map(|vertex| (0..parallelism).map(move |index| Subtask { vertex: VertexId(vertex), index }));
                    let attempts = subtasks.map(|subtask| AttemptId { job: JobId(1), subtask, leader: LeaderId(1), number: 1 });
                    attempts.into_iter().all(|attempt| pool.reserve(attempt, &graph, parallelism).is_ok() && pool.check().is_ok())
                };
                assert!(fits(sending, receiving), "{kind:?} with {parallelism}");
                assert!(!fits(sending - 1, receiving) && !fits(sending, receiving - 1), "{kind:?} with {parallelism}");
                assert!(fits(sending + 13, receiving + 7), "{kind:?} with {parallelism}: what is over is shared");
            }
        }
    }
}
