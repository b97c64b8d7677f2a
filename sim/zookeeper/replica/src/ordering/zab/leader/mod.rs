//! A leader: what it knows of its learners and its proposals, and which phase each packet, disk answer and alarm is for
//! (Leader.java). While its log ends with a configuration that may not be committed, each of its quorums is one of both
//! configurations.

mod broadcast;
mod discovery;
mod gap;
mod peers;
mod proposals;
mod quorums;
mod synchronization;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use contract::ids::{ConnId, MachineId};
use contract::time::Now;
use zookeeper_words::fact::Illegal;
use zookeeper_words::ids::{Epoch, Zxid};
use zookeeper_words::message::Packet;

use crate::Out;
use crate::disk::store::Done;
use crate::ordering::GaveUp;
use crate::replica::{Core, Write};
use gap::Written;
use peers::Peer;
use proposals::Proposal;

/// How far a leader is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
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

/// A leader.
#[derive(Clone, Debug)]
pub struct Leader {
    /// How far it is.
    phase: Phase,
    /// Its epoch, once decided.
    pub epoch: Epoch,
    /// Its learners, by connection.
    peers: BTreeMap<ConnId, Peer>,
    /// The highest epoch that anybody here has accepted, observers too: a lower one would shut them out.
    highest: Epoch,
    /// Who has done what the phase under way waits for. Voters among them count: also one that joined as an observer
    /// because it has not heard yet of the configuration in which it votes, for its promise and its history are as
    /// durable as a follower's.
    acks: BTreeSet<MachineId>,
    written: Written,
    deadline_ns: u64,
    /// When a quorum that acknowledges proposals was last in step.
    followed_ns: u64,
    ping_at_ns: u64,
    /// Proposals in order.
    pub proposals: VecDeque<Proposal>,
    next: Zxid,
}

impl Leader {
    /// Begins to lead.
    pub fn begin(core: &mut Core, now: Now, out: &mut Out) -> Leader {
        let mut leader = Leader {
            phase: Phase::Discovery,
            epoch: Epoch(0),
            peers: BTreeMap::new(),
            highest: core.store.accepted,
            acks: BTreeSet::from([core.config.me]),
            written: Written::default(),
            deadline_ns: now.mono_ns + core.config.ticks_ns(core.config.coordination.init_limit),
            followed_ns: now.mono_ns,
            ping_at_ns: now.mono_ns + core.config.ticks_ns(1) / 2,
            proposals: VecDeque::new(),
            next: Zxid::ZERO,
        };
        leader.discover(core, out);
        leader
    }

    /// Whether it is the primary of its epoch.
    pub fn is_established(&self) -> bool {
        self.phase == Phase::Broadcast
    }

    /// What it is doing, for people.
    pub fn look(&self) -> String {
        format!("leading {:?} of {} with {} learners", self.phase, self.epoch, self.peers.len())
    }

    /// A packet came from a learner, or from one that wants to be.
    pub fn on_packet(&mut self, conn: ConnId, from: MachineId, packet: Packet, core: &mut Core, now: Now, out: &mut Out) -> Result<(), GaveUp> {
        match packet {
            Packet::FollowerInfo(info) => self.on_learner_info(conn, from, info, false, core, now, out),
            Packet::ObserverInfo(info) => self.on_learner_info(conn, from, info, true, core, now, out),
            packet => self.on_learner_packet(conn, packet, core, now, out),
        }
    }

    fn on_learner_packet(&mut self, conn: ConnId, packet: Packet, core: &mut Core, now: Now, out: &mut Out) -> Result<(), GaveUp> {
        let Some(peer) = self.peers.get_mut(&conn) else { return Ok(()) };
        peer.heard_ns = now.mono_ns;
        let id = peer.id;
        match packet {
            Packet::AckEpoch { current, last } => self.on_ack_epoch(conn, current, last, core, out)?,
            Packet::Ack { zxid } if zxid.counter() == 0 => self.on_newleader_ack(conn, core, now, out)?,
            Packet::Ack { zxid } => self.on_proposal_ack(conn, zxid, core, out)?,
            Packet::Ping { touched } => touched.into_iter().for_each(|(session, timeout_ms)| core.hear_session(session, timeout_ms, now)),
            Packet::Request { session, xid, ids, request } => {
                self.propose(Write { session, xid, ids, request: *request, from: Some(id) }, core, now, out)?;
            }
            Packet::Sync { session, xid } => self.on_sync(Some(conn), session, xid, core, out),
            Packet::Revalidate { session, timeout_ms } => self.on_revalidate(conn, id, session, timeout_ms, core, now, out),
            Packet::FollowerInfo(_)
            | Packet::ObserverInfo(_)
            | Packet::LeaderInfo { .. }
            | Packet::Diff { .. }
            | Packet::Trunc { .. }
            | Packet::Snap { .. }
            | Packet::NewLeader { .. }
            | Packet::UpToDate
            | Packet::Proposal { .. }
            | Packet::Commit { .. }
            | Packet::CommitAndActivate { .. }
            | Packet::Inform { .. }
            | Packet::InformAndActivate { .. }
            | Packet::Revalidated { .. }
            | Packet::Synced { .. } => return Err(GaveUp::illegal(Illegal::State, format!("{} from a learner", packet.kind()), out)),
        }
        Ok(())
    }

    /// The disk has done something.
    pub fn on_done(&mut self, done: &Done, core: &mut Core, now: Now, out: &mut Out) -> Result<(), GaveUp> {
        match (done, self.phase) {
            (Done::Accepted(epoch), Phase::Accepting) if *epoch == self.epoch => self.on_accepted(core, out),
            (Done::Current(epoch), Phase::Adopting) if *epoch == self.epoch => self.on_adopted(core, now, out)?,
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

    /// Time has passed: pings, silent learners, the quorum.
    pub fn on_wake(&mut self, core: &mut Core, now: Now, out: &mut Out) -> Result<(), GaveUp> {
        if !self.is_established() && self.deadline_ns <= now.mono_ns {
            return Err(format!("no quorum in time: {:?}", self.phase).into());
        }
        if self.ping_at_ns > now.mono_ns {
            return Ok(());
        }
        self.ping_at_ns = now.mono_ns + core.config.ticks_ns(1) / 2;
        self.drop_silent(core, now, out);
        let ping = Packet::Ping { touched: Vec::new() };
        self.forward(&ping, false, out);
        self.forward(&ping, true, out);
        let is_quorum = |set| quorums::is_quorum(&set, core.succession.joint(), core);
        if self.is_established() && !is_quorum(self.in_step(core)) {
            return Err("a quorum of learners is gone".into());
        }
        if is_quorum(self.following(core)) {
            self.followed_ns = now.mono_ns;
        } else if self.is_established() && now.mono_ns > self.followed_ns + core.config.ticks_ns(core.config.coordination.sync_limit) {
            // Observers are in step, and some of them are to vote by a reconfig that cannot be committed without their
            // acknowledgement: only as the initial history of another epoch can it be.
            return Err("a quorum of followers is gone".into());
        }
        Ok(())
    }

    /// When to be woken.
    pub fn wake_ns(&self) -> u64 {
        if self.is_established() { self.ping_at_ns } else { self.ping_at_ns.min(self.deadline_ns) }
    }
}
