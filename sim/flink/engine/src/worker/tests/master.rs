//! A master that does what a test needs: it deploys all tasks, triggers checkpoints, and starts everything again from
//! the last complete one when anything fails. Never the real one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use contract::ids::{ConnId, MachineId};
use contract::process::Event;
use contract::time::{MILLISECOND, Now};
use flink_words::ids::ChannelId;
use flink_words::settings::StreamPlan;
use flink_words::state::SnapshotKind;
use flink_words::worker::TaskEnd;
use outside_words::ids::{AttemptId, CheckpointId, JobId, LeaderId, SplitId, Subtask, VertexId};

use crate::job::{JobGraph, Role};
use crate::message::{Deployment, Down, Message, Out, Restore, Up};
use crate::snapshot::SubtaskSnapshot;

pub const LEADER: LeaderId = LeaderId(7 << 96);

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Deployed,
    Running,
    Ended,
    Finished,
}

pub struct Master {
    plan: Arc<StreamPlan>,
    graph: JobGraph,
    workers: BTreeMap<MachineId, ConnId>,
    tasks: BTreeMap<AttemptId, (MachineId, State)>,
    execution: u32,
    finished: BTreeSet<Subtask>,
    is_failing: bool,
    next: u64,
    pending: Option<(CheckpointId, SnapshotKind, BTreeMap<Subtask, SubtaskSnapshot>)>,
    pub complete: Option<(CheckpointId, BTreeMap<Subtask, SubtaskSnapshot>, BTreeSet<Subtask>)>,
    pub completed: u32,
    pub declined: u32,
    /// The kind of the next checkpoint.
    pub wanted: Option<SnapshotKind>,
    pub stopped: bool,
    at_ns: u64,
    begun_ns: u64,
    /// How many workers it waits for.
    quorum: usize,
}

impl Master {
    pub fn new(plan: Arc<StreamPlan>, quorum: usize) -> Master {
        Master {
            graph: JobGraph::of(plan.job, &plan),
            plan,
            workers: BTreeMap::new(),
            tasks: BTreeMap::new(),
            execution: 0,
            finished: BTreeSet::new(),
            is_failing: false,
            next: 1,
            pending: None,
            complete: None,
            completed: 0,
            declined: 0,
            wanted: None,
            stopped: false,
            at_ns: 0,
            begun_ns: 0,
            quorum,
        }
    }

    pub fn is_done(&self) -> bool {
        !self.tasks.is_empty() && self.tasks.values().all(|(_, state)| *state == State::Finished)
    }

    pub fn step(&mut self, now: Now, event: Event<Message>, out: &mut Out) {
        match event {
            Event::Message { conn, from, message: Message::Up { call, .. } } => self.on_up(conn, from, *call, out),
            Event::Closed { conn, peer } if self.workers.get(&peer) == Some(&conn) => {
                self.workers.remove(&peer);
                self.tasks.values_mut().filter(|(worker, state)| *worker == peer && *state != State::Finished).for_each(|(_, state)| *state = State::Ended);
                self.fail(out);
            }
            _ => {}
        }
        self.go_on(now, out);
        out.wake_at(now.mono_ns + 50 * MILLISECOND);
    }

    fn on_up(&mut self, conn: ConnId, from: MachineId, call: Up, out: &mut Out) {
        match call {
            Up::Register { .. } => {
                self.workers.insert(from, conn);
                self.tell(from, Down::Registered, out);
            }
            Up::TaskRunning { attempt } if self.is_current(attempt) => {
                let restored = self.complete.is_some();
                let (_, state) = self.tasks.get_mut(&attempt).expect("it is current");
                *state = State::Running;
                if let Role::Source { topic, .. } = &self.graph.vertices[usize::from(attempt.subtask.vertex.0)].role {
                    let all = (0..self.plan.input.partitions).filter(|partition| partition % self.plan.parallelism == attempt.subtask.index);
                    let splits = all.map(|partition| (SplitId { topic: *topic, partition }, 0));
                    let splits = if restored { Vec::new() } else { splits.collect() };
                    self.tell(from, Down::AssignSplits { attempt, splits, last: true }, out);
                }
            }
            Up::TaskEnded { attempt, end } if self.is_current(attempt) => {
                let (_, state) = self.tasks.get_mut(&attempt).expect("it is current");
                *state = if end == TaskEnd::Finished { State::Finished } else { State::Ended };
                if end == TaskEnd::Finished {
                    self.finished.insert(attempt.subtask);
                }
                if let TaskEnd::Failed { .. } = end {
                    self.fail(out);
                }
            }
            Up::Acknowledge { attempt, checkpoint, state } if self.is_current(attempt) => {
                if let Some((pending, _, acks)) = &mut self.pending
                    && *pending == checkpoint
                {
                    acks.insert(attempt.subtask, state);
                }
            }
            Up::Decline { .. } => {
                self.declined += 1;
                self.abort(out);
            }
            _ => {}
        }
    }

    fn is_current(&self, attempt: AttemptId) -> bool {
        self.tasks.contains_key(&attempt)
    }

    fn tell(&self, worker: MachineId, call: Down, out: &mut Out) {
        if let Some(conn) = self.workers.get(&worker) {
            out.send(*conn, Message::Down { leader: LEADER, call: Box::new(call) });
        }
    }

    fn fail(&mut self, out: &mut Out) {
        if self.is_failing || self.tasks.is_empty() {
            return;
        }
        self.is_failing = true;
        self.abort(out);
        for (attempt, (worker, state)) in &self.tasks {
            if matches!(state, State::Deployed | State::Running) {
                self.tell(*worker, Down::Cancel { attempt: *attempt }, out);
            }
        }
    }

    fn abort(&mut self, out: &mut Out) {
        let Some((checkpoint, ..)) = self.pending.take() else { return };
        for (attempt, (worker, state)) in &self.tasks {
            if *state == State::Running {
                self.tell(*worker, Down::Abort { attempt: *attempt, checkpoint, latest: None }, out);
            }
        }
    }

    fn go_on(&mut self, now: Now, out: &mut Out) {
        if now.mono_ns >= self.at_ns + 500 * MILLISECOND {
            self.at_ns = now.mono_ns;
            self.workers.keys().for_each(|worker| self.tell(*worker, Down::Heartbeat, out));
        }
        let ended = |state: &State| matches!(state, State::Ended | State::Finished);
        if self.tasks.values().all(|(_, state)| ended(state)) && (self.is_failing || self.tasks.is_empty()) && self.workers.len() >= self.quorum {
            self.deploy(out);
        }
        if self.is_failing || !self.tasks.values().all(|(_, state)| matches!(state, State::Running | State::Finished)) {
            return;
        }
        let running: Vec<(AttemptId, MachineId)> =
            self.tasks.iter().filter(|(_, (_, state))| *state == State::Running).map(|(attempt, (worker, _))| (*attempt, *worker)).collect();
        if let Some((checkpoint, kind, acks)) = &self.pending {
            if self.pending_is_complete(acks) {
                let (checkpoint, kind, acks) = (*checkpoint, *kind, acks.clone());
                let finished = self.graph_subtasks().into_iter().filter(|subtask| !acks.contains_key(subtask)).collect();
                self.pending = None;
                self.complete = Some((checkpoint, acks, finished));
                self.completed += 1;
                self.stopped |= kind.stops();
                for (attempt, worker) in &running {
                    self.tell(*worker, Down::Complete { attempt: *attempt, checkpoint }, out);
                }
            } else if now.mono_ns > self.begun_ns + 5_000 * MILLISECOND {
                self.abort(out);
            }
        } else if now.mono_ns >= self.begun_ns + u64::from(self.plan.checkpoints.interval_ms) * MILLISECOND && !running.is_empty() && !self.stopped {
            self.begun_ns = now.mono_ns;
            let (checkpoint, kind) = (CheckpointId(self.next), self.wanted.take().unwrap_or(SnapshotKind::Checkpoint));
            self.next += 1;
            self.pending = Some((checkpoint, kind, BTreeMap::new()));
            for (attempt, worker) in &running {
                let is_first = self.graph.inputs(attempt.subtask.vertex).all(|(edge, ends)| {
                    let mine = self.graph.channels(edge, self.plan.parallelism).into_iter().filter(|channel| channel.to == attempt.subtask.index);
                    mine.into_iter().all(|channel| self.finished.contains(&Subtask { vertex: ends.from, index: channel.from }))
                });
                if is_first {
                    self.tell(*worker, Down::Trigger { attempt: *attempt, checkpoint, kind }, out);
                }
            }
        }
    }

    fn pending_is_complete(&self, acks: &BTreeMap<Subtask, SubtaskSnapshot>) -> bool {
        self.graph_subtasks().iter().all(|subtask| acks.contains_key(subtask) || self.finished.contains(subtask))
    }

    fn graph_subtasks(&self) -> Vec<Subtask> {
        let vertices = 0..self.graph.vertices.len() as u16;
        vertices.flat_map(|vertex| (0..self.plan.parallelism).map(move |index| Subtask { vertex: VertexId(vertex), index })).collect()
    }

    fn deploy(&mut self, out: &mut Out) {
        self.execution += 1;
        self.is_failing = false;
        self.finished.clear();
        self.tasks.clear();
        let number = self.execution;
        let attempt = |subtask| AttemptId { job: JobId(1), subtask, leader: LEADER, number };
        let workers: Vec<MachineId> = self.workers.keys().copied().collect();
        let place = |subtask: Subtask| workers[usize::from(subtask.index) % workers.len()];
        for subtask in self.graph_subtasks() {
            let ends = |incoming: bool| -> Vec<ChannelId> {
                let (vertex, index) = (subtask.vertex, subtask.index);
                let edges: Vec<_> =
                    if incoming { self.graph.inputs(vertex).map(|(id, _)| id).collect() } else { self.graph.outputs(vertex).map(|(id, _)| id).collect() };
                let channels = edges.into_iter().flat_map(|edge| self.graph.channels(edge, self.plan.parallelism));
                channels.filter(|channel| if incoming { channel.to == index } else { channel.from == index }).collect()
            };
            let from = |channel: &ChannelId| Subtask { vertex: self.graph.edges[usize::from(channel.edge.0)].from, index: channel.from };
            let to = |channel: &ChannelId| Subtask { vertex: self.graph.edges[usize::from(channel.edge.0)].to, index: channel.to };
            let restore = self.complete.as_ref().map(|(checkpoint, states, finished)| Restore {
                checkpoint: *checkpoint,
                job: JobId(1),
                parallelism: self.plan.parallelism,
                states: states.iter().filter(|(other, _)| other.vertex == subtask.vertex).map(|(other, state)| (*other, state.clone())).collect(),
                finished: finished.contains(&subtask),
            });
            let deployment = Deployment {
                attempt: attempt(subtask),
                token: 0,
                kind: self.plan.job,
                parallelism: self.plan.parallelism,
                inputs: ends(true).into_iter().map(|channel| (channel, attempt(from(&channel)), place(from(&channel)))).collect(),
                outputs: ends(false).into_iter().map(|channel| (channel, attempt(to(&channel)))).collect(),
                restore,
            };
            self.tasks.insert(attempt(subtask), (place(subtask), State::Deployed));
            self.tell(place(subtask), Down::Deploy(Box::new(deployment)), out);
        }
    }
}
