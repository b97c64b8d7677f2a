//! What each kind of fault does when it strikes and when it is lifted: the one place that carries a kind out, as the
//! contract's `about` is the one that describes it. It never decides whether a fault may strike, and never steps a
//! process: what a process is to learn goes through the queue.

use contract::dice::Dice;
use contract::fault::{Shape, Target, What};
use contract::happening::Happening;
use contract::ids::MachineId;
use contract::process::Process;
use contract::time::MILLISECOND;

use super::waiting::DropFault;
use crate::queue::Job;
use crate::world::World;

/// What is done with a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// It begins.
    Strike,
    /// What it did while it held is undone. Never asked of a fault that is over when it has struck.
    Lift,
}

impl<P: Process> World<P> {
    /// Carries a fault out on `machine`, the one that it befalls. A kind that does not hold has nothing to lift.
    pub(super) fn carry(&mut self, fault: u32, machine: MachineId, what: &What, act: Act) {
        let (now_ns, index) = (self.now_ns, machine.index());
        match what {
            What::Partition { shape, for_ms: _ } => {
                for (from, to) in self.ways(fault, shape) {
                    match act {
                        Act::Strike => self.net.links.cut(from, to),
                        Act::Lift => self.net.links.mend(from, to),
                    }
                }
                self.net.settle(now_ns, &mut self.queue);
            }
            What::CutStreams { a, b, silent } => {
                let (a, b) = (self.resolve(fault, *a), self.resolve(fault, *b));
                for conn in self.net.streams.between(a, b) {
                    self.break_stream(conn, false, *silent);
                }
            }
            What::Drop { kind, from, to, count } => match act {
                Act::Strike => self.faults.drops.push(DropFault { fault, kind: kind.clone(), from: *from, to: *to, left: (*count).max(1) }),
                Act::Lift => self.faults.drops.retain(|drop_fault| drop_fault.fault != fault),
            },
            What::DropReply { kind, from } => match act {
                Act::Strike => self.faults.reply_drops.push(DropFault { fault, kind: kind.clone(), from: *from, to: None, left: 1 }),
                Act::Lift => self.faults.reply_drops.retain(|drop_fault| drop_fault.fault != fault),
            },
            What::SlowLink { a, b, extra_ms, for_ms: _ } => {
                let (a, b) = (self.resolve(fault, *a), self.resolve(fault, *b));
                for (from, to) in [(a, b), (b, a)] {
                    match act {
                        Act::Strike => self.net.links.slow(from, to, *extra_ms),
                        Act::Lift => self.net.links.hurry(from, to, *extra_ms),
                    }
                }
            }
            What::Crash { machine: _, power, restart_ms } => self.crash(machine, *power, false, restart_ms.map(|ms| ms * MILLISECOND)),
            What::Blackout { machines, restart_ms } => {
                let mut dice = Dice::named(self.seed, "blackout", u64::from(fault), 0);
                for machine in machines {
                    let restart_ns = dice.between(0, restart_ms * MILLISECOND);
                    self.crash(*machine, true, false, Some(restart_ns));
                }
            }
            What::LoseDisk { machine: _, restart_ms } => self.crash(machine, true, true, Some(restart_ms * MILLISECOND)),
            What::Restart { machine: _ } => {
                if self.machines[index].process.is_none() {
                    self.boot_at(machine, now_ns);
                }
            }
            What::Pause { machine: _, for_ms: _ } => match act {
                Act::Strike if self.machines[index].process.is_none() => {}
                Act::Strike => {
                    self.machines[index].pauses.push(fault);
                    self.happened(machine, Happening::Paused);
                }
                Act::Lift => self.resume(machine, fault),
            },
            What::ClockStep { machine: _, by_ms } => {
                self.machines[index].clock.step(*by_ms);
                self.happened(machine, Happening::ClockStepped { by_ms: *by_ms });
            }
            What::ClockDrift { machine: _, ppm } => {
                match act {
                    Act::Strike => self.machines[index].clock.drift(now_ns, fault, *ppm),
                    Act::Lift => self.machines[index].clock.end_drift(now_ns, fault),
                }
                self.await_alarm(machine);
            }
            What::DiskStall { machine: _, for_ms: _ } => {
                let disk = &mut self.machines[index].disk;
                match act {
                    Act::Strike => disk.defects.stall(fault),
                    Act::Lift => {
                        disk.defects.end(fault);
                        if let Some(next_ns) = disk.next_ns() {
                            self.queue.push(next_ns.max(now_ns), Job::Disk { machine });
                        }
                    }
                }
            }
            What::DiskFull { machine: _, for_ms: _ } => match act {
                Act::Strike => self.machines[index].disk.defects.fill(fault),
                Act::Lift => self.machines[index].disk.defects.end(fault),
            },
            What::DiskError { machine: _, count } => match act {
                Act::Strike => self.machines[index].disk.defects.fail(fault, (*count).max(1)),
                Act::Lift => self.machines[index].disk.defects.end(fault),
            },
            What::LyingSync { machine: _, for_ms: _ } => match act {
                Act::Strike => self.machines[index].disk.defects.lie(fault),
                Act::Lift => self.machines[index].disk.defects.end(fault),
            },
            What::BitRot { machine: _, kind } => {
                let file = self.machines[index].disk.rot(kind).expect("there was a file to rot when it was asked whether it may");
                self.happened(machine, Happening::Rotted { file: file.to_string() });
            }
            What::MisdirectedWrite { machine: _, kind } => match act {
                Act::Strike => self.machines[index].disk.defects.lead_astray(fault, kind),
                Act::Lift => self.machines[index].disk.defects.end(fault),
            },
            What::Order { machine: _, word } => self.order(machine, word.as_str()),
        }
    }

    /// Whether there is something for a fault to hit on the machine that it befalls: rot needs a durable byte.
    pub(super) fn can_hit(&self, machine: MachineId, what: &What) -> bool {
        if let What::BitRot { kind, .. } = what { self.machines[machine.index()].disk.can_rot(kind) } else { true }
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

    /// Whom a target means, for a fault whose time has come.
    pub(super) fn resolve(&self, fault: u32, target: Target) -> MachineId {
        let planned = &self.faults.planned[fault as usize];
        match target {
            Target::Machine(machine) => machine,
            Target::Subject => planned.subject.expect("a fault with a subject waits for an event, which has one"),
            Target::Peer => planned.peer.expect("a fault with a peer waits for a message, which has one"),
        }
    }
}
