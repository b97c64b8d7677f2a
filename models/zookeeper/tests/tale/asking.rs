//! What clients ask, what they are answered, and what they say of themselves. Answers are the reference's, from the last committed state.

use std::sync::Arc;

use zookeeper_models::znode::acl;
use zookeeper_words::fact::{ClientFact, Fact, RecipeFact, ReplicaFact, RequestId, Retry};
use zookeeper_words::ids::{Xid, Zxid};
use zookeeper_words::service::{EventKind, Op, Reply, Request, WatchEvent};

use super::{Client, Outcome, Tale};

impl<X, F: From<Fact>> Tale<X, F> {
    /// A client sends a request.
    pub fn invoke(&mut self, client: &mut Client, op: Op) -> Xid {
        client.xid += 1;
        let xid = match op {
            Op::SetWatches { .. } => Xid::SET_WATCHES,
            Op::Auth { .. } => Xid::AUTH,
            _ => Xid(client.xid),
        };
        self.serve(client.machine, ClientFact::Invoked { session: client.session, conn: client.conn, xid, op: Arc::new(op) });
        xid
    }

    /// A client gets a reply from the last committed state.
    pub fn reply(&mut self, client: &Client, xid: Xid, result: Outcome) {
        let zxid = if xid == Xid::AUTH { Zxid::ZERO } else { self.last() };
        let seen = self.seen.entry(client.session).or_default();
        *seen = zxid.max(*seen);
        self.serve(client.machine, ClientFact::Returned { session: client.session, conn: client.conn, xid, zxid, result });
    }

    /// A request and its reply, with these events between.
    pub fn ask_seeing(&mut self, client: &mut Client, op: Op, events: &[(&Client, EventKind, &str)]) -> Outcome {
        let xid = self.invoke(client, op.clone());
        let result = match &op {
            Op::Sync { .. } => {
                let (leader, _) = self.leader.expect("somebody leads");
                let committed = self.last();
                self.serve(leader, ReplicaFact::SyncAnswered { session: client.session, xid, committed });
                self.read(client, &op)
            }
            Op::Auth { .. } => {
                self.grant(client, &op);
                Ok(Reply::Done)
            }
            Op::RemoveWatches { .. } => Ok(Reply::Done),
            _ if op.is_write() => self.commit(client.session, xid, Request::Op(op.clone())),
            _ => self.read(client, &op),
        };
        for (watcher, kind, path) in events {
            self.event(watcher, *kind, path);
        }
        self.reply(client, xid, result.clone());
        result
    }

    /// A replica takes an auth.
    pub fn grant(&mut self, client: &Client, auth: &Op) {
        let Op::Auth { scheme, auth } = auth else { panic!("{auth:?} is no auth") };
        let id = acl::authenticated(scheme, auth, &client.machine.address()).expect("a known scheme");
        let ids = self.ids(client.session);
        if !ids.contains(&id) {
            self.ids.insert(client.session, ids.iter().cloned().chain([id]).collect());
        }
    }

    /// What the last committed state answers.
    pub fn read(&self, client: &Client, op: &Op) -> Outcome {
        self.reference.read(op, client.session, &self.ids(client.session)).expect("a read")
    }

    /// A request and its reply.
    pub fn ask(&mut self, client: &mut Client, op: Op) -> Outcome {
        self.ask_seeing(client, op, &[])
    }

    /// A watch event of the last committed transaction.
    pub fn event(&mut self, client: &Client, kind: EventKind, path: &str) {
        let (zxid, event) = (self.last(), WatchEvent { kind, path: path.into() });
        self.serve(client.machine, ClientFact::Watched { session: client.session, conn: client.conn, zxid, event });
    }

    pub fn recipe(&mut self, client: &Client, fact: RecipeFact) {
        self.serve(client.machine, ClientFact::Recipe(fact));
    }

    /// A client sent again what it had sent before.
    pub fn retried(&mut self, client: &Client, first: RequestId, again: RequestId) {
        self.serve(client.machine, ClientFact::Retried(Retry { first, again }));
    }

    pub fn finish(&mut self, client: &Client) {
        self.serve(client.machine, ClientFact::Finished);
    }
}
