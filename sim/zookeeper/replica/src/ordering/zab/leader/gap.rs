//! What a learner lacks of its leader's history, and so how it is brought up: DIFF, TRUNC or SNAP
//! (LearnerHandler.syncFollower). A pure decision, and the state that goes with SNAP; never the sending.
//!
//! Two logs that hold one transaction are equal up to it, so it is enough to find the last that both hold. ZooKeeper
//! looks at committed transactions only, and cuts off what the leader itself has proposed and may be about to commit;
//! here all of the leader's log counts. Where the nearest transaction turns out not to be in the learner's log, the
//! learner says so by where its log ends after the cut, and asks again.

use std::sync::Arc;

use zookeeper_words::ids::Zxid;

use crate::tree::{Tree, state};

/// The last state that was written for a learner: the next one that comes before another commit gets the same bytes,
/// since after an election they come all at once.
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

/// How a learner is brought up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// The transactions after the learner's last.
    Diff,
    /// Cut back to here first, then the transactions after it.
    Trunc(Zxid),
    /// The whole state, then the transactions after it.
    Snap,
}

/// Decides for a learner whose log ends at `peer`. `history` is the leader's log as far as it is in memory, in order;
/// `after` is the zxid before it.
pub fn decide(peer: Zxid, after: Zxid, history: impl DoubleEndedIterator<Item = Zxid>) -> Remedy {
    if peer < after {
        return Remedy::Snap;
    }
    let nearest = history.rev().find(|zxid| *zxid <= peer).unwrap_or(after);
    if nearest == peer { Remedy::Diff } else { Remedy::Trunc(nearest) }
}

#[cfg(test)]
mod tests {
    use zookeeper_words::ids::Epoch;

    use super::*;

    fn zxid(epoch: u32, counter: u32) -> Zxid {
        Zxid::new(Epoch(epoch), counter)
    }

    #[test]
    fn a_learner_is_met_at_the_last_common_transaction() {
        let history = [zxid(1, 4), zxid(1, 5), zxid(3, 1), zxid(3, 2)];
        let check = |peer: Zxid, remedy: Remedy| assert_eq!(decide(peer, zxid(1, 3), history.into_iter()), remedy, "{peer}");
        check(zxid(3, 2), Remedy::Diff);
        check(zxid(3, 1), Remedy::Diff);
        check(zxid(1, 3), Remedy::Diff); // The last before what is in memory.
        check(zxid(1, 2), Remedy::Snap);
        check(Zxid::ZERO, Remedy::Snap);
        check(zxid(3, 9), Remedy::Trunc(zxid(3, 2)));
        check(zxid(4, 1), Remedy::Trunc(zxid(3, 2)));
        check(zxid(1, 7), Remedy::Trunc(zxid(1, 5)));
        check(zxid(2, 1), Remedy::Trunc(zxid(1, 5))); // The learner may lack 1:5: then it asks again.
    }

    #[test]
    fn a_leader_without_history_cuts_everything_or_sends_nothing() {
        assert_eq!(decide(Zxid::ZERO, Zxid::ZERO, [].into_iter()), Remedy::Diff);
        assert_eq!(decide(zxid(1, 1), Zxid::ZERO, [].into_iter()), Remedy::Trunc(Zxid::ZERO));
    }
}
