//! How a client comes to a replica, and what it brings along: who it is, and what it has seen.

use contract::ids::MachineId;
use zookeeper_words::fact::{ClientFact, Fact};
use zookeeper_words::ids::{SessionId, Zxid};
use zookeeper_words::service::{Id, Ids};

use super::{Client, Tale};

impl<X, F: From<Fact>> Tale<X, F> {
    /// Who the connection of a session is.
    pub fn ids(&self, session: SessionId) -> Ids {
        self.ids.get(&session).cloned().unwrap_or_else(|| Ids::from([]))
    }

    /// A replica accepts a client's connect request.
    pub fn attach(&mut self, client: &Client, again: bool) {
        self.ids.insert(client.session, Ids::from([Id::new("ip", &client.machine.address())]));
        let seen = self.seen(client.session);
        let fact = ClientFact::Attached { session: client.session, conn: client.conn, replica: client.at, timeout_ms: 4_000, again, seen };
        self.serve(client.machine, fact);
    }

    /// The last state of which a session had a reply.
    pub fn seen(&self, session: SessionId) -> Zxid {
        self.seen.get(&session).copied().unwrap_or_default()
    }

    /// A session has seen a state in another's place.
    pub fn has_seen(&mut self, session: SessionId, zxid: Zxid) {
        self.seen.insert(session, zxid);
    }

    /// A client loses its connection and attaches its session to another replica.
    pub fn move_to(&mut self, client: &mut Client, at: MachineId) {
        self.serve(client.machine, ClientFact::Detached { session: client.session, conn: client.conn });
        client.conn += 1;
        client.at = at;
        self.attach(client, true);
    }
}
