//! Requests and recipes: what clients asked for and what they got.

use std::collections::BTreeMap;
use std::sync::Arc;

use vocab::fact::{ClientFact, Fact, RecipeFact, ReplicaFact};
use vocab::ids::{Epoch, MachineId, SessionId, Xid};
use vocab::plan::WorkloadKind;
use vocab::recording::Note;
use vocab::service::{CreateMode, ErrorCode, Op, Path, Reply, Transaction};

use super::ensemble::{Ensemble, Role};
use super::table::Mark;
use super::{Fold, Hits};

/// So many requests of one client under way at once are a pipeline.
const PIPELINE: usize = 3;

#[derive(Default)]
pub(super) struct Clients {
    pending: BTreeMap<(SessionId, Xid), Arc<Op>>,
    /// By client: how many of them are its own.
    under_way: BTreeMap<MachineId, usize>,
    /// The epoch of the last sequential create, by the path asked for.
    sequences: BTreeMap<Path, Epoch>,
    /// The last holder of a lock, and whether it has released it.
    locks: BTreeMap<String, (MachineId, bool)>,
    counters: BTreeMap<String, MachineId>,
    queued: BTreeMap<String, MachineId>,
}

impl Clients {
    fn proposed(&mut self, txn: &Transaction, hits: &mut Hits) {
        if let Some(Op::Create { path, mode, .. }) = txn.request.op()
            && mode.is_sequential()
            && txn.error.is_none()
        {
            let elder = self.sequences.insert(path.clone(), txn.zxid.epoch());
            hits.mark_if(Mark::SequentialNextLeader, elder.is_some_and(|elder| elder < txn.zxid.epoch()));
        }
    }

    fn returned(&mut self, client: MachineId, fact: &ClientFact, before: &Ensemble<'_>, hits: &mut Hits) {
        let ClientFact::Returned { session, xid, zxid, result, .. } = fact else { return };
        let Some(op) = self.ended(client, *session, *xid) else { return };
        match (&*op, result) {
            (Op::Multi(_), Ok(Reply::Multi(results))) => hits.mark(if results.iter().any(Result::is_err) { Mark::MultiFailed } else { Mark::MultiDone }),
            (Op::SetData { .. } | Op::Delete { .. }, Err(ErrorCode::BadVersion)) => hits.mark(Mark::BadVersion),
            (Op::Create { mode: CreateMode::Container, .. }, Ok(_)) => hits.mark(Mark::Container),
            (Op::Create { mode: CreateMode::PersistentWithTtl(_) | CreateMode::PersistentSequentialWithTtl(_), .. }, Ok(_)) => hits.mark(Mark::Ttl),
            (Op::Sync { .. }, Ok(_)) => hits.mark(Mark::SyncReturned),
            (Op::GetData { .. } | Op::GetChildren { .. } | Op::Exists { .. }, _) => hits.mark_if(Mark::StaleRead, *zxid < before.committed),
            _ => {}
        }
    }

    fn ended(&mut self, client: MachineId, session: SessionId, xid: Xid) -> Option<Arc<Op>> {
        let op = self.pending.remove(&(session, xid))?;
        if let Some(under_way) = self.under_way.get_mut(&client) {
            *under_way -= 1;
        }
        Some(op)
    }

    fn recipe(&mut self, client: MachineId, fact: &RecipeFact, hits: &mut Hits) {
        match fact {
            RecipeFact::Acquired { path, .. } => {
                let before = self.locks.insert(path.clone(), (client, false));
                let from_another = before.filter(|(holder, _)| *holder != client);
                hits.mark_if(Mark::LockPassed, from_another.is_some());
                hits.mark_if(Mark::LockTakenOver, from_another.is_some_and(|(_, released)| !released));
            }
            RecipeFact::Released { path, .. } => {
                if let Some((_, released)) = self.locks.get_mut(path).filter(|(holder, _)| *holder == client) {
                    *released = true;
                }
            }
            RecipeFact::Counted { path, .. } => {
                let before = self.counters.insert(path.clone(), client);
                hits.mark_if(Mark::CounterShared, before.is_some_and(|before| before != client));
            }
            RecipeFact::Queued { node } => {
                self.queued.insert(node.clone(), client);
            }
            RecipeFact::Taken { node } => hits.mark_if(Mark::QueueHandedOver, self.queued.get(node).is_some_and(|putter| *putter != client)),
            RecipeFact::Concluded(_) | RecipeFact::Searched { .. } | RecipeFact::Mirrored(_) => {}
            RecipeFact::Passed { present, .. } => hits.mark_if(Mark::BarrierPassed, *present >= 2),
        }
    }
}

impl Fold for Clients {
    fn see(&mut self, note: &Note<Fact>, before: &Ensemble<'_>, hits: &mut Hits) {
        let machine = note.machine;
        match &note.fact {
            Fact::Replica(ReplicaFact::Proposed { txn, .. }) => self.proposed(txn, hits),
            Fact::Replica(ReplicaFact::SyncAnswered { .. }) => {
                let superseded = matches!(before.members[machine.index()].role, Role::Leading(epoch) if epoch < before.epoch);
                hits.mark_if(Mark::SyncSuperseded, superseded);
            }
            Fact::Client(ClientFact::Invoked { session, xid, op, .. }) => {
                if self.pending.insert((*session, *xid), op.clone()).is_none() {
                    let under_way = self.under_way.entry(machine).or_default();
                    *under_way += 1;
                    hits.mark_if(Mark::Pipelined, *under_way >= PIPELINE);
                }
            }
            Fact::Client(fact @ ClientFact::Returned { .. }) => self.returned(machine, fact, before, hits),
            Fact::Client(ClientFact::Unknown { session, xid }) => {
                self.ended(machine, *session, *xid);
            }
            Fact::Client(ClientFact::Recipe(fact)) => self.recipe(machine, fact, hits),
            Fact::Client(ClientFact::Finished) => {
                let place = machine.index() - usize::from(before.plan.replicas());
                hits.mark_if(Mark::FlinkFinished, before.plan.clients.get(place).is_some_and(|client| client.workload == WorkloadKind::FlinkHa));
            }
            Fact::World(_) | Fact::Replica(_) | Fact::Client(_) | Fact::Stream(_) => {}
        }
    }
}
