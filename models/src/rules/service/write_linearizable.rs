//! Writes are linearizable, in the order of their zxids. A write without a reply has no end, so nothing need come after it.

use std::collections::BTreeMap;

use vocab::ids::{SessionId, Zxid};
use vocab::service::Request;

use crate::case::Case;
use crate::case::said::NoteIndex;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "service.write-linearizable",
    law: "If a write, or the opening of a session, returned before another write was sent, its zxid is the lower one.",
    source: "Herlihy and Wing 1990; ZooKeeper (USENIX ATC 2010), linearizable writes",
    footing: Footing::Chain,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let opened: BTreeMap<SessionId, NoteIndex> = case.clients.opened.iter().rev().map(|opened| (opened.session, opened.note)).collect();
    // The earliest return among all later transactions: none of them may have returned before this one was sent.
    let mut earliest: Option<(NoteIndex, Zxid)> = None;
    for step in case.course.steps.iter().rev() {
        let txn = step.txn;
        let (sent, returned) = match (&txn.request, case.clients.find(txn.session, txn.xid)) {
            // A local session had been opened before it was made known to all.
            (Request::CreateSession { .. }, _) if case.local.lives.contains_key(&txn.session) => (None, None),
            (Request::CreateSession { .. }, _) => (None, opened.get(&txn.session).copied()),
            (Request::Op(_) | Request::Local(_), None) => (None, None),
            (Request::Op(_) | Request::Local(_), Some(request)) => (Some(request.invoked), request.returned.map(|returned| returned.note)),
        };
        if let Some(sent) = sent {
            finding.judge(earliest.is_none_or(|(returned, _)| returned > sent), || {
                let (returned, zxid) = earliest.expect("judged not to be none");
                format!("{} was sent at {}, after {zxid} had returned at {}", txn.zxid, case.when(sent), case.when(returned))
            });
        }
        if let Some(returned) = returned
            && earliest.is_none_or(|(earliest, _)| returned < earliest)
        {
            earliest = Some((returned, txn.zxid));
        }
    }
}
