//! The fault budget: a disk may be destroyed only while a majority of the other machines with durable claims cover what
//! it holds, or all of them, so that a loss of data is never the plan's own fault. It compares claims and never asks
//! what they mean.

use contract::ids::MachineId;
use contract::plan::Budget;
use contract::process::Process;

use crate::world::World;

impl<P: Process> World<P> {
    /// Whether what is on this machine's disk may be lost: of all n machines with durable claims, n/2 + 1 others, up
    /// and with sound disks, cover its claim; under a budget of everyone, all n - 1 others.
    pub(crate) fn may_destroy(&self, victim: MachineId) -> bool {
        let Some(claim) = self.machines[victim.index()].durable_claim() else { return true };
        let claiming = self.machines.iter().filter(|machine| machine.durable_claim().is_some()).count();
        let others = self.machines.iter().enumerate().filter(|(i, _)| *i != victim.index());
        let covers = others.filter(|(_, machine)| machine.cover().is_some_and(|theirs| claim.is_covered_by(theirs))).count();
        match self.faults.budget {
            Budget::Majority => covers > claiming / 2,
            Budget::Everyone => covers > 0 && covers + 1 >= claiming,
            Budget::Unrestricted => true,
        }
    }
}
