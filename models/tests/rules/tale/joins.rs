//! How a follower comes to a leader that is at work. It tells what a lawful one does.

use std::sync::Arc;

use vocab::fact::{ReplicaFact, SyncMode};
use vocab::ids::{MachineId, Zxid};

use super::Tale;

impl Tale {
    /// A follower joins a leader that is at work, by the leader's whole state.
    pub fn join_by_snapshot(&mut self, follower: MachineId) {
        let (leader, epoch) = self.leader.expect("somebody leads");
        let (to, digest, at) = (self.last(), self.digest(), follower.index());
        let peer_last = self.zxid(self.disk[at]);
        self.say(follower, ReplicaFact::Looking { round: 1, last: peer_last });
        self.say(follower, ReplicaFact::Elected { round: 1, leader, epoch, zxid: to, tie: false, by: vec![leader] });
        self.say(follower, ReplicaFact::EpochAccepted { epoch });
        self.say(leader, ReplicaFact::SyncSent { peer: follower, mode: SyncMode::Snap, peer_last, to, proposals: 0 });
        self.say(follower, ReplicaFact::Installed { to, digest });
        let (_, config) = self.configs.last().expect("the first is always there").clone();
        self.say(follower, ReplicaFact::Configured { ensemble: Arc::new(config) });
        self.disk[at] = self.chain.len();
        self.adopt(follower, leader, epoch, to);
        self.say(follower, ReplicaFact::Serving { epoch, leader });
        self.followers.push(follower);
    }

    /// A follower joins whose log has more than was committed: it is cut back first.
    pub fn join_by_cut(&mut self, follower: MachineId, stray: Zxid) {
        let (leader, epoch) = self.leader.expect("somebody leads");
        let (at, last) = (follower.index(), self.last());
        let to = self.zxid(self.disk[at]);
        self.say(follower, ReplicaFact::Looking { round: 1, last: stray });
        self.say(follower, ReplicaFact::Elected { round: 1, leader, epoch, zxid: last, tie: false, by: vec![leader] });
        self.say(follower, ReplicaFact::EpochAccepted { epoch });
        self.say(leader, ReplicaFact::SyncSent { peer: follower, mode: SyncMode::Trunc, peer_last: stray, to, proposals: 0 });
        self.say(follower, ReplicaFact::Truncated { to, removed: 1 });
        for position in self.disk[at]..self.chain.len() {
            let (zxid, mark) = (self.chain[position].0.zxid, self.chain[position].1);
            self.say(follower, ReplicaFact::Logged { zxid, mark });
            self.say(follower, ReplicaFact::Delivered { zxid, mark, digest: self.digests[position + 1] });
        }
        self.disk[at] = self.chain.len();
        self.adopt(follower, leader, epoch, last);
        self.say(follower, ReplicaFact::Serving { epoch, leader });
        self.followers.push(follower);
    }
}
