//! Who does what, as the notes tell it: who is up, who leads, who is frozen, what is cut, what is committed. For the
//! probes to look at; it hits none itself.

use std::collections::BTreeSet;

use contract::fault::{Fault, What};
use contract::happening::Happening;
use contract::ids::MachineId;
use judging::Heard;
use zookeeper_words::fact::{Fact, ReplicaFact};
use zookeeper_words::ids::{Epoch, Zxid};

use super::{Note, PlanView};

/// What a replica is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Role {
    /// Nothing, or looking for a leader.
    #[default]
    None,
    /// Elected, without an epoch yet.
    Elected,
    /// With an epoch that a quorum has accepted.
    Synchronizing(Epoch),
    /// The primary of an epoch.
    Leading(Epoch),
    /// A learner of somebody.
    Following,
}

/// A machine as the notes tell it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Member {
    /// Its process runs, or is frozen.
    pub(super) up: bool,
    /// What it does, for a replica.
    pub(super) role: Role,
    /// Frozen since this time in ns.
    pub(super) paused_ns: Option<u64>,
}

/// All machines, and what lies between them.
pub(super) struct Roles<'p> {
    /// The plan.
    pub(super) plan: PlanView<'p>,
    /// By machine.
    pub(super) members: Vec<Member>,
    /// The partitions that are in force, by the numbers of their faults.
    pub(super) cuts: BTreeSet<u32>,
    /// The storm is over.
    pub(super) healed: bool,
    /// The highest zxid that a leader has committed, as a proposal or as part of its initial history.
    pub(super) committed: Zxid,
    /// The highest epoch with an established leader.
    pub(super) epoch: Epoch,
}

impl<'p> Roles<'p> {
    pub(super) fn new(plan: PlanView<'p>) -> Self {
        Roles {
            plan,
            members: vec![Member::default(); usize::from(plan.machines)],
            cuts: BTreeSet::new(),
            healed: false,
            committed: Zxid::ZERO,
            epoch: Epoch::default(),
        }
    }

    /// Whether the machine is a replica.
    pub(super) fn is_replica(&self, machine: MachineId) -> bool {
        machine.0 < self.plan.settings.replicas()
    }

    /// A strict majority of the replicas.
    pub(super) fn majority(&self) -> usize {
        usize::from(self.plan.settings.voters() / 2 + 1)
    }

    /// The replicas.
    pub(super) fn replicas(&self) -> &[Member] {
        &self.members[..usize::from(self.plan.settings.replicas())]
    }

    /// Some replica is the primary of an epoch, or thinks so.
    pub(super) fn is_led(&self) -> bool {
        self.replicas().iter().any(|member| matches!(member.role, Role::Leading(_)))
    }

    /// A fault of the plan by its number.
    pub(super) fn fault(&self, number: u32) -> Option<&'p Fault> {
        self.plan.faults.get(number as usize)
    }

    /// Takes a note, after all folds have seen it.
    pub(super) fn see(&mut self, note: &Note<'_>) {
        match note.what {
            Heard::World(happening) => self.happen(note.at_ns, note.machine, happening),
            Heard::Said(Fact::Replica(fact)) => self.replica(note.machine, fact),
            Heard::Said(Fact::Client(_)) | Heard::Else => {}
        }
    }

    fn happen(&mut self, at_ns: u64, machine: MachineId, happening: &Happening) {
        let member = &mut self.members[machine.index()];
        match happening {
            Happening::Booted { .. } => *member = Member { up: true, ..Member::default() },
            Happening::Crashed { .. } | Happening::Exited { .. } => *member = Member::default(),
            Happening::Paused => member.paused_ns = Some(at_ns),
            Happening::Resumed { .. } => member.paused_ns = None,
            Happening::Struck { fault, .. } => {
                if matches!(self.fault(*fault), Some(Fault { what: What::Partition { .. }, .. })) {
                    self.cuts.insert(*fault);
                }
            }
            Happening::Ended { fault } => {
                self.cuts.remove(fault);
            }
            Happening::Healed => {
                self.healed = true;
                self.cuts.clear();
            }
            Happening::Spared { .. } | Happening::Wiped | Happening::ClockStepped { .. } | Happening::Rotted { .. } | Happening::LeftOut { .. } => {}
        }
    }

    fn replica(&mut self, machine: MachineId, fact: &ReplicaFact) {
        let role = &mut self.members[machine.index()].role;
        match fact {
            ReplicaFact::Looking { .. } | ReplicaFact::StepDown { .. } => *role = Role::None,
            ReplicaFact::Elected { leader, .. } => *role = if *leader == machine { Role::Elected } else { Role::Following },
            ReplicaFact::Synchronizing { epoch, .. } => *role = Role::Synchronizing(*epoch),
            ReplicaFact::Established { epoch, last, .. } => {
                *role = Role::Leading(*epoch);
                self.epoch = self.epoch.max(*epoch);
                self.committed = self.committed.max(*last);
            }
            ReplicaFact::Committed { zxid, .. } => self.committed = self.committed.max(*zxid),
            ReplicaFact::Recovered { .. }
            | ReplicaFact::EpochAccepted { .. }
            | ReplicaFact::SyncSent { .. }
            | ReplicaFact::Truncated { .. }
            | ReplicaFact::Installed { .. }
            | ReplicaFact::Adopted { .. }
            | ReplicaFact::Serving { .. }
            | ReplicaFact::Proposed { .. }
            | ReplicaFact::Logged { .. }
            | ReplicaFact::Acked { .. }
            | ReplicaFact::Delivered { .. }
            | ReplicaFact::SyncAnswered { .. }
            | ReplicaFact::SessionExpired { .. }
            | ReplicaFact::RefusedBehind { .. }
            | ReplicaFact::Snapshotted { .. }
            | ReplicaFact::Files(_)
            | ReplicaFact::Local(_)
            | ReplicaFact::Appointed { .. }
            | ReplicaFact::Configured { .. }
            | ReplicaFact::Illegal { .. } => {}
        }
    }
}
