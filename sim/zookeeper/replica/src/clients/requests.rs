//! A connection's requests from their coming to their turn: writes and syncs are handed on at once, all are answered in
//! order, but for auth, which has no turn. Never what a read answers.

use std::sync::Arc;

use contract::ids::ConnId;
use zookeeper_words::ids::{SessionId, Xid, Zxid};
use zookeeper_words::message::Message;
use zookeeper_words::plant::Plant;
use zookeeper_words::service::{ErrorCode, Op, Perms, Reply, WatchEvent};
use zookeeper_words::txn::{Body, Txn};

use super::answer::RequestContext;
use super::local::Write;
use super::{Clients, Serving, Stage, Submission, View, WAITING_MAX, Waiting};
use crate::Out;
use crate::tree::Change;
use crate::{acl, wire};

impl Clients {
    /// A request came.
    pub fn on_request(&mut self, conn: ConnId, xid: Xid, op: Arc<Op>, view: View<'_>, out: &mut Out) {
        let fits = wire::request_len(&op) <= self.request_max;
        let takes_more = |waiting: usize, early: usize| fits && waiting < WAITING_MAX && early < WAITING_MAX;
        let Some(client) = self.conns.get_mut(&conn).filter(|client| takes_more(client.waiting.len(), client.early.len())) else {
            self.close(conn, out);
            return;
        };
        match client.stage {
            Stage::Opening | Stage::Validating => {
                client.early.push((xid, op));
                return;
            }
            Stage::Attached => {}
            Stage::Moved => return self.close(conn, out),
        }
        if let Op::Auth { scheme, auth } = &*op {
            self.on_auth(conn, xid, scheme, auth, out);
            return;
        }
        let (session, timeout_ms, ids) = (client.session, client.timeout_ms, client.ids.clone());
        self.touched.insert(session, timeout_ms);
        let waiting = match &*op {
            // Nobody else is to be asked.
            Op::CloseSession if self.locals.knows(session) => Waiting::Read(xid, op, ids),
            _ if self.serving == Serving::Readers => Waiting::Read(xid, op, ids),
            Op::Sync { .. } => {
                self.submissions.push_back(Submission::Sync { session, xid });
                // The path comes back with the answer, so the request itself is kept behind it.
                client.waiting.push_back(Waiting::Sync(xid, false));
                Waiting::Read(xid, op, ids)
            }
            _ if op.is_write() => {
                let write = Write { session, timeout_ms, xid, ids, op: (*op).clone() };
                self.locals.hand_on(write, &mut self.submissions, out);
                Waiting::Write(xid)
            }
            _ => Waiting::Read(xid, op, ids),
        };
        client.waiting.push_back(waiting);
        self.drain(conn, view, out);
    }

    /// A connection says who it is, as well. What it asked before keeps the ids that it had then.
    fn on_auth(&mut self, conn: ConnId, xid: Xid, scheme: &str, auth: &str, out: &mut Out) {
        let Some(client) = self.conns.get_mut(&conn) else { return };
        let proved = acl::authenticate(scheme, auth, &client.address);
        let result = if proved.is_some() { Ok(Reply::Done) } else { Err(ErrorCode::AuthFailed) };
        out.send(conn, Message::Reply { xid, zxid: Zxid::ZERO, result });
        match proved {
            Some(id) => {
                if self.super_digest.as_ref() == Some(&id.id) && &*id.scheme == "digest" {
                    client.ids = acl::with(&client.ids, acl::super_user());
                }
                client.ids = acl::with(&client.ids, id);
            }
            None => self.close(conn, out),
        }
    }

    /// A ping came.
    pub fn on_ping(&mut self, conn: ConnId, view: View<'_>, out: &mut Out) {
        let Some(client) = self.conns.get_mut(&conn) else { return };
        match client.stage {
            Stage::Opening | Stage::Validating => return,
            Stage::Attached => {}
            Stage::Moved => return self.close(conn, out),
        }
        self.touched.insert(client.session, client.timeout_ms);
        client.waiting.push_back(Waiting::Ping);
        self.drain(conn, view, out);
    }

    /// The leader answered a sync: all that it had committed then is applied here.
    pub fn on_synced(&mut self, session: SessionId, xid: Xid, view: View<'_>, out: &mut Out) {
        let Some((conn, client)) = self.client_of(session) else { return };
        for waiting in &mut client.waiting {
            if matches!(waiting, Waiting::Sync(asked, _) if *asked == xid) {
                *waiting = Waiting::Sync(xid, true);
            }
        }
        self.drain(conn, view, out);
    }

    /// A transaction was applied: watches fire first, then its own client gets the reply, then what waited behind it.
    pub fn on_applied(&mut self, txn: &Txn, reply: Option<Result<Reply, ErrorCode>>, changes: &[Change], view: View<'_>, out: &mut Out) {
        if self.plants.has(Plant::WatchAfterReply) {
            self.answer(txn, reply, view, out);
            return self.tell(txn.head.zxid, changes, out);
        }
        self.tell(txn.head.zxid, changes, out);
        self.answer(txn, reply, view, out);
    }

    fn answer(&mut self, txn: &Txn, reply: Option<Result<Reply, ErrorCode>>, view: View<'_>, out: &mut Out) {
        let closes = matches!(txn.body, Body::CloseSession { .. });
        let Some((conn, client)) = self.client_of(txn.head.session) else { return };
        match (client.stage, &txn.body) {
            (Stage::Opening, Body::CreateSession { .. }) => self.accept(conn, view, out),
            (Stage::Attached | Stage::Moved, _) if matches!(client.waiting.front(), Some(Waiting::Write(xid)) if *xid == txn.head.xid) => {
                client.waiting.pop_front();
                let result = reply.expect("a reply is made wherever the session is connected");
                if result == Err(ErrorCode::SessionMoved) {
                    // The client may be anywhere by now, and here it must not believe in anything: there is no reply,
                    // only an end (ZOOKEEPER-710).
                    return self.close(conn, out);
                }
                let is_over = closes || result == Err(ErrorCode::SessionExpired);
                out.send(conn, Message::Reply { xid: txn.head.xid, zxid: txn.head.zxid, result });
                if is_over {
                    return self.close(conn, out);
                }
                self.drain(conn, view, out);
            }
            (Stage::Opening | Stage::Validating | Stage::Attached | Stage::Moved, _) if closes => self.close(conn, out),
            (Stage::Opening | Stage::Validating | Stage::Attached | Stage::Moved, _) => {}
        }
    }

    /// Watches fire for whoever may read the node that changed; the others' are used up in silence (CVE-2024-23944).
    fn tell(&mut self, zxid: Zxid, changes: &[Change], out: &mut Out) {
        for change in changes {
            for conn in self.watches.trigger(change) {
                if self.conns.get(&conn).is_some_and(|client| acl::allows(&change.acl, Perms::READ, &client.ids)) {
                    let event = WatchEvent { kind: change.kind, path: change.path.clone() };
                    out.send(conn, Message::Event { zxid, event });
                }
            }
        }
    }

    /// Answers what is at the head of the line, as far as it can be.
    fn drain(&mut self, conn: ConnId, view: View<'_>, out: &mut Out) {
        let zxid = view.tree.last;
        let (compat, plants, serving) = (self.compat, &self.plants, self.serving);
        let Some(client) = self.conns.get_mut(&conn) else { return };
        loop {
            match client.waiting.front() {
                None | Some(Waiting::Write(_) | Waiting::Sync(_, false)) => return,
                Some(Waiting::Sync(_, true)) => {}
                Some(Waiting::Ping) => out.send(conn, Message::Pong { zxid }),
                Some(Waiting::Read(xid, op, _)) if **op == Op::CloseSession => {
                    out.send(conn, Message::Reply { xid: *xid, zxid, result: Ok(Reply::Done) });
                    self.locals.close(client.session, out);
                    return self.close(conn, out);
                }
                Some(Waiting::Read(xid, op, _)) if serving == Serving::Readers && (op.is_write() || matches!(**op, Op::Sync { .. })) => {
                    let result = if plants.has(Plant::ReaderWrites) { Ok(Reply::Done) } else { Err(ErrorCode::NotReadOnly) };
                    out.send(conn, Message::Reply { xid: *xid, zxid, result });
                }
                Some(Waiting::Read(xid, op, ids)) => {
                    let context = RequestContext { conn, session: client.session, ids, view, compat, plants };
                    let result = context.answer(op, &mut self.watches, out);
                    out.send(conn, Message::Reply { xid: *xid, zxid, result });
                }
            }
            client.waiting.pop_front();
        }
    }
}
