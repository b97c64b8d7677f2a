//! Sessions: how they are lost, kept and moved, and what dies with them.

use std::collections::{BTreeMap, BTreeSet};

use vocab::fact::{ClientFact, Fact, ReplicaFact};
use vocab::happening::Happening;
use vocab::ids::{Epoch, MachineId, SessionId, Xid, Zxid};
use vocab::plan::Plan;
use vocab::recording::Note;
use vocab::service::{Op, Transaction};
use vocab::time::MILLISECOND;

use super::ensemble::Ensemble;
use super::table::Mark;
use super::{Fold, Hits};

/// Where a session was last seen.
struct Home {
    client: MachineId,
    replica: MachineId,
    epoch: Epoch,
}

pub(super) struct Sessions {
    homes: BTreeMap<SessionId, Home>,
    /// The negotiated timeout of each machine's session in ms.
    timeouts_ms: Vec<u32>,
    /// Sessions that own, or owned, ephemerals.
    owners: BTreeSet<SessionId>,
    /// What refused clients had seen.
    refused: BTreeSet<Zxid>,
}

impl Sessions {
    pub(super) fn new(plan: &Plan) -> Self {
        Sessions { homes: BTreeMap::new(), timeouts_ms: vec![0; usize::from(plan.machines())], owners: BTreeSet::new(), refused: BTreeSet::new() }
    }

    fn attached(&mut self, home: Home, session: SessionId, again: bool, seen: Zxid, hits: &mut Hits) {
        if again {
            let last = self.homes.get(&session);
            hits.mark_if(Mark::Moved, last.is_some_and(|last| last.replica != home.replica));
            hits.mark_if(Mark::SessionOutlives, last.is_some_and(|last| last.epoch < home.epoch));
            hits.mark_if(Mark::RefusedThenAttached, self.refused.contains(&seen));
        }
        self.homes.insert(session, home);
    }

    fn expired(&self, session: SessionId, ordered: bool, before: &Ensemble<'_>, hits: &mut Hits) {
        if ordered {
            return hits.mark(Mark::ExpiredByOrder);
        }
        hits.mark(Mark::Expired);
        let Some(home) = self.homes.get(&session) else { return };
        let client = before.members[home.client.index()];
        hits.mark_if(Mark::ExpiredInPause, client.paused_ns.is_some());
        hits.mark_if(Mark::ExpiredBehindCut, client.up && client.paused_ns.is_none() && !before.cuts.is_empty());
    }

    fn proposed(&mut self, txn: &Transaction, hits: &mut Hits) {
        let Some(op) = txn.request.op() else { return };
        match op {
            Op::Create { mode, .. } if mode.is_ephemeral() && txn.error.is_none() => {
                self.owners.insert(txn.session);
            }
            Op::Multi(ops) if ops.iter().any(|op| matches!(op, Op::Create { mode, .. } if mode.is_ephemeral())) => {
                self.owners.insert(txn.session);
            }
            Op::CloseSession if self.owners.remove(&txn.session) => {
                hits.mark(if txn.xid == Xid::default() { Mark::EphemeralExpired } else { Mark::EphemeralClosed })
            }
            _ => {}
        }
    }
}

impl Fold for Sessions {
    fn see(&mut self, note: &Note<Fact>, before: &Ensemble<'_>, hits: &mut Hits) {
        let machine = note.machine;
        match &note.fact {
            Fact::World(Happening::Resumed { .. }) => {
                let (timeout_ms, paused_ns) = (self.timeouts_ms[machine.index()], before.members[machine.index()].paused_ns);
                let long = paused_ns.is_some_and(|since_ns| note.at_ns - since_ns > u64::from(timeout_ms) * MILLISECOND);
                hits.mark_if(Mark::PauseLong, timeout_ms > 0 && long);
            }
            Fact::Replica(ReplicaFact::SessionExpired { session, ordered, .. }) => self.expired(*session, *ordered, before, hits),
            Fact::Replica(ReplicaFact::RefusedBehind { seen, .. }) => {
                hits.mark(Mark::RefusedBehind);
                self.refused.insert(*seen);
            }
            Fact::Replica(ReplicaFact::Proposed { txn, .. }) => self.proposed(txn, hits),
            Fact::Client(ClientFact::Attached { session, replica, timeout_ms, again, seen, .. }) => {
                self.timeouts_ms[machine.index()] = *timeout_ms;
                let home = Home { client: machine, replica: *replica, epoch: before.epoch };
                self.attached(home, *session, *again, *seen, hits);
            }
            Fact::Client(ClientFact::Expired { .. }) => hits.mark(Mark::ExpiryLearned),
            Fact::World(_) | Fact::Replica(_) | Fact::Client(_) | Fact::Stream(_) => {}
        }
    }
}
