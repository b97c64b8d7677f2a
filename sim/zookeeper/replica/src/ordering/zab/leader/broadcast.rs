//! The third phase of a leader (Zab, broadcast): it gives each write its place, proposes it, commits what a quorum has
//! on disk, and answers syncs (ProposalRequestProcessor, Leader.processAck). What a write does is for the service to
//! say.

use std::collections::BTreeSet;
use std::sync::Arc;

use contract::ids::{ConnId, MachineId};
use contract::time::Now;
use zookeeper_words::fact::{Illegal, ReplicaFact};
use zookeeper_words::ids::{SessionId, Xid, Zxid};
use zookeeper_words::message::{Message, Packet};
use zookeeper_words::plant::Plant;
use zookeeper_words::service::Transaction;
use zookeeper_words::txn::{Body, Head};

use super::peers::Joined;
use super::proposals::Proposal;
use super::{Leader, quorums};
use crate::Out;
use crate::clients::Submission;
use crate::ordering::GaveUp;
use crate::quorum::Replicas;
use crate::replica::{Core, Write, reconfig};

/// Proposals that may be uncommitted at a time; a leader further ahead of its quorum gives up.
const PROPOSALS_MAX: usize = 50_000;

impl Leader {
    /// Takes what clients of this replica want.
    pub fn submit(&mut self, core: &mut Core, now: Now, out: &mut Out) -> Result<(), GaveUp> {
        let me = core.config.me;
        for (session, timeout_ms) in std::mem::take(&mut core.clients.touched) {
            core.hear_session(session, timeout_ms, now);
        }
        while let Some(submission) = core.clients.submissions.pop_front() {
            match submission {
                Submission::Write { session, xid, ids, request } => self.propose(Write { session, xid, ids, request, from: Some(me) }, core, now, out)?,
                Submission::Sync { session, xid } => self.on_sync(None, session, xid, core, out),
                Submission::Revalidate { session, timeout_ms } => {
                    let valid = core.move_session(session, timeout_ms, me, now);
                    let (clients, view) = core.clients_and_view();
                    clients.on_revalidated(session, valid, view, out);
                }
            }
        }
        Ok(())
    }

    /// A learner asks whether a session may go on there.
    #[expect(clippy::too_many_arguments, reason = "who asks is two things, the session two, and a step three")]
    pub(super) fn on_revalidate(&mut self, conn: ConnId, learner: MachineId, session: SessionId, timeout_ms: u32, core: &mut Core, now: Now, out: &mut Out) {
        let valid = core.move_session(session, timeout_ms, learner, now);
        if valid {
            core.clients.on_moved(session);
        }
        out.send(conn, Message::Quorum(Packet::Revalidated { session, valid }));
    }

    /// Gives a write its place: asks the service what it does there, logs it, and proposes it.
    pub fn propose(&mut self, write: Write, core: &mut Core, now: Now, out: &mut Out) -> Result<(), GaveUp> {
        if self.next.counter() == u32::MAX {
            // ZOOKEEPER-1277: a counter that rolled over would look like another epoch.
            return Err("the epoch's zxids are used up".into());
        }
        if self.proposals.len() >= PROPOSALS_MAX {
            return Err("a quorum of learners is too far behind".into());
        }
        let zxid = self.next;
        self.next = zxid.next();
        let head = Head { session: write.session, xid: write.xid, zxid, time_ms: now.wall_ms() };
        let following = if write.change().is_some() { self.following(core) } else { Replicas::new() };
        let txn = core.prepare(&write, head, &following, now);
        let error = if let Body::Error(code) = txn.body { Some(code) } else { None };
        let Write { session, xid, ids, request, from: _ } = write;
        let said = Transaction { zxid, session, xid, ids, time_ms: head.time_ms, request, error };
        out.note(ReplicaFact::Proposed { txn: Arc::new(said), mark: txn.mark });
        let txn = Arc::new(txn);
        core.log(txn.clone(), out);
        // A reconfig itself needs both quorums, and so does what comes after it until it is committed.
        let joint = core.succession.joint().clone();
        self.proposals.push_back(Proposal { zxid, joint, acks: BTreeSet::new(), syncs: Vec::new() });
        self.forward(&Packet::Proposal { txn }, false, out);
        if core.config.has(Plant::AckBeforeSync) {
            self.on_own_log(zxid, core, out)?;
        }
        Ok(())
    }

    /// A learner has a proposal on its disk.
    pub(super) fn on_proposal_ack(&mut self, conn: ConnId, zxid: Zxid, core: &mut Core, out: &mut Out) -> Result<(), GaveUp> {
        let Some(peer) = self.peers.get(&conn).copied() else { return Ok(()) };
        if peer.joined != Joined::Synced || zxid >= self.next {
            let what = format!("{} which is {:?} acknowledged {zxid}, the next proposal is {}", peer.id, peer.joined, self.next);
            return Err(GaveUp::illegal(Illegal::Ack, what, out));
        }
        if !peer.observes {
            self.on_ack(peer.id, zxid, core, out)?;
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
        while let Some(proposal) = self.proposals.pop_front_if(|proposal| quorums::is_acknowledged(proposal, core)) {
            self.commit(proposal, core, out)?;
        }
        Ok(())
    }

    fn commit(&mut self, proposal: Proposal, core: &mut Core, out: &mut Out) -> Result<(), GaveUp> {
        let zxid = proposal.zxid;
        let txn = core.unapplied.front().filter(|txn| txn.head.zxid == zxid).expect("what is committed must be the first that is not applied").clone();
        out.note(ReplicaFact::Committed { zxid, quorum: quorums::counted(&proposal.acks, &proposal.joint, core) });
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
        core.deliver_next(out);
        if leader.is_some() {
            // Whoever has a say from here on has the reconfig, so what comes after it needs the new configuration
            // alone. In ZooKeeper it goes on to need both, and those who only observe now never acknowledge it.
            self.proposals.iter_mut().for_each(|later| later.joint = core.succession.joint().clone());
        }
        for (conn, session, xid) in proposal.syncs {
            self.answer_sync(conn, session, xid, core, out);
        }
        match leader.filter(|leader| *leader != core.config.me) {
            None => Ok(()),
            // What was sent is still delivered, so all that follow learn of it and go to the next leader by themselves.
            Some(leader) => Err(GaveUp::to(leader, format!("the new configuration has {leader} lead"))),
        }
    }

    /// A sync is answered when all that is proposed now is committed; not by asking a quorum.
    pub(super) fn on_sync(&mut self, conn: Option<ConnId>, session: SessionId, xid: Xid, core: &mut Core, out: &mut Out) {
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
}
