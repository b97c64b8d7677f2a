//! An output channel: what waits to be sent to one consumer, and the credit for it. Never which record goes to it.

use std::collections::VecDeque;
use std::sync::Arc;

use flink_words::ids::ChannelId;
use flink_words::state::ChannelMark;
use outside_words::ids::AttemptId;

use super::channel::elements;
use super::context::{Route, TaskContext};
use super::mark;
use crate::message::{Barrier, Buffer, Element, Packet};

/// An output channel.
#[derive(Clone, Debug)]
pub struct Subpartition {
    /// Its name.
    pub id: ChannelId,
    /// The attempt that receives.
    pub consumer: AttemptId,
    /// The way to the consumer, once it has asked.
    pub route: Option<Route>,
    /// How many data buffers the consumer can take.
    credit: u32,
    /// The number of the next buffer.
    number: u64,
    queue: VecDeque<Arc<Buffer>>,
    /// Data buffers in `queue`.
    data: u32,
    /// A buffer that is not full.
    current: Vec<Element>,
    /// When that one's first element came.
    since_ns: u64,
    /// All that was emitted.
    pub mark: ChannelMark,
}

impl Subpartition {
    /// A channel into which nothing was emitted.
    pub fn new(id: ChannelId, consumer: AttemptId) -> Subpartition {
        Subpartition {
            id,
            consumer,
            route: None,
            credit: 0,
            number: 0,
            queue: VecDeque::new(),
            data: 0,
            current: Vec::new(),
            since_ns: 0,
            mark: ChannelMark::default(),
        }
    }

    /// Takes an element; a full buffer waits to be sent.
    pub fn push(&mut self, element: Element, buffer_records: usize, now_ns: u64) {
        mark::push(&mut self.mark, &element);
        if self.current.is_empty() {
            self.since_ns = now_ns;
        }
        self.current.push(element);
        if self.current.len() >= buffer_records {
            self.flush();
        }
    }

    /// What is there waits no longer for more.
    pub fn flush(&mut self) {
        if !self.current.is_empty() {
            let elements = std::mem::take(&mut self.current);
            self.queue.push_back(Arc::new(Buffer::Data(elements)));
            self.data += 1;
        }
    }

    /// Takes an event, behind all that was emitted.
    pub fn event(&mut self, event: Arc<Buffer>) {
        self.flush();
        self.queue.push_back(event);
    }

    /// Puts a barrier before all that waits, and says what it overtook. Older barriers that wait are of no use any
    /// more: barriers on a channel rise.
    pub fn overtake(&mut self, barrier: Barrier) -> Vec<Element> {
        self.flush();
        self.queue.retain(|buffer| !matches!(**buffer, Buffer::Barrier(older) if older.checkpoint < barrier.checkpoint));
        let overtaken = self.queue.iter().flat_map(|buffer| elements(buffer)).cloned().collect();
        self.queue.push_front(Arc::new(Buffer::Barrier(barrier)));
        overtaken
    }

    /// The consumer is there, or has more room.
    pub fn add_credit(&mut self, credit: u32) {
        self.credit += credit;
    }

    /// When what is there is sent even if it is not full.
    pub fn flush_ns(&self, timeout_ns: u64) -> Option<u64> {
        (!self.current.is_empty()).then(|| self.since_ns + timeout_ns)
    }

    /// How many buffers of the pool it has.
    pub fn used(&self) -> u32 {
        self.data + u32::from(!self.current.is_empty())
    }

    /// Whether everything is sent.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.current.is_empty()
    }

    /// Sends what there is credit for. Events need none. Says how many data buffers went.
    pub fn pump(&mut self, context: &mut TaskContext) -> u64 {
        let Some(route) = self.route else { return 0 };
        let mut sent = 0;
        while let Some(buffer) = self.queue.front() {
            if matches!(**buffer, Buffer::Data(_)) {
                if self.credit == 0 {
                    break;
                }
                self.credit -= 1;
                self.data -= 1;
                sent += 1;
            }
            let buffer = self.queue.pop_front().expect("it is in front");
            let packet = Packet::Buffer { number: self.number, backlog: self.data, buffer };
            self.number += 1;
            context.to_consumer(route, self.id, self.consumer, packet);
        }
        sent
    }
}
