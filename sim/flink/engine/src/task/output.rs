//! A task's output: who gets which record, buffers on their way, and whether there is room for more. Never what a
//! record means.

use std::sync::Arc;

use contract::time::{MICROSECOND, MILLISECOND};
use flink_words::flow::Record;
use flink_words::ids::{ChannelId, EdgeId};
use flink_words::state::OutputCut;
use outside_words::data::EventTime;
use outside_words::ids::{AttemptId, CheckpointId};

use super::context::{Route, TaskContext};
use super::subpartition::Subpartition;
use crate::job::Partitioner;
use crate::job::partition::{group_of, owner_of};
use crate::message::{Barrier, Buffer, Element};

/// An edge at its sender.
#[derive(Clone, Debug)]
struct Writer {
    partitioner: Partitioner,
    /// Its first channel's place, and how many there are.
    first: usize,
    count: usize,
    /// The receiver of the next record, where one receiver follows the other.
    next: usize,
}

/// A task's output.
#[derive(Clone, Debug)]
pub struct Output {
    writers: Vec<Writer>,
    channels: Vec<Subpartition>,
    max_parallelism: u16,
    buffer_records: usize,
    timeout_ns: u64,
    /// Buffers that it may use. One call's records go out whatever it is (overdraft): the task takes no more input
    /// then.
    size: u32,
    sent: u64,
    blocked_since_ns: Option<u64>,
    blocked_ns: u64,
}

/// What a task's output was, in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pressure {
    /// How long there was no room, in µs.
    pub blocked_us: u64,
    /// Data buffers that were sent.
    pub buffers: u64,
}

impl Output {
    /// An output over these channels, which are in the order of their edges. `size` is how many buffers it may use.
    pub fn new(edges: &[(EdgeId, Partitioner)], channels: &[(ChannelId, AttemptId)], index: u16, context: &TaskContext, size: u32) -> Output {
        let writer = |(edge, partitioner): &(EdgeId, Partitioner)| {
            let first = channels.iter().position(|(channel, _)| channel.edge == *edge).unwrap_or(channels.len());
            let count = channels.iter().filter(|(channel, _)| channel.edge == *edge).count();
            Writer { partitioner: *partitioner, first, count, next: usize::from(index) % count.max(1) }
        };
        Output {
            writers: edges.iter().map(writer).collect(),
            channels: channels.iter().map(|(channel, consumer)| Subpartition::new(*channel, *consumer)).collect(),
            max_parallelism: context.plan.max_parallelism,
            buffer_records: usize::from(context.plan.network.buffer_records),
            timeout_ns: u64::from(context.plan.network.buffer_timeout_ms) * MILLISECOND,
            size,
            sent: 0,
            blocked_since_ns: None,
            blocked_ns: 0,
        }
    }

    /// Emits a record.
    pub fn record(&mut self, record: &Record, now_ns: u64) {
        for writer in &mut self.writers {
            let channels = &mut self.channels[writer.first..writer.first + writer.count];
            let one = match writer.partitioner {
                Partitioner::Forward => 0,
                Partitioner::Hash(by) => {
                    let group = group_of(&by.key(record), self.max_parallelism);
                    usize::from(owner_of(group, writer.count as u16, self.max_parallelism))
                }
                Partitioner::Rebalance => {
                    let receiver = writer.next;
                    writer.next = (receiver + 1) % writer.count;
                    receiver
                }
                Partitioner::Broadcast => {
                    channels.iter_mut().for_each(|channel| channel.push(Element::Record(record.clone()), self.buffer_records, now_ns));
                    continue;
                }
            };
            channels[one].push(Element::Record(record.clone()), self.buffer_records, now_ns);
        }
    }

    /// Emits a watermark, to all.
    pub fn watermark(&mut self, watermark: EventTime, now_ns: u64) {
        self.channels.iter_mut().for_each(|channel| channel.push(Element::Watermark(watermark), self.buffer_records, now_ns));
    }

    /// Emits idleness, or its end, to all.
    pub fn idle(&mut self, idle: bool, now_ns: u64) {
        self.channels.iter_mut().for_each(|channel| channel.push(Element::Idle(idle), self.buffer_records, now_ns));
    }

    /// Emits an event, to all, behind everything.
    pub fn event(&mut self, event: Buffer) {
        let event = Arc::new(event);
        self.channels.iter_mut().for_each(|channel| channel.event(event.clone()));
    }

    /// Emits a barrier and says the cut. An unaligned one overtakes what waits; then the elements that it overtook are
    /// channel state.
    pub fn barrier(&mut self, barrier: Barrier) -> (Vec<OutputCut>, Vec<(ChannelId, Vec<Element>)>) {
        let event = Arc::new(Buffer::Barrier(barrier));
        let mut cuts = Vec::new();
        let mut state = Vec::new();
        for channel in &mut self.channels {
            let overtaken = match barrier.unaligned {
                true => channel.overtake(barrier),
                false => {
                    channel.event(event.clone());
                    Vec::new()
                }
            };
            cuts.push(OutputCut { channel: channel.id, emitted: channel.mark, persisted: overtaken.len() as u64 });
            if !overtaken.is_empty() {
                state.push((channel.id, overtaken));
            }
        }
        (cuts, state)
    }

    /// The cut without a barrier: nothing comes any more.
    pub fn cuts(&self) -> Vec<OutputCut> {
        self.channels.iter().map(|channel| OutputCut { channel: channel.id, emitted: channel.mark, persisted: 0 }).collect()
    }

    /// Says downstream that a checkpoint is given up.
    pub fn cancel(&mut self, checkpoint: CheckpointId) {
        self.event(Buffer::CancelBarrier(checkpoint));
    }

    /// Sends channel state first into its channel.
    pub fn restore(&mut self, channel: ChannelId, elements: Vec<Element>, now_ns: u64) {
        if let Some(channel) = self.channels.iter_mut().find(|known| known.id == channel) {
            elements.into_iter().for_each(|element| channel.push(element, self.buffer_records, now_ns));
            channel.flush();
        }
    }

    /// The place of a channel.
    pub fn channel_mut(&mut self, channel: ChannelId, consumer: AttemptId) -> Option<&mut Subpartition> {
        self.channels.iter_mut().find(|known| known.id == channel && known.consumer == consumer)
    }

    /// The channels.
    pub fn channels(&self) -> &[Subpartition] {
        &self.channels
    }

    /// Takes away a way that is gone.
    pub fn unroute(&mut self, is_gone: impl Fn(Route) -> bool) {
        self.channels.iter_mut().for_each(|channel| {
            channel.route.take_if(|route| is_gone(*route));
        });
    }

    /// Whether there is room for what the next input makes.
    pub fn is_available(&self) -> bool {
        self.channels.iter().map(Subpartition::used).sum::<u32>() < self.size || self.channels.is_empty()
    }

    /// Whether everything is sent.
    pub fn is_empty(&self) -> bool {
        self.channels.iter().all(Subpartition::is_empty)
    }

    /// Sends what can be sent, and takes note of whether there is room then.
    pub fn pump(&mut self, context: &mut TaskContext) {
        let now_ns = context.now.mono_ns;
        for channel in &mut self.channels {
            if channel.flush_ns(self.timeout_ns).is_some_and(|at_ns| at_ns <= now_ns) {
                channel.flush();
            }
            self.sent += channel.pump(context);
        }
        match (self.is_available(), self.blocked_since_ns) {
            (true, Some(since_ns)) => {
                self.blocked_ns += now_ns - since_ns;
                self.blocked_since_ns = None;
            }
            (false, None) => self.blocked_since_ns = Some(now_ns),
            (true, None) | (false, Some(_)) => {}
        }
    }

    /// When a buffer that is not full must be sent.
    pub fn wake_ns(&self) -> Option<u64> {
        self.channels.iter().filter_map(|channel| channel.flush_ns(self.timeout_ns)).min()
    }

    /// What it was until now.
    pub fn pressure(&self, now_ns: u64) -> Pressure {
        let blocked_ns = self.blocked_ns + self.blocked_since_ns.map_or(0, |since_ns| now_ns - since_ns);
        Pressure { blocked_us: blocked_ns / MICROSECOND, buffers: self.sent }
    }
}
