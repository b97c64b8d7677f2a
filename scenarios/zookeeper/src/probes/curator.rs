//! Curator: how sessions stood, what was sent again, who believed to lead, and the dangers that Curator and Flink really run: counted here, and judged nowhere.

use std::collections::{BTreeMap, BTreeSet};

use contract::happening::Happening;
use contract::ids::MachineId;
use judging::Heard;
use zookeeper_models::evidence::clients::Clients;
use zookeeper_words::fact::{Belief, ClientFact, Conclusion, ConnectionState, Fact, RecipeFact, ReplicaFact, RequestId, Retry};
use zookeeper_words::ids::{SessionId, Xid, Zxid};
use zookeeper_words::service::{ErrorCode, Op, Path, Reply};

use super::roles::Roles;
use super::table::Mark;
use super::{Fold, Hits, Note};

/// One Curator.
#[derive(Default)]
struct Life {
    state: Option<ConnectionState>,
    /// The session of the last connection, and of the one that was lost.
    session: SessionId,
    suspended: SessionId,
    suspended_ns: u64,
    /// The service said that the session is no more.
    is_expired: bool,
    leads: Option<String>,
    /// Deletes whose reply was lost.
    lost_deletes: BTreeSet<Path>,
    /// The connection on which a lasting watch was left last.
    watched: Option<u32>,
}

pub(super) struct Curators<'e> {
    clients: &'e Clients<'e>,
    lives: BTreeMap<MachineId, Life>,
    /// Some client of the run has Curator's behaviour; where none has, requests are not followed.
    is_there: bool,
    /// The first try of each later one.
    firsts: BTreeMap<RequestId, RequestId>,
    proposed: BTreeMap<Zxid, RequestId>,
    /// How many tries of a request took effect, by the first. Multis are left out: that one failed, its transaction does not say.
    done: BTreeMap<RequestId, u32>,
    /// Who was told last that a multi of its made a node.
    makers: BTreeMap<Path, MachineId>,
    /// Requests of which a try was answered with success, by the first.
    answered: BTreeSet<RequestId>,
}

impl<'e> Curators<'e> {
    pub(super) fn new(clients: &'e Clients<'e>) -> Self {
        Curators {
            clients,
            lives: BTreeMap::new(),
            is_there: false,
            firsts: BTreeMap::new(),
            proposed: BTreeMap::new(),
            done: BTreeMap::new(),
            makers: BTreeMap::new(),
            answered: BTreeSet::new(),
        }
    }

    fn op(&self, request: RequestId) -> Option<&'e Op> {
        self.clients.find(request.session, request.xid).map(|request| request.op)
    }

    fn first(&self, request: RequestId) -> RequestId {
        self.firsts.get(&request).copied().unwrap_or(request)
    }

    fn committed(&mut self, zxid: Zxid, hits: &mut Hits<'_, '_>) {
        let Some(request) = self.proposed.remove(&zxid) else { return };
        let done = self.done.entry(self.first(request)).or_default();
        *done += 1;
        hits.mark_if(Mark::RetriedTwice, *done == 2);
    }

    fn retried(&mut self, Retry { first, again }: Retry, hits: &mut Hits<'_, '_>) {
        self.firsts.insert(again, first);
        hits.mark_if(Mark::RetriedAnew, first.session != again.session);
        hits.mark_if(Mark::RetriedDone, self.done.contains_key(&first));
    }

    fn concluded(&self, client: MachineId, conclusion: &Conclusion, hits: &mut Hits<'_, '_>) {
        let Conclusion { path, first, belief } = conclusion;
        let is_protected = path.rsplit('/').next().is_some_and(|name| name.starts_with("_c_"));
        match belief {
            Belief::Applied => hits.mark_if(Mark::ProtectedFound, is_protected && !self.answered.contains(first)),
            Belief::Assumed => {
                hits.mark(Mark::HandleAssumed);
                hits.mark_if(Mark::HandleForeign, self.makers.get(path.as_str()).is_some_and(|maker| *maker != client));
            }
            Belief::Superseded => hits.mark_if(Mark::CounterSuperseded, matches!(self.op(*first), Some(Op::SetData { .. }))),
            Belief::NotApplied | Belief::Undecided => {}
        }
    }

    fn returned(&mut self, client: MachineId, request: RequestId, result: &Result<Reply, ErrorCode>, hits: &mut Hits<'_, '_>) {
        let first = self.first(request);
        if result.is_ok() {
            self.answered.insert(first);
        }
        match (self.op(request), result) {
            (Some(Op::Multi(parts)), Ok(Reply::Multi(results))) => {
                let is_done = results.iter().all(Result::is_ok);
                let is_fenced = matches!(parts.first(), Some(Op::Check { .. }));
                let is_refused = results.first().is_some_and(|result| matches!(result, Err(code) if *code != ErrorCode::Ok));
                hits.mark_if(Mark::FencedRefused, is_fenced && is_refused);
                hits.mark_if(Mark::DeposedWrote, first.session != request.session && is_done);
                let made = parts.iter().filter_map(|part| if let Op::Create { path, .. } = part { Some(path.clone()) } else { None });
                self.makers.extend(made.filter(|_| is_done).map(|path| (path, client)));
            }
            (Some(Op::Delete { path, .. }), Ok(_)) => drop(self.makers.remove(path)),
            _ => {}
        }
    }

    fn client(&mut self, note: &Note<'_>, fact: &ClientFact, hits: &mut Hits<'_, '_>) {
        if *fact == ClientFact::Started {
            self.is_there = true;
            self.lives.insert(note.machine, Life::default());
        }
        let believers = self.lives.values().filter_map(|life| life.leads.as_deref());
        let is_rival = |directory: &str| believers.clone().any(|other| other == directory);
        if let ClientFact::Recipe(RecipeFact::Acquired { path, .. }) = fact {
            hits.mark_if(Mark::TwoBelievers, is_rival(path));
        }
        let Some(life) = self.lives.get_mut(&note.machine) else { return };
        match fact {
            ClientFact::Attached { session, .. } => (life.session, life.is_expired) = (*session, false),
            ClientFact::Expired { .. } => life.is_expired = true,
            ClientFact::Connection(state) => {
                match state {
                    ConnectionState::Suspended => (life.suspended, life.suspended_ns) = (life.session, note.at_ns),
                    ConnectionState::Lost => hits.mark_if(Mark::LostByClock, !life.is_expired),
                    ConnectionState::Reconnected => {
                        hits.mark_if(Mark::SuspendedAndBack, life.session == life.suspended);
                        hits.mark_if(Mark::ReconnectedAnew, life.session != life.suspended);
                        hits.mark_if(Mark::LatchOutlasts, life.leads.is_some());
                    }
                    ConnectionState::Connected => {}
                }
                life.state = Some(*state);
            }
            ClientFact::Invoked { conn, op, .. } => match &**op {
                Op::Delete { path, .. } => hits.mark_if(Mark::DeleteLater, life.lost_deletes.remove(path)),
                Op::AddWatch { .. } => hits.mark_if(Mark::CacheAnew, life.watched.replace(*conn).is_some_and(|before| before != *conn)),
                _ => {}
            },
            ClientFact::Unknown { .. } => {
                if let Some(Op::Delete { path, .. }) = note.ends {
                    life.lost_deletes.insert(path.clone());
                }
            }
            ClientFact::Recipe(RecipeFact::Acquired { path, .. }) => life.leads = Some(path.clone()),
            ClientFact::Recipe(RecipeFact::Released { .. }) => {
                let is_suspended = life.state == Some(ConnectionState::Suspended) && life.suspended_ns == note.at_ns;
                hits.mark_if(Mark::LatchRevoked, life.leads.take().is_some() && is_suspended);
            }
            ClientFact::Returned { session, xid, result, .. } => self.returned(note.machine, RequestId { session: *session, xid: *xid }, result, hits),
            ClientFact::Retried(retry) => self.retried(*retry, hits),
            ClientFact::Recipe(RecipeFact::Concluded(conclusion)) => self.concluded(note.machine, conclusion, hits),
            _ => {}
        }
    }
}

impl Fold for Curators<'_> {
    fn see(&mut self, note: &Note<'_>, _: &Roles<'_>, hits: &mut Hits<'_, '_>) {
        match note.what {
            Heard::World(Happening::Crashed { .. }) => drop(self.lives.remove(&note.machine)),
            Heard::World(_) | Heard::Else => {}
            Heard::Said(Fact::Replica(_)) if !self.is_there => {}
            Heard::Said(Fact::Replica(ReplicaFact::Proposed { txn, .. }))
                if txn.xid > Xid(0) && txn.error.is_none() && !matches!(txn.request.op(), Some(Op::Multi(_))) =>
            {
                self.proposed.insert(txn.zxid, RequestId { session: txn.session, xid: txn.xid });
            }
            // What a later leader has in its history is said when it is delivered.
            Heard::Said(Fact::Replica(ReplicaFact::Committed { zxid, .. } | ReplicaFact::Delivered { zxid, .. })) => self.committed(*zxid, hits),
            Heard::Said(Fact::Replica(_)) => {}
            Heard::Said(Fact::Client(fact)) => self.client(note, fact, hits),
        }
    }
}
