//! All streams: opening, sending, arriving, closing, breaking. An end whose machine lost power is told nothing until it
//! sends to the machine's next life. Never the content of a message.

use std::collections::{BTreeSet, VecDeque};

use contract::ids::{ConnId, MachineId};
use contract::process::Event;
use contract::time::SECOND;

use super::stream::{End, STALLED, Segment, State, Stream, Way};
use super::{Links, Station};
use crate::queue::{Job, NUMBER_MAX, Queue};

/// How long a kernel tries to open a stream. Linux takes two minutes; every peer we know gives up earlier by its own
/// timer (ZooKeeper's cnxTimeout is 5 s).
pub(crate) const CONNECT_TIMEOUT_NS: u64 = 3 * SECOND;

/// What an arrival means to a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Arrival<M> {
    pub(crate) machine: MachineId,
    pub(crate) event: Event<M>,
    /// The message whose reply is to be lost has arrived.
    pub(crate) marked: bool,
}

/// All streams of which an end may still learn something.
#[derive(Clone, Debug)]
pub(crate) struct Streams<M> {
    /// The slot of each stream from number `first` on, or [`FREED`].
    index: VecDeque<u32>,
    first: u64,
    slots: Vec<Option<Stream<M>>>,
    free: Vec<u32>,
    /// By machine, the streams that have an end on it: when a machine starts or goes down, all others are left alone.
    ends: Vec<BTreeSet<ConnId>>,
}

/// In the index: no such stream any more.
const FREED: u32 = u32::MAX;

impl<M> Default for Streams<M> {
    fn default() -> Self {
        Streams { index: VecDeque::new(), first: 0, slots: Vec::new(), free: Vec::new(), ends: Vec::new() }
    }
}

impl<M> Streams<M> {
    /// Adds a machine.
    pub(crate) fn add(&mut self) {
        self.ends.push(BTreeSet::new());
    }

    /// A process opens a stream; `stalled` says which ways are barred now.
    #[expect(clippy::too_many_arguments, reason = "all of it is what an opening is")]
    pub(crate) fn open(&mut self, now_ns: u64, conn: ConnId, from: MachineId, to: MachineId, stalled: [bool; 2], latency_ns: u64, queue: &mut Queue) {
        let way = |stalled| Way { flights: VecDeque::new(), last_ns: 0, stalled, closing: false, orphan: false, doomed: false };
        let ends = [End { machine: from, state: State::Opening }, End { machine: to, state: State::Unborn }];
        let slot = self.free.pop().unwrap_or_else(|| {
            assert!(self.slots.len() < NUMBER_MAX as usize, "fewer than 2^28 streams live at a time");
            self.slots.push(None);
            (self.slots.len() - 1) as u32
        });
        let gives_up_ns = now_ns + CONNECT_TIMEOUT_NS;
        let mut stream = Stream { conn, slot, gives_up_ns, ends, ways: stalled.map(way), broken: false };
        stream.fly(now_ns, 0, Segment::Syn, latency_ns, queue);
        queue.push(gives_up_ns, Job::GiveUp { slot });
        self.slots[slot as usize] = Some(stream);
        let place = (conn.0 - self.first) as usize;
        assert!(place >= self.index.len(), "stream {} is opened twice", conn.0);
        // Numbers between were given to processes that went down before they could use them.
        self.index.resize(place, FREED);
        self.index.push_back(slot);
        for machine in [from, to] {
            self.ends[machine.index()].insert(conn);
        }
    }

    /// Whom `from` reaches by this stream, if it can still send on it.
    pub(crate) fn peer(&self, conn: ConnId, from: MachineId) -> Option<MachineId> {
        let stream = self.slots[self.slot(conn)?].as_ref()?;
        let end = stream.end_of(from)?;
        matches!(stream.ends[end].state, State::Opening | State::Open).then(|| stream.ends[1 - end].machine)
    }

    /// The machines at its two ends, the opener's first.
    pub(crate) fn ends(&self, conn: ConnId) -> Option<[MachineId; 2]> {
        self.slots[self.slot(conn)?].as_ref().map(|stream| stream.ends.map(|end| end.machine))
    }

    /// Sends a message that its link lets through after `latency_ns`. False if the way was doomed to lose it: then the
    /// stream is reset.
    pub(crate) fn send(&mut self, now_ns: u64, conn: ConnId, from: MachineId, segment: Segment<M>, latency_ns: u64, queue: &mut Queue) -> bool {
        let Some(stream) = self.get(conn) else { return true };
        let Some(end) = stream.end_of(from) else { return true };
        if stream.broken || !matches!(stream.ends[end].state, State::Opening | State::Open) {
            return true;
        }
        if stream.ways[end].doomed {
            return false;
        }
        stream.fly(now_ns, end, segment, latency_ns, queue);
        true
    }

    /// The next message that `from` sends on this stream is to be lost.
    pub(crate) fn doom(&mut self, conn: ConnId, from: MachineId) {
        if let Some(stream) = self.get(conn)
            && let Some(end) = stream.end_of(from)
        {
            stream.ways[end].doomed = true;
        }
    }

    /// What is first on a way has arrived, if its time has come.
    pub(crate) fn arrive(&mut self, now_ns: u64, slot: u32, way: usize, stations: &[Station], links: &mut Links, queue: &mut Queue) -> Option<Arrival<M>> {
        let stream = self.slots[slot as usize].as_mut()?;
        let conn = stream.conn;
        let here = &mut stream.ways[way];
        if here.flights.front()?.arrives_ns > now_ns {
            return None;
        }
        let segment = here.flights.pop_front()?.segment;
        if let Some(next) = here.flights.front()
            && next.arrives_ns != STALLED
        {
            queue.push(next.arrives_ns, Job::Arrive { slot, way: way as u8 });
        }
        let (sender, taker) = (way, 1 - way);
        let (machine, from) = (stream.ends[taker].machine, stream.ends[sender].machine);
        let tell = |event| Some(Arrival { machine, event, marked: false });
        match (segment, stream.ends[taker].state) {
            (Segment::Syn, State::Unborn) => {
                if stations[machine.index()].process {
                    stream.ends[taker].state = State::Open;
                    stream.fly(now_ns, taker, Segment::SynAck, links.draw(machine, from).stream_ns(), queue);
                    tell(Event::Accepted { conn, from })
                } else {
                    stream.ends[taker].state = State::Gone;
                    self.refuse(now_ns, conn, taker, links, queue);
                    None
                }
            }
            (Segment::SynAck, State::Opening) => {
                stream.ends[taker].state = State::Open;
                tell(Event::Opened { conn, to: from })
            }
            (Segment::Data(message, marked), State::Open) => Some(Arrival { machine, event: Event::Message { conn, from, message }, marked }),
            (Segment::Fin | Segment::Reset, State::Open | State::Opening) => {
                stream.ends[taker].state = State::Gone;
                self.free_if_done(conn);
                tell(Event::Closed { conn, peer: from })
            }
            (Segment::Fin | Segment::Reset, State::Unborn) => {
                stream.ends[taker].state = State::Gone;
                self.free_if_done(conn);
                None
            }
            (Segment::Fin | Segment::Reset, State::Gone) => None,
            // For a life that is over: the kernel of the next one answers with a reset.
            (Segment::Syn | Segment::SynAck | Segment::Data(..), State::Gone) => {
                self.refuse(now_ns, conn, taker, links, queue);
                None
            }
            (Segment::Syn, State::Opening | State::Open)
            | (Segment::SynAck, State::Unborn | State::Open)
            | (Segment::Data(..), State::Unborn | State::Opening) => {
                unreachable!("a way is first in, first out, and opens with its Syn or SynAck")
            }
        }
    }

    /// A kernel gives up opening a stream; its process is told.
    pub(crate) fn give_up(&mut self, now_ns: u64, slot: u32) -> Option<Arrival<M>> {
        let stream = self.slots[slot as usize].as_mut()?;
        let conn = stream.conn;
        let [opener, other] = stream.ends;
        if opener.state != State::Opening || stream.gives_up_ns != now_ns {
            return None;
        }
        stream.ends[0].state = State::Gone;
        if other.state == State::Unborn {
            stream.ends[1].state = State::Gone;
        }
        self.free_if_done(conn);
        Some(Arrival { machine: opener.machine, event: Event::Closed { conn, peer: other.machine }, marked: false })
    }

    /// A process closes its end, or its kernel does after it died.
    pub(crate) fn close(&mut self, now_ns: u64, conn: ConnId, by: MachineId, links: &mut Links, queue: &mut Queue) {
        let Some(stream) = self.get(conn) else { return };
        let Some(end) = stream.end_of(by) else { return };
        if !matches!(stream.ends[end].state, State::Opening | State::Open) {
            return;
        }
        stream.ends[end].state = State::Gone;
        if !stream.broken && !stream.ways[end].closing {
            stream.ways[end].closing = true;
            let latency_ns = links.draw(by, stream.ends[1 - end].machine).stream_ns();
            stream.fly(now_ns, end, Segment::Fin, latency_ns, queue);
        }
        self.free_if_done(conn);
    }

    /// The process of a machine died: its kernel closes what was open.
    pub(crate) fn close_all(&mut self, now_ns: u64, machine: MachineId, links: &mut Links, queue: &mut Queue) {
        for conn in self.of(machine) {
            self.close(now_ns, conn, machine, links, queue);
        }
    }

    /// A machine lost power: its ends are gone, nobody is told, and what had not passed yet never will.
    pub(crate) fn orphan(&mut self, machine: MachineId) {
        for conn in self.of(machine) {
            let Some(stream) = self.get(conn) else { continue };
            let end = stream.end_of(machine).expect("it was found by this machine");
            if stream.ends[end].state == State::Unborn {
                // Nothing to lose yet; the next life may still be reached.
                continue;
            }
            stream.ways[end].orphan = true;
            stream.ends[end].state = State::Gone;
            if stream.ways[end].stalled {
                stream.lose(end);
            }
            self.free_if_done(conn);
        }
    }

    /// Links were cut or mended: each way stalls or goes on.
    pub(crate) fn settle(&mut self, now_ns: u64, is_barred: impl Fn(MachineId, MachineId) -> bool, queue: &mut Queue) {
        for slot in 0..self.slots.len() {
            self.settle_one(now_ns, slot, &is_barred, queue);
        }
    }

    /// A machine lost or regained power: the same for the streams that have an end on it.
    pub(crate) fn settle_at(&mut self, now_ns: u64, machine: MachineId, is_barred: impl Fn(MachineId, MachineId) -> bool, queue: &mut Queue) {
        let mut slots: Vec<usize> = self.ends[machine.index()].iter().filter_map(|conn| self.slot(*conn)).collect();
        slots.sort_unstable();
        for slot in slots {
            self.settle_one(now_ns, slot, &is_barred, queue);
        }
    }

    fn settle_one(&mut self, now_ns: u64, slot: usize, is_barred: impl Fn(MachineId, MachineId) -> bool, queue: &mut Queue) {
        let Some(stream) = &mut self.slots[slot] else { return };
        for way in 0..2 {
            let barred = is_barred(stream.ends[way].machine, stream.ends[1 - way].machine);
            if barred && !stream.ways[way].stalled {
                stream.stall(way);
            } else if !barred && stream.ways[way].stalled {
                stream.go_on(now_ns, way, queue);
            }
        }
        let conn = stream.conn;
        self.free_if_done(conn);
    }

    /// The streams between two machines, in the order of their opening.
    pub(crate) fn between(&self, a: MachineId, b: MachineId) -> Vec<ConnId> {
        self.of(a)
            .into_iter()
            .filter(|conn| self.slot(*conn).and_then(|slot| self.slots[slot].as_ref()).is_some_and(|stream| stream.end_of(b).is_some()))
            .collect()
    }

    /// A stream breaks in the middle. What is on its way is lost unless `keep`; each end learns of it after its own of
    /// `told_ns`, or never.
    pub(crate) fn break_up(&mut self, now_ns: u64, conn: ConnId, keep: bool, told_ns: Option<[u64; 2]>, queue: &mut Queue) {
        let Some(stream) = self.get(conn) else { return };
        if stream.broken {
            return;
        }
        stream.broken = true;
        for way in 0..2 {
            if !keep {
                stream.lose(way);
            }
            if let Some(told_ns) = told_ns
                && !stream.ways[way].closing
            {
                stream.ways[way].closing = true;
                // Way `way` ends at the other end; that is who learns.
                stream.fly(now_ns, way, Segment::Reset, told_ns[1 - way], queue);
            }
        }
        self.free_if_done(conn);
    }

    /// How many streams there are of which an end may still learn something.
    pub(crate) fn len(&self) -> usize {
        self.slots.iter().flatten().count()
    }

    /// An end that is gone answers what it cannot take, unless the other end has been told already.
    fn refuse(&mut self, now_ns: u64, conn: ConnId, by: usize, links: &mut Links, queue: &mut Queue) {
        let Some(stream) = self.get(conn) else { return };
        let told = stream.broken || stream.ways[by].closing || stream.ends[1 - by].state == State::Gone;
        if !told {
            stream.ways[by].closing = true;
            stream.ways[by].orphan = false; // The next life's kernel sends this one, and again if need be.
            let latency_ns = links.draw(stream.ends[by].machine, stream.ends[1 - by].machine).stream_ns();
            stream.fly(now_ns, by, Segment::Reset, latency_ns, queue);
        }
        self.free_if_done(conn);
    }

    /// A stream of which neither end can learn anything more is forgotten.
    fn free_if_done(&mut self, conn: ConnId) {
        let Some(slot) = self.slot(conn) else { return };
        if let Some(stream) = self.slots[slot].take_if(|stream| stream.ends.iter().all(|end| end.state == State::Gone)) {
            for end in stream.ends {
                self.ends[end.machine.index()].remove(&conn);
            }
            self.free.push(slot as u32);
            self.index[(conn.0 - self.first) as usize] = FREED;
            while self.index.front() == Some(&FREED) {
                self.index.pop_front();
                self.first += 1;
            }
        }
    }

    fn slot(&self, conn: ConnId) -> Option<usize> {
        let place = conn.0.checked_sub(self.first)?;
        self.index.get(usize::try_from(place).ok()?).filter(|slot| **slot != FREED).map(|slot| *slot as usize)
    }

    fn get(&mut self, conn: ConnId) -> Option<&mut Stream<M>> {
        let slot = self.slot(conn)?;
        self.slots[slot].as_mut()
    }

    /// The streams with an end on a machine, in the order of their opening.
    fn of(&self, machine: MachineId) -> Vec<ConnId> {
        self.ends[machine.index()].iter().copied().collect()
    }
}
