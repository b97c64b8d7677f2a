//! Protected creates: a node is found again by the UUID in its name. What a search cannot see, protection cannot prevent: an earlier try may still be on its way when the search is answered, as neither Curator nor Flink syncs before it. Such twins are waived here and counted.

use std::collections::BTreeMap;

use vocab::fact::Belief;
use vocab::ids::{MachineId, SessionId};
use vocab::recording::Ending;
use vocab::service::{EventKind, Op};

use super::{begins_anew, plan_of};
use crate::case::Case;
use crate::case::course::Position;
use crate::case::said::NoteIndex;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "curator.protected-once",
    law: "A session has one node of a UUID at most, unless its client's search could not see the first; and in the end nothing is left of a create that its client gave up.",
    source: "Curator 5: CreateBuilderImpl (withProtection), ProtectedMode, FindAndDeleteProtectedNodeInBackground; CURATOR-45, CURATOR-106",
    footing: Footing::Chain,
    check,
};

/// A node of a UUID that is there.
#[derive(Clone, Copy, Debug)]
struct Node<'c> {
    path: &'c str,
    session: SessionId,
    created: Position,
}

fn check(case: &Case<'_>, finding: &mut Finding) {
    let mut nodes: BTreeMap<&str, Vec<Node<'_>>> = BTreeMap::new();
    for change in &case.course.changes.all {
        let path: &str = &change.fired.path;
        let Some(uuid) = uuid(path) else { continue };
        let alive = nodes.entry(uuid).or_default();
        match change.fired.kind {
            EventKind::NodeCreated => {
                let txn = case.course.steps[change.position as usize - 1].txn;
                // Recorded requests of others bear such names too, and nobody searches for their nodes.
                let create = case.clients.find(txn.session, txn.xid);
                if create.is_none_or(|create| plan_of(case, create.machine).is_none()) {
                    continue;
                }
                let twin = alive.iter().find(|node| node.session == txn.session);
                if let Some(twin) = twin
                    && !could_see(case, twin, txn.xid)
                {
                    finding.waive();
                } else {
                    finding.judge(twin.is_none(), || format!("{} makes {path} of {}, which has {twin:?} already", txn.zxid, txn.session));
                }
                alive.push(Node { path, session: txn.session, created: change.position });
            }
            EventKind::NodeDeleted => alive.retain(|node| node.path != path),
            EventKind::NodeDataChanged | EventKind::NodeChildrenChanged => {}
        }
    }
    if case.recording.ending == Ending::Finished {
        given_up(case, finding, &nodes);
    }
}

/// Whether the last search before this try of a create was answered from a state that had the earlier node.
fn could_see(case: &Case<'_>, twin: &Node<'_>, xid: vocab::ids::Xid) -> bool {
    let Some(create) = case.clients.find(twin.session, xid) else { return true };
    last_search(case, create.machine, parent(twin.path), create.invoked).is_some_and(|position| position >= twin.created)
}

/// The state of the client's last list of a directory that was answered before a note.
fn last_search(case: &Case<'_>, machine: MachineId, directory: &str, before: NoteIndex) -> Option<Position> {
    let lists = case.clients.requests.iter().filter(|request| request.machine == machine && request.invoked < before);
    let answers = lists.filter(|request| matches!(request.op, Op::GetChildren { path, .. } if &**path == directory)).filter_map(|request| request.returned);
    case.course.position(answers.filter(|returned| returned.note < before).max_by_key(|returned| returned.note)?.zxid)
}

/// Creates that were given up, by clients that have had the time to clean up after them.
fn given_up(case: &Case<'_>, finding: &mut Finding, left: &BTreeMap<&str, Vec<Node<'_>>>) {
    let mut lives: BTreeMap<MachineId, NoteIndex> = BTreeMap::new();
    for (at, note) in case.recording.notes.iter().enumerate().filter(|(_, note)| begins_anew(&note.fact)) {
        lives.insert(note.machine, at as NoteIndex);
    }
    for (note, machine, conclusion) in case.clients.concluded.iter().filter(|(_, machine, _)| plan_of(case, *machine).is_some()) {
        let Some(uuid) = uuid(&conclusion.path).filter(|_| conclusion.belief == Belief::NotApplied) else { continue };
        if lives.get(machine).is_some_and(|born| born > note) {
            continue; // Who died since cleans up nothing; its sessions do, if they ended in time.
        }
        let orphan = left.get(uuid).and_then(|nodes| nodes.first());
        if let Some(orphan) = orphan
            && last_search(case, *machine, parent(orphan.path), NoteIndex::MAX).is_none_or(|position| position < orphan.created)
        {
            finding.waive();
            continue;
        }
        finding.judge(orphan.is_none(), || format!("{machine} at {} gives up {}, and in the end {orphan:?} is there", case.when(*note), conclusion.path));
    }
}

/// The UUID in a protected node's name: 36 characters between `_c_` and a dash.
pub fn uuid(path: &str) -> Option<&str> {
    let name = path.rsplit('/').next()?.strip_prefix("_c_")?;
    let uuid = name.get(..36).filter(|_| name.as_bytes().get(36) == Some(&b'-'))?;
    let is_one = uuid.bytes().enumerate().all(|(at, byte)| if matches!(at, 8 | 13 | 18 | 23) { byte == b'-' } else { byte.is_ascii_hexdigit() });
    is_one.then_some(uuid)
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("/", |(parent, _)| if parent.is_empty() { "/" } else { parent })
}
