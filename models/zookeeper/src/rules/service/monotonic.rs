//! A session never sees the past again, whichever replica it is at; a watch event counts on its own connection.

use std::collections::BTreeMap;

use judging::NoteIndex;
use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::ids::{SessionId, Xid, Zxid};

use crate::Zookeeper;
use crate::evidence::Evidence;
use crate::evidence::clients::{Item, Request};

pub const RULE: Rule<Zookeeper> = Rule {
    id: "service.monotonic",
    law: "The zxids of a session's replies never go back, over all its connections; nor, on one connection, behind an event that came before.",
    source: "ZooKeeper (USENIX ATC 2010), section 2.3; ZooKeeper: ConnectRequest.lastZxidSeen",
    scope: "service",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let mut replies: Vec<(NoteIndex, &Request<'_>, Zxid)> =
        evidence.clients.answered().map(|(request, returned)| (returned.note, request, returned.zxid)).collect();
    replies.sort_unstable_by_key(|(note, ..)| *note);
    let mut seen: BTreeMap<SessionId, (Zxid, NoteIndex)> = BTreeMap::new();
    for (note, request, zxid) in replies {
        let (last, since) = seen.insert(request.session, (zxid, note)).unwrap_or((Zxid::ZERO, note));
        finding.judge(zxid >= last, || {
            format!("{} at {} gets a reply from {zxid}; it had one from {last} at {}", request.machine, evidence.when(note), evidence.when(since))
        });
    }
    for connection in &evidence.clients.connections {
        let mut told = Zxid::ZERO;
        for item in &connection.items {
            match item {
                Item::Event { zxid, .. } => told = told.max(*zxid),
                Item::Answered { request, .. } if told > Zxid::ZERO => {
                    let request = &evidence.clients.requests[*request];
                    let Some(returned) = request.returned.filter(|_| request.xid != Xid::AUTH) else { continue };
                    finding.judge(returned.zxid >= told, || {
                        format!("{} at {} gets a reply from {}, after an event of {told}", request.machine, evidence.when(returned.note), returned.zxid)
                    });
                }
                Item::Answered { .. } | Item::Sent(_) | Item::Unasked { .. } => {}
            }
        }
    }
}
