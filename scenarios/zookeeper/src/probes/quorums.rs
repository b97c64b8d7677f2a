//! Configurations: what observers did, what became of reconfigs, and quorums that are no majorities.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use contract::happening::Happening;
use contract::ids::MachineId;
use judging::Heard;
use zookeeper_words::ensemble::Ensemble as Config;
use zookeeper_words::fact::{ClientFact, Fact, ReplicaFact};
use zookeeper_words::ids::Zxid;
use zookeeper_words::service::{ErrorCode, Op};

use super::roles::{Role, Roles};
use super::table::Mark;
use super::{Fold, Hits, Note, PlanView};

/// A reconfig that was proposed.
struct Reconfig {
    leader: MachineId,
    committed: bool,
    /// Its leader was lost before it committed it.
    orphan: bool,
}

pub(super) struct Quorums {
    /// What each replica takes to be in force.
    configured: Vec<Arc<Config>>,
    /// Replicas that were named leader and have not been established since.
    appointed: BTreeSet<MachineId>,
    reconfigs: BTreeMap<Zxid, Reconfig>,
    /// Versions that some replica took to be in force.
    in_force: BTreeSet<Zxid>,
    /// Where each client is attached.
    homes: BTreeMap<MachineId, MachineId>,
}

impl Quorums {
    pub(super) fn new(plan: PlanView<'_>) -> Self {
        let first = Arc::new(plan.settings.ensemble());
        Quorums {
            configured: (0..plan.settings.replicas()).map(|_| first.clone()).collect(),
            appointed: BTreeSet::new(),
            reconfigs: BTreeMap::new(),
            in_force: BTreeSet::new(),
            homes: BTreeMap::new(),
        }
    }

    /// A replica leads no more.
    fn lost(&mut self, machine: MachineId) {
        self.appointed.remove(&machine);
        self.reconfigs.values_mut().filter(|reconfig| reconfig.leader == machine && !reconfig.committed).for_each(|reconfig| reconfig.orphan = true);
    }

    fn replica(&mut self, machine: MachineId, fact: &ReplicaFact, before: &Roles<'_>, hits: &mut Hits<'_, '_>) {
        match fact {
            ReplicaFact::Looking { .. } | ReplicaFact::StepDown { .. } => self.lost(machine),
            ReplicaFact::Appointed { leader } => {
                if *leader == machine {
                    self.appointed.insert(machine);
                }
            }
            ReplicaFact::Established { quorum, .. } => {
                hits.mark_if(Mark::LeaderAppointed, self.appointed.remove(&machine));
                self.counted(machine, quorum, hits);
            }
            ReplicaFact::Proposed { txn, .. } => {
                if matches!(txn.request.op(), Some(Op::Reconfig { .. })) {
                    match txn.error {
                        None => drop(self.reconfigs.insert(txn.zxid, Reconfig { leader: machine, committed: false, orphan: false })),
                        Some(error) => {
                            hits.mark_if(Mark::ReconfigNoQuorum, error == ErrorCode::NewConfigNoQuorum);
                            hits.mark_if(Mark::ReconfigInProgress, error == ErrorCode::ReconfigInProgress);
                        }
                    }
                }
            }
            ReplicaFact::Committed { zxid, quorum } => {
                self.counted(machine, quorum, hits);
                if let Some(reconfig) = self.reconfigs.get_mut(zxid) {
                    reconfig.committed = true;
                    hits.mark(Mark::Reconfigured);
                }
            }
            ReplicaFact::Configured { ensemble } => self.configured(machine, ensemble, before, hits),
            ReplicaFact::Recovered { .. }
            | ReplicaFact::Elected { .. }
            | ReplicaFact::EpochAccepted { .. }
            | ReplicaFact::Synchronizing { .. }
            | ReplicaFact::SyncSent { .. }
            | ReplicaFact::Truncated { .. }
            | ReplicaFact::Installed { .. }
            | ReplicaFact::Adopted { .. }
            | ReplicaFact::Serving { .. }
            | ReplicaFact::Logged { .. }
            | ReplicaFact::Acked { .. }
            | ReplicaFact::Delivered { .. }
            | ReplicaFact::SyncAnswered { .. }
            | ReplicaFact::SessionExpired { .. }
            | ReplicaFact::RefusedBehind { .. }
            | ReplicaFact::Snapshotted { .. }
            | ReplicaFact::Files(_)
            | ReplicaFact::Local(_)
            | ReplicaFact::Illegal { .. } => {}
        }
    }

    fn counted(&self, machine: MachineId, quorum: &[MachineId], hits: &mut Hits<'_, '_>) {
        let config = &self.configured[machine.index()];
        hits.mark_if(Mark::QuorumOfGroups, !config.groups.is_empty() && 2 * quorum.len() <= config.voters.len());
    }

    fn configured(&mut self, machine: MachineId, config: &Arc<Config>, before: &Roles<'_>, hits: &mut Hits<'_, '_>) {
        let old = std::mem::replace(&mut self.configured[machine.index()], config.clone());
        self.in_force.insert(config.version);
        if old.version >= config.version {
            return; // It was started, or knows it already.
        }
        let leads = matches!(before.members[machine.index()].role, Role::Leading(_));
        let member = |config: &Config| config.voters.contains(&machine) || config.observers.contains(&machine);
        hits.mark_if(Mark::LeaderRemovedItself, leads && !config.voters.contains(&machine));
        hits.mark_if(Mark::VoterObserves, old.voters.contains(&machine) && config.observers.contains(&machine));
        hits.mark_if(Mark::ObserverVotes, old.observers.contains(&machine) && config.voters.contains(&machine));
        hits.mark_if(Mark::ReplicaRemoved, member(&old) && !member(config));
        hits.mark_if(Mark::ReplicaJoined, !member(&old) && member(config));
        hits.mark_if(Mark::GroupsFormed, old.groups.is_empty() && !config.groups.is_empty());
    }

    fn client(&mut self, machine: MachineId, op: Option<&Op>, fact: &ClientFact, hits: &mut Hits<'_, '_>) {
        match fact {
            ClientFact::Attached { replica, .. } => drop(self.homes.insert(machine, *replica)),
            ClientFact::Detached { .. } => drop(self.homes.remove(&machine)),
            ClientFact::Returned { result, .. } => {
                let writes = op.map(Op::is_write);
                let at_observer = self.homes.get(&machine).is_some_and(|home| self.configured[home.index()].observers.contains(home));
                if result.is_ok() && at_observer {
                    hits.mark_if(Mark::ObserverRead, writes == Some(false));
                    hits.mark_if(Mark::ObserverWrote, writes == Some(true));
                }
            }
            ClientFact::Invoked { .. }
            | ClientFact::Unknown { .. }
            | ClientFact::Expired { .. }
            | ClientFact::Watched { .. }
            | ClientFact::Connection(_)
            | ClientFact::Retried(_)
            | ClientFact::Recipe(_)
            | ClientFact::Started
            | ClientFact::ReadOnly { .. }
            | ClientFact::Begun
            | ClientFact::Finished => {}
        }
    }

    /// The run is over: what became of reconfigs whose leaders were lost?
    pub(super) fn end(&self, hits: &mut Hits<'_, '_>) {
        for (zxid, _) in self.reconfigs.iter().filter(|(_, reconfig)| reconfig.orphan) {
            let survived = self.in_force.contains(zxid);
            hits.mark(if survived { Mark::ReconfigSurvived } else { Mark::ReconfigVanished });
        }
    }
}

impl Fold for Quorums {
    fn see(&mut self, note: &Note<'_>, before: &Roles<'_>, hits: &mut Hits<'_, '_>) {
        match note.what {
            Heard::World(Happening::Crashed { .. } | Happening::Exited { .. }) => self.lost(note.machine),
            Heard::World(_) | Heard::Else => {}
            Heard::Said(Fact::Replica(fact)) if before.is_replica(note.machine) => self.replica(note.machine, fact, before, hits),
            Heard::Said(Fact::Replica(_)) => {}
            Heard::Said(Fact::Client(fact)) => self.client(note.machine, note.ends, fact, hits),
        }
    }
}
