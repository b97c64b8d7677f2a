//! Sessions: how they are lost, kept and moved, and what dies with them.

use std::collections::{BTreeMap, BTreeSet};

use contract::happening::Happening;
use contract::ids::MachineId;
use contract::time::MILLISECOND;
use judging::Heard;
use zookeeper_words::fact::{ClientFact, Fact, ReplicaFact};
use zookeeper_words::ids::{Epoch, SessionId, Xid, Zxid};
use zookeeper_words::service::{Op, Transaction};

use super::roles::Roles;
use super::table::Mark;
use super::{Fold, Hits, Note, PlanView};

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
    pub(super) fn new(plan: PlanView<'_>) -> Self {
        Sessions { homes: BTreeMap::new(), timeouts_ms: vec![0; usize::from(plan.machines)], owners: BTreeSet::new(), refused: BTreeSet::new() }
    }

    fn attached(&mut self, home: Home, session: SessionId, again: bool, seen: Zxid, hits: &mut Hits<'_, '_>) {
        if again {
            let last = self.homes.get(&session);
            hits.mark_if(Mark::Moved, last.is_some_and(|last| last.replica != home.replica));
            hits.mark_if(Mark::SessionOutlives, last.is_some_and(|last| last.epoch < home.epoch));
            hits.mark_if(Mark::RefusedThenAttached, self.refused.contains(&seen));
        }
        self.homes.insert(session, home);
    }

    fn expired(&self, session: SessionId, ordered: bool, before: &Roles<'_>, hits: &mut Hits<'_, '_>) {
        if ordered {
            return hits.mark(Mark::ExpiredByOrder);
        }
        hits.mark(Mark::Expired);
        let Some(home) = self.homes.get(&session) else { return };
        let client = before.members[home.client.index()];
        hits.mark_if(Mark::ExpiredInPause, client.paused_ns.is_some());
        hits.mark_if(Mark::ExpiredBehindCut, client.up && client.paused_ns.is_none() && !before.cuts.is_empty());
    }

    fn proposed(&mut self, txn: &Transaction, hits: &mut Hits<'_, '_>) {
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
    fn see(&mut self, note: &Note<'_>, before: &Roles<'_>, hits: &mut Hits<'_, '_>) {
        let machine = note.machine;
        match note.what {
            Heard::World(Happening::Resumed { .. }) => {
                let (timeout_ms, paused_ns) = (self.timeouts_ms[machine.index()], before.members[machine.index()].paused_ns);
                let long = paused_ns.is_some_and(|since_ns| note.at_ns - since_ns > u64::from(timeout_ms) * MILLISECOND);
                hits.mark_if(Mark::PauseLong, timeout_ms > 0 && long);
            }
            Heard::Said(Fact::Replica(ReplicaFact::SessionExpired { session, ordered, .. })) => self.expired(*session, *ordered, before, hits),
            Heard::Said(Fact::Replica(ReplicaFact::RefusedBehind { seen, .. })) => {
                hits.mark(Mark::RefusedBehind);
                self.refused.insert(*seen);
            }
            Heard::Said(Fact::Replica(ReplicaFact::Proposed { txn, .. })) => self.proposed(txn, hits),
            Heard::Said(Fact::Client(ClientFact::Attached { session, replica, timeout_ms, again, seen, .. })) => {
                self.timeouts_ms[machine.index()] = *timeout_ms;
                let home = Home { client: machine, replica: *replica, epoch: before.epoch };
                self.attached(home, *session, *again, *seen, hits);
            }
            Heard::Said(Fact::Client(ClientFact::Expired { .. })) => hits.mark(Mark::ExpiryLearned),
            Heard::World(_) | Heard::Said(_) | Heard::Else => {}
        }
    }
}
