//! An established leader: it orders writes, proposes them, commits what a quorum has on disk, answers syncs, and expires sessions (PrepRequestProcessor, ProposalRequestProcessor, Leader.processAck, SessionTrackerImpl). Never a read.

use std::collections::BTreeSet;
use std::sync::Arc;

use vocab::fact::{Illegal, ReplicaFact};
use vocab::ids::{ConnId, MachineId, SessionId, Xid, Zxid};
use vocab::plan::Plant;
use vocab::service::{ErrorCode, Op, Request, Transaction};
use vocab::time::Now;

use super::core::{Core, Out};
use super::leader::{Joined, Leader, Phase, Proposal};
use super::learner::GaveUp;
use crate::clients::Submission;
use crate::codec::seal;
use crate::message::{Message, Packet};
use crate::session::Overdue;
use crate::txn::{Body, Head};

/// Proposals that may be uncommitted at a time; a leader further ahead of its quorum gives up.
const PROPOSALS_MAX: usize = 50_000;

impl Leader {
    /// Whether it is the primary of its epoch.
    pub fn is_established(&self) -> bool {
        self.phase == Phase::Broadcast
    }

    /// A packet came from a learner.
    pub fn on_packet(&mut self, conn: ConnId, packet: Packet, core: &mut Core, now: Now, out: &mut Out) -> Result<(), GaveUp> {
        let Some(peer) = self.peers.get_mut(&conn) else { return Ok(()) };
        peer.heard_ns = now.mono_ns;
        let (id, joined) = (peer.id, peer.joined);
        match packet {
            Packet::AckEpoch { current, last } => self.on_ack_epoch(conn, current, last, core, out)?,
            Packet::Ack { zxid } if zxid.counter() == 0 => self.on_newleader_ack(conn, core, now, out)?,
            Packet::Ack { zxid } => {
                if joined != Joined::Synced || zxid >= self.next {
                    let what = format!("{id} which is {joined:?} acknowledged {zxid}, the next proposal is {}", self.next);
                    Core::note_illegal(Illegal::Ack, what.clone(), out);
                    return Err(what);
                }
                self.on_ack(id, zxid, core, out);
            }
            Packet::Ping { touched } => touched.into_iter().for_each(|(session, _)| {
                self.tracker.touch(session, now.mono_ns);
            }),
            Packet::Request { session, xid, request } => self.propose(session, xid, request, Some(id), core, now, out)?,
            Packet::Sync { session, xid } => self.on_sync(Some(conn), session, xid, core, out),
            Packet::Revalidate { session, .. } => {
                let valid = self.tracker.adopt(session, id, now.mono_ns);
                out.send(conn, Message::Quorum(Packet::Revalidated { session, valid }));
            }
            Packet::FollowerInfo { .. }
            | Packet::LeaderInfo { .. }
            | Packet::Diff { .. }
            | Packet::Trunc { .. }
            | Packet::Snap { .. }
            | Packet::NewLeader { .. }
            | Packet::UpToDate
            | Packet::Proposal { .. }
            | Packet::Commit { .. }
            | Packet::Revalidated { .. }
            | Packet::Synced { .. } => {
                let what = format!("{} from a learner", packet.kind());
                Core::note_illegal(Illegal::State, what.clone(), out);
                return Err(what);
            }
        }
        Ok(())
    }

    /// Takes what clients of this replica want.
    pub fn submit(&mut self, core: &mut Core, now: Now, out: &mut Out) -> Result<(), GaveUp> {
        let me = core.config.me;
        for (session, _) in std::mem::take(&mut core.clients.touched) {
            self.tracker.touch(session, now.mono_ns);
        }
        while let Some(submission) = core.clients.submissions.pop_front() {
            match submission {
                Submission::Write { session, xid, request } => self.propose(session, xid, request, Some(me), core, now, out)?,
                Submission::Sync { session, xid } => self.on_sync(None, session, xid, core, out),
                Submission::Revalidate { session, .. } => {
                    let valid = self.tracker.adopt(session, me, now.mono_ns);
                    core.clients.on_revalidated(session, valid, out);
                }
            }
        }
        Ok(())
    }

    /// Orders a write: decides what it does, logs it, and proposes it. `from` is the replica that speaks for the session, or none for the leader's own closing of one.
    #[expect(clippy::too_many_arguments, reason = "a request is four things, and a step three")]
    fn propose(
        &mut self,
        session: SessionId,
        xid: Xid,
        request: Request,
        from: Option<MachineId>,
        core: &mut Core,
        now: Now,
        out: &mut Out,
    ) -> Result<(), GaveUp> {
        if self.next.counter() == u32::MAX {
            // ZOOKEEPER-1277: a counter that rolled over would look like another epoch.
            return Err("the epoch's zxids are used up".into());
        }
        if self.proposals.len() >= PROPOSALS_MAX {
            return Err("a quorum of learners is too far behind".into());
        }
        let zxid = self.next;
        self.next = zxid.next();
        let head = Head { session, xid, zxid, time_ms: now.wall_ms() };
        let ahead = core.ahead.as_mut().expect("an established leader has a tree that runs ahead");
        let refusal = match (&request, from) {
            (Request::CreateSession { timeout_ms }, _) => {
                self.tracker.open(session, *timeout_ms, from, now.mono_ns);
                None
            }
            (Request::Op(_), None) => None,
            (Request::Op(_), Some(from)) => match self.tracker.is_owned_by(session, from) {
                Some(true) => None,
                Some(false) => Some(ErrorCode::SessionMoved),
                None => Some(ErrorCode::SessionExpired),
            },
        };
        let again = from.is_none() && !ahead.sessions().contains_key(&session);
        let txn = match refusal {
            Some(code) => {
                ahead.last = zxid;
                seal(head, Body::Error(code))
            }
            // Only the plant closes a session that is closed.
            None if again => seal(head, Body::CloseSession { paths: Vec::new() }),
            None => ahead.propose(head, &request),
        };
        if matches!(txn.body, Body::CloseSession { .. }) {
            self.tracker.close(session);
        } else if from.is_some() {
            self.tracker.touch(session, now.mono_ns);
        }
        let error = if let Body::Error(code) = txn.body { Some(code) } else { None };
        let said = Transaction { zxid, session, xid, time_ms: head.time_ms, request, error };
        out.note(ReplicaFact::Proposed { txn: Arc::new(said), mark: txn.mark });
        let txn = Arc::new(txn);
        self.proposals.push_back(Proposal { zxid, acks: BTreeSet::new(), syncs: Vec::new() });
        core.log(txn.clone(), out);
        self.forward(&Packet::Proposal { txn }, out);
        if core.config.has(Plant::AckBeforeSync) {
            self.on_own_log(zxid, core, out);
        }
        Ok(())
    }

    /// A transaction is in the leader's own log: that is its acknowledgement.
    pub(super) fn on_own_log(&mut self, zxid: Zxid, core: &mut Core, out: &mut Out) {
        out.note(ReplicaFact::Acked { zxid });
        let me = core.config.me;
        self.on_ack(me, zxid, core, out);
    }

    fn on_ack(&mut self, from: MachineId, zxid: Zxid, core: &mut Core, out: &mut Out) {
        // A late ack finds no proposal: the quorum did not need it.
        if let Some(proposal) = self.proposals.iter_mut().find(|proposal| proposal.zxid == zxid) {
            proposal.acks.insert(from);
        }
        let quorum = if core.config.has(Plant::CommitWithoutQuorum) { 1 } else { core.config.quorum() };
        // In zxid order, even when a later proposal gathers its quorum first.
        while let Some(proposal) = self.proposals.pop_front_if(|proposal| proposal.acks.len() >= quorum) {
            self.commit(proposal, core, out);
        }
    }

    fn commit(&mut self, proposal: Proposal, core: &mut Core, out: &mut Out) {
        let zxid = proposal.zxid;
        let first = core.unapplied.front().map(|txn| txn.head.zxid);
        assert_eq!(first, Some(zxid), "what is committed must be the first that is not applied");
        out.note(ReplicaFact::Committed { zxid, quorum: proposal.acks.into_iter().collect() });
        self.forward(&Packet::Commit { zxid }, out);
        if let Some(Body::CloseSession { .. }) = core.unapplied.front().map(|txn| &txn.body) {
            let session = core.unapplied[0].head.session;
            self.tracker.forget(session);
        }
        core.deliver_next(out);
        for (conn, session, xid) in proposal.syncs {
            self.answer_sync(conn, session, xid, core, out);
        }
    }

    /// A sync is answered when all that is proposed now is committed; not by asking a quorum.
    fn on_sync(&mut self, conn: Option<ConnId>, session: SessionId, xid: Xid, core: &mut Core, out: &mut Out) {
        match self.proposals.back_mut() {
            Some(last) => last.syncs.push((conn, session, xid)),
            None => self.answer_sync(conn, session, xid, core, out),
        }
    }

    fn answer_sync(&self, conn: Option<ConnId>, session: SessionId, xid: Xid, core: &mut Core, out: &mut Out) {
        out.note(ReplicaFact::SyncAnswered { session, xid, committed: core.tree.last });
        match conn {
            Some(conn) => out.send(conn, Message::Quorum(Packet::Synced { session, xid })),
            None => {
                let (clients, view) = core.clients_and_view();
                clients.on_synced(session, xid, view, out);
            }
        }
    }

    /// Time has passed: pings, silent learners, the quorum, overdue sessions.
    pub fn on_wake(&mut self, core: &mut Core, now: Now, out: &mut Out) -> Result<(), GaveUp> {
        if !self.is_established() && self.deadline_ns <= now.mono_ns {
            return Err(format!("no quorum in time: {:?}", self.phase));
        }
        if self.ping_at_ns <= now.mono_ns {
            self.ping_at_ns = now.mono_ns + core.config.ticks_ns(1) / 2;
            self.drop_silent(core, now, out);
            self.forward(&Packet::Ping { touched: Vec::new() }, out);
            let synced: BTreeSet<MachineId> = self.peers.values().filter(|peer| peer.joined == Joined::Synced).map(|peer| peer.id).collect();
            if self.is_established() && synced.len() + 1 < core.config.quorum() {
                return Err("a quorum of learners is gone".into());
            }
        }
        if self.is_established() {
            for overdue in self.tracker.overdue(now.mono_ns) {
                self.expire(overdue, false, core, now, out)?;
            }
            if let Some((session, _)) = self.expired_again.take_if(|(_, at_ns)| *at_ns <= now.mono_ns) {
                self.propose(session, Xid(0), Request::Op(Op::CloseSession), None, core, now, out)?;
            }
        }
        Ok(())
    }

    /// Learners that have been silent for syncLimit (initLimit before they are in step) are dropped.
    fn drop_silent(&mut self, core: &Core, now: Now, out: &mut Out) {
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

    fn expire(&mut self, overdue: Overdue, ordered: bool, core: &mut Core, now: Now, out: &mut Out) -> Result<(), GaveUp> {
        let Overdue { session, silent_ms, timeout_ms } = overdue;
        out.note(ReplicaFact::SessionExpired { session, silent_ms, timeout_ms, ordered });
        if core.config.has(Plant::SessionExpiredTwice) {
            self.expired_again = Some((session, now.mono_ns + core.config.ticks_ns(1)));
        }
        self.propose(session, Xid(0), Request::Op(Op::CloseSession), None, core, now, out)
    }

    /// An order from outside: expire the oldest session.
    pub fn on_expire_order(&mut self, core: &mut Core, now: Now, out: &mut Out) -> Result<(), GaveUp> {
        let oldest = self.tracker.alive().next().and_then(|session| self.tracker.find(session, now.mono_ns));
        match oldest.filter(|_| self.is_established()) {
            Some(overdue) => self.expire(overdue, true, core, now, out),
            None => Ok(()),
        }
    }

    /// When to be woken.
    pub fn wake_ns(&self) -> u64 {
        let deadline = if self.is_established() { self.tracker.next_deadline_ns() } else { Some(self.deadline_ns) };
        let again = self.expired_again.map(|(_, at_ns)| at_ns);
        [Some(self.ping_at_ns), deadline, again].into_iter().flatten().min().expect("the next ping is always due")
    }
}
