//! Writes are linearizable, in the order of their zxids. A write without a reply has no end, so nothing need come after it.

use std::collections::BTreeMap;

use judging::NoteIndex;
use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::ids::{SessionId, Zxid};
use zookeeper_words::service::Request;

use crate::Zookeeper;
use crate::evidence::Evidence;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "service.write-linearizable",
    law: "If a write, or the opening of a session, returned before another write was sent, its zxid is the lower one.",
    source: "Herlihy and Wing 1990; ZooKeeper (USENIX ATC 2010), linearizable writes",
    scope: "service",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let opened: BTreeMap<SessionId, NoteIndex> = evidence.clients.opened.iter().rev().map(|opened| (opened.session, opened.note)).collect();
    // The earliest return among all later transactions: none of them may have returned before this one was sent.
    let mut earliest: Option<(NoteIndex, Zxid)> = None;
    for step in evidence.chain.steps.iter().rev() {
        let txn = step.txn;
        let (sent, returned) = match (&txn.request, evidence.clients.find(txn.session, txn.xid)) {
            // A local session had been opened before it was made known to all.
            (Request::CreateSession { .. }, _) if evidence.local.lives.contains_key(&txn.session) => (None, None),
            (Request::CreateSession { .. }, _) => (None, opened.get(&txn.session).copied()),
            (Request::Op(_) | Request::Local(_), None) => (None, None),
            (Request::Op(_) | Request::Local(_), Some(request)) => (Some(request.invoked), request.returned.map(|returned| returned.note)),
        };
        if let Some(sent) = sent {
            finding.judge(earliest.is_none_or(|(returned, _)| returned > sent), || {
                let (returned, zxid) = earliest.expect("judged not to be none");
                format!("{} was sent at {}, after {zxid} had returned at {}", txn.zxid, evidence.when(sent), evidence.when(returned))
            });
        }
        if let Some(returned) = returned
            && earliest.is_none_or(|(earliest, _)| returned < earliest)
        {
            earliest = Some((returned, txn.zxid));
        }
    }
}
