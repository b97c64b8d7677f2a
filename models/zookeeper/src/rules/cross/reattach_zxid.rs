//! A client never goes back in time by going elsewhere. It is looked at where it happens: at what a client says that it had seen, and at what it is told on the new connection.

use std::collections::BTreeMap;

use contract::ids::MachineId;
use judging::NoteIndex;
use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::ids::{Xid, Zxid};

use crate::Zookeeper;
use crate::evidence::Evidence;
use crate::evidence::clients::{Connection, Item};

pub const RULE: Rule<Zookeeper> = Rule {
    id: "x.reattach-zxid",
    law: "A client that attaches its session again, or goes on with another one from where it could only read, says what it has seen, all of it, and everything that it is told from then on is from states that have that.",
    source: "ZooKeeper: ConnectRequest.lastZxidSeen, ZooKeeperServer.processConnectRequest",
    scope: "cross",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let mut attached: Vec<(NoteIndex, Zxid, &Connection<'_>)> =
        evidence.clients.connections.iter().filter_map(|connection| connection.attached.map(|(note, seen)| (note, seen, connection))).collect();
    attached.sort_unstable_by_key(|(note, ..)| *note);
    let mut replies: BTreeMap<(MachineId, u32), Zxid> = BTreeMap::new();
    for (note, seen, connection) in attached {
        let before = replies.entry(connection.handle).or_default();
        if seen == Zxid::ZERO && *before == Zxid::ZERO {
            // A new session has seen nothing. What it is told counts for the next connection.
            *before = (*before).max(last_reply(evidence, connection));
            continue;
        }
        let honest = seen >= *before;
        let behind = told(evidence, connection).find(|zxid| *zxid < seen);
        finding.judge(honest && behind.is_none(), || {
            format!(
                "{} attaches {} at {} and says that it has seen {seen}; it had seen {before}, and is then told something from {behind:?}",
                connection.machine,
                connection.session,
                evidence.when(note)
            )
        });
        *before = (*before).max(last_reply(evidence, connection));
    }
}

/// The zxids of all replies on a connection.
fn told(evidence: &Evidence<'_>, connection: &Connection<'_>) -> impl Iterator<Item = Zxid> {
    connection.items.iter().filter_map(|item| match item {
        Item::Answered { request, .. } => {
            let request = &evidence.clients.requests[*request];
            request.returned.filter(|_| request.xid != Xid::AUTH).map(|returned| returned.zxid)
        }
        Item::Sent(_) | Item::Unasked { .. } | Item::Event { .. } => None,
    })
}

fn last_reply(evidence: &Evidence<'_>, connection: &Connection<'_>) -> Zxid {
    told(evidence, connection).max().unwrap_or_default()
}
