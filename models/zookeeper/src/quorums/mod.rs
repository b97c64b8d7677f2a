//! The reference of configurations: what makes a quorum of one, and what a reconfig makes of one. Written from ZooKeeper's behaviour alone (QuorumMaj, QuorumHierarchical, PrepRequestProcessor); never from the service under judgement.

mod text;

use std::collections::BTreeSet;

use contract::ids::MachineId;
use zookeeper_words::ensemble::Ensemble;
use zookeeper_words::ids::Zxid;
use zookeeper_words::service::{ErrorCode, Op};

pub use text::text;

/// A set of replicas.
pub type Set = BTreeSet<MachineId>;

/// Whether the members of `set` that vote are a quorum: of each group that has any weight, more than half of them must be won, and a group is won by more than half of its weight. Without
/// groups all voters are one group of weight 1 each.
pub fn is_quorum(ensemble: &Ensemble, set: &Set) -> bool {
    if ensemble.groups.is_empty() {
        return ensemble.voters.intersection(set).count() * 2 > ensemble.voters.len();
    }
    let weight = |machines: &mut dyn Iterator<Item = &MachineId>| -> u64 {
        machines.map(|machine| u64::from(ensemble.weights.get(machine).copied().unwrap_or(1))).sum()
    };
    let with_weight: Vec<(u64, u64)> =
        ensemble.groups.iter().map(|group| (weight(&mut group.intersection(set)), weight(&mut group.iter()))).filter(|(_, total)| *total > 0).collect();
    let won = with_weight.iter().filter(|(present, total)| present * 2 > *total).count();
    won * 2 > with_weight.len()
}

/// Whether every quorum has a member in `set`: then what `set` holds is never out of reach.
pub fn reaches_every_quorum(ensemble: &Ensemble, set: &Set) -> bool {
    !is_quorum(ensemble, &ensemble.voters.difference(set).copied().collect())
}

/// All replicas of an ensemble's first configuration: the servers that there are.
pub fn known(first: &Ensemble) -> Set {
    first.voters.union(&first.observers).copied().collect()
}

/// What a reconfig makes of a configuration, as transaction `zxid`, as far as requests and configurations alone tell: who is connected, and whether another reconfig is under way, is not in them.
pub fn next(before: &Ensemble, op: &Op, known: &Set, zxid: Zxid) -> Result<Ensemble, ErrorCode> {
    let Op::Reconfig { joining, leaving, members, from } = op else { return Err(ErrorCode::MarshallingError) };
    if *from != -1 && *from as u64 != before.version.0 {
        return Err(ErrorCode::BadVersion);
    }
    let after = match members {
        Some(members) => text::read(members, known),
        None if !before.groups.is_empty() => None, // Only majorities change step by step.
        None => changed(before, joining.as_deref().unwrap_or(""), leaving.as_deref().unwrap_or(""), known),
    };
    match after {
        Some(after) if after.voters.len() > 1 => Ok(Ensemble { version: zxid, ..after }),
        Some(_) | None => Err(ErrorCode::BadArguments),
    }
}

fn changed(before: &Ensemble, joining: &str, leaving: &str, known: &Set) -> Option<Ensemble> {
    let mut after = before.clone();
    let words = |list: &str| list.split(',').map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect::<Vec<_>>();
    for word in words(leaving) {
        let number: i64 = word.parse().ok()?;
        after.voters.retain(|machine| i64::from(machine.0) != number);
        after.observers.retain(|machine| i64::from(machine.0) != number);
    }
    for word in words(joining) {
        text::join(&mut after, &word, known)?;
    }
    Some(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(machines: &[u16]) -> Set {
        machines.iter().copied().map(MachineId).collect()
    }

    #[test]
    fn quorums_are_majorities_of_weight_in_a_majority_of_groups() {
        let check = |voters: &[u16], groups: &[&[u16]], weights: &[(u16, u32)], present: &[u16], quorum: bool, reaches: bool| {
            let weights = weights.iter().map(|(machine, weight)| (MachineId(*machine), *weight)).collect();
            let ensemble = Ensemble { voters: set(voters), groups: groups.iter().map(|group| set(group)).collect(), weights, ..Ensemble::default() };
            assert_eq!((is_quorum(&ensemble, &set(present)), reaches_every_quorum(&ensemble, &set(present))), (quorum, reaches), "{present:?} of {ensemble:?}");
        };
        check(&[0, 1, 2], &[], &[], &[1, 2], true, true);
        check(&[0, 1, 2], &[], &[], &[1], false, false);
        check(&[0, 1], &[], &[], &[1], false, true); // Both are needed, so each is reached.
        check(&[0, 1, 2], &[], &[], &[2, 3, 4], false, false);
        let three: &[&[u16]] = &[&[0, 1, 2], &[3, 4, 5], &[6, 7, 8]];
        let all = [0, 1, 2, 3, 4, 5, 6, 7, 8];
        check(&all, three, &[], &[0, 1, 3, 4], true, true);
        check(&all, three, &[], &[0, 1, 2, 3, 6], false, false);
        check(&all, three, &[(0, 3)], &[0, 3, 4], true, true);
        check(&all, three, &[(6, 0), (7, 0), (8, 0)], &[0, 1, 6, 7], false, true);
    }
}
