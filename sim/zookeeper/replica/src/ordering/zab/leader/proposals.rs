//! What a leader has proposed and not committed, and who has it on disk.

use std::collections::{BTreeSet, VecDeque};

use contract::ids::{ConnId, MachineId};
use zookeeper_words::ids::{SessionId, Xid, Zxid};

use crate::quorum::Joint;

/// A proposal that is not committed.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// Its number.
    pub zxid: Zxid,
    /// What must have acknowledged it: a quorum of the configuration in force, and, from a reconfig on until that is
    /// committed, one of the next.
    pub joint: Joint,
    /// Who has it on disk.
    pub acks: BTreeSet<MachineId>,
    /// Syncs to be answered when it is committed: by which connection, or for a client here.
    pub syncs: Vec<(Option<ConnId>, SessionId, Xid)>,
}

/// A learner's log ends at `last`: what it had acknowledged beyond was lost with its disk, and counts no more until it
/// is acknowledged again. In ZooKeeper it goes on to count.
pub fn forget(proposals: &mut VecDeque<Proposal>, learner: MachineId, last: Zxid) {
    for proposal in proposals.iter_mut().filter(|proposal| proposal.zxid > last) {
        proposal.acks.remove(&learner);
    }
}

#[cfg(test)]
mod tests {
    use zookeeper_words::ensemble::Ensemble;
    use zookeeper_words::ids::Epoch;

    use super::*;
    use crate::quorum::succession::Succession;

    fn zxid(epoch: u32, counter: u32) -> Zxid {
        Zxid::new(Epoch(epoch), counter)
    }

    #[test]
    fn an_acknowledgement_lasts_as_long_as_what_was_acknowledged() {
        let (one, two) = (MachineId(1), MachineId(2));
        let joint = Succession::new(Ensemble::default()).joint().clone();
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
