//! State dealt out anew: each subtask's share of what a former number of subtasks left behind
//! (StateAssignmentOperation). Never a file.

use super::OperatorState;
use crate::job::Placement;
use crate::job::partition::range_of;

/// A subtask's share of a list: equal runs of neighbours, one longer as long as something is over
/// (RoundRobinOperatorStateRepartitioner, split redistribute).
pub fn deal<T: Clone>(all: &[T], index: u16, parallelism: u16) -> Vec<T> {
    let (index, parallelism) = (usize::from(index), usize::from(parallelism));
    let (each, over) = (all.len() / parallelism, all.len() % parallelism);
    let first = index * each + index.min(over);
    all[first..first + each + usize::from(index < over)].to_vec()
}

/// What a subtask begins from, given the states of its vertex' former subtasks, in order.
///
/// With the same parallelism there may be its own state alone, and list and broadcast state stay as they are: an
/// unaligned checkpoint may have cut the copies of broadcast state at different places. Else all must be there, of an
/// aligned snapshot: it takes its key groups, its share of the list, all of the union, and any copy of the broadcast
/// state.
pub fn redistribute(former: Vec<(u16, OperatorState)>, former_parallelism: u16, placement: Placement) -> OperatorState {
    let own = former.iter().find(|(index, _)| *index == placement.index).map(|(_, state)| (state.list.clone(), state.broadcast.clone()));
    let whole = OperatorState::merge(former.into_iter().map(|(_, state)| state));
    let (list, broadcast) = match own {
        Some(own) if former_parallelism == placement.parallelism => own,
        None if former_parallelism == placement.parallelism => Default::default(),
        Some(_) | None => (deal(&whole.list, placement.index, placement.parallelism), whole.broadcast),
    };
    let range = range_of(placement.index, placement.parallelism, placement.max_parallelism);
    OperatorState { list, broadcast, groups: whole.groups, union: whole.union, watermark: whole.watermark }.cut(&range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_dealt_out_whole_and_evenly() {
        let check = |count: usize, parallelism: u16, expected: &[usize]| {
            let all: Vec<usize> = (0..count).collect();
            let shares: Vec<Vec<usize>> = (0..parallelism).map(|index| deal(&all, index, parallelism)).collect();
            assert_eq!(shares.iter().map(Vec::len).collect::<Vec<_>>(), expected);
            assert_eq!(shares.concat(), all, "nothing is lost, nothing is there twice");
        };
        check(0, 2, &[0, 0]);
        check(7, 3, &[3, 2, 2]);
        check(2, 3, &[1, 1, 0]);
        check(6, 1, &[6]);
    }

    #[test]
    fn a_list_stays_where_the_parallelism_stays() {
        let state = |element: u8| OperatorState { list: vec![vec![element]; 3], union: vec![vec![element]], ..OperatorState::default() };
        let former = vec![(0, state(0)), (1, state(1))];
        let share = |index, parallelism| redistribute(former.clone(), 2, Placement { index, parallelism, max_parallelism: 8 });
        assert_eq!(share(1, 2).list, [[1], [1], [1]]);
        assert_eq!(share(0, 3).list, [[0], [0]]);
        assert_eq!(share(2, 3).union, [[0], [1]], "everybody has all of it");
    }
}
