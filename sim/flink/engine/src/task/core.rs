//! A task: how it is put together, begins and ends, and what others say to it. Never how far a checkpoint is: see
//! `checkpoints`; nor what it does with a buffer: see `working`.

use std::collections::BTreeMap;

use contract::time::MILLISECOND;
use flink_words::fact::WorkerFact;
use flink_words::ids::{ChannelId, EdgeId};
use flink_words::plant::StreamPlant;
use flink_words::settings::StreamPlan;
use flink_words::state::StateSummary;
use flink_words::worker::TaskEnd;
use outside_words::data::LATEST;
use outside_words::ids::{AttemptId, CheckpointId, SplitId};
use outside_words::message::Answer;

use super::channel::{EXCLUSIVE, InputChannel};
use super::context::{Errand, Route, TaskContext};
use super::ending::Ending;
use super::gate::{Gate, Manner};
use super::output::Output;
use super::restoring::{Restored, Restoring};
use super::snapshotting::Snapshots;
use super::valve::Valve;
use super::work::Work;
use crate::job::{JobGraph, Partitioner, Placement, Role};
use crate::message::{Barrier, Buffer, Deployment, Net, Packet, Up};

/// The first wait before a partition that was not found is asked for again
/// (taskmanager.network.request-backoff.initial).
const BACKOFF_FIRST_NS: u64 = 100 * MILLISECOND;
/// How long it is asked for (request-backoff.max).
const REQUEST_NS: u64 = 10_000 * MILLISECOND;

/// A partition that was not found.
#[derive(Clone, Copy, Debug)]
struct Retry {
    since_ns: u64,
    at_ns: u64,
    wait_ns: u64,
    is_due: bool,
}

/// The room that a task gets from its worker's pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Buffers to send.
    pub sending: u32,
    /// Floating buffers to receive.
    pub floating: u32,
}

/// A task.
#[derive(Clone, Debug)]
pub struct Task {
    pub(super) deployment: Box<Deployment>,
    role: Role,
    placement: Placement,
    /// Its state on its way; `None` once it runs.
    restoring: Option<Restoring>,
    pub(super) gate: Gate,
    pub(super) valve: Valve,
    pub(super) output: Output,
    pub(super) work: Work,
    pub(super) snapshots: Snapshots,
    /// A checkpoint that waits for the sink's rows to be written.
    pub(super) pending: Option<Barrier>,
    /// The newest checkpoint whose barrier was sent on.
    pub(super) emitted: CheckpointId,
    pub(super) ending: Ending,
    retries: BTreeMap<usize, Retry>,
}

impl Task {
    /// A task that is deployed: its state is asked for.
    pub fn new(deployment: Deployment, graph: &JobGraph, room: Room, context: &mut TaskContext) -> Task {
        let subtask = deployment.attempt.subtask;
        let role = graph.vertices[usize::from(subtask.vertex.0)].role.clone();
        let input = |edge: EdgeId| graph.edges[usize::from(edge.0)].input;
        let channels: Vec<InputChannel> =
            deployment.inputs.iter().map(|(channel, producer, machine)| InputChannel::new(*channel, *producer, *machine, input(channel.edge))).collect();
        let edges: Vec<(EdgeId, Partitioner)> = graph.outputs(subtask.vertex).map(|(id, edge)| (id, edge.partitioner)).collect();
        let checkpoints = context.plan.checkpoints;
        let timeout_ns = (checkpoints.unaligned && checkpoints.aligned_timeout_ms > 0).then(|| u64::from(checkpoints.aligned_timeout_ms) * MILLISECOND);
        let manner = Manner { timeout_ns, blocks: !context.has_plant(StreamPlant::BarrierDoesNotBlock) };
        let placement = Placement { index: subtask.index, parallelism: deployment.parallelism, max_parallelism: context.plan.max_parallelism };
        let from = deployment.restore.as_ref().map(|restore| restore.checkpoint);
        context.note(WorkerFact::Deployed { attempt: context.attempt, from });
        let restoring = Restoring::begin(deployment.restore.as_ref(), placement, context);
        let mut task = Task {
            valve: Valve::new(channels.len()),
            gate: Gate::new(channels, room.floating, manner),
            output: Output::new(&edges, &deployment.outputs, subtask.index, context, room.sending),
            deployment: Box::new(deployment),
            role,
            placement,
            restoring: Some(restoring),
            work: Work::Finished,
            snapshots: Snapshots::default(),
            pending: None,
            emitted: CheckpointId(0),
            ending: Ending::default(),
            retries: BTreeMap::new(),
        };
        task.start_if_restored(context);
        task
    }

    /// The attempt.
    pub fn attempt(&self) -> AttemptId {
        self.deployment.attempt
    }

    /// Whether it has its state.
    pub fn is_running(&self) -> bool {
        self.restoring.is_none()
    }

    /// The outside answered; `None` if it did not, however often it was asked.
    pub fn on_answer(&mut self, errand: Errand, answer: Option<Answer>, context: &mut TaskContext) {
        match (errand, &mut self.work) {
            (Errand::Restore(name), _) => {
                if let Some(restoring) = &mut self.restoring {
                    match restoring.on_blob(&name, answer) {
                        Ok(()) => self.start_if_restored(context),
                        Err(why) => context.fail(why),
                    }
                }
            }
            (Errand::Upload { checkpoint, name }, _) => self.snapshots.on_put(checkpoint, &name, answer, context),
            (Errand::Fetch(split), Work::Source { reader, .. }) => {
                let records = match answer {
                    Some(Answer::Records { records, last }) => Some((records, last)),
                    Some(_) | None => None,
                };
                reader.on_fetched(split, records, context.now.mono_ns);
            }
            (Errand::Init, Work::Sink(sink)) => sink.on_init(answer, context),
            (Errand::Write, Work::Sink(sink)) => sink.on_written(answer, context),
            (Errand::Commit(committable), Work::Sink(sink)) => sink.on_committed(&committable, answer, context),
            (Errand::Fetch(_) | Errand::Init | Errand::Write | Errand::Commit(_), Work::Source { .. } | Work::Operator(_) | Work::Sink(_) | Work::Finished) => {
            }
        }
        self.settle(context);
    }

    /// The enumerator gives splits.
    pub fn on_splits(&mut self, splits: &[(SplitId, u64)], last: bool, context: &mut TaskContext) {
        if let Work::Source { reader, .. } = &mut self.work {
            reader.assign(splits, last, context);
        }
        self.settle(context);
    }

    /// The way to a producer stands: the partition is requested.
    pub fn on_routed(&mut self, place: usize, route: Route, context: &mut TaskContext) {
        let channel = self.gate.channel_mut(place);
        channel.route = Some(route);
        let (id, producer) = (channel.id, channel.producer);
        context.to_producer(route, id, producer, Packet::Request { credit: EXCLUSIVE });
    }

    /// The other end of a channel says something.
    pub fn on_packet(&mut self, net: Net, route: Route, context: &mut TaskContext) {
        let Net { channel, producer, consumer, what } = net;
        match what {
            Packet::Request { credit } => {
                if let Some(channel) = self.output.channel_mut(channel, consumer) {
                    channel.route = Some(route);
                    channel.add_credit(credit);
                }
            }
            Packet::Credit { credit } => {
                if let Some(channel) = self.output.channel_mut(channel, consumer) {
                    channel.add_credit(credit);
                }
            }
            Packet::Buffer { number, backlog, buffer } => {
                if let Some(place) = self.gate.place_of(channel, producer) {
                    self.gate.receive(place, number, backlog, buffer, context.now.mono_ns);
                }
            }
            Packet::NotFound => {
                if let Some(place) = self.gate.place_of(channel, producer) {
                    self.on_not_found(place, context);
                }
            }
            Packet::Closed => {
                if self.gate.place_of(channel, producer).is_some_and(|place| !self.gate.has_end(place)) {
                    context.fail(format!("The producer of a channel is gone: {producer} (ProducerFailedException)."));
                } else if let Some(channel) = self.output.channel_mut(channel, consumer) {
                    channel.route = None;
                }
            }
        }
        self.settle(context);
    }

    /// Whether it sends into this channel.
    pub fn produces(&self, channel: ChannelId, consumer: AttemptId) -> bool {
        self.output.channels().iter().any(|known| known.id == channel && known.consumer == consumer)
    }

    /// Whether it has a channel over a stream that this worker opened.
    pub fn uses(&self, route: Route) -> bool {
        self.gate.channels().iter().any(|channel| channel.route == Some(route))
    }

    /// A stream between workers is gone.
    pub fn on_cut(&mut self, route: Route, context: &mut TaskContext) {
        let lost = self.gate.channels().iter().enumerate().find(|(place, channel)| channel.route == Some(route) && !self.gate.has_end(*place));
        if let Some((_, channel)) = lost {
            context.fail(format!("Connection unexpectedly closed by the worker of {} (RemoteTransportException).", channel.producer));
        }
        self.output.unroute(|known| known == route);
    }

    /// Does what is due by now.
    pub fn on_time(&mut self, context: &mut TaskContext) {
        if !self.is_running() {
            return;
        }
        self.gate.on_time(context.now.mono_ns);
        self.settle_idleness(context);
        for (place, retry) in self.retries.iter_mut().filter(|(_, retry)| retry.is_due && retry.at_ns <= context.now.mono_ns) {
            retry.is_due = false;
            context.wants.requests.push((*place, self.gate.channels()[*place].machine));
        }
        self.settle(context);
    }

    /// When it must hear of the time.
    pub fn wake_ns(&self, plan: &StreamPlan) -> Option<u64> {
        let retries = self.retries.values().filter(|retry| retry.is_due).map(|retry| retry.at_ns).min();
        [self.gate.deadline_ns(), self.output.wake_ns(), self.work_wake_ns(plan), retries].into_iter().flatten().min()
    }

    /// It has come to its end.
    pub fn close(&mut self, context: &mut TaskContext) {
        for checkpoint in self.snapshots.under_way() {
            self.snapshots.abort(checkpoint, "The task ended.", context);
        }
        self.tell_pressure(context);
        for channel in self.output.channels() {
            if let Some(route) = channel.route {
                context.to_consumer(route, channel.id, channel.consumer, Packet::Closed);
            }
        }
        for channel in self.gate.channels() {
            if let Some(route) = channel.route {
                context.to_producer(route, channel.id, channel.producer, Packet::Closed);
            }
        }
    }

    /// What must hold between steps.
    pub fn check(&self) -> Result<(), String> {
        self.gate.check()?;
        match &self.work {
            Work::Operator(operator) => operator.check(),
            Work::Source { .. } | Work::Sink(_) | Work::Finished => Ok(()),
        }
    }

    /// The state as plain data, for people.
    pub fn look(&self) -> String {
        let phase = if self.is_running() { "runs" } else { "restores" };
        let pressure = if self.output.is_available() { "" } else { ", blocked" };
        format!("{} {phase}{pressure}, ending {:?}", self.deployment.attempt, self.ending)
    }

    pub(super) fn tell_pressure(&self, context: &mut TaskContext) {
        let pressure = self.output.pressure(context.now.mono_ns);
        context.note(WorkerFact::Pressure { attempt: context.attempt, blocked_us: pressure.blocked_us, buffers: pressure.buffers });
    }

    fn on_not_found(&mut self, place: usize, context: &mut TaskContext) {
        let now_ns = context.now.mono_ns;
        let retry = self.retries.entry(place).or_insert(Retry { since_ns: now_ns, at_ns: 0, wait_ns: BACKOFF_FIRST_NS / 2, is_due: false });
        retry.wait_ns *= 2;
        retry.at_ns = now_ns + retry.wait_ns;
        retry.is_due = true;
        if now_ns >= retry.since_ns + REQUEST_NS {
            context.fail(format!("Partition of {} not found (PartitionNotFoundException).", self.gate.channels()[place].producer));
        }
    }

    fn start_if_restored(&mut self, context: &mut TaskContext) {
        let Some(restoring) = self.restoring.take_if(|restoring| restoring.is_complete()) else { return };
        match self.start(&restoring, context) {
            Ok(()) => {}
            Err(why) => context.fail(why),
        }
    }

    fn start(&mut self, restoring: &Restoring, context: &mut TaskContext) -> Result<(), String> {
        let restore = self.deployment.restore.as_ref();
        let from = restore.map(|restore| restore.checkpoint);
        let finished = restore.is_some_and(|restore| restore.finished);
        let mut restored = match restore.filter(|restore| !restore.finished) {
            Some(restore) => restoring.merge(restore, self.placement, context)?,
            None => Restored::default(),
        };
        if context.has_plant(StreamPlant::OffsetAhead) {
            restored.unkeyed.splits.iter_mut().for_each(|(_, offset)| *offset += 1);
        }
        let now_ns = context.now.mono_ns;
        for (channel, elements) in std::mem::take(&mut restored.inputs) {
            if let Some(place) = self.gate.channels().iter().position(|known| known.id == channel) {
                self.gate.channel_mut(place).replay.push_back(std::sync::Arc::new(Buffer::Data(elements)));
            }
        }
        for (channel, elements) in std::mem::take(&mut restored.outputs) {
            self.output.restore(channel, elements, now_ns);
        }
        if let Some(base) = restored.base.take() {
            self.snapshots.restore(base);
        }
        let is_source = matches!(self.role, Role::Source { .. });
        self.work = match finished {
            true => Work::Finished,
            false => Work::new(&self.role, self.placement, &restored, from.unwrap_or_default(), &self.deployment, context),
        };
        // Of what is not keyed the operator may keep a digest alone: what it found is told.
        let found = restored.state.summary();
        let state = StateSummary { list: found.list, union: found.union, broadcast: found.broadcast, ..self.summary() };
        let replayed = self.gate.replayed();
        context.note(WorkerFact::Running { attempt: context.attempt, from, state, replayed });
        context.up(Up::TaskRunning { attempt: context.attempt });
        context.wants.requests.extend(self.gate.channels().iter().enumerate().map(|(place, channel)| (place, channel.machine)));
        if finished {
            self.ending.may_finish();
        }
        if finished && is_source {
            self.output.watermark(LATEST, now_ns);
            self.end_data(true, context);
        }
        self.settle(context);
        Ok(())
    }

    /// What follows from whatever happened: credit, requests, buffers on their way, and the end.
    pub(super) fn settle(&mut self, context: &mut TaskContext) {
        if !self.is_running() {
            return;
        }
        self.collect_channel_state(context);
        for (place, credit) in self.gate.take_due() {
            let channel = &self.gate.channels()[place];
            if let Some(route) = channel.route {
                context.to_producer(route, channel.id, channel.producer, Packet::Credit { credit });
            }
        }
        self.work.ask(context);
        self.end_partition();
        self.output.pump(context);
        if self.ending.is_over(&self.gate) && self.output.is_empty() && self.work.is_done() && self.snapshots.is_idle() {
            context.wants.end.get_or_insert(TaskEnd::Finished);
        }
    }
}
