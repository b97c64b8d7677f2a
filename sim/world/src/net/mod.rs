//! The network: links with their weather and cuts, streams and datagrams over them, and what each machine's kernel
//! knows of its own ends. It moves messages and reads none.

mod link;
mod stream;
mod streams;
mod datagram;

use contract::ids::{ConnId, MachineId};
use contract::plan::Weather;

use crate::queue::Queue;
pub(crate) use datagram::{Datagram, Datagrams};
pub(crate) use link::Links;
pub(crate) use stream::Segment;
pub(crate) use streams::{Arrival, Streams};

/// What the network knows of a machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Station {
    /// Its kernel runs: it answers, if only with a reset.
    pub(crate) power: bool,
    /// Its process runs: it accepts.
    pub(crate) process: bool,
}

/// The network.
#[derive(Clone)]
pub(crate) struct Net<M> {
    pub(crate) links: Links,
    pub(crate) streams: Streams<M>,
    pub(crate) datagrams: Datagrams<M>,
    pub(crate) stations: Vec<Station>,
}

impl<M> Net<M> {
    pub(crate) fn new(seed: u64, weather: &Weather) -> Net<M> {
        Net { links: Links::new(seed, weather), streams: Streams::default(), datagrams: Datagrams::default(), stations: Vec::new() }
    }

    /// Adds a machine; it is off until its process starts.
    pub(crate) fn add(&mut self) {
        self.links.add();
        self.streams.add();
        self.stations.push(Station { power: false, process: false });
    }

    /// A process opens a stream.
    pub(crate) fn open(&mut self, now_ns: u64, conn: ConnId, from: MachineId, to: MachineId, queue: &mut Queue) {
        let stalled = [self.is_barred(from, to), self.is_barred(to, from)];
        let latency_ns = self.links.draw(from, to).stream_ns();
        self.streams.open(now_ns, conn, from, to, stalled, latency_ns, queue);
    }

    /// What is first on a way of a stream has arrived, if its time has come.
    pub(crate) fn arrive(&mut self, now_ns: u64, slot: u32, way: u8, queue: &mut Queue) -> Option<Arrival<M>> {
        self.streams.arrive(now_ns, slot, usize::from(way), &self.stations, &mut self.links, queue)
    }

    /// A process closes a stream, or its kernel does after it died.
    pub(crate) fn close(&mut self, now_ns: u64, conn: ConnId, by: MachineId, queue: &mut Queue) {
        self.streams.close(now_ns, conn, by, &mut self.links, queue);
    }

    /// A machine's process starts; its kernel runs from now on if it did not.
    pub(crate) fn rise(&mut self, now_ns: u64, machine: MachineId, queue: &mut Queue) {
        let had_power = std::mem::replace(&mut self.stations[machine.index()], Station { power: true, process: true }).power;
        if !had_power {
            self.settle_at(now_ns, machine, queue);
        }
    }

    /// A machine's process is gone. With the power, its kernel is too and tells nobody; without, the kernel closes what
    /// was open.
    pub(crate) fn fall(&mut self, now_ns: u64, machine: MachineId, power: bool, queue: &mut Queue) {
        let station = &mut self.stations[machine.index()];
        station.process = false;
        if power {
            station.power = false;
            self.streams.orphan(machine);
            self.settle_at(now_ns, machine, queue);
        } else {
            self.streams.close_all(now_ns, machine, &mut self.links, queue);
        }
    }

    /// Links were cut or mended: streams stall or go on accordingly.
    pub(crate) fn settle(&mut self, now_ns: u64, queue: &mut Queue) {
        let (links, stations) = (&self.links, &self.stations);
        self.streams.settle(now_ns, |from, to| links.is_cut(from, to) || !stations[to.index()].power, queue);
    }

    /// A machine lost or regained power.
    fn settle_at(&mut self, now_ns: u64, machine: MachineId, queue: &mut Queue) {
        let (links, stations) = (&self.links, &self.stations);
        self.streams.settle_at(now_ns, machine, |from, to| links.is_cut(from, to) || !stations[to.index()].power, queue);
    }

    /// Whether nothing that `from` sends can reach the kernel of `to`.
    fn is_barred(&self, from: MachineId, to: MachineId) -> bool {
        self.links.is_cut(from, to) || !self.stations[to.index()].power
    }
}
