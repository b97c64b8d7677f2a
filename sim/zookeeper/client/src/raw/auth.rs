//! Who a client says it is (ClientCnxn's authInfo): remembered for as long as the session lasts, and said again first
//! thing on each of its connections. Never whether the service believes it.

use std::collections::VecDeque;
use std::sync::Arc;

use contract::time::Now;
use zookeeper_words::fact::ClientFact;
use zookeeper_words::ids::{SessionId, Xid, Zxid};
use zookeeper_words::message::Message;
use zookeeper_words::service::{ErrorCode, Op, Reply};

use super::line::{Line, State};
use super::{Client, Out, Upcall};

/// How many times a client may say who it is; no application has as many identities.
pub const AUTHS_MAX: usize = 32;

/// What was said, and what is not answered yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Auths {
    /// In the order in which the application said it.
    known: Vec<Arc<Op>>,
    /// Sent on the present connection and not answered, in order. All have the same xid, so that their order alone
    /// tells them apart.
    due: VecDeque<Arc<Op>>,
}

impl Auths {
    /// Remembers one; ClientCnxn keeps one that it knows already once more. Panics above [`AUTHS_MAX`].
    pub(super) fn remember(&mut self, op: Arc<Op>) {
        assert!(self.known.len() < AUTHS_MAX, "a client must have few identities");
        self.known.push(op);
    }

    /// How many are remembered.
    pub(super) fn count(&self) -> usize {
        self.known.len()
    }

    /// What a new connection begins with. ClientCnxn puts each before what it has put there already, so the latest
    /// comes first.
    pub(super) fn again(&self) -> Vec<Arc<Op>> {
        self.known.iter().rev().cloned().collect()
    }

    /// One was sent.
    pub(super) fn sent(&mut self, op: Arc<Op>) {
        self.due.push_back(op);
    }

    /// One was answered; says whether any was due.
    pub(super) fn answered(&mut self) -> bool {
        self.due.pop_front().is_some()
    }

    /// The connection is gone: what is due will not be answered.
    pub(super) fn lose(&mut self, session: SessionId, out: &mut Out) {
        for _ in self.due.drain(..) {
            out.note(ClientFact::Unknown { session, xid: Xid::AUTH });
        }
    }

    /// Nothing is due.
    pub(super) fn is_quiet(&self) -> bool {
        self.due.is_empty()
    }

    pub(super) fn look(&self) -> String {
        format!("{} known, {} not answered", self.known.len(), self.due.len())
    }
}

impl Client {
    /// Sends an auth on the connection that there is.
    pub(super) fn transmit_auth(&mut self, op: Arc<Op>, now: Now, out: &mut Out) {
        let State::Attached { line, sent_ns, .. } = &mut self.state else { unreachable!("only an attached client says who it is") };
        *sent_ns = now.mono_ns;
        out.note(ClientFact::Invoked { session: self.session.id, conn: line.number, xid: Xid::AUTH, op: op.clone() });
        out.send(line.conn, Message::Request { xid: Xid::AUTH, op: op.clone() });
        self.auths.sent(op);
    }

    /// An auth is answered out of turn, with zxid 0, which is nothing seen. Of its errors ClientCnxn heeds one alone.
    #[allow(clippy::too_many_arguments, reason = "a reply's fields, and where what follows from it goes")]
    pub(super) fn on_auth_reply(&mut self, now: Now, line: Line, zxid: Zxid, result: &Result<Reply, ErrorCode>, out: &mut Out, upcalls: &mut Vec<Upcall>) {
        if !self.auths.answered() {
            self.violation = Some("an auth was answered that was not sent".into());
            return self.lose(now, true, out, upcalls);
        }
        out.note(ClientFact::Returned { session: self.session.id, conn: line.number, xid: Xid::AUTH, zxid, result: result.clone() });
        if *result == Err(ErrorCode::AuthFailed) {
            self.hang_up(true, out, upcalls);
            self.end(upcalls);
            upcalls.push(Upcall::AuthFailed);
        }
    }
}
