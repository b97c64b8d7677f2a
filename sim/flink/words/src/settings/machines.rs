//! Which machines the stream engine has. Numbers; never what runs on them.

use contract::ids::MachineId;

use super::StreamPlan;

/// Which machines a plan's stream engine has, after the clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamMachines {
    first: u16,
    masters: u16,
    workers: u16,
}

impl StreamMachines {
    /// Those of a plan, of which the first has this number.
    pub fn new(first: u16, plan: &StreamPlan) -> StreamMachines {
        StreamMachines { first, masters: plan.masters, workers: plan.workers }
    }

    /// How many there are, the outside's three included.
    pub fn count(self) -> u16 {
        self.masters + self.workers + 3
    }

    /// The masters.
    pub fn masters(self) -> impl Iterator<Item = MachineId> {
        (self.first..self.first + self.masters).map(MachineId)
    }

    /// The workers.
    pub fn workers(self) -> impl Iterator<Item = MachineId> {
        let first = self.first + self.masters;
        (first..first + self.workers).map(MachineId)
    }

    /// The log's machine.
    pub fn log(self) -> MachineId {
        MachineId(self.first + self.masters + self.workers)
    }

    /// The ledger's machine.
    pub fn ledger(self) -> MachineId {
        MachineId(self.log().0 + 1)
    }

    /// The blob store's machine.
    pub fn blobs(self) -> MachineId {
        MachineId(self.log().0 + 2)
    }
}
