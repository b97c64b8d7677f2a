//! Logs and snapshots: what recoveries find, and why replicas leave.

use std::collections::BTreeSet;

use contract::fault::What;
use contract::happening::Happening;
use contract::ids::MachineId;
use judging::Heard;
use zookeeper_words::fact::{Fact, ReplicaFact};
use zookeeper_words::ids::Zxid;

use super::roles::Roles;
use super::table::Mark;
use super::{Fold, Hits, Note, PlanView};

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
    pub(super) fn new(plan: PlanView<'_>) -> Self {
        Logs { ills: vec![Ill::default(); usize::from(plan.machines)], fuzzy: BTreeSet::new() }
    }
}

impl Fold for Logs {
    fn see(&mut self, note: &Note<'_>, before: &Roles<'_>, hits: &mut Hits<'_, '_>) {
        let machine = note.machine;
        match note.what {
            Heard::World(Happening::Struck { fault, .. }) => match before.fault(*fault).map(|fault| &fault.what) {
                Some(What::DiskFull { .. }) => self.ills[machine.index()].full = true,
                Some(What::DiskError { .. }) => self.ills[machine.index()].error = true,
                _ => {}
            },
            Heard::World(Happening::Exited { damaged, .. }) => {
                let ill = self.ills[machine.index()];
                hits.mark_if(Mark::ExitDamaged, *damaged);
                hits.mark_if(Mark::ExitFull, !damaged && ill.full);
                hits.mark_if(Mark::ExitError, !damaged && ill.error);
            }
            Heard::World(Happening::Booted { .. }) => self.ills[machine.index()].error = false,
            Heard::World(Happening::Ended { fault }) => {
                if matches!(before.fault(*fault).map(|fault| &fault.what), Some(What::DiskFull { .. })) {
                    self.ills[machine.index()].full = false;
                }
            }
            Heard::Said(Fact::Replica(ReplicaFact::Recovered { accepted, current, snapshot, last, torn_bytes, .. })) => {
                hits.mark_if(Mark::TornTail, *torn_bytes > 0);
                hits.mark_if(Mark::RecoveredUncommitted, *last > before.committed);
                hits.mark_if(Mark::RecoveredBehind, *last < before.committed);
                hits.mark_if(Mark::EpochsApart, accepted > current);
                hits.mark_if(Mark::RecoveredSnapshot, *snapshot > Zxid::ZERO);
                hits.mark_if(Mark::RecoveredFuzzy, self.fuzzy.contains(&(machine, *snapshot)));
            }
            Heard::Said(Fact::Replica(ReplicaFact::Snapshotted { zxid, until })) => {
                hits.mark(Mark::Snapshotted);
                if until > zxid {
                    hits.mark(Mark::SnapshotFuzzy);
                    self.fuzzy.insert((machine, *zxid));
                } else {
                    self.fuzzy.remove(&(machine, *zxid));
                }
            }
            Heard::World(_) | Heard::Said(_) | Heard::Else => {}
        }
    }
}
