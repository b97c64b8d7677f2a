//! A session sees its own writes. Only acknowledged ones: of an unknown one it cannot know.

use std::collections::BTreeMap;

use judging::NoteIndex;
use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::ids::{SessionId, Zxid};

use crate::Zookeeper;
use crate::evidence::Evidence;
use crate::evidence::clients::Request;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "service.own-writes",
    law: "A read that comes after the reply to a write of the same session is from a state that has the write.",
    source: "ZooKeeper (USENIX ATC 2010), section 2.3",
    scope: "service",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let mut replies: Vec<(NoteIndex, &Request<'_>, Zxid)> =
        evidence.clients.answered().map(|(request, returned)| (returned.note, request, returned.zxid)).collect();
    replies.sort_unstable_by_key(|(note, ..)| *note);
    let mut written: BTreeMap<SessionId, Zxid> = BTreeMap::new();
    for (note, request, zxid) in replies {
        if request.op.is_write() {
            let last = written.entry(request.session).or_default();
            *last = (*last).max(zxid);
        } else if let Some(last) = written.get(&request.session) {
            finding.judge(zxid >= *last, || format!("{} at {} reads from {zxid}, before its own write {last}", request.machine, evidence.when(note)));
        }
    }
}
