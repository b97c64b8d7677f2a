//! Which worker runs the subtasks of an index: a slot takes one subtask of every vertex (slot sharing). Never more
//! indexes on a worker than it has slots.

use std::collections::{BTreeMap, BTreeSet};

use flink_words::ids::WorkerId;

/// Places for `wanted` indexes. `taken` are the indexes with running tasks, `last` where each was before; an index in
/// both stays where it is. Where there is a choice, an index goes back to where it was, else to the worker with most
/// free slots. None unless there is room for all.
pub(in crate::master) fn assign(
    wanted: &BTreeSet<u16>,
    taken: &BTreeMap<u16, WorkerId>,
    last: &BTreeMap<u16, WorkerId>,
    slots: &BTreeMap<WorkerId, u16>,
) -> Option<BTreeMap<u16, WorkerId>> {
    let mut free: BTreeMap<WorkerId, usize> = slots.iter().map(|(worker, slots)| (*worker, usize::from(*slots))).collect();
    for worker in taken.values() {
        if let Some(free) = free.get_mut(worker) {
            *free = free.saturating_sub(1);
        }
    }
    let mut places = BTreeMap::new();
    let mut homeless = Vec::new();
    for index in wanted {
        if let Some(worker) = taken.get(index) {
            places.insert(*index, *worker);
            continue;
        }
        match last.get(index).filter(|worker| free.get(worker).is_some_and(|free| *free > 0)) {
            Some(worker) => {
                *free.get_mut(worker).expect("it has a free slot") -= 1;
                places.insert(*index, *worker);
            }
            None => homeless.push(*index),
        }
    }
    for index in homeless {
        let (worker, slots) = free.iter_mut().max_by_key(|(worker, free)| (**free, std::cmp::Reverse(**worker)))?;
        *slots = slots.checked_sub(1)?;
        places.insert(index, *worker);
    }
    Some(places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::ids::MachineId;

    fn worker(machine: u16) -> WorkerId {
        WorkerId { machine: MachineId(machine), born_ns: 0 }
    }

    #[test]
    fn indexes_go_back_to_where_they_were_and_spread_where_they_must_move() {
        let check = |wanted: &[u16], taken: &[(u16, u16)], last: &[(u16, u16)], slots: &[(u16, u16)], expected: Option<&[(u16, u16)]>| {
            let of = |pairs: &[(u16, u16)]| pairs.iter().map(|(index, machine)| (*index, worker(*machine))).collect::<BTreeMap<_, _>>();
            let slots = slots.iter().map(|(machine, slots)| (worker(*machine), *slots)).collect();
            let got = assign(&wanted.iter().copied().collect(), &of(taken), &of(last), &slots);
            assert_eq!(got, expected.map(of), "{wanted:?} beside {taken:?}");
        };
        check(&[0, 1], &[], &[], &[(1, 2), (2, 2)], Some(&[(0, 1), (1, 2)]));
        check(&[0, 1], &[], &[(0, 2), (1, 2)], &[(1, 2), (2, 2)], Some(&[(0, 2), (1, 2)]));
        check(&[0, 1], &[], &[(0, 3), (1, 1)], &[(1, 1), (2, 1)], Some(&[(0, 2), (1, 1)])); // 3 is gone.
        check(&[0, 1], &[], &[], &[(1, 1)], None);
        check(&[1], &[(0, 1)], &[], &[(1, 1)], None);
        check(&[0], &[(0, 1)], &[], &[(1, 1)], Some(&[(0, 1)])); // Its slot has room for another vertex' subtask.
    }
}
