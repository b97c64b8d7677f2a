//! The lives of a machine's process: its starts, its crashes, its own exits, and the operator who wipes a damaged disk.
//! Never when a fault decides on them.

use contract::dice::Dice;
use contract::happening::Happening;
use contract::ids::MachineId;
use contract::process::{Exit, Process};
use contract::time::MILLISECOND;

use crate::queue::Job;
use crate::world::World;

/// How often an operator looks again whether a damaged disk may be wiped. There is no last time: a machine that cannot
/// be wiped yet waits for the others to catch up.
const WIPE_RETRY_NS: u64 = 20 * MILLISECOND;

impl<P: Process> World<P> {
    /// A machine starts, if it is to start now; unless its disk waits for the operator, or it must stay down.
    pub(crate) fn boot(&mut self, machine: MachineId) -> bool {
        let host = &mut self.machines[machine.index()];
        if host.boot_ns != Some(self.now_ns) || host.process.is_some() || host.is_condemned || host.is_left_out {
            return false;
        }
        host.boot_ns = None;
        host.process = Some(host.pristine.clone());
        host.lives += 1;
        let life = host.lives - 1;
        self.net.rise(self.now_ns, machine, &mut self.queue);
        self.happened(machine, Happening::Booted { life });
        true
    }

    /// Asks for a start at a time; one that was asked for earlier does not count any more.
    pub(crate) fn boot_at(&mut self, machine: MachineId, at_ns: u64) {
        self.machines[machine.index()].boot_ns = Some(at_ns);
        self.queue.push(at_ns, Job::Boot { machine });
    }

    /// A machine goes down, or further down. It comes back after `restart_ns`, or not before the heal.
    pub(crate) fn crash(&mut self, machine: MachineId, power: bool, is_disk_lost: bool, restart_ns: Option<u64>) {
        let power = power || is_disk_lost;
        let had_power = self.net.stations[machine.index()].power;
        let was_up = self.machines[machine.index()].process.is_some();
        // Asked while the machine still covers others: they may be about to go down as well.
        let are_lies_kept = self.machines[machine.index()].disk.has_lies() && !self.may_destroy(machine);
        let dice = Dice::named(self.seed, "crash", u64::from(machine.0), u64::from(self.machines[machine.index()].downs));
        let host = &mut self.machines[machine.index()];
        host.lose_process();
        self.falls += 1;
        let (mut lost_bytes, mut lied_bytes) = (0, 0);
        if is_disk_lost {
            lost_bytes = host.lose_disk();
        } else if power && had_power {
            (lost_bytes, lied_bytes) = host.disk.lose_power(dice, are_lies_kept);
            host.disk.defects.broke_promise |= lied_bytes > 0;
        } else {
            host.disk.abandon();
        }
        self.net.fall(self.now_ns, machine, power, &mut self.queue);
        if was_up || (power && had_power) || is_disk_lost {
            self.happened(machine, Happening::Crashed { power, disk_lost: is_disk_lost, lost_bytes, lied_bytes });
        }
        if let Some(restart_ns) = restart_ns {
            self.boot_at(machine, self.now_ns + restart_ns);
        }
    }

    /// A process leaves by itself. Its kernel stays; what it called damaged waits for the operator.
    pub(crate) fn exit(&mut self, machine: MachineId, exit: Exit) {
        let (why, damaged) = match exit {
            Exit::Restart(why) => (why, false),
            Exit::Damaged(why) => (why, true),
        };
        let host = &mut self.machines[machine.index()];
        host.lose_process();
        host.disk.abandon();
        host.is_condemned = damaged;
        self.falls += 1;
        self.net.fall(self.now_ns, machine, false, &mut self.queue);
        self.happened(machine, Happening::Exited { why, damaged });
        if damaged {
            self.queue.push(self.now_ns, Job::Wipe { machine });
        } else {
            self.boot_at(machine, self.now_ns + self.faults.supervisor_ns);
        }
    }

    /// The operator wipes a disk that its process called damaged, as soon as nothing would be lost by it, and starts
    /// the machine.
    pub(crate) fn wipe(&mut self, machine: MachineId) {
        let host = &self.machines[machine.index()];
        if !host.is_condemned || host.is_left_out {
            return;
        }
        if !self.may_destroy(machine) {
            self.queue.push(self.now_ns + WIPE_RETRY_NS, Job::Wipe { machine });
            return;
        }
        self.machines[machine.index()].lose_disk();
        self.happened(machine, Happening::Wiped);
        self.boot_at(machine, self.now_ns);
    }

    /// A fault no longer freezes a process. If no other does, it goes on with all that waits, in order, before anything
    /// else happens.
    pub(crate) fn resume(&mut self, machine: MachineId, fault: u32) {
        let host = &mut self.machines[machine.index()];
        let Some(place) = host.pauses.iter().position(|by| *by == fault) else { return };
        host.pauses.remove(place);
        if host.is_paused() {
            return;
        }
        let inbox = host.inbox.len() as u32;
        self.happened(machine, Happening::Resumed { inbox });
        // It may go down or be frozen again under what it takes; then the rest is lost, or waits.
        while self.ending.is_none() && !self.machines[machine.index()].is_paused() {
            let Some(event) = self.machines[machine.index()].inbox.pop_front() else { break };
            self.deliver_late(machine, event);
        }
    }
}
