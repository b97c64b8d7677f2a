//! A whole job in memory: subtasks, channels, and lots that say what comes next. Snapshots are taken with what is in
//! flight, or after all of it has arrived; never a barrier, a network or a failure of its own.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use flink_engine::job::partition::targets;
use flink_engine::job::{JobGraph, OperatorKind, Placement, Role, row_key};
use flink_engine::operator::{Collector, Operator};
use flink_engine::state::deal::{deal, redistribute};
use flink_engine::state::{GroupState, OperatorState};
use flink_models::batch::{batch, is_monotone, normal, within};
use flink_words::flow::{Datum, Record};
use flink_words::ids::{ChannelId, EdgeId, KeyGroup};
use flink_words::settings::StreamPlan;
use outside::codec::{decode, encode};
use outside_words::data::{EARLIEST, EventTime, Input, LATEST, Row, Topic};
use outside_words::ids::{Subtask, VertexId};

use super::lots::Lots;

/// The log: for each topic its partitions.
pub type Log = BTreeMap<Topic, Vec<Vec<Arc<Input>>>>;

/// What goes over a channel.
#[derive(Clone, Debug)]
enum Element {
    Record(Record),
    Watermark(EventTime),
}

/// A partition being read: the next offset, and the latest time of this attempt.
#[derive(Clone, Debug)]
struct Split {
    partition: usize,
    offset: usize,
    latest: Option<EventTime>,
}

/// A subtask.
#[derive(Clone, Debug, Default)]
struct Task {
    operator: Option<Operator>,
    splits: Vec<Split>,
    /// By input channel.
    watermarks: BTreeMap<ChannelId, EventTime>,
    watermark: Option<EventTime>,
    /// By edge, how many records were sent.
    sent: BTreeMap<EdgeId, u64>,
    /// What increments have made of the keyed state.
    incremental: BTreeMap<KeyGroup, GroupState>,
}

/// What a snapshot consists of.
pub struct Saved {
    parallelism: u16,
    states: BTreeMap<Subtask, Vec<u8>>,
    splits: BTreeMap<Subtask, Vec<(usize, usize)>>,
    channels: BTreeMap<ChannelId, VecDeque<Element>>,
    committed: usize,
}

/// A job that runs.
pub struct Executor {
    plan: StreamPlan,
    graph: JobGraph,
    log: Log,
    parallelism: u16,
    tasks: BTreeMap<Subtask, Task>,
    channels: BTreeMap<ChannelId, VecDeque<Element>>,
    wall_ms: i64,
    /// What a transactional sink holds: rows that a restore takes back are gone.
    pub rows: Vec<Row>,
    /// What an idempotent sink holds: rows that were written stay.
    pub upserted: BTreeMap<Row, Row>,
    /// All rows that ever went out, in order.
    pub written: Vec<Row>,
    /// What was dropped for being late.
    pub late: Vec<(EventTime, EventTime)>,
}

impl Executor {
    /// A job at its beginning.
    pub fn new(plan: &StreamPlan, log: &Log, parallelism: u16) -> Executor {
        let graph = JobGraph::of(plan.job, plan);
        let splits = graph.vertices.iter().enumerate().filter_map(|(vertex, what)| match &what.role {
            Role::Source { topic, .. } => {
                Some((Subtask { vertex: VertexId(vertex as u16), index: 0 }, (0..log[topic].len()).map(|partition| (partition, 0)).collect()))
            }
            Role::Operator(_) | Role::Sink => None,
        });
        let splits = splits.collect();
        // As if one subtask had found all partitions.
        let nothing = Saved { parallelism: 1, states: BTreeMap::new(), splits, channels: BTreeMap::new(), committed: 0 };
        let mut job = Executor {
            plan: plan.clone(),
            graph,
            log: log.clone(),
            parallelism,
            tasks: BTreeMap::new(),
            channels: BTreeMap::new(),
            wall_ms: 0,
            rows: Vec::new(),
            upserted: BTreeMap::new(),
            written: Vec::new(),
            late: Vec::new(),
        };
        job.restore(&nothing, parallelism);
        job
    }

    /// All state as it is now, through the codec. What increments have gathered must be the same, and so must the digests.
    pub fn save(&mut self) -> Saved {
        let mut states = BTreeMap::new();
        let mut splits = BTreeMap::new();
        for (subtask, task) in &mut self.tasks {
            splits.insert(*subtask, task.splits.iter().map(|split| (split.partition, split.offset)).collect());
            let Some(operator) = &mut task.operator else { continue };
            let state = operator.snapshot();
            let changed = operator.changed();
            let fresh = operator.snapshot_of(&changed);
            task.incremental.retain(|group, _| !changed.contains(group));
            task.incremental.extend(fresh.groups);
            operator.mark_saved();
            assert_eq!(task.incremental, state.groups, "increments make the whole");
            assert_eq!(operator.summary(), state.summary(), "digests that are remembered are right");
            states.insert(*subtask, encode(&state));
        }
        Saved { parallelism: self.parallelism, states, splits, channels: self.channels.clone(), committed: self.rows.len() }
    }

    /// Begins anew from a snapshot. With another parallelism nothing may have been in flight.
    pub fn restore(&mut self, saved: &Saved, parallelism: u16) {
        assert!(parallelism == saved.parallelism || saved.channels.values().all(VecDeque::is_empty), "what is in flight has no other place to go");
        self.parallelism = parallelism;
        self.rows.truncate(saved.committed);
        self.tasks.clear();
        self.channels.clear();
        for edge in (0..self.graph.edges.len() as u16).map(EdgeId) {
            for channel in self.graph.channels(edge, parallelism) {
                self.channels.insert(channel, saved.channels.get(&channel).cloned().unwrap_or_default());
            }
        }
        for subtask in self.graph.subtasks(parallelism).collect::<Vec<_>>() {
            let placement = Placement { index: subtask.index, parallelism, max_parallelism: self.plan.max_parallelism };
            let kind = match &self.graph.vertices[usize::from(subtask.vertex.0)].role {
                Role::Source { chain, .. } => chain.clone(),
                Role::Operator(kind) => Some(kind.clone()),
                Role::Sink => None,
            };
            let mut task = Task { operator: kind.map(|kind| Operator::new(&kind, placement)), ..Task::default() };
            if let Some(operator) = &mut task.operator {
                let former = saved.states.iter().filter(|(former, _)| former.vertex == subtask.vertex);
                let former: Vec<(u16, OperatorState)> = former.map(|(former, bytes)| (former.index, decode(bytes).expect("state was encoded"))).collect();
                let state = redistribute(former, saved.parallelism, placement);
                task.incremental = state.groups.clone();
                operator.restore(state.clone());
                assert_eq!(operator.snapshot().groups, state.groups, "what is restored is what was saved");
            }
            let own = if parallelism == saved.parallelism {
                saved.splits.get(&subtask).cloned().unwrap_or_default()
            } else {
                let all: Vec<(usize, usize)> =
                    saved.splits.iter().filter(|(former, _)| former.vertex == subtask.vertex).flat_map(|(_, splits)| splits.clone()).collect();
                deal(&all, subtask.index, parallelism)
            };
            task.splits = own.into_iter().map(|(partition, offset)| Split { partition, offset, latest: None }).collect();
            let inputs =
                self.channels.keys().filter(|channel| self.graph.edges[usize::from(channel.edge.0)].to == subtask.vertex && channel.to == subtask.index);
            task.watermarks = inputs.map(|channel| (*channel, EARLIEST)).collect();
            self.tasks.insert(subtask, task);
        }
    }

    /// Takes some steps that the lots choose: reads a record, delivers an element, lets the clock go on. Gives whether
    /// there is anything left to do.
    pub fn run(&mut self, steps: u32, lots: &mut Lots) -> bool {
        for _ in 0..steps {
            if lots.below(8) == 0 {
                self.tick(lots.below(700) as i64);
            }
            let full: Vec<ChannelId> = self.channels.iter().filter(|(_, waiting)| !waiting.is_empty()).map(|(channel, _)| *channel).collect();
            let sources: Vec<Subtask> = self.tasks.iter().filter(|(_, task)| self.can_read(task)).map(|(subtask, _)| *subtask).collect();
            match lots.below(full.len() + sources.len()) {
                _ if full.is_empty() && sources.is_empty() => return false,
                choice if choice < full.len() => self.deliver(full[choice]),
                choice => self.read(sources[choice - full.len()], lots),
            }
        }
        true
    }

    /// Delivers all that is in flight.
    pub fn drain(&mut self) {
        // Ends: a graph has no cycles.
        while let Some(channel) = self.channels.iter().find(|(_, waiting)| !waiting.is_empty()).map(|(channel, _)| *channel) {
            self.deliver(channel);
        }
    }

    /// Runs to the end of all input, and ends the operators.
    pub fn finish(&mut self, lots: &mut Lots) {
        while self.run(100, lots) {}
        for subtask in self.tasks.keys().copied().collect::<Vec<_>>() {
            self.operate(subtask, |operator, out| operator.on_end(out));
            self.drain();
        }
        for (subtask, task) in &self.tasks {
            if let (Role::Operator(kind), Some(operator)) = (&self.graph.vertices[usize::from(subtask.vertex.0)].role, &task.operator) {
                let lasts = matches!(kind, OperatorKind::Sellers | OperatorKind::Averages(_) | OperatorKind::Counters);
                assert!(lasts || operator.snapshot().groups.is_empty(), "{subtask} keeps what time has closed: {:?}", operator.snapshot().groups);
            }
        }
    }

    /// Nothing is in flight: what has come out must be what the reference makes of what has gone in, or a part of what
    /// it makes of all.
    pub fn check_prefix(&self) {
        let mut seen = Vec::new();
        for (subtask, task) in &self.tasks {
            if let Role::Source { topic, .. } = &self.graph.vertices[usize::from(subtask.vertex.0)].role {
                task.splits.iter().for_each(|split| seen.extend(self.log[topic][split.partition][..split.offset].iter().map(|input| &**input)));
            }
        }
        let job = self.plan.job;
        let rows = normal(job, self.rows.clone());
        if is_monotone(job) {
            assert_eq!(rows, normal(job, batch(job, &seen)), "what came out of a prefix");
        }
        let all: Vec<&Input> = self.log.values().flatten().flatten().map(|input| &**input).collect();
        assert_eq!(within(job, &rows, &normal(job, batch(job, &all))), Ok(()), "a row that the whole has not");
    }

    fn can_read(&self, task: &Task) -> bool {
        task.watermarks.is_empty() && task.watermark != Some(LATEST)
    }

    /// Reads a record of one of a source's splits, or notices their end; perhaps tells the watermark.
    fn read(&mut self, subtask: Subtask, lots: &mut Lots) {
        let Role::Source { topic, .. } = self.graph.vertices[usize::from(subtask.vertex.0)].role else { panic!("only sources read") };
        let task = self.tasks.get_mut(&subtask).expect("its name comes from there");
        let partitions = &self.log[&topic];
        let open: Vec<usize> = (0..task.splits.len()).filter(|i| task.splits[*i].offset < partitions[task.splits[*i].partition].len()).collect();
        let mut input = None;
        if !open.is_empty() {
            let split = &mut task.splits[open[lots.below(open.len())]];
            let next = partitions[split.partition][split.offset].clone();
            split.offset += 1;
            split.latest = split.latest.max(Some(next.at()));
            input = Some(next);
        }
        let is_open = |split: &&Split| split.offset < partitions[split.partition].len();
        let behind = EventTime::from(self.plan.input.disorder_ms) + 1;
        let watermark = task.splits.iter().filter(is_open).map(|split| split.latest.map_or(EARLIEST, |latest| latest - behind)).min().unwrap_or(LATEST);
        if let Some(input) = input {
            let record = Record { at: input.at(), datum: Datum::Input(input) };
            self.operate_or(subtask, record.clone(), |operator, out| operator.on_record(0, &record, out));
        }
        if watermark == LATEST || lots.below(2) == 0 {
            self.advance(subtask, watermark);
        }
    }

    /// A watermark for all inputs of a task together, or a source's own.
    fn advance(&mut self, subtask: Subtask, watermark: EventTime) {
        let task = self.tasks.get_mut(&subtask).expect("its name comes from there");
        if task.watermark.is_some_and(|before| watermark <= before) || watermark == EARLIEST {
            return;
        }
        task.watermark = Some(watermark);
        self.operate(subtask, |operator, out| operator.on_watermark(watermark, out));
        for channel in self.outputs(subtask) {
            self.channels.get_mut(&channel).expect("all channels are there").push_back(Element::Watermark(watermark));
        }
    }

    fn tick(&mut self, by_ms: i64) {
        self.wall_ms += by_ms;
        let wall_ms = self.wall_ms;
        for subtask in self.tasks.keys().copied().collect::<Vec<_>>() {
            let next = self.tasks[&subtask].operator.as_ref().and_then(Operator::next_processing_ms);
            if next.is_some_and(|next| next <= wall_ms) {
                self.operate(subtask, |operator, out| operator.on_processing_time(wall_ms, out));
            }
        }
    }

    fn deliver(&mut self, channel: ChannelId) {
        let element = self.channels.get_mut(&channel).and_then(VecDeque::pop_front).expect("it is full");
        let edge = &self.graph.edges[usize::from(channel.edge.0)];
        let (subtask, input) = (Subtask { vertex: edge.to, index: channel.to }, edge.input);
        match element {
            Element::Record(record) => self.operate_or(subtask, record.clone(), |operator, out| operator.on_record(input, &record, out)),
            Element::Watermark(watermark) => {
                let task = self.tasks.get_mut(&subtask).expect("its name comes from there");
                let of_channel = task.watermarks.get_mut(&channel).expect("all channels are there");
                *of_channel = watermark.max(*of_channel);
                let least = task.watermarks.values().copied().min().unwrap_or(EARLIEST);
                self.advance(subtask, least);
            }
        }
    }

    /// Lets a task's operator do something; without one, a sink takes the record and a source sends it.
    fn operate_or(&mut self, subtask: Subtask, record: Record, act: impl FnOnce(&mut Operator, &mut Collector)) {
        if self.tasks[&subtask].operator.is_some() {
            self.operate(subtask, act);
        } else if self.graph.vertices[usize::from(subtask.vertex.0)].role == Role::Sink {
            let Datum::Row(row) = record.datum else { panic!("a sink takes rows alone: {record:?}") };
            self.upserted.insert(row_key(self.plan.job, &row), row.clone());
            self.written.push(row.clone());
            self.rows.push(row);
        } else {
            self.send(subtask, &[record]);
        }
    }

    fn operate(&mut self, subtask: Subtask, act: impl FnOnce(&mut Operator, &mut Collector)) {
        let Some(operator) = self.tasks.get_mut(&subtask).and_then(|task| task.operator.as_mut()) else { return };
        let mut out = Collector::default();
        act(operator, &mut out);
        assert_eq!(operator.check(), Ok(()), "{subtask}");
        for fired in &out.fired {
            assert!(fired.in_order && fired.last <= fired.by, "timers fire in their order and not early: {fired:?}");
        }
        assert!(out.late.iter().all(|(at, watermark)| at <= watermark), "only what is late is dropped: {:?}", out.late);
        self.late.extend(out.late);
        self.send(subtask, &out.records);
    }

    fn send(&mut self, subtask: Subtask, records: &[Record]) {
        let edges: Vec<EdgeId> = self.graph.outputs(subtask.vertex).map(|(edge, _)| edge).collect();
        for record in records {
            for edge in &edges {
                let sent = self.tasks.get_mut(&subtask).expect("its name comes from there").sent.entry(*edge).or_default();
                let partitioner = self.graph.edges[usize::from(edge.0)].partitioner;
                for to in targets(partitioner, record, subtask.index, *sent, self.parallelism, self.plan.max_parallelism) {
                    let channel = ChannelId { edge: *edge, from: subtask.index, to };
                    self.channels.get_mut(&channel).expect("all channels are there").push_back(Element::Record(record.clone()));
                }
                *sent += 1;
            }
        }
    }

    fn outputs(&self, subtask: Subtask) -> Vec<ChannelId> {
        let edges: Vec<EdgeId> = self.graph.outputs(subtask.vertex).map(|(edge, _)| edge).collect();
        self.channels.keys().filter(|channel| edges.contains(&channel.edge) && channel.from == subtask.index).copied().collect()
    }
}
