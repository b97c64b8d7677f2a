//! A client never goes back in time by going elsewhere. It is looked at where it happens: at what a client says that it had seen, and at what it is told on the new connection.

use std::collections::BTreeMap;

use vocab::ids::{MachineId, Xid, Zxid};

use crate::case::Case;
use crate::case::clients::{Connection, Item};
use crate::case::said::NoteIndex;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "x.reattach-zxid",
    law: "A client that attaches its session again, or goes on with another one from where it could only read, says what it has seen, all of it, and everything that it is told from then on is from states that have that.",
    source: "catalogue, X-REATTACH-ZXID; ZooKeeper: ConnectRequest.lastZxidSeen, ZooKeeperServer.processConnectRequest",
    footing: Footing::Chain,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let mut attached: Vec<(NoteIndex, Zxid, &Connection<'_>)> =
        case.clients.connections.iter().filter_map(|connection| connection.attached.map(|(note, seen)| (note, seen, connection))).collect();
    attached.sort_unstable_by_key(|(note, ..)| *note);
    let mut replies: BTreeMap<(MachineId, u32), Zxid> = BTreeMap::new();
    for (note, seen, connection) in attached {
        let before = replies.entry(connection.handle).or_default();
        if seen == Zxid::ZERO && *before == Zxid::ZERO {
            // A new session has seen nothing. What it is told counts for the next connection.
            *before = (*before).max(last_reply(case, connection));
            continue;
        }
        let honest = seen >= *before;
        let behind = told(case, connection).find(|zxid| *zxid < seen);
        finding.judge(honest && behind.is_none(), || {
            format!(
                "{} attaches {} at {} and says that it has seen {seen}; it had seen {before}, and is then told something from {behind:?}",
                connection.machine,
                connection.session,
                case.when(note)
            )
        });
        *before = (*before).max(last_reply(case, connection));
    }
}

/// The zxids of all replies on a connection.
fn told(case: &Case<'_>, connection: &Connection<'_>) -> impl Iterator<Item = Zxid> {
    connection.items.iter().filter_map(|item| match item {
        Item::Answered { request, .. } => {
            let request = &case.clients.requests[*request];
            request.returned.filter(|_| request.xid != Xid::AUTH).map(|returned| returned.zxid)
        }
        Item::Sent(_) | Item::Unasked { .. } | Item::Event { .. } => None,
    })
}

fn last_reply(case: &Case<'_>, connection: &Connection<'_>) -> Zxid {
    told(case, connection).max().unwrap_or_default()
}
