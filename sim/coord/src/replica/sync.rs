//! How a leader brings a learner up to its history: DIFF, TRUNC or SNAP (LearnerHandler.syncFollower), and the state that goes with the last. A pure decision; never the sending.
//!
//! Two logs that hold one transaction are equal up to it, so it is enough to find the last that both hold. ZooKeeper looks at committed transactions only, and cuts off what the
//! leader itself has proposed and may be about to commit; here all of the leader's log counts. Where the nearest transaction turns out not to be in the learner's log, the learner
//! says so by where its log ends after the cut, and asks again.

use std::collections::VecDeque;
use std::sync::Arc;

use vocab::ids::{MachineId, Zxid};

use super::leader::Proposal;
use crate::tree::{Tree, state};

/// The last state that was written for a learner: the next one that comes before another commit gets the same bytes, since after an election they come all at once.
#[derive(Clone, Debug, Default)]
pub struct Written(Option<(Zxid, Arc<[u8]>)>);

impl Written {
    /// The whole state of a tree, which changes by committed transactions only.
    pub fn state(&mut self, tree: &Tree) -> Arc<[u8]> {
        let written = self.0.take().filter(|(last, _)| *last == tree.last);
        let (_, state) = self.0.insert(written.unwrap_or_else(|| (tree.last, state::whole(tree).into())));
        state.clone()
    }
}

/// What to send to a learner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// The transactions after the learner's last.
    Diff,
    /// Cut back to here first, then the transactions after it.
    Trunc(Zxid),
    /// The whole state, then the transactions after it.
    Snap,
}

/// Decides for a learner whose log ends at `peer`. `history` is the leader's log as far as it is in memory, in order; `after` is the zxid before it.
pub fn decide(peer: Zxid, after: Zxid, history: impl DoubleEndedIterator<Item = Zxid>) -> Plan {
    if peer < after {
        return Plan::Snap;
    }
    let nearest = history.rev().find(|zxid| *zxid <= peer).unwrap_or(after);
    if nearest == peer { Plan::Diff } else { Plan::Trunc(nearest) }
}

/// A learner's log ends at `last`: what it had acknowledged beyond was lost with its disk, and counts no more until it is acknowledged again. In ZooKeeper it goes on to count.
pub fn forget(proposals: &mut VecDeque<Proposal>, learner: MachineId, last: Zxid) {
    for proposal in proposals.iter_mut().filter(|proposal| proposal.zxid > last) {
        proposal.acks.remove(&learner);
    }
}

#[cfg(test)]
mod tests {
    use vocab::ensemble::Ensemble;
    use vocab::ids::Epoch;

    use super::*;
    use crate::quorum::course::Course;

    fn zxid(epoch: u32, counter: u32) -> Zxid {
        Zxid::new(Epoch(epoch), counter)
    }

    #[test]
    fn a_learner_is_met_at_the_last_common_transaction() {
        let history = [zxid(1, 4), zxid(1, 5), zxid(3, 1), zxid(3, 2)];
        let check = |peer: Zxid, plan: Plan| assert_eq!(decide(peer, zxid(1, 3), history.into_iter()), plan, "{peer}");
        check(zxid(3, 2), Plan::Diff);
        check(zxid(3, 1), Plan::Diff);
        check(zxid(1, 3), Plan::Diff); // The last before what is in memory.
        check(zxid(1, 2), Plan::Snap);
        check(Zxid::ZERO, Plan::Snap);
        check(zxid(3, 9), Plan::Trunc(zxid(3, 2)));
        check(zxid(4, 1), Plan::Trunc(zxid(3, 2)));
        check(zxid(1, 7), Plan::Trunc(zxid(1, 5)));
        check(zxid(2, 1), Plan::Trunc(zxid(1, 5))); // The learner may lack 1:5: then it asks again.
    }

    #[test]
    fn a_leader_without_history_cuts_everything_or_sends_nothing() {
        assert_eq!(decide(Zxid::ZERO, Zxid::ZERO, [].into_iter()), Plan::Diff);
        assert_eq!(decide(zxid(1, 1), Zxid::ZERO, [].into_iter()), Plan::Trunc(Zxid::ZERO));
    }

    #[test]
    fn an_acknowledgement_lasts_as_long_as_what_was_acknowledged() {
        let (one, two) = (MachineId(1), MachineId(2));
        let joint = Course::new(Ensemble::default()).joint().clone();
        let check = |last: Zxid, kept: [bool; 3]| {
            let propose = |counter| Proposal { zxid: zxid(3, counter), joint: joint.clone(), acks: [one, two].into(), syncs: Vec::new() };
            let mut proposals: VecDeque<Proposal> = (4..7).map(propose).collect();
            forget(&mut proposals, one, last);
            assert!(proposals.iter().all(|proposal| proposal.acks.contains(&two)), "another's are not touched");
            let left: Vec<bool> = proposals.iter().map(|proposal| proposal.acks.contains(&one)).collect();
            assert_eq!(left, kept, "{last}");
        };
        check(zxid(3, 6), [true, true, true]);
        check(zxid(3, 5), [true, true, false]);
        check(zxid(3, 4), [true, false, false]);
        check(zxid(3, 3), [false, false, false]);
        check(zxid(2, 9), [false, false, false]);
        check(Zxid::ZERO, [false, false, false]);
    }
}
