//! A machine: its process, what waits for it, its clocks and its disk. Data, and the few questions that it alone can
//! answer; never what happens to it.

use std::collections::VecDeque;
use std::sync::Arc;

use contract::process::{DurableClaim, Event, Process};

use crate::clock::Clock;
use crate::disk::Disk;

/// The alarm's entry in the queue, when there is none.
pub(crate) const NO_ALARM: u64 = u64::MAX;

/// A machine.
#[derive(Clone)]
pub(crate) struct Machine<P: Process> {
    /// What every life starts as.
    pub(crate) pristine: P,
    /// `None` while down.
    pub(crate) process: Option<P>,
    /// How many lives it had, this one included.
    pub(crate) lives: u32,
    /// How often it went down, or further down.
    pub(crate) downs: u32,
    /// When it is to start; going down forgets it.
    pub(crate) boot_ns: Option<u64>,
    pub(crate) clock: Clock,
    /// When its process wants to be woken, by its monotonic clock.
    pub(crate) wake_mono_ns: Option<u64>,
    /// The earliest entry that the queue holds for it, by world time. The alarm itself may be later: then the entry
    /// only looks.
    pub(crate) alarm_ns: u64,
    /// Faults that freeze it.
    pub(crate) pauses: Vec<u32>,
    /// What waits while it is frozen.
    pub(crate) inbox: VecDeque<Event<P::Message>>,
    /// Orders on their way.
    pub(crate) orders: VecDeque<Arc<str>>,
    pub(crate) disk: Disk,
    /// The most that a life before this one had claimed to keep on this disk.
    claimed: Option<DurableClaim>,
    /// Its process called the disk damaged; it waits for the operator.
    pub(crate) is_condemned: bool,
    /// The plan lets it take no part in the healing phase.
    pub(crate) is_left_out: bool,
}

impl<P: Process> Machine<P> {
    pub(crate) fn new(process: P, clock: Clock, disk: Disk) -> Machine<P> {
        Machine {
            claimed: process.durable_claim(),
            pristine: process,
            process: None,
            lives: 0,
            downs: 0,
            boot_ns: None,
            clock,
            wake_mono_ns: None,
            alarm_ns: NO_ALARM,
            pauses: Vec::new(),
            inbox: VecDeque::new(),
            orders: VecDeque::new(),
            disk,
            is_condemned: false,
            is_left_out: false,
        }
    }

    pub(crate) fn is_paused(&self) -> bool {
        !self.pauses.is_empty()
    }

    /// What would be lost with its disk. A process that has not read its disk yet knows of nothing, so what earlier
    /// lives knew counts as well.
    pub(crate) fn durable_claim(&self) -> Option<DurableClaim> {
        let now = self.process.as_ref().and_then(P::durable_claim);
        match (self.claimed, now) {
            (Some(DurableClaim([a, b])), Some(DurableClaim([c, d]))) => Some(DurableClaim([a.max(c), b.max(d)])),
            (before, now) => now.or(before),
        }
    }

    /// What its process covers if another machine's disk is lost: what it claims itself, while it is up and its disk
    /// holds what was written.
    pub(crate) fn cover(&self) -> Option<DurableClaim> {
        let is_sound = !self.is_condemned && !self.disk.defects.is_damaged && !self.disk.has_lies();
        if is_sound { self.process.as_ref().and_then(P::durable_claim) } else { None }
    }

    /// The process is gone; what it had claimed is remembered.
    pub(crate) fn lose_process(&mut self) {
        self.claimed = self.durable_claim();
        self.process = None;
        self.downs += 1;
        self.boot_ns = None;
        self.wake_mono_ns = None;
        self.pauses.clear();
        self.inbox.clear();
    }

    /// The disk is gone, and all claims with it. Says how many bytes there were.
    pub(crate) fn lose_disk(&mut self) -> u64 {
        self.claimed = self.pristine.durable_claim();
        self.is_condemned = false;
        self.disk.wipe()
    }
}
