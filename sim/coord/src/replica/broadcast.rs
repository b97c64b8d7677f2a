//! An established leader: it orders writes, proposes them, commits what a quorum has on disk, answers syncs, and expires sessions (PrepRequestProcessor, ProposalRequestProcessor, Leader.processAck, SessionTrackerImpl). Never a read.

use std::collections::BTreeSet;
use std::sync::Arc;

use vocab::fact::{Illegal, ReplicaFact};
use vocab::ids::{ConnId, MachineId, SessionId, Xid, Zxid};
use vocab::plan::Plant;
use vocab::service::{ErrorCode, Ids, Op, Path, Request, Transaction};
use vocab::time::{MILLISECOND, Now};

use super::core::{Core, Out, reconfig};
use super::leader::{Joined, Leader, Phase, Proposal};
use super::learner::GaveUp;
use crate::clients::Submission;
use crate::codec::seal;
use crate::message::{Message, Packet};
use crate::quorum::change::{self, Change};
use crate::quorum::{Config, text};
use crate::session::Overdue;
use crate::tree::prep::Asker;
use crate::txn::{Body, Head};

/// Containers and TTL nodes that are deleted at one look; the next look finds the others (ZooKeeper spreads 10,000 over a minute).
const REAPED_MAX: usize = 500;
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
                if self.peers.get(&conn).is_some_and(|peer| !peer.observes) {
                    self.on_ack(id, zxid, core, out)?;
                }
            }
            Packet::Ping { touched } => touched.into_iter().for_each(|(session, timeout_ms)| {
                self.tracker.renew(session, timeout_ms, now.mono_ns);
            }),
            Packet::Request { session, xid, ids, request } => self.propose(session, xid, ids, *request, Some(id), core, now, out)?,
            Packet::Sync { session, xid } => self.on_sync(Some(conn), session, xid, core, out),
            Packet::Revalidate { session, timeout_ms } => {
                let valid = self.tracker.adopt(session, timeout_ms, id, now.mono_ns);
                if valid {
                    core.clients.on_moved(session);
                }
                out.send(conn, Message::Quorum(Packet::Revalidated { session, valid }));
            }
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
        for (session, timeout_ms) in std::mem::take(&mut core.clients.touched) {
            self.tracker.renew(session, timeout_ms, now.mono_ns);
        }
        while let Some(submission) = core.clients.submissions.pop_front() {
            match submission {
                Submission::Write { session, xid, ids, request } => self.propose(session, xid, ids, request, Some(me), core, now, out)?,
                Submission::Sync { session, xid } => self.on_sync(None, session, xid, core, out),
                Submission::Revalidate { session, timeout_ms } => {
                    let valid = self.tracker.adopt(session, timeout_ms, me, now.mono_ns);
                    let (clients, view) = core.clients_and_view();
                    clients.on_revalidated(session, valid, view, out);
                }
            }
        }
        Ok(())
    }

    /// Orders a write: decides what it does, logs it, and proposes it. `from` is the replica that speaks for the session, or none for the leader's own closing of one.
    #[expect(clippy::too_many_arguments, reason = "a request is five things, and a step three")]
    fn propose(
        &mut self,
        session: SessionId,
        xid: Xid,
        ids: Ids,
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
        let following = if change_of(&request).is_some() { self.following(core) } else { BTreeSet::new() };
        let ahead = core.ahead.as_mut().expect("an established leader has a tree that runs ahead");
        let standing = match (&request, from) {
            (Request::CreateSession { timeout_ms }, _) => {
                self.tracker.open(session, *timeout_ms, from, now.mono_ns);
                Ok(())
            }
            // Its replica vouches for it.
            (Request::Local(_), _) | (Request::Op(_), None) => Ok(()),
            (Request::Op(_), Some(from)) => match self.tracker.is_owned_by(session, from) {
                Some(true) => Ok(()),
                Some(false) => Err(ErrorCode::SessionMoved),
                None => Err(ErrorCode::SessionExpired),
            },
        };
        let is_local = matches!(request, Request::Local(_));
        let is_close = matches!(request, Request::Op(Op::CloseSession));
        let txn = match standing {
            // Whatever was asked, a multi too: its connection is closed for it.
            Err(ErrorCode::SessionMoved) => {
                ahead.last = zxid;
                seal(head, Body::Error(ErrorCode::SessionMoved))
            }
            // Only the plant closes a session that is closed.
            Ok(()) if from.is_none() && is_close && !ahead.sessions().contains_key(&session) => seal(head, Body::CloseSession { paths: Vec::new() }),
            Ok(()) | Err(_) if let Some(change) = change_of(&request) => {
                let asker = Asker { ids: &ids, standing, is_local, coordination: &core.config.coordination };
                let decide = || change::decide(change, core.course.joint(), &core.course.known, &following, zxid).map(|config| text::write(&config.ensemble));
                ahead.propose_reconfig(head, asker, decide)
            }
            Ok(()) | Err(_) => ahead.propose(head, Asker { ids: &ids, standing, is_local, coordination: &core.config.coordination }, &request),
        };
        if matches!(txn.body, Body::CloseSession { .. }) {
            self.tracker.close(session);
        } else if from.is_some() {
            self.tracker.touch(session, now.mono_ns);
        }
        let error = if let Body::Error(code) = txn.body { Some(code) } else { None };
        let said = Transaction { zxid, session, xid, ids, time_ms: head.time_ms, request, error };
        out.note(ReplicaFact::Proposed { txn: Arc::new(said), mark: txn.mark });
        let txn = Arc::new(txn);
        core.log(txn.clone(), out);
        // A reconfig itself needs both quorums, and so does what comes after it until it is committed.
        let joint = core.course.joint().clone();
        self.proposals.push_back(Proposal { zxid, joint, acks: BTreeSet::new(), syncs: Vec::new() });
        self.forward(&Packet::Proposal { txn }, false, out);
        if core.config.has(Plant::AckBeforeSync) {
            self.on_own_log(zxid, core, out)?;
        }
        Ok(())
    }

    /// A transaction is in the leader's own log: that is its acknowledgement.
    pub(super) fn on_own_log(&mut self, zxid: Zxid, core: &mut Core, out: &mut Out) -> Result<(), GaveUp> {
        out.note(ReplicaFact::Acked { zxid });
        let me = core.config.me;
        self.on_ack(me, zxid, core, out)
    }

    fn on_ack(&mut self, from: MachineId, zxid: Zxid, core: &mut Core, out: &mut Out) -> Result<(), GaveUp> {
        // Proposals are numbered without a gap. A late ack finds none: the quorum did not need it.
        let place = self.proposals.front().and_then(|first| zxid.0.checked_sub(first.zxid.0)).and_then(|place| usize::try_from(place).ok());
        if let Some(proposal) = place.and_then(|place| self.proposals.get_mut(place)) {
            assert!(proposal.zxid == zxid, "the proposal in the place of {zxid} is {}", proposal.zxid);
            proposal.acks.insert(from);
        }
        // In zxid order, even when a later proposal gathers its quorum first.
        while let Some(proposal) = self.proposals.pop_front_if(|proposal| is_acknowledged(proposal, core)) {
            self.commit(proposal, core, out)?;
        }
        Ok(())
    }

    fn commit(&mut self, proposal: Proposal, core: &mut Core, out: &mut Out) -> Result<(), GaveUp> {
        let zxid = proposal.zxid;
        let txn = core.unapplied.front().filter(|txn| txn.head.zxid == zxid).expect("what is committed must be the first that is not applied").clone();
        out.note(ReplicaFact::Committed { zxid, quorum: Leader::counted(&proposal.acks, &proposal.joint, core) });
        let next = proposal.joint.proposed.as_ref().filter(|_| reconfig(&txn).is_some());
        let leader = next.map(|next| self.designated(next, &proposal, core));
        match leader {
            None => {
                self.forward(&Packet::Commit { zxid }, false, out);
                self.forward(&Packet::Inform { txn: txn.clone() }, true, out);
            }
            Some(leader) => {
                self.forward(&Packet::CommitAndActivate { zxid, leader }, false, out);
                self.forward(&Packet::InformAndActivate { txn: txn.clone(), leader }, true, out);
            }
        }
        if let Body::CloseSession { .. } = txn.body {
            self.tracker.forget(txn.head.session);
        }
        core.deliver_next(out);
        if leader.is_some() {
            // Whoever has a say from here on has the reconfig, so what comes after it needs the new configuration alone. In ZooKeeper it goes on to need both, and those who only observe
            // now never acknowledge it.
            self.proposals.iter_mut().for_each(|later| later.joint = core.course.joint().clone());
        }
        for (conn, session, xid) in proposal.syncs {
            self.answer_sync(conn, session, xid, core, out);
        }
        match leader.filter(|leader| *leader != core.config.me) {
            None => Ok(()),
            Some(leader) => {
                // What was sent is still delivered, so all that follow learn of it and go to the next leader by themselves.
                core.appointed = Some(leader);
                Err(format!("the new configuration has {leader} lead"))
            }
        }
    }

    /// Who leads under the next configuration: this leader, if it votes there; else, of the voters there that have the reconfig, the one that has most of what comes after it
    /// (Leader.getDesignatedLeader). Where none of them may lead, an election must find one.
    fn designated(&self, next: &Config, reconfig: &Proposal, core: &Core) -> MachineId {
        let me = core.config.me;
        if next.may_lead(me) {
            return me;
        }
        let has = |machine: &MachineId| self.proposals.iter().filter(|proposal| proposal.acks.contains(machine)).count();
        let fit = reconfig.acks.iter().filter(|machine| **machine != me && next.may_lead(**machine));
        fit.copied()
            .max_by_key(|machine| (has(machine), std::cmp::Reverse(*machine)))
            .expect("a quorum of the next configuration has acknowledged it, and weighs something")
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
            let ping = Packet::Ping { touched: Vec::new() };
            self.forward(&ping, false, out);
            self.forward(&ping, true, out);
            let is_quorum = |set| Leader::is_quorum(&set, core.course.joint(), core);
            if self.is_established() && !is_quorum(self.in_step(core)) {
                return Err("a quorum of learners is gone".into());
            }
            if is_quorum(self.following(core)) {
                self.followed_ns = now.mono_ns;
            } else if self.is_established() && now.mono_ns > self.followed_ns + core.config.ticks_ns(core.config.coordination.sync_limit) {
                // Observers are in step, and some of them are to vote by a reconfig that cannot be committed without their acknowledgement: only as the initial history of another epoch can it be.
                return Err("a quorum of followers is gone".into());
            }
        }
        if self.is_established() {
            for overdue in self.tracker.overdue(now.mono_ns) {
                self.expire(overdue, false, core, now, out)?;
            }
            if self.reap_at_ns <= now.mono_ns {
                self.reap_at_ns = next_reaping_ns(core, now);
                self.reap(core, now, out)?;
            }
            if let Some((session, _)) = self.expired_again.take_if(|(_, at_ns)| *at_ns <= now.mono_ns) {
                self.propose(session, Xid(0), Ids::default(), Request::Op(Op::CloseSession), None, core, now, out)?;
            }
        }
        Ok(())
    }

    /// Deletes containers and TTL nodes that are due by what is committed; whether they still can be is decided on the tree that runs ahead, as in ZooKeeper by children and kind alone: another node that was made there meanwhile goes too. What is already on its way is not asked for again.
    fn reap(&mut self, core: &mut Core, now: Now, out: &mut Out) -> Result<(), GaveUp> {
        let ahead = core.ahead.as_ref().expect("an established leader has a tree that runs ahead");
        let due: Vec<Path> =
            core.tree.due(now.wall_ms(), core.config.has(Plant::ReapEarly)).filter(|path| ahead.node(path).is_some()).take(REAPED_MAX).cloned().collect();
        for path in due {
            self.propose(SessionId::NONE, Xid(0), Ids::default(), Request::Op(Op::DeleteContainer { path }), None, core, now, out)?;
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
        self.propose(session, Xid(0), Ids::default(), Request::Op(Op::CloseSession), None, core, now, out)
    }

    /// An order from outside: `expire-session`, with a number, or the oldest; `check-containers`. Only an established leader can do either, and no other word means anything here.
    pub fn on_order(&mut self, word: &str, core: &mut Core, now: Now, out: &mut Out) -> Result<(), GaveUp> {
        if !self.is_established() {
            return Ok(());
        }
        if word == "check-containers" {
            return self.reap(core, now, out);
        }
        let Some(rest) = word.strip_prefix("expire-session") else { return Ok(()) };
        let session = rest.trim().parse().ok().map(SessionId).or_else(|| self.tracker.alive().next());
        match session.and_then(|session| self.tracker.find(session, now.mono_ns)) {
            Some(overdue) => self.expire(overdue, true, core, now, out),
            None => Ok(()),
        }
    }

    /// When to be woken.
    pub fn wake_ns(&self) -> u64 {
        let deadline = if self.is_established() { self.tracker.next_deadline_ns() } else { Some(self.deadline_ns) };
        let again = self.expired_again.map(|(_, at_ns)| at_ns);
        let reap = Some(self.reap_at_ns).filter(|_| self.is_established());
        [Some(self.ping_at_ns), deadline, reap, again].into_iter().flatten().min().expect("the next ping is always due")
    }
}

/// When to look again for what is due.
pub(super) fn next_reaping_ns(core: &Core, now: Now) -> u64 {
    match core.config.coordination.container_check_ms {
        0 => u64::MAX,
        check_ms => now.mono_ns + u64::from(check_ms) * MILLISECOND,
    }
}

/// Whether a proposal can be committed, once all before it are.
fn is_acknowledged(proposal: &Proposal, core: &Core) -> bool {
    if core.config.has(Plant::CommitWithoutQuorum) {
        return !proposal.acks.is_empty();
    }
    match &proposal.joint.proposed {
        Some(next) if core.config.has(Plant::ReconfigWithoutJoint) => next.contains_quorum(&proposal.acks),
        Some(_) | None => Leader::is_quorum(&proposal.acks, &proposal.joint, core),
    }
}

/// A reconfig's arguments.
fn change_of(request: &Request) -> Option<Change<'_>> {
    match request.op()? {
        Op::Reconfig { joining, leaving, members, from } => {
            Some(Change { joining: joining.as_deref(), leaving: leaving.as_deref(), members: members.as_deref(), from: *from })
        }
        _ => None,
    }
}
