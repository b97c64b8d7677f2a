//! The fault budget: a disk may be destroyed only while a majority of the other machines that pledge anything stand in for it, or all of them, so that a loss of data is never the
//! plan's own fault. It compares pledges and never asks what they mean.

use vocab::ids::MachineId;
use vocab::plan::Budget;
use vocab::process::Process;

use crate::world::World;

impl<P: Process> World<P> {
    /// Whether what is on this machine's disk may be lost: of all n machines that pledge, n/2 + 1 others, up and with sound disks, pledge as much as it does;
    /// under a budget of everyone, all n - 1 others.
    pub(crate) fn may_destroy(&self, victim: MachineId) -> bool {
        let Some(pledge) = self.machines[victim.index()].pledge() else { return true };
        let pledging = self.machines.iter().filter(|machine| machine.pledge().is_some()).count();
        let others = self.machines.iter().enumerate().filter(|(i, _)| *i != victim.index());
        let sureties = others.filter(|(_, machine)| machine.surety().is_some_and(|theirs| pledge.is_dominated_by(theirs))).count();
        match self.faults.budget {
            Budget::Majority => sureties > pledging / 2,
            Budget::Everyone => sureties > 0 && sureties + 1 >= pledging,
            Budget::Unrestricted => true,
        }
    }
}
