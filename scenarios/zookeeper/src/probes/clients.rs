//! Requests and recipes: what clients asked for and what they got.

use std::collections::{BTreeMap, BTreeSet};

use contract::ids::MachineId;
use judging::Heard;
use zookeeper_models::evidence::users::Users;
use zookeeper_words::fact::{ClientFact, Fact, RecipeFact, ReplicaFact};
use zookeeper_words::ids::{Epoch, SessionId, Xid, Zxid};
use zookeeper_words::service::{CreateMode, ErrorCode, Op, Path, Reply, Transaction};
use zookeeper_words::settings::WorkloadKind;

use super::roles::{Role, Roles};
use super::table::Mark;
use super::{Fold, Hits, Note};

/// So many requests of one client under way at once are a pipeline.
const PIPELINE: usize = 3;

pub(super) struct Clients<'e> {
    users: &'e Users,
    /// Requests under way.
    pending: BTreeSet<(SessionId, Xid)>,
    /// By client: how many of them are its own.
    under_way: BTreeMap<MachineId, usize>,
    /// The epoch of the last sequential create, by the path asked for.
    sequences: BTreeMap<Path, Epoch>,
    /// The last holder of a lock, and whether it has released it.
    locks: BTreeMap<String, (MachineId, bool)>,
    counters: BTreeMap<String, MachineId>,
    queued: BTreeMap<String, MachineId>,
}

impl<'e> Clients<'e> {
    pub(super) fn new(users: &'e Users) -> Self {
        Clients {
            users,
            pending: BTreeSet::new(),
            under_way: BTreeMap::new(),
            sequences: BTreeMap::new(),
            locks: BTreeMap::new(),
            counters: BTreeMap::new(),
            queued: BTreeMap::new(),
        }
    }

    fn proposed(&mut self, txn: &Transaction, hits: &mut Hits<'_, '_>) {
        if let Some(Op::Create { path, mode, .. }) = txn.request.op()
            && mode.is_sequential()
            && txn.error.is_none()
        {
            let elder = self.sequences.insert(path.clone(), txn.zxid.epoch());
            hits.mark_if(Mark::SequentialNextLeader, elder.is_some_and(|elder| elder < txn.zxid.epoch()));
        }
    }

    fn returned(op: &Op, zxid: Zxid, result: &Result<Reply, ErrorCode>, before: &Roles<'_>, hits: &mut Hits<'_, '_>) {
        match (op, result) {
            (Op::Multi(_), Ok(Reply::Multi(results))) => hits.mark(if results.iter().any(Result::is_err) { Mark::MultiFailed } else { Mark::MultiDone }),
            (Op::SetData { .. } | Op::Delete { .. }, Err(ErrorCode::BadVersion)) => hits.mark(Mark::BadVersion),
            (Op::Create { mode: CreateMode::Container, .. }, Ok(_)) => hits.mark(Mark::Container),
            (Op::Create { mode: CreateMode::PersistentWithTtl(_) | CreateMode::PersistentSequentialWithTtl(_), .. }, Ok(_)) => hits.mark(Mark::Ttl),
            (Op::Sync { .. }, Ok(_)) => hits.mark(Mark::SyncReturned),
            (Op::GetData { .. } | Op::GetChildren { .. } | Op::Exists { .. }, _) => hits.mark_if(Mark::StaleRead, zxid < before.committed),
            _ => {}
        }
    }

    fn ended(&mut self, client: MachineId, session: SessionId, xid: Xid) {
        if let Some(under_way) = self.under_way.get_mut(&client).filter(|_| self.pending.remove(&(session, xid))) {
            *under_way -= 1;
        }
    }

    fn recipe(&mut self, client: MachineId, fact: &RecipeFact, hits: &mut Hits<'_, '_>) {
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

impl Fold for Clients<'_> {
    fn see(&mut self, note: &Note<'_>, before: &Roles<'_>, hits: &mut Hits<'_, '_>) {
        let machine = note.machine;
        match note.what {
            Heard::Said(Fact::Replica(ReplicaFact::Proposed { txn, .. })) => self.proposed(txn, hits),
            Heard::Said(Fact::Replica(ReplicaFact::SyncAnswered { .. })) => {
                let superseded = matches!(before.members[machine.index()].role, Role::Leading(epoch) if epoch < before.epoch);
                hits.mark_if(Mark::SyncSuperseded, superseded);
            }
            Heard::Said(Fact::Client(ClientFact::Invoked { session, xid, .. })) => {
                if self.pending.insert((*session, *xid)) {
                    let under_way = self.under_way.entry(machine).or_default();
                    *under_way += 1;
                    hits.mark_if(Mark::Pipelined, *under_way >= PIPELINE);
                }
            }
            Heard::Said(Fact::Client(ClientFact::Returned { session, xid, zxid, result, .. })) => {
                self.ended(machine, *session, *xid);
                if let Some(op) = note.ends {
                    Clients::returned(op, *zxid, result, before, hits);
                }
            }
            Heard::Said(Fact::Client(ClientFact::Unknown { session, xid })) => {
                self.ended(machine, *session, *xid);
            }
            Heard::Said(Fact::Client(ClientFact::Recipe(fact))) => self.recipe(machine, fact, hits),
            Heard::Said(Fact::Client(ClientFact::Finished)) => {
                let workload = self.users.get(machine).and_then(|user| user.workload);
                hits.mark_if(Mark::FlinkFinished, workload == Some(WorkloadKind::FlinkHa));
            }
            Heard::World(_) | Heard::Said(_) | Heard::Else => {}
        }
    }
}
