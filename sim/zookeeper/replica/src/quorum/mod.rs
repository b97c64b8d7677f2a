//! Quorums: which sets of replicas decide under a configuration (QuorumMaj, QuorumHierarchical), and under two while
//! one gives way to the other. Pure; never a message.
//!
//! `text` writes and reads configurations as ZooKeeper does; `change` decides on a reconfig; `succession` follows the
//! configurations that a log goes through.

pub mod change;
pub mod succession;
pub mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use contract::ids::MachineId;
use zookeeper_words::ensemble::Ensemble;
use zookeeper_words::ids::Zxid;

/// A set of replicas.
pub type Replicas = BTreeSet<MachineId>;

/// How a configuration counts.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verifier {
    /// More than half of the voters.
    Majority,
    /// In more than half of the groups that have any weight, more than half of the weight.
    Hierarchical(Vec<BTreeMap<MachineId, u32>>),
}

/// A configuration with its way of counting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Who votes and who observes; shared, since every vote tells it.
    pub ensemble: Arc<Ensemble>,
    verifier: Verifier,
}

impl Config {
    /// The configuration of this ensemble. Without groups, weights count within one group of all.
    pub fn of(ensemble: Ensemble) -> Config {
        let weigh = |group: &Replicas| group.iter().map(|machine| (*machine, ensemble.weights.get(machine).copied().unwrap_or(1))).collect();
        let verifier = match (ensemble.groups.is_empty(), ensemble.weights.is_empty()) {
            (true, true) => Verifier::Majority,
            (true, false) => Verifier::Hierarchical(vec![weigh(&ensemble.voters)]),
            (false, _) => Verifier::Hierarchical(ensemble.groups.iter().map(weigh).collect()),
        };
        Config { ensemble: Arc::new(ensemble), verifier }
    }

    /// The transaction that made it.
    pub fn version(&self) -> Zxid {
        self.ensemble.version
    }

    /// Whether `machine` votes.
    pub fn votes(&self, machine: MachineId) -> bool {
        self.ensemble.voters.contains(&machine)
    }

    /// Whether `machine` observes. One that does neither learns as a follower whom nobody counts.
    pub fn observes(&self, machine: MachineId) -> bool {
        self.ensemble.observers.contains(&machine)
    }

    /// Whether `machine` may lead: it votes, and its vote weighs something.
    pub fn may_lead(&self, machine: MachineId) -> bool {
        self.votes(machine) && self.ensemble.weights.get(&machine) != Some(&0)
    }

    /// Whether the voters among `set` are a quorum.
    pub fn contains_quorum(&self, set: &Replicas) -> bool {
        match &self.verifier {
            // Most sets that are asked about are too small, whoever is in them.
            Verifier::Majority if 2 * set.len() <= self.ensemble.voters.len() => false,
            Verifier::Majority => 2 * set.iter().filter(|machine| self.votes(**machine)).count() > self.ensemble.voters.len(),
            Verifier::Hierarchical(groups) => {
                let (mut won, mut all) = (0, 0);
                for group in groups {
                    let total: u32 = group.values().sum();
                    let present: u32 = group.iter().filter(|(machine, _)| set.contains(machine)).map(|(_, weight)| weight).sum();
                    all += usize::from(total > 0);
                    won += usize::from(2 * present > total);
                }
                2 * won > all
            }
        }
    }
}

/// The configuration in force, and the one that is to follow it: what decides needs a quorum of both (Leader.propose,
/// SyncedLearnerTracker.hasAllQuorums).
#[derive(Clone, Debug)]
pub struct Joint {
    /// The last committed one.
    pub active: Arc<Config>,
    /// The last proposed one, while it is not committed.
    pub proposed: Option<Arc<Config>>,
}

impl Joint {
    fn each(&self) -> impl Iterator<Item = &Arc<Config>> {
        std::iter::once(&self.active).chain(&self.proposed)
    }

    /// Whether `set` has a quorum in each configuration.
    pub fn contains_quorum(&self, set: &Replicas) -> bool {
        self.each().all(|config| config.contains_quorum(set))
    }

    /// Whether `set` has a quorum in some configuration: it may be the one that prevailed.
    pub fn contains_some_quorum(&self, set: &Replicas) -> bool {
        self.each().any(|config| config.contains_quorum(set))
    }

    /// Whether `machine` votes in either.
    pub fn votes(&self, machine: MachineId) -> bool {
        self.each().any(|config| config.votes(machine))
    }

    /// All that vote in either.
    pub fn voters(&self) -> Replicas {
        self.each().flat_map(|config| &config.ensemble.voters).copied().collect()
    }

    /// Those of `set` that vote in either.
    pub fn counted(&self, set: &Replicas) -> Vec<MachineId> {
        set.iter().copied().filter(|machine| self.votes(*machine)).collect()
    }

    /// The configuration in force, and the one that is to come, in one line, for people.
    pub fn look(&self) -> String {
        let numbers = |machines: &Replicas| machines.iter().map(|machine| machine.0).collect::<Vec<_>>();
        let told =
            |config: &Config| format!("{} {:?} votes, {:?} observes", config.version(), numbers(&config.ensemble.voters), numbers(&config.ensemble.observers));
        let next = self.proposed.as_ref().map_or(String::new(), |next| format!("; next {}", told(next)));
        told(&self.active) + &next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(machines: &[u16]) -> Replicas {
        machines.iter().copied().map(MachineId).collect()
    }

    fn config(voters: &[u16], groups: &[&[u16]], weights: &[(u16, u32)]) -> Config {
        let weights = weights.iter().map(|(machine, weight)| (MachineId(*machine), *weight)).collect();
        Config::of(Ensemble { voters: set(voters), groups: groups.iter().map(|group| set(group)).collect(), weights, ..Ensemble::default() })
    }

    #[test]
    fn a_majority_of_the_voters_is_a_quorum() {
        let check = |voters: &[u16], present: &[u16], quorum: bool| {
            assert_eq!(config(voters, &[], &[]).contains_quorum(&set(present)), quorum, "{present:?} of {voters:?}")
        };
        check(&[0], &[0], true);
        check(&[0, 1, 2], &[1], false);
        check(&[0, 1, 2], &[1, 2], true);
        check(&[0, 1, 2, 3], &[1, 2], false); // Half is not more than half.
        check(&[0, 1, 2, 3], &[1, 2, 3], true);
        check(&[0, 1, 2], &[2, 3, 4], false); // Who does not vote is not counted (ZOOKEEPER-764).
        check(&[], &[0], false);
    }

    #[test]
    fn weights_count_within_groups_and_groups_among_each_other() {
        let three: &[&[u16]] = &[&[0, 1, 2], &[3, 4, 5], &[6, 7, 8]];
        let all: Vec<u16> = (0..9).collect();
        let check = |groups: &[&[u16]], weights: &[(u16, u32)], present: &[u16], quorum: bool| {
            assert_eq!(config(&all, groups, weights).contains_quorum(&set(present)), quorum, "{present:?} of {groups:?} with {weights:?}");
        };
        check(three, &[], &[0, 1, 3, 4], true); // Four of nine: no majority of the servers.
        check(three, &[], &[0, 1, 2, 3, 6], false); // One of a group of three is not enough.
        check(three, &[], &[0, 1, 2, 3, 6, 7], true);
        check(three, &[(0, 3)], &[0, 3, 4], true); // Three of five.
        check(three, &[(0, 2)], &[0, 3, 4], false); // Two of four.
        check(three, &[(6, 0), (7, 0), (8, 0)], &[0, 1], false); // One of the two groups that have weight …
        check(three, &[(6, 0), (7, 0), (8, 0)], &[0, 1, 3, 4], true); // … and both.
        check(three, &[(6, 0), (7, 0), (8, 0)], &[0, 1, 6, 7, 8], false);
        check(&[], &[(0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (5, 0)], &[6, 7], true); // One group of all.
        check(&[], &[(0, 8)], &[0, 1], true); // Nine of sixteen.
        check(&[], &[(0, 8)], &[0], false);
    }

    #[test]
    fn who_weighs_nothing_never_leads() {
        let config = config(&[0, 1, 2], &[], &[(1, 0)]);
        assert!(config.may_lead(MachineId(0)) && !config.may_lead(MachineId(1)) && !config.may_lead(MachineId(3)));
    }

    #[test]
    fn while_a_configuration_gives_way_both_must_agree() {
        let joint =
            |old: &[u16], new: Option<&[u16]>| Joint { active: Arc::new(config(old, &[], &[])), proposed: new.map(|new| Arc::new(config(new, &[], &[]))) };
        let check =
            |old: &[u16], new: Option<&[u16]>, present: &[u16], quorum: bool| assert_eq!(joint(old, new).contains_quorum(&set(present)), quorum, "{present:?}");
        check(&[0, 1, 2], None, &[0, 1], true);
        check(&[0, 1, 2], Some(&[2, 3, 4]), &[0, 1], false);
        check(&[0, 1, 2], Some(&[2, 3, 4]), &[3, 4], false);
        check(&[0, 1, 2], Some(&[2, 3, 4]), &[0, 1, 3, 4], true);
        check(&[0, 1, 2], Some(&[2, 3, 4]), &[0, 2, 3], true); // 2 counts in both.
        assert!(joint(&[0, 1, 2], Some(&[2, 3, 4])).contains_some_quorum(&set(&[3, 4])));
        assert_eq!(joint(&[0, 1], Some(&[1, 2])).counted(&set(&[0, 2, 5])), [MachineId(0), MachineId(2)]);
    }
}
