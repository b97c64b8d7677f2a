//! A session never sees the past again, whichever replica it is at; a watch event counts on its own connection.

use std::collections::BTreeMap;

use vocab::ids::{SessionId, Xid, Zxid};

use crate::case::Case;
use crate::case::clients::{Item, Request};
use crate::case::said::NoteIndex;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "service.monotonic",
    law: "The zxids of a session's replies never go back, over all its connections; nor, on one connection, behind an event that came before.",
    source: "ZooKeeper (USENIX ATC 2010), section 2.3; reference semantics, section 7 (lastZxidSeen)",
    footing: Footing::Chain,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let mut replies: Vec<(NoteIndex, &Request<'_>, Zxid)> =
        case.clients.answered().map(|(request, returned)| (returned.note, request, returned.zxid)).collect();
    replies.sort_unstable_by_key(|(note, ..)| *note);
    let mut seen: BTreeMap<SessionId, (Zxid, NoteIndex)> = BTreeMap::new();
    for (note, request, zxid) in replies {
        let (last, since) = seen.insert(request.session, (zxid, note)).unwrap_or((Zxid::ZERO, note));
        finding.judge(zxid >= last, || {
            format!("{} at {} gets a reply from {zxid}; it had one from {last} at {}", request.machine, case.when(note), case.when(since))
        });
    }
    for connection in &case.clients.connections {
        let mut told = Zxid::ZERO;
        for item in &connection.items {
            match item {
                Item::Event { zxid, .. } => told = told.max(*zxid),
                Item::Answered { request, .. } if told > Zxid::ZERO => {
                    let request = &case.clients.requests[*request];
                    let Some(returned) = request.returned.filter(|_| request.xid != Xid::AUTH) else { continue };
                    finding.judge(returned.zxid >= told, || {
                        format!("{} at {} gets a reply from {}, after an event of {told}", request.machine, case.when(returned.note), returned.zxid)
                    });
                }
                Item::Answered { .. } | Item::Sent(_) | Item::Unasked { .. } => {}
            }
        }
    }
}
