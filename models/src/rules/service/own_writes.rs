//! A session sees its own writes. Only acknowledged ones: of an unknown one it cannot know.

use std::collections::BTreeMap;

use vocab::ids::{SessionId, Zxid};

use crate::case::Case;
use crate::case::clients::Request;
use crate::case::said::NoteIndex;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "service.own-writes",
    law: "A read that comes after the reply to a write of the same session is from a state that has the write.",
    source: "ZooKeeper (USENIX ATC 2010), section 2.3; reference semantics, section 7",
    footing: Footing::Chain,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    let mut replies: Vec<(NoteIndex, &Request<'_>, Zxid)> =
        case.clients.answered().map(|(request, returned)| (returned.note, request, returned.zxid)).collect();
    replies.sort_unstable_by_key(|(note, ..)| *note);
    let mut written: BTreeMap<SessionId, Zxid> = BTreeMap::new();
    for (note, request, zxid) in replies {
        if request.op.is_write() {
            let last = written.entry(request.session).or_default();
            *last = (*last).max(zxid);
        } else if let Some(last) = written.get(&request.session) {
            finding.judge(zxid >= *last, || format!("{} at {} reads from {zxid}, before its own write {last}", request.machine, case.when(note)));
        }
    }
}
