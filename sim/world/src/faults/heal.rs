//! The heal: the storm's faults end, those that waited never strike, machines come back but for those that the plan
//! leaves out. The weather stays, and so does the operator.

use contract::happening::Happening;
use contract::ids::MachineId;
use contract::plan::Budget;
use contract::process::Process;

use super::waiting::Phase;
use crate::machine::Machine;
use crate::world::World;

impl<P: Process> World<P> {
    /// The storm is over.
    pub(crate) fn heal(&mut self) {
        self.faults.is_healed = true;
        self.faults.watches.iter_mut().for_each(Vec::clear);
        for fault in 0..self.faults.planned.len() as u32 {
            match self.faults.planned[fault as usize].phase {
                Phase::Waiting => self.faults.planned[fault as usize].phase = Phase::Over,
                Phase::Deferred { .. } => self.spare(fault),
                Phase::Holding => self.end_fault(fault),
                Phase::Over => {}
            }
        }
        self.faults.doomed_replies.clear();
        self.faults.look_at_sending();
        self.happened(MachineId(0), Happening::Healed);
        // A machine whose disk waits for the operator, or will as soon as its process has read it, may need all the
        // others as covers: then nobody stays away.
        let is_unread = |host: &Machine<P>| host.process.as_ref().and_then(P::durable_claim).is_none();
        let is_awaited = |host: &Machine<P>| host.is_condemned || is_unread(host) && (host.disk.defects.is_damaged || host.disk.defects.broke_promise);
        let is_short = self.faults.budget != Budget::Unrestricted && self.machines.iter().any(is_awaited);
        let absent = if is_short { Vec::new() } else { self.faults.absent.clone() };
        for machine in absent {
            if self.machines[machine.index()].is_left_out {
                continue;
            }
            // By its plug: the others must find out for themselves.
            if self.net.stations[machine.index()].power {
                self.crash(machine, true, false, None);
            }
            self.machines[machine.index()].is_left_out = true;
            self.happened(machine, Happening::LeftOut { machine });
        }
        for i in 0..self.machines.len() {
            // What was never going to reach the disk would else keep its machine from covering another one for ever.
            self.machines[i].disk.keep_promises();
            let host = &self.machines[i];
            // One that has not had its first start yet is not down.
            if host.process.is_none() && host.downs > 0 {
                self.boot_at(MachineId(i as u16), self.now_ns);
            }
        }
    }
}
