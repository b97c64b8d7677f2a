//! Synchronisation: how learners are brought up to their leader's history, and what comes between.

use contract::happening::Happening;
use contract::ids::MachineId;
use judging::Heard;
use zookeeper_words::fact::{Fact, ReplicaFact, SyncMode};
use zookeeper_words::ids::Zxid;

use super::roles::Roles;
use super::table::Mark;
use super::{Fold, Hits, Note, PlanView};

/// How far a learner is.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Idle,
    /// Its leader has decided how.
    Decided,
    Truncated,
    Installed,
    Adopted,
}

pub(super) struct Syncs {
    /// By replica.
    stages: Vec<Stage>,
    /// The last zxid proposed, and the last committed, by replica, while it leads.
    proposed: Vec<Zxid>,
    committed: Vec<Zxid>,
}

impl Syncs {
    pub(super) fn new(plan: PlanView<'_>) -> Self {
        let replicas = usize::from(plan.settings.replicas());
        Syncs { stages: vec![Stage::Idle; replicas], proposed: vec![Zxid::ZERO; replicas], committed: vec![Zxid::ZERO; replicas] }
    }

    /// The learner goes no further.
    fn lost(&mut self, machine: MachineId, hits: &mut Hits<'_, '_>) {
        let Some(stage) = self.stages.get_mut(machine.index()) else { return };
        match std::mem::take(stage) {
            Stage::Idle => {}
            Stage::Decided => hits.mark(Mark::LearnerLostMidway),
            Stage::Truncated => {
                hits.mark(Mark::LearnerLostMidway);
                hits.mark(Mark::TruncUnadopted);
            }
            Stage::Installed => {
                hits.mark(Mark::LearnerLostMidway);
                hits.mark(Mark::InstallUnadopted);
            }
            Stage::Adopted => hits.mark(Mark::AdoptedUnserved),
        }
    }

    fn sent(&self, leader: MachineId, mode: SyncMode, peer_last: Zxid, proposals: u32, before: &Roles<'_>, hits: &mut Hits<'_, '_>) {
        match mode {
            SyncMode::Diff => hits.mark(if proposals == 0 { Mark::SyncDiffEmpty } else { Mark::SyncDiff }),
            SyncMode::Trunc => hits.mark(if proposals == 0 { Mark::SyncTrunc } else { Mark::SyncTruncDiff }),
            SyncMode::Snap => hits.mark(Mark::SyncSnap),
        }
        hits.mark_if(Mark::SyncFromNothing, peer_last == Zxid::ZERO && before.committed > Zxid::ZERO);
        hits.mark_if(Mark::SyncUnderLoad, self.proposed[leader.index()] > self.committed[leader.index()]);
    }
}

impl Fold for Syncs {
    fn see(&mut self, note: &Note<'_>, before: &Roles<'_>, hits: &mut Hits<'_, '_>) {
        let machine = note.machine;
        match note.what {
            Heard::World(Happening::Crashed { .. } | Happening::Exited { .. }) => self.lost(machine, hits),
            Heard::Said(Fact::Replica(fact)) => match fact {
                ReplicaFact::StepDown { .. } => self.lost(machine, hits),
                ReplicaFact::SyncSent { peer, mode, peer_last, proposals, .. } => {
                    self.sent(machine, *mode, *peer_last, *proposals, before, hits);
                    self.stages[peer.index()] = Stage::Decided;
                }
                ReplicaFact::Truncated { removed, .. } => {
                    hits.mark_if(Mark::TruncatedTwo, *removed >= 2);
                    self.stages[machine.index()] = Stage::Truncated;
                }
                ReplicaFact::Installed { .. } => {
                    hits.mark(Mark::Installed);
                    self.stages[machine.index()] = Stage::Installed;
                }
                ReplicaFact::Adopted { .. } => self.stages[machine.index()] = Stage::Adopted,
                ReplicaFact::Serving { .. } => self.stages[machine.index()] = Stage::Idle,
                ReplicaFact::Proposed { txn, .. } => self.proposed[machine.index()] = txn.zxid,
                ReplicaFact::Committed { zxid, .. } => self.committed[machine.index()] = *zxid,
                ReplicaFact::Established { last, .. } => {
                    self.proposed[machine.index()] = *last;
                    self.committed[machine.index()] = *last;
                }
                _ => {}
            },
            Heard::World(_) | Heard::Said(Fact::Client(_)) | Heard::Else => {}
        }
    }
}
