//! A fault strikes, holds and ends. What it does is done to the world's parts here, each kind once; whether it may is asked first. Never does it step a process: what a process is to
//! learn goes through the queue.

use vocab::dice::Dice;
use vocab::happening::Happening;
use vocab::ids::MachineId;
use vocab::plan::{Shape, Target, What};
use vocab::process::Process;
use vocab::time::{MILLISECOND, SECOND};

use super::{Phase, Thief};
use crate::queue::Job;
use crate::world::World;

/// How often a fault that may not strike yet is tried again.
const RETRY_NS: u64 = 20 * MILLISECOND;
/// How long it is tried: about what a replica takes to catch up with the others.
const DEFER_MAX_NS: u64 = 3 * SECOND;

impl<P: Process> World<P> {
    /// A fault's time has come, or its event, or it is tried again.
    pub(crate) fn strike(&mut self, fault: u32) {
        let planned = &self.faults.planned[fault as usize];
        if self.faults.is_healed || matches!(planned.phase, Phase::Holding | Phase::Over) {
            return;
        }
        let (phase, what) = (planned.phase, planned.what.clone());
        if !self.may_land(fault, &what) {
            let since_ns = if let Phase::Deferred { since_ns } = phase { since_ns } else { self.now_ns };
            self.faults.planned[fault as usize].phase = Phase::Deferred { since_ns };
            if self.now_ns + RETRY_NS > since_ns + DEFER_MAX_NS {
                self.spare(fault);
            } else {
                self.queue.push(self.now_ns + RETRY_NS, Job::Strike { fault });
            }
            return;
        }
        self.happened(self.befallen(fault, &what), Happening::Struck { fault, kind: what.name().into() });
        self.faults.planned[fault as usize].phase = match lasts(&what) {
            Lasting::Not => Phase::Over,
            Lasting::UntilSpent => Phase::Holding,
            Lasting::For(for_ms) => {
                self.queue.push(self.now_ns + for_ms * MILLISECOND, Job::End { fault });
                Phase::Holding
            }
        };
        self.land(fault, what);
        self.faults.look_at_sending();
    }

    /// A fault was not permitted, and is left out.
    pub(super) fn spare(&mut self, fault: u32) {
        let planned = &mut self.faults.planned[fault as usize];
        planned.phase = Phase::Over;
        let what = planned.what.clone();
        self.happened(self.befallen(fault, &what), Happening::Spared { fault, kind: what.name().into() });
    }

    /// A fault that holds is over.
    pub(crate) fn end_fault(&mut self, fault: u32) {
        let planned = &mut self.faults.planned[fault as usize];
        if planned.phase != Phase::Holding {
            return;
        }
        planned.phase = Phase::Over;
        let what = planned.what.clone();
        let machine = self.befallen(fault, &what);
        self.happened(machine, Happening::Ended { fault });
        self.lift(fault, machine, what);
        self.faults.look_at_sending();
    }

    /// The faults on a machine's disk that have spent themselves are over.
    pub(crate) fn end_spent(&mut self, machine: MachineId) {
        if self.machines[machine.index()].disk.over.is_empty() {
            return;
        }
        for fault in std::mem::take(&mut self.machines[machine.index()].disk.over) {
            self.end_fault(fault);
        }
    }

    /// Whether the budget lets it strike now, and there is something for it to hit.
    fn may_land(&mut self, fault: u32, what: &What) -> bool {
        match what {
            What::LoseDisk { machine, .. } | What::MisdirectedWrite { machine, .. } => self.may_destroy(self.resolve(fault, *machine)),
            What::BitRot { machine, kind } => {
                let machine = self.resolve(fault, *machine);
                self.may_destroy(machine) && self.machines[machine.index()].disk.can_rot(kind)
            }
            What::Partition { .. }
            | What::CutStreams { .. }
            | What::Drop { .. }
            | What::DropReply { .. }
            | What::SlowLink { .. }
            | What::Crash { .. }
            | What::Blackout { .. }
            | What::Restart { .. }
            | What::Pause { .. }
            | What::ClockStep { .. }
            | What::ClockDrift { .. }
            | What::DiskStall { .. }
            | What::DiskFull { .. }
            | What::DiskError { .. }
            | What::LyingSync { .. }
            | What::Order { .. } => true,
        }
    }

    fn land(&mut self, fault: u32, what: What) {
        let machine = self.befallen(fault, &what);
        let index = machine.index();
        match what {
            What::Partition { shape, .. } => {
                for (from, to) in self.ways(fault, &shape) {
                    self.net.links.cut(from, to);
                }
                self.net.settle(self.now_ns, &mut self.queue);
            }
            What::CutStreams { a, b, silent } => {
                let (a, b) = (self.resolve(fault, a), self.resolve(fault, b));
                for conn in self.net.streams.between(a, b) {
                    self.break_stream(conn, false, silent);
                }
            }
            What::Drop { kind, from, to, count } => self.faults.thieves.push(Thief { fault, kind, from, to, left: count.max(1) }),
            What::DropReply { kind, from } => self.faults.reply_thieves.push(Thief { fault, kind, from, to: None, left: 1 }),
            What::SlowLink { a, b, extra_ms, .. } => {
                let (a, b) = (self.resolve(fault, a), self.resolve(fault, b));
                self.net.links.slow(a, b, extra_ms);
                self.net.links.slow(b, a, extra_ms);
            }
            What::Crash { power, restart_ms, .. } => self.crash(machine, power, false, restart_ms.map(|ms| ms * MILLISECOND)),
            What::Blackout { machines, restart_ms } => {
                let mut dice = Dice::named(self.seed, "blackout", u64::from(fault), 0);
                for machine in machines {
                    let restart_ns = dice.between(0, restart_ms * MILLISECOND);
                    self.crash(machine, true, false, Some(restart_ns));
                }
            }
            What::LoseDisk { restart_ms, .. } => self.crash(machine, true, true, Some(restart_ms * MILLISECOND)),
            What::Restart { machine } => {
                if self.machines[machine.index()].process.is_none() {
                    self.boot_at(machine, self.now_ns);
                }
            }
            What::Pause { .. } => {
                if self.machines[index].process.is_some() {
                    self.machines[index].pauses.push(fault);
                    self.happened(machine, Happening::Paused);
                }
            }
            What::ClockStep { by_ms, .. } => {
                self.machines[index].clock.step(by_ms);
                self.happened(machine, Happening::ClockStepped { by_ms });
            }
            What::ClockDrift { ppm, .. } => {
                self.machines[index].clock.drift(self.now_ns, fault, ppm);
                self.await_alarm(machine);
            }
            What::DiskStall { .. } => self.machines[index].disk.flaws.stall(fault),
            What::DiskFull { .. } => self.machines[index].disk.flaws.fill(fault),
            What::DiskError { count, .. } => self.machines[index].disk.flaws.fail(fault, count.max(1)),
            What::LyingSync { .. } => self.machines[index].disk.flaws.lie(fault),
            What::BitRot { kind, .. } => {
                let file = self.machines[index].disk.rot(&kind).expect("there was a file to rot when it was asked whether it may");
                self.happened(machine, Happening::Rotted { file: file.to_string() });
            }
            What::MisdirectedWrite { kind, .. } => self.machines[index].disk.flaws.lead_astray(fault, &kind),
            What::Order { word, .. } => self.order(machine, word),
        }
    }

    /// Undoes what a fault did while it held.
    fn lift(&mut self, fault: u32, machine: MachineId, what: What) {
        match what {
            What::Partition { shape, .. } => {
                for (from, to) in self.ways(fault, &shape) {
                    self.net.links.mend(from, to);
                }
                self.net.settle(self.now_ns, &mut self.queue);
            }
            What::Drop { .. } => self.faults.thieves.retain(|thief| thief.fault != fault),
            What::DropReply { .. } => self.faults.reply_thieves.retain(|thief| thief.fault != fault),
            What::SlowLink { a, b, extra_ms, .. } => {
                let (a, b) = (self.resolve(fault, a), self.resolve(fault, b));
                self.net.links.hurry(a, b, extra_ms);
                self.net.links.hurry(b, a, extra_ms);
            }
            What::Pause { .. } => self.resume(machine, fault),
            What::ClockDrift { .. } => {
                self.machines[machine.index()].clock.end_drift(self.now_ns, fault);
                self.await_alarm(machine);
            }
            What::DiskStall { .. } => {
                let disk = &mut self.machines[machine.index()].disk;
                disk.flaws.end(fault);
                if let Some(next_ns) = disk.next_ns() {
                    self.queue.push(next_ns.max(self.now_ns), Job::Disk { machine });
                }
            }
            What::DiskFull { .. } | What::DiskError { .. } | What::LyingSync { .. } | What::MisdirectedWrite { .. } => {
                self.machines[machine.index()].disk.flaws.end(fault);
            }
            What::CutStreams { .. }
            | What::Crash { .. }
            | What::Blackout { .. }
            | What::LoseDisk { .. }
            | What::Restart { .. }
            | What::ClockStep { .. }
            | What::BitRot { .. }
            | What::Order { .. } => unreachable!("these are over when they have struck"),
        }
    }

    /// The directed ways that a shape cuts, each once.
    fn ways(&self, fault: u32, shape: &Shape) -> Vec<(MachineId, MachineId)> {
        let all: Vec<MachineId> = (0..self.machines.len() as u16).map(MachineId).collect();
        let is_cut: Box<dyn Fn(MachineId, MachineId) -> bool> = match shape {
            Shape::Halves { side } => Box::new(|a, b| side.contains(&a) != side.contains(&b)),
            Shape::Isolate { machine } => {
                let alone = self.resolve(fault, *machine);
                Box::new(move |a, b| a == alone || b == alone)
            }
            Shape::OneWay { from, to } => Box::new(|a, b| from.contains(&a) && to.contains(&b)),
            Shape::Bridge { side, over } => Box::new(|a, b| a != *over && b != *over && side.contains(&a) != side.contains(&b)),
            Shape::Ring(ring) => Box::new(|a, b| {
                let place = |of: MachineId| ring.order.iter().position(|machine| *machine == of);
                let (Some(a), Some(b)) = (place(a), place(b)) else { return false };
                let apart = a.abs_diff(b);
                apart != 1 && apart != ring.order.len() - 1
            }),
            Shape::Link { a: one, b: other } => {
                let (one, other) = (self.resolve(fault, *one), self.resolve(fault, *other));
                Box::new(move |a, b| (a, b) == (one, other) || (b, a) == (one, other))
            }
        };
        let pairs = all.iter().flat_map(|a| all.iter().map(|b| (*a, *b)));
        pairs.filter(|(a, b)| a != b && is_cut(*a, *b)).collect()
    }

    fn resolve(&self, fault: u32, target: Target) -> MachineId {
        let planned = &self.faults.planned[fault as usize];
        match target {
            Target::Machine(machine) => machine,
            Target::Subject => planned.subject.expect("a fault with a subject waits for an event, which has one"),
            Target::Peer => planned.peer.expect("a fault with a peer waits for a message, which has one"),
        }
    }

    /// The machine that a fault befalls; for what befalls links, the first one named.
    fn befallen(&self, fault: u32, what: &What) -> MachineId {
        match (what.targets().first(), what.machines().first()) {
            (Some(target), _) => self.resolve(fault, *target),
            (None, Some(machine)) => *machine,
            (None, None) => MachineId(0), // All links alike.
        }
    }
}

/// How long a fault holds.
enum Lasting {
    Not,
    /// Until it has done its worst, or the heal.
    UntilSpent,
    /// In ms.
    For(u64),
}

fn lasts(what: &What) -> Lasting {
    match what {
        What::Partition { for_ms, .. }
        | What::SlowLink { for_ms, .. }
        | What::Pause { for_ms, .. }
        | What::DiskStall { for_ms, .. }
        | What::DiskFull { for_ms, .. }
        | What::LyingSync { for_ms, .. } => Lasting::For(*for_ms),
        What::Drop { .. } | What::DropReply { .. } | What::ClockDrift { .. } | What::DiskError { .. } | What::MisdirectedWrite { .. } => Lasting::UntilSpent,
        What::CutStreams { .. }
        | What::Crash { .. }
        | What::Blackout { .. }
        | What::LoseDisk { .. }
        | What::Restart { .. }
        | What::ClockStep { .. }
        | What::BitRot { .. }
        | What::Order { .. } => Lasting::Not,
    }
}
