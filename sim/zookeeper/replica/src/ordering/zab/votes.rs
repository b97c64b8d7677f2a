//! How votes reach the other replicas: a stream to each, opened when there is something to say, carrying the latest
//! vote (QuorumCnxManager keeps one message a peer). Never what a vote means.

use std::collections::BTreeMap;

use contract::ids::{ConnId, MachineId};
use zookeeper_words::message::{Message, Notification};

use crate::Out;

#[derive(Clone, Debug)]
struct Link {
    conn: ConnId,
    open: bool,
    latest: Option<Notification>,
}

/// The streams on which this replica sends its votes.
#[derive(Clone, Debug, Default)]
pub struct VoteLinks {
    links: BTreeMap<MachineId, Link>,
    /// To whom each of their streams leads.
    ends: BTreeMap<ConnId, MachineId>,
}

impl VoteLinks {
    /// Sends a vote, now or when the stream stands.
    pub fn send(&mut self, to: MachineId, notification: Notification, out: &mut Out) {
        let link = self.links.entry(to).or_insert_with(|| {
            let conn = out.open(to);
            self.ends.insert(conn, to);
            Link { conn, open: false, latest: None }
        });
        if link.open {
            out.send(link.conn, Message::Vote(notification));
        } else {
            link.latest = Some(notification);
        }
    }

    /// Gives up all streams and opens new ones when needed: one that is half dead looks like any other until it is
    /// tried again.
    pub fn renew(&mut self, out: &mut Out) {
        self.ends.clear();
        std::mem::take(&mut self.links).into_values().for_each(|link| out.close(link.conn));
    }

    /// A stream stands. Says whether it is one of these.
    pub fn on_opened(&mut self, conn: ConnId, out: &mut Out) -> bool {
        let Some(link) = self.ends.get(&conn).and_then(|to| self.links.get_mut(to)) else { return false };
        link.open = true;
        if let Some(notification) = link.latest.take() {
            out.send(conn, Message::Vote(notification));
        }
        true
    }

    /// A stream is gone. Says whether it was one of these.
    pub fn on_closed(&mut self, conn: ConnId) -> bool {
        self.ends.remove(&conn).and_then(|to| self.links.remove(&to)).is_some()
    }
}
