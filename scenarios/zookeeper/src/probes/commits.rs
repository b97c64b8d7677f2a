//! Commits: what becomes of proposals whose leader is lost.

use std::collections::BTreeMap;

use contract::happening::Happening;
use contract::ids::MachineId;
use judging::Heard;
use zookeeper_words::fact::{Fact, Mark as TxnMark, ReplicaFact};
use zookeeper_words::ids::Zxid;

use super::roles::{Role, Roles};
use super::table::Mark;
use super::{Fold, Hits, Note, PlanView};

/// The most proposals without a commit that are kept in mind; more than any leader has under way, and enough for those of all lost ones together.
const OPEN_MAX: usize = 4_096;

/// A proposal that nobody has committed.
struct Open {
    mark: TxnMark,
    leader: MachineId,
    /// Who has it in the log, a bit for each replica.
    logged: u128,
    /// Its leader is no more.
    orphan: bool,
}

pub(super) struct Commits {
    open: BTreeMap<Zxid, Open>,
    /// By replica: it committed this as a leader, and no other replica has delivered it yet.
    unheard: Vec<Option<Zxid>>,
    time_ms: Option<i64>,
}

impl Commits {
    pub(super) fn new(plan: PlanView<'_>) -> Self {
        Commits { open: BTreeMap::new(), unheard: vec![None; usize::from(plan.machines)], time_ms: None }
    }

    /// A leader is no more.
    fn lost(&mut self, leader: MachineId, before: &Roles<'_>, hits: &mut Hits<'_, '_>) {
        if !matches!(before.members[leader.index()].role, Role::Leading(_)) {
            return;
        }
        hits.mark_if(Mark::LostAfterCommit, self.unheard[leader.index()].take().is_some());
        for open in self.open.values_mut().filter(|open| open.leader == leader && !open.orphan) {
            open.orphan = true;
            hits.mark_if(Mark::LostBeforeCommit, open.logged.count_ones() as usize >= before.majority());
        }
    }

    /// A leader is established: what orphans it holds are committed with its history, and the others never will be.
    fn established(&mut self, leader: MachineId, hits: &mut Hits<'_, '_>) {
        self.open.retain(|_, open| {
            if !open.orphan {
                return true;
            }
            let survives = open.logged >> leader.0 & 1 == 1;
            hits.mark_if(Mark::UncommittedSurvives, survives);
            hits.mark_if(Mark::UncommittedVanishes, !survives && open.logged != 0);
            false
        });
    }

    /// A replica no longer has what it had logged above `to`.
    fn cut(&mut self, replica: MachineId, to: Zxid) {
        for (_, open) in self.open.range_mut((std::ops::Bound::Excluded(to), std::ops::Bound::Unbounded)) {
            open.logged &= !(1 << replica.0);
        }
    }

    fn replica(&mut self, machine: MachineId, fact: &ReplicaFact, before: &Roles<'_>, hits: &mut Hits<'_, '_>) {
        match fact {
            ReplicaFact::StepDown { .. } | ReplicaFact::Looking { .. } => self.lost(machine, before, hits),
            ReplicaFact::Established { .. } => self.established(machine, hits),
            ReplicaFact::Proposed { txn, mark } => {
                hits.mark_if(Mark::TimeWentBack, self.time_ms.is_some_and(|last_ms| txn.time_ms < last_ms));
                self.time_ms = Some(txn.time_ms);
                if self.open.len() < OPEN_MAX {
                    self.open.insert(txn.zxid, Open { mark: *mark, leader: machine, logged: 0, orphan: false });
                }
            }
            ReplicaFact::Logged { zxid, mark } => {
                if let Some(open) = self.open.get_mut(zxid).filter(|open| open.mark == *mark) {
                    open.logged |= 1 << machine.0;
                }
            }
            ReplicaFact::Truncated { to, .. } => self.cut(machine, *to),
            ReplicaFact::Installed { .. } => self.cut(machine, Zxid::ZERO),
            ReplicaFact::Committed { zxid, .. } => {
                self.open.remove(zxid);
                self.unheard[machine.index()] = Some(*zxid);
            }
            ReplicaFact::Delivered { zxid, .. } => {
                for (leader, unheard) in self.unheard.iter_mut().enumerate() {
                    if leader != machine.index() && unheard.is_some_and(|unheard| *zxid >= unheard) {
                        *unheard = None;
                    }
                }
            }
            _ => {}
        }
    }
}

impl Fold for Commits {
    fn see(&mut self, note: &Note<'_>, before: &Roles<'_>, hits: &mut Hits<'_, '_>) {
        match note.what {
            Heard::World(Happening::Crashed { disk_lost, .. }) => {
                self.lost(note.machine, before, hits);
                if *disk_lost && before.is_replica(note.machine) {
                    self.cut(note.machine, Zxid::ZERO);
                }
            }
            Heard::World(Happening::Exited { .. }) => self.lost(note.machine, before, hits),
            Heard::Said(Fact::Replica(fact)) => self.replica(note.machine, fact, before, hits),
            Heard::World(_) | Heard::Said(Fact::Client(_)) | Heard::Else => {}
        }
    }
}
