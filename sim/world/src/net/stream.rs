//! One stream, as TCP gives it: first in, first out while it lives; what cannot pass waits and goes on later. Never a
//! message twice, never one that overtakes another.
//!
//! A way is one direction of a stream: way 0 runs from the opener (end 0) to the other (end 1), way 1 back. The queue
//! holds an entry for the first flight of each way at most, apart from stale ones, which find nothing due. It names a
//! slot; if another stream is in it by then, the entry is a stale one of that.

use std::collections::VecDeque;

use contract::ids::{ConnId, MachineId};

use crate::queue::{Job, Queue};

/// The arrival of what waits for its way to open.
pub(super) const STALLED: u64 = u64::MAX;

/// What travels on a way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Segment<M> {
    /// The opener asks for the stream.
    Syn,
    /// The other end has accepted it.
    SynAck,
    /// A message. The flag marks the one whose reply is to be lost.
    Data(M, bool),
    /// The sender closes its end; all that it sent came before this.
    Fin,
    /// The stream is gone.
    Reset,
}

/// A segment on its way.
#[derive(Clone, Debug)]
pub(super) struct Flight<M> {
    pub(super) arrives_ns: u64,
    pub(super) latency_ns: u64,
    pub(super) segment: Segment<M>,
}

/// One direction of a stream.
#[derive(Clone, Debug)]
pub(super) struct Way<M> {
    pub(super) flights: VecDeque<Flight<M>>,
    /// When the last one arrives that has an arrival.
    pub(super) last_ns: u64,
    /// Nothing can pass: the link is cut or the receiver has no power.
    pub(super) stalled: bool,
    /// A Fin or Reset is on its way or has arrived.
    pub(super) closing: bool,
    /// The sender's kernel is gone: what is lost is not sent again.
    pub(super) orphan: bool,
    /// The next message is lost, and the stream with it.
    pub(super) doomed: bool,
}

/// What an end knows of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Its kernel has not heard of it.
    Unborn,
    /// Its process asked for it.
    Opening,
    /// The stream is open.
    Open,
    /// It is gone, or its process is.
    Gone,
}

/// One end of a stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    pub(super) machine: MachineId,
    pub(super) state: State,
}

/// A stream.
#[derive(Clone, Debug)]
pub(super) struct Stream<M> {
    pub(super) conn: ConnId,
    pub(super) slot: u32,
    pub(super) gives_up_ns: u64,
    pub(super) ends: [End; 2],
    pub(super) ways: [Way<M>; 2],
    /// The middle of it is gone: what is sent goes nowhere.
    pub(super) broken: bool,
}

impl<M> Stream<M> {
    pub(super) fn end_of(&self, machine: MachineId) -> Option<usize> {
        self.ends.iter().position(|end| end.machine == machine)
    }

    /// Puts a segment on a way, behind all that is on it.
    pub(super) fn fly(&mut self, now_ns: u64, way: usize, segment: Segment<M>, latency_ns: u64, queue: &mut Queue) {
        let here = &mut self.ways[way];
        let arrives_ns = if here.stalled {
            STALLED
        } else {
            here.last_ns = here.last_ns.max(now_ns + latency_ns);
            if here.flights.is_empty() {
                queue.push(here.last_ns, Job::Arrive { slot: self.slot, way: way as u8 });
            }
            here.last_ns
        };
        here.flights.push_back(Flight { arrives_ns, latency_ns, segment });
    }

    /// Nothing passes any more: what is on its way waits, if there is a kernel left to send it again.
    pub(super) fn stall(&mut self, way: usize) {
        self.ways[way].stalled = true;
        if self.ways[way].orphan {
            self.lose(way);
        } else {
            self.ways[way].flights.iter_mut().for_each(|flight| flight.arrives_ns = STALLED);
        }
    }

    /// The way is open again: all that waits is sent anew, in its order.
    pub(super) fn go_on(&mut self, now_ns: u64, way: usize, queue: &mut Queue) {
        let here = &mut self.ways[way];
        here.stalled = false;
        here.last_ns = now_ns;
        for flight in &mut here.flights {
            here.last_ns = here.last_ns.max(now_ns + flight.latency_ns);
            flight.arrives_ns = here.last_ns;
        }
        if let Some(first) = here.flights.front() {
            queue.push(first.arrives_ns, Job::Arrive { slot: self.slot, way: way as u8 });
        }
    }

    /// What is on a way is lost: a close that was among it is not told, and an opening that was among it never was.
    pub(super) fn lose(&mut self, way: usize) {
        let here = &mut self.ways[way];
        if here.flights.iter().any(|flight| matches!(flight.segment, Segment::Fin | Segment::Reset)) {
            here.closing = false;
        }
        let unopened = here.flights.iter().any(|flight| matches!(flight.segment, Segment::Syn));
        here.flights.clear();
        if unopened && self.ends[1 - way].state == State::Unborn {
            self.ends[1 - way].state = State::Gone;
        }
    }
}
