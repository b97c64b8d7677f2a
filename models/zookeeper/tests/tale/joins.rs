//! How a follower comes to a leader that is at work. It tells what a lawful one does.

use std::sync::Arc;

use contract::ids::MachineId;
use zookeeper_words::fact::{Fact, ReplicaFact, SyncMode};
use zookeeper_words::ids::Zxid;

use super::Tale;

impl<X, F: From<Fact>> Tale<X, F> {
    /// A follower joins a leader that is at work, by the leader's whole state.
    pub fn join_by_snapshot(&mut self, follower: MachineId) {
        let (leader, epoch) = self.leader.expect("somebody leads");
        let (to, digest, at) = (self.last(), self.digest(), follower.index());
        let peer_last = self.zxid(self.disk[at]);
        self.serve(follower, ReplicaFact::Looking { round: 1, last: peer_last });
        self.serve(follower, ReplicaFact::Elected { round: 1, leader, epoch, zxid: to, tie: false, by: vec![leader] });
        self.serve(follower, ReplicaFact::EpochAccepted { epoch });
        self.serve(leader, ReplicaFact::SyncSent { peer: follower, mode: SyncMode::Snap, peer_last, to, proposals: 0 });
        self.serve(follower, ReplicaFact::Installed { to, digest });
        let (_, config) = self.configs.last().expect("the first is always there").clone();
        self.serve(follower, ReplicaFact::Configured { ensemble: Arc::new(config) });
        self.disk[at] = self.chain.len();
        self.adopt(follower, leader, epoch, to);
        self.serve(follower, ReplicaFact::Serving { epoch, leader });
        self.followers.push(follower);
    }

    /// A follower joins whose log has more than was committed: it is cut back first.
    pub fn join_by_cut(&mut self, follower: MachineId, stray: Zxid) {
        let (leader, epoch) = self.leader.expect("somebody leads");
        let (at, last) = (follower.index(), self.last());
        let to = self.zxid(self.disk[at]);
        self.serve(follower, ReplicaFact::Looking { round: 1, last: stray });
        self.serve(follower, ReplicaFact::Elected { round: 1, leader, epoch, zxid: last, tie: false, by: vec![leader] });
        self.serve(follower, ReplicaFact::EpochAccepted { epoch });
        self.serve(leader, ReplicaFact::SyncSent { peer: follower, mode: SyncMode::Trunc, peer_last: stray, to, proposals: 0 });
        self.serve(follower, ReplicaFact::Truncated { to, removed: 1 });
        for position in self.disk[at]..self.chain.len() {
            let (zxid, mark) = (self.chain[position].0.zxid, self.chain[position].1);
            self.serve(follower, ReplicaFact::Logged { zxid, mark });
            self.serve(follower, ReplicaFact::Delivered { zxid, mark, digest: self.digests[position + 1] });
        }
        self.disk[at] = self.chain.len();
        self.adopt(follower, leader, epoch, last);
        self.serve(follower, ReplicaFact::Serving { epoch, leader });
        self.followers.push(follower);
    }
}
