//! A follower: it finds its leader, promises the new epoch, takes over the leader's history, and then logs,
//! acknowledges and applies what the leader sends (Learner.java, Follower.java). Never a decision of its own.
//!
//! At NEWLEADER the order of writes is: the history, durable; then the current epoch, durable; then the acknowledgement
//! (ZOOKEEPER-4643, 4646, 3911). Proposals of the new epoch wait until then, so that none is acknowledged before
//! NEWLEADER is (ZOOKEEPER-4685).

use std::collections::VecDeque;
use std::sync::Arc;

use contract::ids::{ConnId, MachineId};
use contract::time::{MILLISECOND, Now};
use zookeeper_words::fact::{Illegal, ReplicaFact};
use zookeeper_words::ids::{Epoch, Zxid};
use zookeeper_words::message::{LearnerInfo, Message, Packet};
use zookeeper_words::plant::Plant;
use zookeeper_words::txn::Txn;

use crate::Out;
use crate::clients::Submission;
use crate::disk::recovery;
use crate::disk::store::Done;
use crate::ordering::GaveUp;
use crate::replica::Core;
use crate::tree::state;

/// How long a learner waits before it tries its leader again (leaderConnectDelayDuringRetryMs).
const CONNECT_RETRY_NS: u64 = 100 * MILLISECOND;
/// Packets that may wait while the disk is busy; more means that the leader is too far ahead, and the learner starts
/// over.
const WAITING_MAX: usize = 100_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Connecting,
    AwaitLeaderInfo,
    Accepting(Epoch),
    AwaitSync,
    Cutting(Zxid),
    Installing,
    Syncing,
    Logging,
    Adopting,
    AwaitUpToDate,
    Serving,
}

impl Phase {
    /// Whether the disk must answer before another packet is looked at.
    fn is_busy(self) -> bool {
        match self {
            Phase::Accepting(_) | Phase::Cutting(_) | Phase::Installing | Phase::Logging | Phase::Adopting => true,
            Phase::Connecting | Phase::AwaitLeaderInfo | Phase::AwaitSync | Phase::Syncing | Phase::AwaitUpToDate | Phase::Serving => false,
        }
    }
}

/// A learner of one leader.
#[derive(Clone, Debug)]
pub struct Learner {
    /// Its leader.
    pub leader: MachineId,
    /// The epoch, once the leader has said it.
    pub epoch: Epoch,
    /// It observes: it hears of what is committed only, and acknowledges nothing but NEWLEADER.
    observes: bool,
    conn: Option<ConnId>,
    phase: Phase,
    initial_end: Zxid,
    waiting: VecDeque<Packet>,
    deadline_ns: u64,
    retry_at_ns: Option<u64>,
}

impl Learner {
    /// Begins to follow.
    pub fn begin(leader: MachineId, core: &Core, now: Now, out: &mut Out) -> Learner {
        Learner {
            leader,
            epoch: Epoch(0),
            observes: core.succession.joint().active.observes(core.config.me),
            conn: Some(out.open(leader)),
            phase: Phase::Connecting,
            initial_end: Zxid::ZERO,
            waiting: VecDeque::new(),
            deadline_ns: now.mono_ns + core.config.ticks_ns(core.config.coordination.init_limit),
            retry_at_ns: None,
        }
    }

    /// Whether it serves clients.
    pub fn is_serving(&self) -> bool {
        self.phase == Phase::Serving
    }

    /// What it is doing, for people.
    pub fn look(&self) -> String {
        format!("{:?} of {} in {}", self.phase, self.leader, self.epoch)
    }

    /// Whether `conn` leads to its leader.
    pub fn owns(&self, conn: ConnId) -> bool {
        self.conn == Some(conn)
    }

    /// When to be woken.
    pub fn wake_ns(&self) -> u64 {
        self.retry_at_ns.map_or(self.deadline_ns, |at_ns| at_ns.min(self.deadline_ns))
    }

    /// Closes the connection, if any.
    pub fn leave(&mut self, out: &mut Out) {
        if let Some(conn) = self.conn.take() {
            out.close(conn);
        }
    }

    fn send(&self, packet: Packet, out: &mut Out) {
        if let Some(conn) = self.conn {
            out.send(conn, Message::Quorum(packet));
        }
    }

    /// The connection stands.
    pub fn on_opened(&mut self, core: &Core, out: &mut Out) {
        if self.phase == Phase::Connecting {
            self.phase = Phase::AwaitLeaderInfo;
            let info = LearnerInfo { accepted: core.store.accepted, config: core.configured() };
            self.send(if self.observes { Packet::ObserverInfo(info) } else { Packet::FollowerInfo(info) }, out);
        }
    }

    /// The connection is gone. While connecting it is tried again; later the leader is given up.
    pub fn on_closed(&mut self, now: Now) -> Result<(), GaveUp> {
        self.conn = None;
        if matches!(self.phase, Phase::Connecting | Phase::AwaitLeaderInfo) {
            self.phase = Phase::Connecting;
            self.retry_at_ns = Some(now.mono_ns + CONNECT_RETRY_NS);
            return Ok(());
        }
        Err("the connection to the leader is gone".into())
    }

    /// Time has passed.
    pub fn on_wake(&mut self, now: Now, out: &mut Out) -> Result<(), GaveUp> {
        if self.deadline_ns <= now.mono_ns {
            return Err(if self.is_serving() { "the leader is silent".into() } else { format!("not in time with the leader: {:?}", self.phase).into() });
        }
        if self.retry_at_ns.is_some_and(|at_ns| at_ns <= now.mono_ns) {
            self.retry_at_ns = None;
            self.conn = Some(out.open(self.leader));
        }
        Ok(())
    }

    /// A packet came from the leader.
    pub fn on_packet(&mut self, packet: Packet, core: &mut Core, now: Now, out: &mut Out) -> Result<(), GaveUp> {
        if matches!(self.phase, Phase::AwaitUpToDate | Phase::Serving) {
            self.deadline_ns = self.deadline_ns.max(now.mono_ns + core.config.ticks_ns(core.config.coordination.sync_limit));
            if self.is_serving() {
                self.deadline_ns = now.mono_ns + core.config.ticks_ns(core.config.coordination.sync_limit);
            }
        }
        if self.waiting.len() >= WAITING_MAX {
            return Err("the disk is too slow for the leader".into());
        }
        self.waiting.push_back(packet);
        self.work(core, now, out)
    }

    fn work(&mut self, core: &mut Core, now: Now, out: &mut Out) -> Result<(), GaveUp> {
        while !self.phase.is_busy() {
            let Some(packet) = self.waiting.pop_front() else { break };
            let before = core.configured();
            self.take(packet, core, now, out)?;
            if core.configured() != before && matches!(self.phase, Phase::AwaitUpToDate | Phase::Serving) {
                // By a commit, or because a later reconfig shows that the one before it is committed.
                self.activate(self.leader, core)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, packet: Packet, core: &mut Core, now: Now, out: &mut Out) -> Result<(), GaveUp> {
        match (self.phase, packet) {
            (Phase::AwaitLeaderInfo, Packet::LeaderInfo { epoch }) => {
                self.epoch = epoch;
                if epoch > core.store.accepted {
                    self.phase = Phase::Accepting(epoch);
                    core.store.set_accepted(epoch, out);
                } else if epoch == core.store.accepted {
                    // Accepted before: the acknowledgement does not count towards the leader's quorum.
                    let counts = core.config.has(Plant::OlderEpoch).then_some(core.store.current);
                    self.ack_epoch(counts, core, out);
                } else {
                    return Err(format!("the leader's {epoch} is older than the accepted {}", core.store.accepted).into());
                }
            }
            (Phase::AwaitSync, Packet::Trunc { to }) => {
                if core.config.has(Plant::NoTrunc) {
                    return Ok(());
                }
                self.phase = Phase::Cutting(to);
                core.cutting = Some(core.store.count_after(to));
                core.store.truncate(to, out);
            }
            (Phase::AwaitSync, Packet::Diff { to }) => {
                self.initial_end = to;
                self.phase = Phase::Syncing;
            }
            (Phase::AwaitSync, Packet::Snap { to, state }) => {
                let tree = state::read(&state).ok_or("the leader's state is unreadable")?;
                self.phase = Phase::Installing;
                core.installing = Some(Box::new(tree));
                core.store.install(to, &state, out);
            }
            (Phase::Syncing | Phase::AwaitUpToDate | Phase::Serving, Packet::Proposal { txn }) => {
                if !recovery::follows(core.store.last, txn.head.zxid) {
                    return Err(GaveUp::illegal(Illegal::Proposal, format!("proposal {} after {}", txn.head.zxid, core.store.last), out));
                }
                let zxid = txn.head.zxid;
                core.log(txn, out);
                if core.config.has(Plant::AckBeforeSync) && self.phase != Phase::Syncing && !self.observes {
                    self.ack(zxid, out);
                }
            }
            (Phase::Syncing, Packet::NewLeader { epoch }) => {
                if epoch != self.epoch {
                    return Err(GaveUp::illegal(Illegal::State, format!("NEWLEADER of {epoch} in {}", self.epoch), out));
                }
                self.phase = Phase::Logging;
                self.adopt_when_logged(core, out);
            }
            (Phase::AwaitUpToDate | Phase::Serving, Packet::Commit { zxid }) if !self.observes => self.commit(zxid, core, out)?,
            (Phase::AwaitUpToDate | Phase::Serving, Packet::CommitAndActivate { zxid, leader }) if !self.observes => {
                self.commit(zxid, core, out)?;
                self.activate(leader, core)?;
            }
            (Phase::AwaitUpToDate | Phase::Serving, Packet::Inform { txn }) if self.observes => self.inform(txn, core, out)?,
            (Phase::AwaitUpToDate | Phase::Serving, Packet::InformAndActivate { txn, leader }) if self.observes => {
                self.inform(txn, core, out)?;
                self.activate(leader, core)?;
            }
            (Phase::AwaitUpToDate, Packet::UpToDate) => {
                self.deliver_initial(core, out);
                self.phase = Phase::Serving;
                self.deadline_ns = now.mono_ns + core.config.ticks_ns(core.config.coordination.sync_limit);
                core.serve(self.epoch, self.leader, now, out);
            }
            (Phase::AwaitUpToDate | Phase::Serving, Packet::Ping { .. }) => {
                let touched = std::mem::take(&mut core.clients.touched).into_iter().collect();
                self.send(Packet::Ping { touched }, out);
            }
            (Phase::Serving, Packet::Revalidated { session, valid }) => {
                let (clients, view) = core.clients_and_view();
                clients.on_revalidated(session, valid, view, out);
            }
            (Phase::Serving, Packet::Synced { session, xid }) => {
                let (clients, view) = core.clients_and_view();
                clients.on_synced(session, xid, view, out);
            }
            (phase, packet) => {
                return Err(GaveUp::illegal(Illegal::State, format!("{} while {phase:?}", packet.kind()), out));
            }
        }
        Ok(())
    }

    fn ack_epoch(&mut self, current: Option<Epoch>, core: &Core, out: &mut Out) {
        self.phase = Phase::AwaitSync;
        self.send(Packet::AckEpoch { current, last: core.store.last }, out);
    }

    fn ack(&self, zxid: Zxid, out: &mut Out) {
        out.note(ReplicaFact::Acked { zxid });
        self.send(Packet::Ack { zxid }, out);
    }

    fn adopt_when_logged(&mut self, core: &mut Core, out: &mut Out) {
        if self.phase == Phase::Logging && core.store.is_idle() {
            self.phase = Phase::Adopting;
            core.store.set_current(self.epoch, out);
        }
    }

    /// Everything of the leader's initial history is committed once it leads.
    fn deliver_initial(&mut self, core: &mut Core, out: &mut Out) {
        while core.unapplied.front().is_some_and(|txn| txn.head.zxid <= self.initial_end) {
            core.deliver_next(out);
        }
    }

    fn commit(&mut self, zxid: Zxid, core: &mut Core, out: &mut Out) -> Result<(), GaveUp> {
        self.deliver_initial(core, out);
        match core.unapplied.front() {
            Some(txn) if txn.head.zxid == zxid => core.deliver_next(out),
            first => {
                return Err(GaveUp::illegal(Illegal::Commit, format!("commit of {zxid} with {:?} first", first.map(|txn| txn.head.zxid)), out));
            }
        }
        Ok(())
    }

    /// An observer logs what is committed and applies it at once; what it logged itself while it was a follower is only
    /// applied.
    fn inform(&mut self, txn: Arc<Txn>, core: &mut Core, out: &mut Out) -> Result<(), GaveUp> {
        self.deliver_initial(core, out);
        let zxid = txn.head.zxid;
        if core.unapplied.is_empty() {
            if !recovery::follows(core.store.last, zxid) {
                return Err(GaveUp::illegal(Illegal::Proposal, format!("{zxid} is committed after {}", core.store.last), out));
            }
            core.log(txn, out);
        }
        self.commit(zxid, core, out)
    }

    /// A configuration may have come into force by what was just applied. If this replica is another kind of learner in
    /// it, or is to have another leader, it begins again.
    fn activate(&mut self, leader: MachineId, core: &Core) -> Result<(), GaveUp> {
        let observes = core.succession.joint().active.observes(core.config.me);
        if leader == self.leader && observes == self.observes {
            return Ok(());
        }
        let role = if observes { "observe" } else { "follow" };
        Err(GaveUp::to(leader, format!("the new configuration has {leader} lead, and this replica {role}")))
    }

    /// The disk has done something.
    pub fn on_done(&mut self, done: &Done, core: &mut Core, now: Now, out: &mut Out) -> Result<(), GaveUp> {
        match (done, self.phase) {
            (Done::Logged(logged), Phase::AwaitUpToDate | Phase::Serving) if !core.config.has(Plant::AckBeforeSync) && !self.observes => {
                logged.iter().for_each(|(zxid, _)| self.ack(*zxid, out));
            }
            (Done::Logged(_), _) => self.adopt_when_logged(core, out),
            (Done::Accepted(epoch), Phase::Accepting(awaited)) if *epoch == awaited => self.ack_epoch(Some(core.store.current), core, out),
            (Done::Current(epoch), Phase::Adopting) if *epoch == self.epoch => {
                self.phase = Phase::AwaitUpToDate;
                out.note(ReplicaFact::Adopted { epoch: self.epoch, leader: self.leader, last: core.store.last });
                // The history may have said what this replica is: an observer's word is nothing to count on.
                self.activate(self.leader, core)?;
                self.send(Packet::Ack { zxid: Zxid::new(self.epoch, 0) }, out);
                // Proposals of this epoch from before a lost connection: the leader may not have heard that they are
                // here.
                let earlier: Vec<Zxid> = core.unapplied.iter().map(|txn| txn.head.zxid).filter(|zxid| *zxid > self.initial_end && !self.observes).collect();
                earlier.into_iter().for_each(|zxid| self.ack(zxid, out));
            }
            (Done::Recovered(_), Phase::Cutting(to)) => {
                if core.store.last != to {
                    // The leader's transaction was never in this log. What is left is common ground: the leader must
                    // hear where it ends.
                    return Err(format!("cut back to {}, not to the leader's {to}", core.store.last).into());
                }
                self.phase = Phase::AwaitSync;
            }
            (Done::Installed, Phase::Installing) => self.phase = Phase::AwaitSync,
            (
                Done::Accepted(_) | Done::Current(_) | Done::Recovered(_) | Done::Installed | Done::Snapshotted { .. } | Done::History { .. } | Done::Leave(_),
                _,
            ) => {}
        }
        self.work(core, now, out)
    }

    /// Hands on what clients want.
    pub fn submit(&mut self, core: &mut Core, out: &mut Out) {
        while let Some(submission) = core.clients.submissions.pop_front() {
            let packet = match submission {
                Submission::Write { session, xid, ids, request } => Packet::Request { session, xid, ids, request: request.into() },
                Submission::Sync { session, xid } => Packet::Sync { session, xid },
                Submission::Revalidate { session, timeout_ms } => Packet::Revalidate { session, timeout_ms },
            };
            self.send(packet, out);
        }
    }
}
