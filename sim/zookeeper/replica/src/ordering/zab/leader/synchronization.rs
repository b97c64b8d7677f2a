//! The second phase of a leader (Zab, synchronization): each learner is sent what it lacks of the leader's history,
//! from memory, from the log files, or as a whole state (LearnerHandler.syncFollower); when a quorum has it, the leader
//! is established. A learner that joins later is brought up in the same way.

use std::collections::BTreeSet;
use std::sync::Arc;

use contract::ids::ConnId;
use contract::time::Now;
use zookeeper_words::fact::{Illegal, ReplicaFact, SyncMode};
use zookeeper_words::files::FilesFact;
use zookeeper_words::ids::Zxid;
use zookeeper_words::message::{Message, Packet};
use zookeeper_words::txn::Txn;

use super::gap::{self, Remedy};
use super::peers::Joined;
use super::{Leader, Phase, quorums};
use crate::Out;
use crate::ordering::GaveUp;
use crate::replica::Core;

/// The log before what is in memory, in order, and the zxid before its first.
#[derive(Clone, Copy)]
struct Earlier<'a> {
    after: Zxid,
    txns: &'a [Arc<Txn>],
}

impl Leader {
    /// The epoch is this leader's, durably: whoever has said where its log ends is brought up.
    pub(super) fn on_adopted(&mut self, core: &mut Core, now: Now, out: &mut Out) -> Result<(), GaveUp> {
        self.phase = Phase::Synchronization;
        self.acks = BTreeSet::from([core.config.me]);
        out.note(ReplicaFact::Synchronizing { epoch: self.epoch, last: core.store.last });
        let located: Vec<(ConnId, Zxid)> = self.located().collect();
        located.into_iter().for_each(|(conn, last)| self.synchronize(conn, last, core, out));
        self.establish(core, now, out)
    }

    fn located(&self) -> impl Iterator<Item = (ConnId, Zxid)> {
        self.peers.iter().filter_map(|(conn, peer)| if let Joined::Located(last) = peer.joined { Some((*conn, last)) } else { None })
    }

    /// Brings a learner up that has said where its log ends. What memory does not reach is looked for in the log files
    /// first (ZooKeeper's txnLogSync).
    pub(super) fn synchronize(&mut self, conn: ConnId, last: Zxid, core: &mut Core, out: &mut Out) {
        let after = core.recent.after;
        if last < after
            && let Some(number) = core.store.read_history(last, after, out)
        {
            self.peers.get_mut(&conn).expect("only a learner is synchronised").joined = Joined::Reading(last, number);
            return;
        }
        self.bring_up(conn, last, Earlier { after, txns: &[] }, core, out);
    }

    /// The log files are read. If what they hold does not reach up to what is in memory now, it is of no use: a learner
    /// that were sent both would miss what is between (ZOOKEEPER-2418).
    pub(super) fn on_history(&mut self, number: u64, after: Zxid, txns: &[Arc<Txn>], core: &Core, out: &mut Out) {
        let asked = |joined: Joined| if let Joined::Reading(last, asked) = joined { (asked == number).then_some(last) } else { None };
        let Some((conn, last)) = self.peers.iter().find_map(|(conn, peer)| Some((*conn, asked(peer.joined)?))) else { return };
        let memory = core.recent.after;
        let count = txns.iter().take_while(|txn| txn.head.zxid <= memory).count();
        let reaches = txns[..count].last().map_or(after, |txn| txn.head.zxid) == memory;
        let earlier = if reaches { Earlier { after, txns: &txns[..count] } } else { Earlier { after: memory, txns: &[] } };
        self.bring_up(conn, last, earlier, core, out);
    }

    /// Sends a learner what it lacks, then NEWLEADER, then what is proposed and not committed; from here on everything
    /// proposed goes to it.
    fn bring_up(&mut self, conn: ConnId, last: Zxid, earlier: Earlier<'_>, core: &Core, out: &mut Out) {
        // Until it is established all of its log is the initial history; from then on what is not committed comes after
        // NEWLEADER.
        let end = if self.phase == Phase::Broadcast { core.tree.last } else { core.store.last };
        let peer = self.peers.get_mut(&conn).expect("only a learner is synchronised");
        peer.joined = Joined::Sent;
        let (peer, observes) = (peer.id, peer.observes);
        let history = || earlier.txns.iter().chain(core.history());
        let mut send = |packet| out.send(conn, Message::Quorum(packet));
        let (mode, common) = match gap::decide(last, earlier.after, history().map(|txn| txn.head.zxid)) {
            Remedy::Diff => (SyncMode::Diff, last),
            Remedy::Trunc(to) => {
                send(Packet::Trunc { to });
                (SyncMode::Trunc, to)
            }
            Remedy::Snap => {
                let to = core.tree.last;
                assert!(to >= last, "a state at {to} is older than the learner's {last}");
                send(Packet::Snap { to, state: self.written.state(&core.tree) });
                (SyncMode::Snap, to)
            }
        };
        send(Packet::Diff { to: end });
        let mut proposals = 0;
        for txn in history().filter(|txn| (common < txn.head.zxid) && (txn.head.zxid <= end)) {
            proposals += 1;
            send(Packet::Proposal { txn: txn.clone() });
        }
        send(Packet::NewLeader { epoch: self.epoch });
        // An observer hears of these when they are committed.
        for txn in history().filter(|txn| !observes && txn.head.zxid > end.max(common)) {
            send(Packet::Proposal { txn: txn.clone() });
        }
        let to = if mode == SyncMode::Diff { end } else { common };
        out.note(ReplicaFact::SyncSent { peer, mode, peer_last: last, to, proposals });
        let read = earlier.txns.iter().filter(|txn| txn.head.zxid > common).count() as u32;
        if read > 0 && mode != SyncMode::Snap {
            out.note(FilesFact::ReadBack { peer, peer_last: last, read });
        }
    }

    /// A learner has acknowledged NEWLEADER.
    pub(super) fn on_newleader_ack(&mut self, conn: ConnId, core: &mut Core, now: Now, out: &mut Out) -> Result<(), GaveUp> {
        let Some(peer) = self.peers.get_mut(&conn) else { return Ok(()) };
        if peer.joined != Joined::Sent {
            return Err(GaveUp::illegal(Illegal::Ack, format!("NEWLEADER acknowledged by {} which is {:?}", peer.id, peer.joined), out));
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
        let quorum = quorums::counted(&self.acks, core.succession.joint(), core);
        out.note(ReplicaFact::Established { epoch: self.epoch, last: core.store.last, quorum });
        let synced = self.peers.iter().filter(|(_, peer)| peer.joined == Joined::Synced);
        synced.for_each(|(conn, _)| out.send(*conn, Message::Quorum(Packet::UpToDate)));
        self.next = if core.store.last.epoch() == self.epoch { core.store.last.next() } else { Zxid::new(self.epoch, 1) };
        while !core.unapplied.is_empty() {
            core.deliver_next(out);
        }
        core.serve(self.epoch, core.config.me, now, out);
        if core.succession.joint().active.votes(core.config.me) {
            Ok(())
        } else {
            // The last of its initial history, which is committed now, took it out of the voters.
            Err("it votes no more".into())
        }
    }
}
