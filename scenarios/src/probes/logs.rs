//! Logs and snapshots: what recoveries find, and why replicas leave.

use std::collections::BTreeSet;

use vocab::fact::{Fact, ReplicaFact};
use vocab::happening::Happening;
use vocab::ids::{MachineId, Zxid};
use vocab::plan::{Plan, What};
use vocab::recording::Note;

use super::ensemble::Ensemble;
use super::table::Mark;
use super::{Fold, Hits};

/// What a disk suffered in this life of its machine.
#[derive(Clone, Copy, Default)]
struct Ill {
    full: bool,
    error: bool,
}

pub(super) struct Logs {
    /// By replica.
    ills: Vec<Ill>,
    /// Fuzzy snapshots, by replica and name.
    fuzzy: BTreeSet<(MachineId, Zxid)>,
}

impl Logs {
    pub(super) fn new(plan: &Plan) -> Self {
        Logs { ills: vec![Ill::default(); usize::from(plan.machines())], fuzzy: BTreeSet::new() }
    }
}

impl Fold for Logs {
    fn see(&mut self, note: &Note<Fact>, before: &Ensemble<'_>, hits: &mut Hits) {
        let machine = note.machine;
        match &note.fact {
            Fact::World(Happening::Struck { fault, .. }) => match before.fault(*fault).map(|fault| &fault.what) {
                Some(What::DiskFull { .. }) => self.ills[machine.index()].full = true,
                Some(What::DiskError { .. }) => self.ills[machine.index()].error = true,
                _ => {}
            },
            Fact::World(Happening::Exited { damaged, .. }) => {
                let ill = self.ills[machine.index()];
                hits.mark_if(Mark::ExitDamaged, *damaged);
                hits.mark_if(Mark::ExitFull, !damaged && ill.full);
                hits.mark_if(Mark::ExitError, !damaged && ill.error);
            }
            Fact::World(Happening::Booted { .. }) => self.ills[machine.index()].error = false,
            Fact::World(Happening::Ended { fault }) => {
                if matches!(before.fault(*fault).map(|fault| &fault.what), Some(What::DiskFull { .. })) {
                    self.ills[machine.index()].full = false;
                }
            }
            Fact::Replica(ReplicaFact::Recovered { accepted, current, snapshot, last, torn_bytes, .. }) => {
                hits.mark_if(Mark::TornTail, *torn_bytes > 0);
                hits.mark_if(Mark::RecoveredUncommitted, *last > before.committed);
                hits.mark_if(Mark::RecoveredBehind, *last < before.committed);
                hits.mark_if(Mark::EpochsApart, accepted > current);
                hits.mark_if(Mark::RecoveredSnapshot, *snapshot > Zxid::ZERO);
                hits.mark_if(Mark::RecoveredFuzzy, self.fuzzy.contains(&(machine, *snapshot)));
            }
            Fact::Replica(ReplicaFact::Snapshotted { zxid, until }) => {
                hits.mark(Mark::Snapshotted);
                if until > zxid {
                    hits.mark(Mark::SnapshotFuzzy);
                    self.fuzzy.insert((machine, *zxid));
                } else {
                    self.fuzzy.remove(&(machine, *zxid));
                }
            }
            Fact::World(_) | Fact::Replica(_) | Fact::Client(_) | Fact::Stream(_) => {}
        }
    }
}
