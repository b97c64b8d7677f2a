//! The plan's faults: which wait, for what, and which hold. Here they are loaded and triggered; `waiting` is who waits,
//! `strike` a fault's course, `carry` what each kind does, `budget` what they may destroy, `heal` the end of all. Never
//! the plan's drawing.

pub(crate) mod waiting;
mod strike;
mod carry;
mod budget;
mod heal;

use contract::fault::{Fault, Moment, Target, When};
use contract::ids::MachineId;
use contract::plan::{Budget, Heal, MS_MAX};
use contract::process::Process;
use contract::time::MILLISECOND;

use crate::queue::{Job, NUMBER_MAX};
use crate::world::World;
use waiting::{Phase, Planned, Watch};

impl<P: Process> World<P> {
    pub(crate) fn load_faults(&mut self, faults: &[Fault], heal: &Heal, budget: Budget, supervisor_ms: u32) {
        assert!(self.faults.planned.is_empty(), "faults are loaded once");
        assert!(faults.len() < NUMBER_MAX as usize, "a plan has fewer than 2^28 faults");
        self.faults.budget = budget;
        self.faults.absent = heal.absent.clone();
        self.faults.supervisor_ns = u64::from(supervisor_ms) * MILLISECOND;
        for machine in &heal.absent {
            assert!(machine.index() < self.machines.len(), "the plan leaves out {machine}, which does not exist");
        }
        assert!(heal.at_ms <= MS_MAX, "the plan heals after {} ms; {MS_MAX} at most", heal.at_ms);
        // Before the faults, so that at its own time the heal comes first and none of them strikes.
        self.queue.push((heal.at_ms * MILLISECOND).max(self.now_ns), Job::Heal);
        for (i, fault) in faults.iter().enumerate() {
            let (number, about) = (i as u32, fault.what.about());
            for machine in &about.machines {
                assert!(machine.index() < self.machines.len(), "fault {i} names {machine}, which does not exist");
            }
            // Sums of such times stay far below 2^64 ns.
            assert!(fault.longest_ms() <= MS_MAX, "fault {i} speaks of {} ms; {MS_MAX} at most", fault.longest_ms());
            match &fault.when {
                When::At { ms } => {
                    let is_absolute = about.targets.iter().all(|target| matches!(target, Target::Machine(_)));
                    assert!(is_absolute, "fault {i} hits a subject or peer but waits for no event");
                    self.queue.push((ms * MILLISECOND).max(self.now_ns), Job::Strike { fault: number });
                }
                When::On { moment, kind, machine, nth, after_ms } => {
                    let has_peer = matches!(moment, Moment::Send | Moment::Deliver);
                    assert!(has_peer || !about.targets.contains(&Target::Peer), "fault {i} hits a peer, but a disk operation has none");
                    let watch = Watch { fault: number, kind: kind.clone(), machine: *machine, left: (*nth).max(1), after_ns: after_ms * MILLISECOND };
                    self.faults.watches[*moment as usize].push(watch);
                }
            }
            self.faults.planned.push(Planned { what: fault.what.clone(), phase: Phase::Waiting, subject: None, peer: None });
        }
        self.faults.look_at_sending();
    }

    /// An event of a kind happened on a machine: the faults that waited for it strike, at once or later.
    pub(crate) fn trigger(&mut self, moment: Moment, kind: &str, subject: MachineId, peer: Option<MachineId>) {
        if !self.faults.watches(moment) {
            return;
        }
        let mut due = Vec::new();
        self.faults.watches[moment as usize].retain_mut(|watch| {
            if watch.kind != kind || watch.machine.is_some_and(|only| only != subject) {
                return true;
            }
            watch.left -= 1;
            if watch.left == 0 {
                due.push((watch.fault, watch.after_ns));
            }
            watch.left > 0
        });
        self.faults.look_at_sending();
        for (fault, after_ns) in due {
            let planned = &mut self.faults.planned[fault as usize];
            (planned.subject, planned.peer) = (Some(subject), peer);
            if after_ns == 0 {
                self.strike(fault);
            } else {
                self.queue.push(self.now_ns + after_ns, Job::Strike { fault });
            }
        }
    }

    /// Whether a fault loses this message; one that has lost its last is over.
    pub(crate) fn drop_is_due(&mut self, kind: &str, from: MachineId, to: MachineId) -> bool {
        let Some(place) = self.faults.drops.iter().position(|drop_fault| drop_fault.takes(kind, from, Some(to))) else { return false };
        self.take(place, false);
        true
    }

    /// Whether a fault loses the reply to this message.
    pub(crate) fn reply_drop_is_due(&mut self, kind: &str, from: MachineId) -> bool {
        let Some(place) = self.faults.reply_drops.iter().position(|drop_fault| drop_fault.takes(kind, from, None)) else { return false };
        self.take(place, true);
        true
    }

    fn take(&mut self, place: usize, is_reply: bool) {
        let drops = if is_reply { &mut self.faults.reply_drops } else { &mut self.faults.drops };
        let drop_fault = &mut drops[place];
        drop_fault.left = drop_fault.left.saturating_sub(1);
        let (fault, is_spent) = (drop_fault.fault, drop_fault.left == 0);
        if is_spent {
            self.end_fault(fault);
        }
    }
}
