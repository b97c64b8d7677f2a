//! The first phase of a leader (Zab, discovery): it proposes an epoch above all that a quorum of its learners has
//! accepted, and waits until a quorum has promised it. A learner that joins later is told the epoch that there is.

use std::collections::BTreeSet;

use contract::ids::{ConnId, MachineId};
use contract::time::Now;
use zookeeper_words::fact::Illegal;
use zookeeper_words::ids::{Epoch, Zxid};
use zookeeper_words::message::{LearnerInfo, Message, Packet};
use zookeeper_words::plant::Plant;

use super::peers::Joined;
use super::{Leader, Phase, proposals};
use crate::Out;
use crate::ordering::GaveUp;
use crate::replica::Core;

impl Leader {
    /// A replica wants to learn.
    #[expect(clippy::too_many_arguments, reason = "a learner is four things, and a step three")]
    pub(super) fn on_learner_info(
        &mut self,
        conn: ConnId,
        id: MachineId,
        info: LearnerInfo,
        observes: bool,
        core: &mut Core,
        now: Now,
        out: &mut Out,
    ) -> Result<(), GaveUp> {
        let joint = core.succession.joint();
        if info.config > joint.proposed.as_ref().unwrap_or(&joint.active).version() {
            // A later configuration is in force than this leader has seen: it may have no say there
            // (LearnerHandler.run).
            out.close(conn);
            return Ok(());
        }
        self.take_in(conn, id, observes, now, out);
        match self.phase {
            Phase::Discovery => {
                self.highest = self.highest.max(info.accepted);
                self.acks.insert(id);
                self.discover(core, out);
            }
            Phase::Accepting => {}
            Phase::EpochAcks | Phase::Adopting | Phase::Synchronization | Phase::Broadcast => {
                if info.accepted > self.epoch {
                    // It could never follow this epoch: only a later one takes it in again.
                    return Err(format!("{id} has accepted {}, later than {}", info.accepted, self.epoch).into());
                }
                if info.accepted < self.epoch {
                    self.acks.remove(&id); // What it had promised or acknowledged was lost with its disk.
                }
                self.tell_epoch(conn, out);
            }
        }
        Ok(())
    }

    /// With a quorum's accepted epochs, the new epoch is one above them all.
    pub(super) fn discover(&mut self, core: &mut Core, out: &mut Out) {
        if self.phase != Phase::Discovery || !self.has_quorum(core) {
            return;
        }
        let highest = self.highest;
        let keeps = core.config.has(Plant::OlderEpoch) && highest == core.store.accepted && highest > Epoch(0);
        self.epoch = if keeps { highest } else { highest.next() };
        self.phase = Phase::Accepting;
        core.store.set_accepted(self.epoch, out);
    }

    fn tell_epoch(&mut self, conn: ConnId, out: &mut Out) {
        let peer = self.peers.get_mut(&conn).expect("only a learner is told the epoch");
        peer.joined = Joined::Told;
        out.send(conn, Message::Quorum(Packet::LeaderInfo { epoch: self.epoch }));
    }

    /// The leader's own promise is durable: all are told the epoch.
    pub(super) fn on_accepted(&mut self, core: &mut Core, out: &mut Out) {
        self.phase = Phase::EpochAcks;
        self.acks = BTreeSet::from([core.config.me]);
        let known: Vec<ConnId> = self.peers.keys().copied().collect();
        known.into_iter().for_each(|conn| self.tell_epoch(conn, out));
        self.adopt(core, out);
    }

    /// A learner has promised the epoch and says where its log ends.
    pub(super) fn on_ack_epoch(&mut self, conn: ConnId, current: Option<Epoch>, last: Zxid, core: &mut Core, out: &mut Out) -> Result<(), GaveUp> {
        let Some(peer) = self.peers.get_mut(&conn) else { return Ok(()) };
        if peer.joined != Joined::Told {
            return Err(GaveUp::illegal(Illegal::State, format!("ACKEPOCH of {} which is {:?}", peer.id, peer.joined), out));
        }
        peer.joined = Joined::Located(last);
        let id = peer.id;
        if self.phase == Phase::Synchronization && last < core.store.last {
            self.acks.remove(&id); // Of NEWLEADER, for a history that it has no more.
        }
        proposals::forget(&mut self.proposals, id, last);
        // Whoever does not vote may well have more: nobody relies on it.
        let is_voter = core.succession.joint().votes(id);
        match self.phase {
            Phase::EpochAcks => {
                if let Some(current) = current {
                    if is_voter && (current, last) > (core.store.current, core.store.last) {
                        return Err(format!("{id} is ahead: {current}, {last}").into());
                    }
                    self.acks.insert(id);
                    self.adopt(core, out);
                }
            }
            Phase::Synchronization | Phase::Broadcast => self.synchronize(conn, last, core, out),
            Phase::Discovery | Phase::Accepting | Phase::Adopting => {}
        }
        Ok(())
    }

    /// A quorum has promised the epoch: it becomes the leader's current one.
    fn adopt(&mut self, core: &mut Core, out: &mut Out) {
        if self.phase == Phase::EpochAcks && self.has_quorum(core) {
            self.phase = Phase::Adopting;
            core.store.set_current(self.epoch, out);
        }
    }
}
