//! A look at a world: all its machines as plain data, for people. It changes nothing, and nothing reads it back.

use contract::ids::MachineId;
use contract::process::{DurableClaim, Process};
use contract::time::Now;

use crate::world::World;

/// A world as plain data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// The world's time in ns.
    pub now_ns: u64,
    /// Events that have reached a process.
    pub events: u64,
    /// Whether the storm is over.
    pub is_healed: bool,
    /// Entries in the event queue; stale ones count.
    pub queued: usize,
    /// Streams of which an end may still learn something.
    pub streams: usize,
    /// Ways that are cut now: from whom, to whom.
    pub cut: Vec<(MachineId, MachineId)>,
    /// All machines.
    pub machines: Vec<MachineLook>,
}

/// A machine as plain data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineLook {
    /// Its number.
    pub machine: MachineId,
    /// Whether its process runs.
    pub is_up: bool,
    /// Whether it is frozen.
    pub is_paused: bool,
    /// How many lives it had, this one included.
    pub lives: u32,
    /// Events that wait for it to go on.
    pub inbox: usize,
    /// What its clocks read.
    pub now: Now,
    /// When it wants to be woken, by its monotonic clock in ns.
    pub wake_mono_ns: Option<u64>,
    /// What would be lost with its disk, by this life or one before.
    pub durable_claim: Option<DurableClaim>,
    /// Disk operations that wait.
    pub disk_queue: usize,
    /// Its files.
    pub files: Vec<FileLook>,
    /// Its process' own look; empty while it is down.
    pub process: Vec<(&'static str, String)>,
}

/// A file as plain data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileLook {
    /// Its name.
    pub name: String,
    /// Its length in bytes, as its process sees it.
    pub len: u64,
    /// How many bytes are durable; more than `len` while a truncation is not.
    pub durable_len: u64,
}

impl<P: Process> World<P> {
    /// The world as plain data, for people.
    pub fn look(&self) -> Look {
        let machines = self.machines.iter().enumerate().map(|(i, machine)| MachineLook {
            machine: MachineId(i as u16),
            is_up: machine.process.is_some(),
            is_paused: machine.is_paused(),
            lives: machine.lives,
            inbox: machine.inbox.len(),
            now: machine.clock.read(self.now_ns),
            wake_mono_ns: machine.wake_mono_ns,
            durable_claim: machine.durable_claim(),
            disk_queue: machine.disk.waiting(),
            files: machine.disk.files().map(|(name, len, durable_len)| FileLook { name: name.to_string(), len, durable_len }).collect(),
            process: machine.process.as_ref().map(P::look).unwrap_or_default(),
        });
        Look {
            now_ns: self.now_ns,
            events: self.events,
            is_healed: self.is_healed(),
            queued: self.queue.len(),
            streams: self.net.streams.len(),
            cut: self.net.links.cut_ways(),
            machines: machines.collect(),
        }
    }
}
