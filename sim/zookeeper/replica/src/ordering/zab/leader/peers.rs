//! The learners of a leader: how far each is, and when it was last heard of.

use contract::ids::{ConnId, MachineId};
use contract::time::Now;
use zookeeper_words::ids::Zxid;
use zookeeper_words::message::{Message, Packet};

use super::Leader;
use crate::Out;
use crate::replica::Core;

/// How far a learner is, as its leader knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joined {
    /// It has said what it accepted.
    Known,
    /// It has been told the epoch.
    Told,
    /// It has said where its log ends.
    Located(Zxid),
    /// What it lacks reaches further back than memory, and is being read from the log: where its log ends, and which
    /// reading.
    Reading(Zxid, u64),
    /// It has been sent the history and NEWLEADER.
    Sent,
    /// It has acknowledged NEWLEADER.
    Synced,
}

/// A learner of this leader.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// Which replica.
    pub id: MachineId,
    /// How far it is.
    pub joined: Joined,
    /// It observes, as far as it knows: it is told what is committed, and acknowledges no proposal.
    pub observes: bool,
    /// When it was last heard of.
    pub heard_ns: u64,
}

impl Peer {
    /// Whether proposals and commits go to it.
    fn is_forwarded(&self) -> bool {
        matches!(self.joined, Joined::Sent | Joined::Synced)
    }
}

impl Leader {
    /// Sends to every follower, or to every observer, that is brought up or about to be.
    pub(super) fn forward(&self, packet: &Packet, observers: bool, out: &mut Out) {
        for (conn, _) in self.peers.iter().filter(|(_, peer)| peer.is_forwarded() && peer.observes == observers) {
            out.send(*conn, Message::Quorum(packet.clone()));
        }
    }

    /// A replica has connected as a learner. An older connection of the same one is dropped.
    pub(super) fn take_in(&mut self, conn: ConnId, id: MachineId, observes: bool, now: Now, out: &mut Out) {
        let older: Vec<ConnId> = self.peers.iter().filter(|(other, peer)| peer.id == id && **other != conn).map(|(conn, _)| *conn).collect();
        for older in older {
            self.peers.remove(&older);
            out.close(older);
        }
        self.peers.insert(conn, Peer { id, joined: Joined::Known, observes, heard_ns: now.mono_ns });
    }

    /// Learners that have been silent for syncLimit (initLimit before they are in step) are dropped.
    pub(super) fn drop_silent(&mut self, core: &Core, now: Now, out: &mut Out) {
        let coordination = &core.config.coordination;
        let (init_ns, sync_ns) = (core.config.ticks_ns(coordination.init_limit), core.config.ticks_ns(coordination.sync_limit));
        self.peers.retain(|conn, peer| {
            let patience_ns = if peer.joined == Joined::Synced { sync_ns } else { init_ns };
            let heard = peer.heard_ns + patience_ns > now.mono_ns;
            if !heard {
                out.close(*conn);
            }
            heard
        });
    }

    /// A learner's connection is gone.
    pub fn on_closed(&mut self, conn: ConnId) {
        self.peers.remove(&conn);
    }

    /// Closes all connections to learners.
    pub fn leave(&mut self, out: &mut Out) {
        std::mem::take(&mut self.peers).into_keys().for_each(|conn| out.close(conn));
    }
}
