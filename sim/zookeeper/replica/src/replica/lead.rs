//! What a replica keeps while it leads, and what it makes of a write (PrepRequestProcessor): whether its session may
//! speak, and, by the tree that all earlier writes have changed, which transaction it becomes. Never its place in the
//! order, which the ordering gives it before.

use contract::ids::MachineId;
use contract::time::Now;
use zookeeper_words::ids::{SessionId, Xid};
use zookeeper_words::service::{ErrorCode, Ids, Op, Request};
use zookeeper_words::txn::{Body, Head, Txn};

use super::{Core, ServerConfig};
use crate::codec::seal;
use crate::quorum::change::{self, Change};
use crate::quorum::{Replicas, text};
use crate::session::Tracker;
use crate::tree::Tree;
use crate::tree::prep::Asker;

/// A write on its way to its place in the order.
#[derive(Clone, Debug)]
pub struct Write {
    /// The session that asks.
    pub session: SessionId,
    /// The request's number; 0 to open a session, and for the leader's own writes.
    pub xid: Xid,
    /// Who its connection was when it came.
    pub ids: Ids,
    /// What is asked.
    pub request: Request,
    /// The replica that speaks for the session; none for the leader's own writes.
    pub from: Option<MachineId>,
}

impl Write {
    /// A write that no client asks for: the closing of an expired session, the removal of a node that is due.
    pub fn own(session: SessionId, op: Op) -> Write {
        Write { session, xid: Xid(0), ids: Ids::default(), request: Request::Op(op), from: None }
    }

    /// The arguments of a reconfig, if it is one.
    pub fn change(&self) -> Option<Change<'_>> {
        match self.request.op()? {
            Op::Reconfig { joining, leaving, members, from } => {
                Some(Change { joining: joining.as_deref(), leaving: leaving.as_deref(), members: members.as_deref(), from: *from })
            }
            _ => None,
        }
    }
}

/// What a replica keeps from the moment at which it is the primary of its epoch until it gives that up.
#[derive(Clone, Debug)]
pub struct Lead {
    /// The tree that all proposals have changed.
    pub ahead: Tree,
    /// The sessions that all replicas know: who was heard of when, and at which replica.
    pub sessions: Tracker,
    /// When it looks for containers and TTL nodes that are due.
    pub reap_at_ns: u64,
    /// A session to be expired once more, and when; only a plant sets it.
    pub expired_again: Option<(SessionId, u64)>,
}

impl Lead {
    /// Begins with what is committed. Each session gets its whole timeout again.
    pub(super) fn begin(tree: &Tree, config: &ServerConfig, now: Now) -> Lead {
        Lead {
            sessions: Tracker::new(config.coordination.tick_ms, tree.sessions(), now.mono_ns),
            ahead: tree.ahead(),
            reap_at_ns: config.next_reaping_ns(now),
            expired_again: None,
        }
    }
}

impl Core {
    /// Decides what a write does at its place in the order. For a reconfig `following` are those that would have to
    /// acknowledge it, this leader among them. Panics where this replica does not lead.
    pub fn prepare(&mut self, write: &Write, head: Head, following: &Replicas, now: Now) -> Txn {
        let Core { lead, config, succession, .. } = self;
        let Lead { ahead, sessions, .. } = lead.as_mut().expect("only a leader decides what a write does");
        let Write { session, ids, request, from, .. } = write;
        let standing = match (request, *from) {
            (Request::CreateSession { timeout_ms }, from) => {
                sessions.open(*session, *timeout_ms, from, now.mono_ns);
                Ok(())
            }
            // Its replica vouches for it.
            (Request::Local(_), _) | (Request::Op(_), None) => Ok(()),
            (Request::Op(_), Some(from)) => match sessions.is_owned_by(*session, from) {
                Some(true) => Ok(()),
                Some(false) => Err(ErrorCode::SessionMoved),
                None => Err(ErrorCode::SessionExpired),
            },
        };
        let is_local = matches!(request, Request::Local(_));
        let is_close = matches!(request, Request::Op(Op::CloseSession));
        let asker = Asker { ids, standing, is_local, coordination: &config.coordination, plants: &config.plants };
        let txn = match standing {
            // Whatever was asked, a multi too: its connection is closed for it.
            Err(ErrorCode::SessionMoved) => {
                ahead.last = head.zxid;
                seal(head, Body::Error(ErrorCode::SessionMoved))
            }
            // Only the plant closes a session that is closed.
            Ok(()) if from.is_none() && is_close && !ahead.sessions().contains_key(session) => seal(head, Body::CloseSession { paths: Vec::new() }),
            Ok(()) | Err(_) if let Some(change) = write.change() => {
                let decide = || change::decide(change, succession.joint(), &succession.known, following, head.zxid);
                ahead.propose_reconfig(head, asker, || decide().map(|config| text::write(&config.ensemble)))
            }
            Ok(()) | Err(_) => ahead.propose(head, asker, request),
        };
        if matches!(txn.body, Body::CloseSession { .. }) {
            sessions.close(*session);
        } else if from.is_some() {
            sessions.touch(*session, now.mono_ns);
        }
        txn
    }

    /// A session was heard of, at some replica, on a connection that has negotiated this timeout.
    pub fn hear_session(&mut self, session: SessionId, timeout_ms: u32, now: Now) {
        if let Some(lead) = &mut self.lead {
            lead.sessions.renew(session, timeout_ms, now.mono_ns);
        }
    }

    /// A client is back with its session at the replica `owner`, which speaks for it from now on. Says whether it
    /// lives.
    pub fn move_session(&mut self, session: SessionId, timeout_ms: u32, owner: MachineId, now: Now) -> bool {
        self.lead.as_mut().is_some_and(|lead| lead.sessions.adopt(session, timeout_ms, owner, now.mono_ns))
    }
}
