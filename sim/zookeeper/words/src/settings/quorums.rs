//! What a plan says of quorums must make sense: observers, weights, groups, and who may stay away. It never asks what a
//! quorum is; it wants no one replica to be one.

use std::collections::BTreeSet;

use contract::ids::MachineId;
use contract::plan::{Budget, Flaw, PlanView};

use super::{Settings, WorkloadKind};

/// The heaviest vote: sums of weights stay far below 2^32.
const WEIGHT_MAX: u32 = 1_000;

impl Settings {
    /// Whether every quorum of the run is a majority of the first voters: no weights, no groups, and nobody changes who
    /// votes.
    pub fn has_plain_quorums(&self) -> bool {
        self.cluster.weights.is_empty() && self.cluster.groups.is_empty() && !self.changes_quorums()
    }

    /// Whether a client changes who votes.
    fn changes_quorums(&self) -> bool {
        self.clients.iter().any(|client| client.workload == WorkloadKind::Reconfigs)
    }

    /// Whether some voter is in every quorum: without it the others never have more than half of the weight in more
    /// than half of the groups that have any. Its disk cannot be replaced while the others are to prove that they need
    /// nothing of it, since alone they get nowhere.
    pub fn has_indispensable_voter(&self) -> bool {
        let ensemble = self.ensemble();
        let weight = |machine: &MachineId| ensemble.weights.get(machine).copied().unwrap_or(1);
        let groups = if ensemble.groups.is_empty() { vec![ensemble.voters.clone()] } else { ensemble.groups.clone() };
        let total = |group: &BTreeSet<MachineId>| group.iter().map(weight).sum::<u32>();
        let weighted: Vec<_> = groups.iter().filter(|group| total(group) > 0).collect();
        let without = |absent: &MachineId| {
            let left = |group: &&&BTreeSet<MachineId>| 2 * group.iter().filter(|machine| *machine != absent).map(weight).sum::<u32>() > total(group);
            weighted.iter().filter(left).count()
        };
        ensemble.voters.len() > 1 && ensemble.voters.iter().any(|voter| 2 * without(voter) <= weighted.len())
    }

    /// Whether some voter alone has more than half of the weight in more than half of the groups that have any, or
    /// nobody has any weight.
    pub fn has_one_man_quorum(&self) -> bool {
        let ensemble = self.ensemble();
        let weight = |machine: &MachineId| ensemble.weights.get(machine).copied().unwrap_or(1);
        let groups = if ensemble.groups.is_empty() { vec![ensemble.voters.clone()] } else { ensemble.groups.clone() };
        let totals: Vec<u32> = groups.iter().map(|group| group.iter().map(weight).sum()).filter(|total| *total > 0).collect();
        let heaviest = groups.iter().any(|group| group.iter().any(|machine| 2 * weight(machine) > group.iter().map(weight).sum()));
        totals.is_empty() || (totals.len() == 1 && heaviest)
    }
}

/// Says what is wrong with observers, weights, groups and absences.
pub(super) fn check(plan: PlanView<'_, Settings>) -> Result<(), Flaw> {
    let settings = plan.settings;
    let flaw = |at: &[&str], what: String, remedy: &str| Err(Flaw::new(at, what, remedy));
    let voters = settings.voters();
    let votes = |machine: MachineId| machine.0 < voters;
    let mut weighed = BTreeSet::new();
    for (i, weight) in settings.cluster.weights.iter().enumerate() {
        let at = ["cluster", "weights", &i.to_string()];
        if !votes(weight.machine) || !weighed.insert(weight.machine) {
            return flaw(&at, format!("{} is no voter, or has a weight already", weight.machine), "give a voter one weight");
        }
        if weight.weight > WEIGHT_MAX {
            return flaw(&at, format!("a weight of {}", weight.weight), "give at most 1000");
        }
    }
    let mut grouped = BTreeSet::new();
    for (i, machine) in settings.cluster.groups.iter().enumerate().flat_map(|(i, group)| group.iter().map(move |machine| (i, *machine))) {
        if !votes(machine) || !grouped.insert(machine) {
            return flaw(&["cluster", "groups", &i.to_string()], format!("{machine} is no voter, or in a group already"), "put each voter into one group");
        }
    }
    if !grouped.is_empty() && grouped.len() < usize::from(voters) {
        return flaw(&["cluster", "groups"], "some voter is in no group".into(), "put each voter into one group, or leave groups out");
    }
    if !settings.has_plain_quorums() && settings.has_one_man_quorum() {
        return flaw(&["cluster"], "one voter alone is a quorum".into(), "give weights and groups such that two voters are needed at least");
    }
    if !settings.has_plain_quorums() && plan.budget == Budget::Majority {
        let what = "the budget relies on majorities, and quorums here are none, or change".into();
        return flaw(&["budget"], what, "give `budget = \"everyone\"`, or \"unrestricted\"");
    }
    check_absences(plan)
}

fn check_absences(plan: PlanView<'_, Settings>) -> Result<(), Flaw> {
    let settings = plan.settings;
    let flaw = |what: String, remedy: &str| Err(Flaw::new(&["heal", "absent"], what, remedy));
    let absent: BTreeSet<MachineId> = plan.heal.absent.iter().copied().collect();
    let voters = absent.iter().filter(|machine| machine.0 < settings.voters()).count();
    if voters > usize::from(settings.voters() / 2) {
        return flaw(format!("{voters} of {} voters stay down", settings.voters()), "leave a majority of the voters to heal");
    }
    if voters > 0 && !settings.has_plain_quorums() {
        return flaw("a quorum may need a voter that stays down".into(), "leave all voters to heal, or have neither weights, groups nor reconfigs");
    }
    if settings.changes_quorums() && absent.iter().any(|machine| machine.0 < settings.replicas()) {
        return flaw("a quorum may come to need a replica that stays down".into(), "leave all replicas to heal, or have no reconfigs");
    }
    Ok(())
}
