//! How a leader brings a learner up to its history: DIFF, TRUNC or SNAP (LearnerHandler.syncFollower). A pure decision; never the sending.

use std::sync::Arc;

use vocab::ids::Zxid;

use super::core::Recent;
use crate::txn::Txn;

/// What to send to a learner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// The transactions after the learner's last.
    Diff(Vec<Arc<Txn>>),
    /// Cut back to here first, then these.
    Trunc(Zxid, Vec<Arc<Txn>>),
    /// The whole state.
    Snap,
}

/// Decides for a learner whose log ends at `peer`. `recent` are the leader's transactions still in memory; the last of them is the last it has applied.
pub fn decide(peer: Zxid, recent: &Recent) -> Plan {
    let max = recent.txns.back().map_or(recent.after, |txn| txn.head.zxid);
    let after = |zxid: Zxid| recent.txns.iter().filter(|txn| txn.head.zxid > zxid).cloned().collect::<Vec<_>>();
    if peer == max {
        return Plan::Diff(Vec::new());
    }
    if peer > max {
        return Plan::Trunc(max, Vec::new());
    }
    if peer < recent.after {
        return Plan::Snap;
    }
    // The nearest transaction of the leader's that is not after the learner's last: the very same one, or where their logs may part.
    let nearest = recent.txns.iter().rev().map(|txn| txn.head.zxid).find(|zxid| *zxid <= peer).unwrap_or(recent.after);
    if nearest == peer {
        Plan::Diff(after(peer))
    } else if nearest.epoch() == peer.epoch() {
        Plan::Trunc(nearest, after(nearest))
    } else {
        // A cut across an epoch could leave the learner short of `nearest`; the whole state is certain.
        Plan::Snap
    }
}

#[cfg(test)]
mod tests {
    use vocab::ids::{Epoch, SessionId, Xid};

    use super::*;
    use crate::codec::seal;
    use crate::txn::{Body, Head};

    fn zxid(epoch: u32, counter: u32) -> Zxid {
        Zxid::new(Epoch(epoch), counter)
    }

    fn recent(after: Zxid, zxids: &[Zxid]) -> Recent {
        let txn = |zxid: &Zxid| Arc::new(seal(Head { session: SessionId(1), xid: Xid(1), zxid: *zxid, time_ms: 0 }, Body::Check));
        Recent { after, txns: zxids.iter().map(txn).collect() }
    }

    #[test]
    fn a_learner_gets_what_it_lacks_in_the_cheapest_way() {
        let leader = recent(zxid(1, 3), &[zxid(1, 4), zxid(1, 5), zxid(3, 1), zxid(3, 2)]);
        let check = |peer: Zxid, mode: &str, cut: Option<Zxid>, sent: usize| {
            let (found, to, txns) = match decide(peer, &leader) {
                Plan::Diff(txns) => ("diff", None, txns.len()),
                Plan::Trunc(to, txns) => ("trunc", Some(to), txns.len()),
                Plan::Snap => ("snap", None, 0),
            };
            assert_eq!((found, to, txns), (mode, cut, sent), "{peer}");
        };
        check(zxid(3, 2), "diff", None, 0);
        check(zxid(3, 1), "diff", None, 1);
        check(zxid(1, 3), "diff", None, 4); // The last before what is in memory.
        check(zxid(1, 2), "snap", None, 0);
        check(zxid(3, 9), "trunc", Some(zxid(3, 2)), 0);
        check(zxid(4, 1), "trunc", Some(zxid(3, 2)), 0);
        check(zxid(1, 7), "trunc", Some(zxid(1, 5)), 2);
        check(zxid(2, 1), "snap", None, 0); // A cut would cross an epoch.
        check(Zxid::ZERO, "snap", None, 0);
    }

    #[test]
    fn an_empty_leader_cuts_everything_or_sends_nothing() {
        assert_eq!(decide(Zxid::ZERO, &recent(Zxid::ZERO, &[])), Plan::Diff(Vec::new()));
        assert_eq!(decide(zxid(1, 1), &recent(Zxid::ZERO, &[])), Plan::Trunc(Zxid::ZERO, Vec::new()));
    }
}
