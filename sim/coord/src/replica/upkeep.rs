//! How a leader sends a learner what `sync` decided: from memory, from its log files, or as a whole state (LearnerHandler.syncFollower). Never the decision, nor a quorum.

use std::sync::Arc;

use vocab::fact::{ReplicaFact, SyncMode};
use vocab::files::FilesFact;
use vocab::ids::{ConnId, Zxid};

use super::core::{Core, Out};
use super::leader::{Joined, Leader, Phase};
use super::sync::{self, Plan};
use crate::message::{Message, Packet};
use crate::txn::Txn;

/// The log before what is in memory, in order, and the zxid before its first.
#[derive(Clone, Copy)]
struct Earlier<'a> {
    after: Zxid,
    txns: &'a [Arc<Txn>],
}

impl Leader {
    /// Brings a learner up that has said where its log ends. What memory does not reach is looked for in the log files first (ZooKeeper's txnLogSync).
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

    /// The log files are read. If what they hold does not reach up to what is in memory now, it is of no use: a learner that were sent both would miss what is between (ZOOKEEPER-2418).
    pub(super) fn on_history(&mut self, number: u64, after: Zxid, txns: &[Arc<Txn>], core: &Core, out: &mut Out) {
        let asked = |joined: Joined| if let Joined::Reading(last, asked) = joined { (asked == number).then_some(last) } else { None };
        let Some((conn, last)) = self.peers.iter().find_map(|(conn, peer)| Some((*conn, asked(peer.joined)?))) else { return };
        let memory = core.recent.after;
        let count = txns.iter().take_while(|txn| txn.head.zxid <= memory).count();
        let reaches = txns[..count].last().map_or(after, |txn| txn.head.zxid) == memory;
        let earlier = if reaches { Earlier { after, txns: &txns[..count] } } else { Earlier { after: memory, txns: &[] } };
        self.bring_up(conn, last, earlier, core, out);
    }

    /// Sends a learner what it lacks, then NEWLEADER, then what is proposed and not committed; from here on everything proposed goes to it.
    fn bring_up(&mut self, conn: ConnId, last: Zxid, earlier: Earlier<'_>, core: &Core, out: &mut Out) {
        // Until it is established all of its log is the initial history; from then on what is not committed comes after NEWLEADER.
        let end = if self.phase == Phase::Broadcast { core.tree.last } else { core.store.last };
        let peer = self.peers.get_mut(&conn).expect("only a learner is synchronised");
        peer.joined = Joined::Sent;
        let (peer, observes) = (peer.id, peer.observes);
        let history = || earlier.txns.iter().chain(core.history());
        let mut send = |packet| out.send(conn, Message::Quorum(packet));
        let (mode, common) = match sync::decide(last, earlier.after, history().map(|txn| txn.head.zxid)) {
            Plan::Diff => (SyncMode::Diff, last),
            Plan::Trunc(to) => {
                send(Packet::Trunc { to });
                (SyncMode::Trunc, to)
            }
            Plan::Snap => {
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
}
