//! Whom a leader counts: who decides, who is in step with it, and who leads next when a reconfig takes it out of the
//! voters.

use std::collections::BTreeSet;

use contract::ids::MachineId;
use zookeeper_words::plant::Plant;

use super::Leader;
use super::peers::{Joined, Peer};
use super::proposals::Proposal;
use crate::quorum::{Config, Joint, Replicas};
use crate::replica::Core;

/// Whether these decide.
pub(super) fn is_quorum(set: &Replicas, joint: &Joint, core: &Core) -> bool {
    let ensemble = &joint.active.ensemble;
    let is_miscounted = core.config.has(Plant::ObserverCounts) && ensemble.groups.is_empty() && 2 * set.len() > ensemble.voters.len();
    is_miscounted || joint.contains_quorum(set)
}

/// Those of them that were counted, for the facts.
pub(super) fn counted(set: &Replicas, joint: &Joint, core: &Core) -> Vec<MachineId> {
    if core.config.has(Plant::ObserverCounts) { set.iter().copied().collect() } else { joint.counted(set) }
}

/// Whether a proposal can be committed, once all before it are.
pub(super) fn is_acknowledged(proposal: &Proposal, core: &Core) -> bool {
    if core.config.has(Plant::CommitWithoutQuorum) {
        return !proposal.acks.is_empty();
    }
    match &proposal.joint.proposed {
        Some(next) if core.config.has(Plant::ReconfigWithoutJoint) => next.contains_quorum(&proposal.acks),
        Some(_) | None => is_quorum(&proposal.acks, &proposal.joint, core),
    }
}

impl Leader {
    /// Whether a quorum has done what the phase under way waits for.
    pub(super) fn has_quorum(&self, core: &Core) -> bool {
        is_quorum(&self.acks, core.succession.joint(), core)
    }

    /// Those that are in step with this leader, itself among them.
    pub(super) fn in_step(&self, core: &Core) -> BTreeSet<MachineId> {
        self.peers.values().filter(|peer| peer.joined == Joined::Synced).map(|peer| peer.id).chain([core.config.me]).collect()
    }

    /// Those of them that acknowledge what is proposed, and will go on to: neither observers, nor who is about to learn
    /// that it is one.
    pub(super) fn following(&self, core: &Core) -> BTreeSet<MachineId> {
        let active = &core.succession.joint().active;
        let follows = |peer: &&Peer| peer.joined == Joined::Synced && !peer.observes && !active.observes(peer.id);
        self.peers.values().filter(follows).map(|peer| peer.id).chain([core.config.me]).collect()
    }

    /// Who leads under the next configuration: this leader, if it votes there; else, of the voters there that have the
    /// reconfig, the one that has most of what comes after it (Leader.getDesignatedLeader). Where none of them may
    /// lead, an election must find one.
    pub(super) fn designated(&self, next: &Config, reconfig: &Proposal, core: &Core) -> MachineId {
        let me = core.config.me;
        if next.may_lead(me) {
            return me;
        }
        let has = |machine: &MachineId| self.proposals.iter().filter(|proposal| proposal.acks.contains(machine)).count();
        let fit = reconfig.acks.iter().filter(|machine| **machine != me && next.may_lead(**machine));
        fit.copied()
            .max_by_key(|machine| (has(machine), std::cmp::Reverse(*machine)))
            .expect("a quorum of the next configuration has acknowledged it, and weighs something")
    }
}
