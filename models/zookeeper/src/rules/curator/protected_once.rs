//! Protected creates: a node is found again by the UUID in its name. What a search cannot see, protection cannot prevent: an earlier try may still be on its way when the search is answered, as neither Curator nor Flink syncs before it; a leader's log may hold it for seconds, and the next leader commits it. Such twins, and such nodes of creates that were given up, are waived here and counted; so are twins of the node that the last search took, since CreateBuilderImpl.findNode takes one.

use std::collections::BTreeMap;

use contract::ids::MachineId;
use contract::recording::Ending;
use judging::NoteIndex;
use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::fact::Belief;
use zookeeper_words::ids::SessionId;
use zookeeper_words::service::EventKind;

use crate::Zookeeper;
use crate::evidence::Evidence;
use crate::evidence::chain::Position;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "curator.protected-once",
    law: "A session has one node of a UUID at most, unless its client's search could not see the first; and in the end nothing is left of a create that its client gave up.",
    source: "Curator 5: CreateBuilderImpl (withProtection), ProtectedMode, FindAndDeleteProtectedNodeInBackground; CURATOR-45, CURATOR-106",
    scope: "curator",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

/// A node of a UUID.
#[derive(Clone, Copy, Debug)]
struct Node<'c> {
    path: &'c str,
    session: SessionId,
    created: Position,
    deleted: Option<Position>,
}

impl Node<'_> {
    fn is_there(&self, at: Position) -> bool {
        self.created <= at && self.deleted.is_none_or(|deleted| deleted > at)
    }
}

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let mut nodes: BTreeMap<&str, Vec<Node<'_>>> = BTreeMap::new();
    for change in &evidence.chain.changes.all {
        let path: &str = &change.fired.path;
        let Some(uuid) = uuid(path) else { continue };
        let made = nodes.entry(uuid).or_default();
        match change.fired.kind {
            EventKind::NodeCreated => {
                let txn = evidence.chain.steps[change.position as usize - 1].txn;
                // Recorded requests of others bear such names too, and nobody searches for their nodes.
                let Some(create) = evidence.clients.find(txn.session, txn.xid).filter(|create| evidence.users.curator(create.machine).is_some()) else {
                    continue;
                };
                let twin = made.iter().find(|node| node.deleted.is_none() && node.session == txn.session);
                let searched = searches(evidence, create.machine, uuid).take_while(|(note, _)| *note < create.invoked).last();
                match (twin, searched) {
                    (Some(twin), Some((_, seen))) if seen < twin.created => finding.waive(),
                    _ => finding.judge(twin.is_none(), || format!("{} makes {path} of {}, which has {twin:?} already", txn.zxid, txn.session)),
                }
                made.push(Node { path, session: txn.session, created: change.position, deleted: None });
            }
            EventKind::NodeDeleted => {
                for node in made.iter_mut().filter(|node| node.path == path && node.deleted.is_none()) {
                    node.deleted = Some(change.position);
                }
            }
            EventKind::NodeDataChanged | EventKind::NodeChildrenChanged => {}
        }
    }
    if *evidence.view.ending == Ending::Finished {
        given_up(evidence, finding, &nodes);
    }
}

/// When a client learned what there was of a UUID, and in which state.
fn searches<'c>(evidence: &'c Evidence<'_>, machine: MachineId, of: &'c str) -> impl Iterator<Item = (NoteIndex, Position)> + 'c {
    let own = evidence.clients.recipes.searched.iter().filter(move |(_, searcher, path, _)| *searcher == machine && uuid(path) == Some(of));
    own.filter_map(|(note, _, _, request)| {
        let returned = evidence.clients.find(request.session, request.xid)?.returned?;
        Some((*note, evidence.chain.position(returned.zxid)?))
    })
}

/// Creates that were given up, by clients that have had the time to clean up after them.
fn given_up(evidence: &Evidence<'_>, finding: &mut Finding, nodes: &BTreeMap<&str, Vec<Node<'_>>>) {
    for (note, machine, conclusion) in evidence.clients.recipes.concluded.iter().filter(|(_, machine, _)| evidence.users.curator(*machine).is_some()) {
        let Some(uuid) = uuid(&conclusion.path).filter(|_| conclusion.belief == Belief::NotApplied) else { continue };
        if evidence.curators.begun.get(machine).is_some_and(|born| born > note) {
            continue; // Who died since cleans up nothing; its sessions do, if they ended in time.
        }
        let made = nodes.get(uuid).map_or(&[][..], Vec::as_slice);
        let mut left = made.iter().filter(|node| node.deleted.is_none()).peekable();
        let seen = searches(evidence, *machine, uuid).find(|(searched, _)| searched > note).map(|(_, seen)| seen);
        // One search, which deletes one node: what it could not see stays, and so do the twins of the one that it took.
        let is_taken = |node: &Node<'_>, seen: Position| node.is_there(seen) && node.deleted.is_some();
        let is_missed = |node: &Node<'_>| seen.is_some_and(|seen| !node.is_there(seen) || made.iter().any(|twin| is_taken(twin, seen)));
        if left.peek().is_some() && left.clone().all(is_missed) {
            finding.waive();
            continue;
        }
        let orphan = left.find(|node| !is_missed(node));
        finding.judge(orphan.is_none(), || format!("{machine} at {} gives up {}, and in the end {orphan:?} is there", evidence.when(*note), conclusion.path));
    }
}

/// The UUID in a protected node's name: 36 characters between `_c_` and a dash.
pub fn uuid(path: &str) -> Option<&str> {
    let name = path.rsplit('/').next()?.strip_prefix("_c_")?;
    let uuid = name.get(..36).filter(|_| name.as_bytes().get(36) == Some(&b'-'))?;
    let is_one = uuid.bytes().enumerate().all(|(at, byte)| if matches!(at, 8 | 13 | 18 | 23) { byte == b'-' } else { byte.is_ascii_hexdigit() });
    is_one.then_some(uuid)
}
