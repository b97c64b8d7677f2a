//! A leader until it is established: it proposes a new epoch, hears where its learners are, brings them up to its history, and waits for a quorum of them (Leader.java, LearnerHandler.java). Never a client's request, which is `broadcast`'s.
//!
//! While its log ends with a configuration that may not be committed, each of its quorums is one of both configurations.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use vocab::fact::{Illegal, ReplicaFact};
use vocab::ids::{ConnId, Epoch, MachineId, SessionId, Xid, Zxid};
use vocab::plan::Plant;
use vocab::time::Now;

use super::broadcast;
use super::core::{Core, Out};
use super::learner::GaveUp;
use super::sync::{self, Written};
use crate::clients::Serving;
use crate::disk::store::Done;
use crate::message::{LearnerInfo, Message, Packet};
use crate::quorum::Joint;
use crate::session::Tracker;

/// How far a leader is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Waits for a quorum to say what it has accepted.
    Discovery,
    /// Its own promise is on its way to the disk.
    Accepting,
    /// Waits for a quorum to acknowledge the epoch.
    EpochAcks,
    /// Its current epoch is on its way to the disk.
    Adopting,
    /// Waits for a quorum to acknowledge NEWLEADER.
    Synchronization,
    /// It is the primary.
    Broadcast,
}

/// How far a learner is, as its leader knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joined {
    /// It has said what it accepted.
    Known,
    /// It has been told the epoch.
    Told,
    /// It has said where its log ends.
    Located(Zxid),
    /// What it lacks reaches further back than memory, and is being read from the log: where its log ends, and which reading.
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
    /// How far.
    pub joined: Joined,
    /// It observes, as far as it knows: it is told what is committed, and acknowledges no proposal.
    pub observes: bool,
    /// When it was last heard of.
    pub heard_ns: u64,
}

impl Peer {
    /// Whether proposals and commits go to it.
    pub fn is_forwarded(&self) -> bool {
        matches!(self.joined, Joined::Sent | Joined::Synced)
    }
}

/// A proposal that is not committed.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// Its number.
    pub zxid: Zxid,
    /// What must have acknowledged it: a quorum of the configuration in force, and, from a reconfig on until that is committed, one of the next.
    pub joint: Joint,
    /// Who has it on disk.
    pub acks: BTreeSet<MachineId>,
    /// Syncs to be answered when it is committed: by which connection, or for a client here.
    pub syncs: Vec<(Option<ConnId>, SessionId, Xid)>,
}

/// A leader.
#[derive(Clone, Debug)]
pub struct Leader {
    /// How far.
    pub phase: Phase,
    /// Its epoch, once decided.
    pub epoch: Epoch,
    /// Its learners, by connection.
    pub peers: BTreeMap<ConnId, Peer>,
    /// The highest epoch that anybody here has accepted, observers too: a lower one would shut them out.
    highest: Epoch,
    /// Who has done what the phase under way waits for. Voters among them count: also one that joined as an observer because it has not heard yet of the configuration in which it votes, for its
    /// promise and its history are as durable as a follower's.
    acks: BTreeSet<MachineId>,
    pub(super) written: Written,
    pub(super) deadline_ns: u64,
    /// When a quorum that acknowledges proposals was last in step.
    pub(super) followed_ns: u64,
    pub(super) ping_at_ns: u64,
    /// Proposals in order.
    pub proposals: VecDeque<Proposal>,
    pub(super) next: Zxid,
    pub(super) tracker: Tracker,
    /// When it looks for containers and TTL nodes that are due; never, if it is told to look every 0 ms.
    pub(super) reap_at_ns: u64,
    /// A session to be expired once more, and when; only a plant sets it.
    pub(super) expired_again: Option<(SessionId, u64)>,
}

impl Leader {
    /// Begins to lead.
    pub fn begin(core: &mut Core, now: Now, out: &mut Out) -> Leader {
        let me = core.config.me;
        let mut leader = Leader {
            phase: Phase::Discovery,
            epoch: Epoch(0),
            peers: BTreeMap::new(),
            highest: core.store.accepted,
            acks: BTreeSet::from([me]),
            written: Written::default(),
            deadline_ns: now.mono_ns + core.config.ticks_ns(core.config.coordination.init_limit),
            followed_ns: now.mono_ns,
            ping_at_ns: now.mono_ns + core.config.ticks_ns(1) / 2,
            proposals: VecDeque::new(),
            next: Zxid::ZERO,
            tracker: Tracker::new(core.config.coordination.tick_ms, &BTreeMap::new(), now.mono_ns),
            reap_at_ns: u64::MAX,
            expired_again: None,
        };
        leader.discover(core, out);
        leader
    }

    /// Sends to every follower, or to every observer, that is brought up or about to be.
    pub fn forward(&self, packet: &Packet, observers: bool, out: &mut Out) {
        for (conn, _) in self.peers.iter().filter(|(_, peer)| peer.is_forwarded() && peer.observes == observers) {
            out.send(*conn, Message::Quorum(packet.clone()));
        }
    }

    /// Whether these decide.
    pub fn is_quorum(set: &BTreeSet<MachineId>, joint: &Joint, core: &Core) -> bool {
        let ensemble = &joint.active.ensemble;
        let is_miscounted = core.config.has(Plant::ObserverCounts) && ensemble.groups.is_empty() && 2 * set.len() > ensemble.voters.len();
        is_miscounted || joint.contains_quorum(set)
    }

    /// Those of them that were counted, for the facts.
    pub fn counted(set: &BTreeSet<MachineId>, joint: &Joint, core: &Core) -> Vec<MachineId> {
        if core.config.has(Plant::ObserverCounts) { set.iter().copied().collect() } else { joint.counted(set) }
    }

    fn has_quorum(&self, core: &Core) -> bool {
        Leader::is_quorum(&self.acks, core.course.joint(), core)
    }

    /// Those that are in step with this leader, itself among them.
    pub fn in_step(&self, core: &Core) -> BTreeSet<MachineId> {
        self.peers.values().filter(|peer| peer.joined == Joined::Synced).map(|peer| peer.id).chain([core.config.me]).collect()
    }

    /// Those of them that acknowledge what is proposed, and will go on to: neither observers, nor who is about to learn that it is one.
    pub fn following(&self, core: &Core) -> BTreeSet<MachineId> {
        let active = &core.course.joint().active;
        let follows = |peer: &&Peer| peer.joined == Joined::Synced && !peer.observes && !active.observes(peer.id);
        self.peers.values().filter(follows).map(|peer| peer.id).chain([core.config.me]).collect()
    }

    /// Closes all connections to learners.
    pub fn leave(&mut self, out: &mut Out) {
        std::mem::take(&mut self.peers).into_keys().for_each(|conn| out.close(conn));
    }

    /// A replica wants to learn. An older connection of the same one is dropped.
    #[expect(clippy::too_many_arguments, reason = "a learner is four things, and a step three")]
    pub fn on_learner_info(
        &mut self,
        conn: ConnId,
        id: MachineId,
        info: LearnerInfo,
        observes: bool,
        core: &mut Core,
        now: Now,
        out: &mut Out,
    ) -> Result<(), GaveUp> {
        let joint = core.course.joint();
        if info.config > joint.proposed.as_ref().unwrap_or(&joint.active).version() {
            // A later configuration is in force than this leader has seen: it may have no say there (LearnerHandler.run).
            out.close(conn);
            return Ok(());
        }
        let older: Vec<ConnId> = self.peers.iter().filter(|(other, peer)| peer.id == id && **other != conn).map(|(conn, _)| *conn).collect();
        for older in older {
            self.peers.remove(&older);
            out.close(older);
        }
        self.peers.insert(conn, Peer { id, joined: Joined::Known, observes, heard_ns: now.mono_ns });
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
                    return Err(format!("{id} has accepted {}, later than {}", info.accepted, self.epoch));
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
    fn discover(&mut self, core: &mut Core, out: &mut Out) {
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

    /// The disk has done something.
    pub fn on_done(&mut self, done: &Done, core: &mut Core, now: Now, out: &mut Out) -> Result<(), GaveUp> {
        match (done, self.phase) {
            (Done::Accepted(epoch), Phase::Accepting) if *epoch == self.epoch => {
                self.phase = Phase::EpochAcks;
                self.acks = BTreeSet::from([core.config.me]);
                let known: Vec<ConnId> = self.peers.keys().copied().collect();
                known.into_iter().for_each(|conn| self.tell_epoch(conn, out));
                self.adopt(core, out);
            }
            (Done::Current(epoch), Phase::Adopting) if *epoch == self.epoch => {
                self.phase = Phase::Synchronization;
                self.acks = BTreeSet::from([core.config.me]);
                out.note(ReplicaFact::Synchronizing { epoch: self.epoch, last: core.store.last });
                let located: Vec<(ConnId, Zxid)> = self.located().collect();
                located.into_iter().for_each(|(conn, last)| self.synchronize(conn, last, core, out));
                self.establish(core, now, out)?;
            }
            (Done::Logged(logged), Phase::Broadcast) => {
                for (zxid, _) in logged {
                    self.on_own_log(*zxid, core, out)?;
                }
            }
            (Done::History { number, after, txns }, _) => self.on_history(*number, *after, txns, core, out),
            (Done::Accepted(_) | Done::Current(_) | Done::Logged(_) | Done::Recovered(_) | Done::Installed | Done::Snapshotted { .. } | Done::Leave(_), _) => {}
        }
        Ok(())
    }

    fn located(&self) -> impl Iterator<Item = (ConnId, Zxid)> {
        self.peers.iter().filter_map(|(conn, peer)| if let Joined::Located(last) = peer.joined { Some((*conn, last)) } else { None })
    }

    /// A quorum has promised the epoch: it becomes the leader's current one.
    fn adopt(&mut self, core: &mut Core, out: &mut Out) {
        if self.phase == Phase::EpochAcks && self.has_quorum(core) {
            self.phase = Phase::Adopting;
            core.store.set_current(self.epoch, out);
        }
    }

    /// A learner has promised the epoch and says where its log ends.
    pub fn on_ack_epoch(&mut self, conn: ConnId, current: Option<Epoch>, last: Zxid, core: &mut Core, out: &mut Out) -> Result<(), GaveUp> {
        let Some(peer) = self.peers.get_mut(&conn) else { return Ok(()) };
        if peer.joined != Joined::Told {
            let what = format!("ACKEPOCH of {} which is {:?}", peer.id, peer.joined);
            Core::note_illegal(Illegal::State, what.clone(), out);
            return Err(what);
        }
        peer.joined = Joined::Located(last);
        let id = peer.id;
        if self.phase == Phase::Synchronization && last < core.store.last {
            self.acks.remove(&id); // Of NEWLEADER, for a history that it has no more.
        }
        sync::forget(&mut self.proposals, id, last);
        // Whoever does not vote may well have more: nobody relies on it.
        let is_voter = core.course.joint().votes(id);
        match self.phase {
            Phase::EpochAcks => {
                if let Some(current) = current {
                    if is_voter && (current, last) > (core.store.current, core.store.last) {
                        return Err(format!("{id} is ahead: {current}, {last}"));
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

    /// A learner has acknowledged NEWLEADER.
    pub fn on_newleader_ack(&mut self, conn: ConnId, core: &mut Core, now: Now, out: &mut Out) -> Result<(), GaveUp> {
        let Some(peer) = self.peers.get_mut(&conn) else { return Ok(()) };
        if peer.joined != Joined::Sent {
            let what = format!("NEWLEADER acknowledged by {} which is {:?}", peer.id, peer.joined);
            Core::note_illegal(Illegal::Ack, what.clone(), out);
            return Err(what);
        }
        peer.joined = Joined::Synced;
        self.acks.insert(peer.id);
        match self.phase {
            Phase::Broadcast => out.send(conn, Message::Quorum(Packet::UpToDate)),
            Phase::Discovery | Phase::Accepting | Phase::EpochAcks | Phase::Adopting | Phase::Synchronization => self.establish(core, now, out)?,
        }
        Ok(())
    }

    /// With a quorum that has its history it is the primary of its epoch, and serves.
    fn establish(&mut self, core: &mut Core, now: Now, out: &mut Out) -> Result<(), GaveUp> {
        if self.phase != Phase::Synchronization || !self.has_quorum(core) {
            return Ok(());
        }
        self.phase = Phase::Broadcast;
        self.followed_ns = now.mono_ns;
        let quorum = Leader::counted(&self.acks, core.course.joint(), core);
        out.note(ReplicaFact::Established { epoch: self.epoch, last: core.store.last, quorum });
        let synced = self.peers.iter().filter(|(_, peer)| peer.joined == Joined::Synced);
        synced.for_each(|(conn, _)| out.send(*conn, Message::Quorum(Packet::UpToDate)));
        self.next = if core.store.last.epoch() == self.epoch { core.store.last.next() } else { Zxid::new(self.epoch, 1) };
        while !core.unapplied.is_empty() {
            core.deliver_next(out);
        }
        out.note(ReplicaFact::Serving { epoch: self.epoch, leader: core.config.me });
        self.tracker = Tracker::new(core.config.coordination.tick_ms, core.tree.sessions(), now.mono_ns);
        core.ahead = Some(core.tree.ahead());
        self.reap_at_ns = broadcast::next_reaping_ns(core, now);
        core.clients.serving = Serving::All;
        if core.course.joint().active.votes(core.config.me) {
            Ok(())
        } else {
            // The last of its initial history, which is committed now, took it out of the voters.
            Err("it votes no more".into())
        }
    }

    /// A learner's connection is gone.
    pub fn on_closed(&mut self, conn: ConnId) {
        self.peers.remove(&conn);
    }
}
