//! Elections: how leaders come and go.

use contract::happening::Happening;
use contract::ids::MachineId;
use judging::Heard;
use zookeeper_words::fact::{Fact, ReplicaFact};
use zookeeper_words::ids::Epoch;

use super::roles::{Role, Roles};
use super::table::Mark;
use super::{Fold, Hits, Note, PlanView};

/// As many leaders in one storm are a row of elections.
const MANY: usize = 5;

pub(super) struct Elections {
    replicas: u16,
    /// Established leaders of the storm, in order.
    leaders: Vec<MachineId>,
    /// The last established epoch.
    epoch: Epoch,
}

impl Elections {
    pub(super) fn new(plan: PlanView<'_>) -> Self {
        Elections { replicas: plan.settings.replicas(), leaders: vec![], epoch: Epoch::default() }
    }

    fn established(&mut self, machine: MachineId, epoch: Epoch, before: &Roles<'_>, hits: &mut Hits<'_, '_>) {
        hits.mark_if(Mark::SevenReplicas, self.replicas == 7);
        hits.mark_if(Mark::EpochSkipped, self.epoch != Epoch::default() && epoch.0 > self.epoch.0 + 1);
        for (i, other) in before.replicas().iter().enumerate() {
            if i != machine.index() && matches!(other.role, Role::Leading(older) if older < epoch) {
                hits.mark(Mark::LeaderSuperseded);
                hits.mark_if(Mark::LeaderPausedOut, other.paused_ns.is_some());
            }
        }
        let returned = self.leaders.last().is_some_and(|last| *last != machine) && self.leaders.contains(&machine);
        hits.mark_if(Mark::LeaderReturned, returned);
        self.epoch = self.epoch.max(epoch);
        if !before.healed {
            self.leaders.push(machine);
            hits.mark_if(Mark::ElectionTwice, self.leaders.len() >= 2);
            hits.mark_if(Mark::ElectionFive, self.leaders.len() >= MANY);
        }
    }
}

impl Fold for Elections {
    fn see(&mut self, note: &Note<'_>, before: &Roles<'_>, hits: &mut Hits<'_, '_>) {
        let role = before.members[note.machine.index()].role;
        match note.what {
            Heard::World(Happening::Crashed { .. } | Happening::Exited { .. }) => {
                hits.mark_if(Mark::LeaderCrashed, matches!(role, Role::Leading(_)));
                unfinished(role, hits);
            }
            Heard::Said(Fact::Replica(ReplicaFact::Elected { leader, tie, .. })) => {
                hits.mark_if(Mark::ElectionTie, *tie);
                hits.mark_if(Mark::ElectionByLog, !tie && *leader < note.machine);
            }
            Heard::Said(Fact::Replica(ReplicaFact::StepDown { leading, .. })) => {
                hits.mark_if(Mark::LeaderGaveUp, *leading && matches!(role, Role::Leading(_)));
                unfinished(role, hits);
            }
            Heard::Said(Fact::Replica(ReplicaFact::Established { epoch, .. })) => self.established(note.machine, *epoch, before, hits),
            Heard::Said(Fact::Replica(ReplicaFact::Adopted { epoch, .. })) => hits.mark_if(Mark::LateJoiner, *epoch == self.epoch),
            _ => {}
        }
    }
}

/// What was left undone by a leader that is no more.
fn unfinished(role: Role, hits: &mut Hits<'_, '_>) {
    match role {
        Role::Elected => hits.mark(Mark::LeaderWithoutEpoch),
        Role::Synchronizing(_) => hits.mark(Mark::LeaderWithoutQuorum),
        Role::None | Role::Leading(_) | Role::Following => {}
    }
}
