//! Sessions that one replica alone knows, and service to readers without a quorum.

use std::collections::{BTreeMap, BTreeSet};

use contract::ids::MachineId;
use judging::Heard;
use zookeeper_words::fact::{ClientFact, Fact, LocalFact, ReplicaFact};
use zookeeper_words::ids::{SessionId, Zxid};
use zookeeper_words::service::{ErrorCode, Request};

use super::roles::Roles;
use super::table::Mark;
use super::{Fold, Hits, Note};

/// What has become of a session that was opened as a local one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SessionKind {
    Local,
    Upgraded,
}

#[derive(Default)]
pub(super) struct Local {
    /// Where each was opened.
    sessions: BTreeMap<SessionId, (MachineId, SessionKind)>,
    /// Clients that are served as readers, and that have been.
    readers: BTreeSet<MachineId>,
    were_readers: BTreeSet<MachineId>,
    committed: Zxid,
}

impl Local {
    fn replica(&mut self, machine: MachineId, fact: &LocalFact, hits: &mut Hits<'_, '_>) {
        match fact {
            LocalFact::ServesReaders { .. } => hits.mark(Mark::ReadersServed),
            LocalFact::Opened { session, .. } => {
                self.sessions.insert(*session, (machine, SessionKind::Local));
                hits.mark(Mark::LocalOpened);
            }
            LocalFact::Upgraded { session } => {
                self.sessions.insert(*session, (machine, SessionKind::Upgraded));
                hits.mark(Mark::LocalUpgraded);
            }
            LocalFact::Closed { .. } => hits.mark(Mark::LocalClosed),
            LocalFact::Expired { .. } => hits.mark(Mark::LocalExpired),
        }
    }

    fn client(&mut self, machine: MachineId, fact: &ClientFact, hits: &mut Hits<'_, '_>) {
        match fact {
            ClientFact::Attached { session, replica, again, .. } => {
                let known = self.sessions.get(session);
                hits.mark_if(Mark::LocalReturned, *again && known.is_some_and(|(_, kind)| *kind == SessionKind::Local));
                hits.mark_if(Mark::LocalMoved, *again && known.is_some_and(|(home, kind)| *kind == SessionKind::Upgraded && home != replica));
                hits.mark_if(Mark::ReaderMoved, self.were_readers.remove(&machine));
            }
            ClientFact::ReadOnly { .. } => {
                self.readers.insert(machine);
                hits.mark(Mark::ReaderAttached);
            }
            ClientFact::Detached { .. } if self.readers.remove(&machine) => drop(self.were_readers.insert(machine)),
            ClientFact::Expired { session } => match self.sessions.get(session) {
                Some((_, SessionKind::Local)) => hits.mark(Mark::LocalStrange),
                Some((_, SessionKind::Upgraded)) => hits.mark(Mark::LocalUpgradeOver),
                None => {}
            },
            ClientFact::Returned { zxid, result, .. } if self.readers.contains(&machine) => {
                let refused = *result == Err(ErrorCode::NotReadOnly);
                hits.mark(if refused { Mark::ReaderRefused } else { Mark::ReaderRead });
                hits.mark_if(Mark::ReaderBehind, !refused && *zxid < self.committed);
            }
            _ => {}
        }
    }
}

impl Fold for Local {
    fn see(&mut self, note: &Note<'_>, _: &Roles<'_>, hits: &mut Hits<'_, '_>) {
        match note.what {
            Heard::Said(Fact::Replica(ReplicaFact::Local(fact))) => self.replica(note.machine, fact, hits),
            Heard::Said(Fact::Replica(ReplicaFact::Proposed { txn, .. })) if matches!(txn.request, Request::Local(_)) => {
                hits.mark(if txn.error == Some(ErrorCode::EphemeralOnLocalSession) { Mark::LocalEphemeral } else { Mark::LocalWrote });
            }
            Heard::Said(Fact::Replica(ReplicaFact::Committed { zxid, .. })) => self.committed = self.committed.max(*zxid),
            Heard::Said(Fact::Client(fact)) if !self.sessions.is_empty() => self.client(note.machine, fact, hits),
            Heard::World(_) | Heard::Said(_) | Heard::Else => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use zookeeper_words::fact::Mark as TxnMark;
    use zookeeper_words::ids::{Epoch, Xid};
    use zookeeper_words::service::{CreateMode, Op, Reply, Transaction};
    use zookeeper_words::settings::WorkloadKind;

    use super::*;
    use crate::probes::tests::{Says, check_of};

    const SESSION: SessionId = SessionId(9);

    fn check(notes: Vec<(u16, Says)>, expected: &[&str]) {
        let mut plan = crate::family::drawn("local-sessions", 1);
        (plan.settings.cluster.replicas, plan.settings.cluster.observers) = (3, 0);
        plan.faults.clear();
        plan.settings.clients.truncate(1);
        plan.settings.clients[0].workload = WorkloadKind::Registers;
        check_of(plan, notes, expected);
    }

    fn opened() -> (u16, Says) {
        (0, LocalFact::Opened { session: SESSION, timeout_ms: 1_500 }.into())
    }

    fn attached(replica: u16, again: bool) -> (u16, Says) {
        (3, ClientFact::Attached { session: SESSION, conn: 1, replica: MachineId(replica), timeout_ms: 1_500, again, seen: Zxid::ZERO }.into())
    }

    fn detached() -> (u16, Says) {
        (3, ClientFact::Detached { session: SESSION, conn: 1 }.into())
    }

    fn vouched(error: Option<ErrorCode>) -> (u16, Says) {
        let request = Request::Local(Op::create("/a".into(), None, CreateMode::Ephemeral));
        let zxid = Zxid::new(Epoch(1), 1);
        let txn = Transaction { zxid, session: SESSION, xid: Xid(1), ids: [].into(), time_ms: 5, request, error };
        (0, ReplicaFact::Proposed { txn: Arc::new(txn), mark: TxnMark(1) }.into())
    }

    #[test]
    fn local_sessions_come_back_or_not() {
        check(vec![opened(), attached(0, false), detached(), attached(0, true)], &["local-session", "local-session-returned"]);
        check(vec![opened(), (0, LocalFact::Closed { session: SESSION }.into())], &["local-session", "local-session-closed"]);
        let expired = LocalFact::Expired { session: SESSION, silent_ms: 1_500, timeout_ms: 1_500 };
        check(vec![opened(), (0, expired.into())], &["local-session", "local-session-expired"]);
        let learned = (3, ClientFact::Expired { session: SESSION }.into());
        check(vec![opened(), attached(0, false), detached(), learned], &["local-session", "local-session-strange", "expiry-learned"]);
        check(vec![opened(), vouched(None)], &["local-session", "local-session-wrote"]);
        check(vec![opened(), vouched(Some(ErrorCode::EphemeralOnLocalSession))], &["local-session", "local-session-ephemeral"]);
        let upgraded = (0, LocalFact::Upgraded { session: SESSION }.into());
        let moves = vec![opened(), attached(0, false), upgraded, detached(), attached(1, true)];
        check(moves, &["local-session", "local-session-upgraded", "local-upgraded-moved", "session-moved"]);
    }

    #[test]
    fn readers_read_and_find_a_quorum() {
        let reads = |zxid, result| (3, ClientFact::Returned { session: SESSION, conn: 1, xid: Xid(1), zxid, result }.into());
        let serves = (0, LocalFact::ServesReaders { applied: Zxid::ZERO }.into());
        let read_only = (3, ClientFact::ReadOnly { session: SESSION, conn: 1 }.into());
        let committed = (1, ReplicaFact::Committed { zxid: Zxid::new(Epoch(1), 1), quorum: vec![] }.into());
        let begun = vec![serves, opened(), attached(0, false), read_only];
        let all = ["local-session", "readers-served", "reader-attached"];
        let with = |more: Vec<(u16, Says)>, probes: &[&str]| check([begun.clone(), more].concat(), &[&all, probes].concat());
        with(vec![], &[]);
        with(vec![reads(Zxid::ZERO, Ok(Reply::Done))], &["reader-read"]);
        with(vec![reads(Zxid::ZERO, Err(ErrorCode::NotReadOnly))], &["reader-refused"]);
        with(vec![committed, reads(Zxid::ZERO, Ok(Reply::Done))], &["reader-read", "reader-in-the-past"]);
        with(vec![detached(), attached(1, false)], &["reader-found-quorum"]);
    }
}
