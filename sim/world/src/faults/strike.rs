//! A fault's course: whether it may strike now, how long it holds, when it ends, alike for all kinds. `carry` is what
//! each kind does.

use contract::fault::{About, Lasts};
use contract::happening::Happening;
use contract::ids::MachineId;
use contract::process::Process;
use contract::time::{MILLISECOND, SECOND};

use super::carry::Act;
use super::waiting::Phase;
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
        let about = what.about();
        let machine = self.befallen(fault, &about);
        // Whether the budget permits it now, and there is something for it to hit.
        if about.destroys && !self.may_destroy(machine) || !self.can_hit(machine, &what) {
            let since_ns = if let Phase::Deferred { since_ns } = phase { since_ns } else { self.now_ns };
            self.faults.planned[fault as usize].phase = Phase::Deferred { since_ns };
            if self.now_ns + RETRY_NS > since_ns + DEFER_MAX_NS {
                self.spare(fault);
            } else {
                self.queue.push(self.now_ns + RETRY_NS, Job::Strike { fault });
            }
            return;
        }
        self.happened(machine, Happening::Struck { fault, kind: about.name.into() });
        self.faults.planned[fault as usize].phase = match about.lasts {
            Lasts::Not => Phase::Over,
            Lasts::UntilSpent => Phase::Holding,
            Lasts::For(for_ms) => {
                self.queue.push(self.now_ns + for_ms * MILLISECOND, Job::End { fault });
                Phase::Holding
            }
        };
        self.carry(fault, machine, &what, Act::Strike);
        self.faults.look_at_sending();
    }

    /// A fault was not permitted, and is left out.
    pub(super) fn spare(&mut self, fault: u32) {
        let planned = &mut self.faults.planned[fault as usize];
        planned.phase = Phase::Over;
        let what = planned.what.clone();
        let about = what.about();
        self.happened(self.befallen(fault, &about), Happening::Spared { fault, kind: about.name.into() });
    }

    /// A fault that holds is over.
    pub(crate) fn end_fault(&mut self, fault: u32) {
        let planned = &mut self.faults.planned[fault as usize];
        if planned.phase != Phase::Holding {
            return;
        }
        planned.phase = Phase::Over;
        let what = planned.what.clone();
        let machine = self.befallen(fault, &what.about());
        self.happened(machine, Happening::Ended { fault });
        self.carry(fault, machine, &what, Act::Lift);
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

    /// The machine that a fault befalls; for what befalls links, the first one named.
    fn befallen(&self, fault: u32, about: &About<'_>) -> MachineId {
        match (about.targets.first(), about.machines.first()) {
            (Some(target), _) => self.resolve(fault, *target),
            (None, Some(machine)) => *machine,
            (None, None) => MachineId(0), // All links alike.
        }
    }
}
