//! What the disk's answers mean to a replica: what it notes of them, and what it is after its files were read, at a
//! start or after its log was cut back. Never what a role makes of them, which hears of them next.

use std::collections::VecDeque;

use contract::process::DiskAnswer;
use zookeeper_words::fact::ReplicaFact;
use zookeeper_words::ids::Zxid;

use super::core::{first_tree, reconfig};
use super::{Core, Recent};
use crate::Out;
use crate::disk::recovery::Recovered;
use crate::disk::store::Done;
use crate::tree::CONFIG;

impl Core {
    /// Takes an answer of the disk; what is done by it is said for the role to act on.
    pub fn on_disk(&mut self, answer: DiskAnswer, out: &mut Out) -> Option<Done> {
        let done = self.store.on_answer(answer, &self.tree, out)?;
        match &done {
            Done::Logged(logged) => logged.iter().for_each(|(zxid, mark)| out.note(ReplicaFact::Logged { zxid: *zxid, mark: *mark })),
            Done::Accepted(epoch) => out.note(ReplicaFact::EpochAccepted { epoch: *epoch }),
            Done::Snapshotted { zxid, until } => {
                out.note(ReplicaFact::Snapshotted { zxid: *zxid, until: *until });
                self.store.purge(out);
            }
            Done::Recovered(recovered) => self.on_recovered(recovered, out),
            Done::Installed => {
                let before = self.configured();
                if self.take_over_state() {
                    out.note(ReplicaFact::Installed { to: self.tree.last, digest: self.tree.digest() });
                    self.note_configured(Some(before), out);
                }
            }
            Done::Leave(exit) => {
                out.exit(exit.clone());
                return None;
            }
            Done::Current(_) | Done::History { .. } => {}
        }
        Some(done)
    }

    fn on_recovered(&mut self, recovered: &Recovered, out: &mut Out) {
        let before = self.cutting.map(|_| self.configured());
        self.take_over(recovered.clone());
        let (accepted, current, last) = (recovered.accepted, recovered.current, recovered.last());
        let (applied, digest) = (self.tree.last, self.tree.digest());
        match self.cutting.take() {
            Some(removed) => out.note(ReplicaFact::Truncated { to: last, removed }),
            None => {
                let (snapshot, torn_bytes) = (recovered.start, recovered.torn_bytes);
                out.note(ReplicaFact::Recovered { accepted, current, snapshot, last, applied, digest, torn_bytes });
            }
        }
        self.note_configured(before, out);
        out.note(recovered.files());
        self.store.purge(out);
    }

    /// Takes over what the files amount to. What was known to be committed before, and is still there, is applied
    /// again.
    fn take_over(&mut self, recovered: Recovered) {
        let known = if self.cutting.is_some() { self.tree.last } else { Zxid::ZERO };
        self.recent = Recent { after: recovered.start, txns: VecDeque::new() };
        // Without a snapshot all begins with the tree of a fresh ensemble, which recovery does not know.
        self.tree = if recovered.start == Zxid::ZERO { first_tree(&self.succession, self.config.coordination.reconfig_enabled) } else { recovered.tree };
        recovered.applied.into_iter().for_each(|txn| self.remember(txn));
        self.unapplied = recovered.unapplied.into();
        while let Some(txn) = self.unapplied.pop_front_if(|txn| txn.head.zxid <= known) {
            self.tree.apply(&txn, false, None);
            self.remember(txn);
        }
        self.applied_since_snapshot = self.recent.txns.len() as u32;
        self.follow_succession();
    }

    /// Takes over a leader's state that is durable now.
    fn take_over_state(&mut self) -> bool {
        let Some(tree) = self.installing.take() else { return false };
        self.recent = Recent { after: tree.last, txns: VecDeque::new() };
        self.tree = *tree;
        self.unapplied.clear();
        self.applied_since_snapshot = 0;
        self.follow_succession();
        true
    }

    /// Tree and log are others now, and with them the configurations.
    fn follow_succession(&mut self) {
        let applied = self.tree.node(CONFIG).and_then(|node| node.data.clone());
        self.succession.restart(&applied, self.unapplied.iter().filter_map(|txn| reconfig(txn)));
    }
}
