//! Caches: what one shows was there, and its client was shown it. It need not be the latest; but once its client has synced and nothing more is under way, it has all that the sync showed, whatever its watch missed in the storm.
//!
//! Except what it has overlooked, as Curator's does: a node's children are listed when a read shows other children than the read before, and a child is read when a list shows it. If all tries of such a request are
//! lost, CuratorCacheImpl hands the failure to an exception handler; the next read of the parent finds no difference any more, and the child stays unknown until its parent's children change again. Waived and counted.

use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::service::{EventKind, Op};

use crate::Zookeeper;
use crate::evidence::Evidence;
use crate::evidence::chain::Position;
use crate::evidence::clients::Request;
use crate::evidence::clients::recipes::Mirrored;

pub const RULE: Rule<Zookeeper> = Rule {
    id: "curator.cache",
    law: "A cache shows nodes as they were in states that its client has been shown; one that is settled shows every node as it was in a state not older than its session's last sync.",
    source: "Curator 5: CuratorCacheImpl, PersistentWatcher (what is missed between two connections is read anew); CURATOR-144",
    scope: "curator",
    side: Side::Safety,
    footing: Footing::Chain,
    check,
};

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    for mirrored in &evidence.clients.recipes.mirrored {
        let Some(seen) = evidence.chain.position(mirrored.seen) else {
            finding.waive();
            continue;
        };
        for (path, zxid) in &mirrored.mirror.nodes {
            let set = evidence.chain.position(*zxid).filter(|set| *set <= seen);
            let was_so = set.is_some_and(|set| evidence.chain.changes.exists(path, set) && evidence.chain.changes.last_set(path, set) == set);
            finding.judge(was_so, || {
                format!("{} at {} shows {path} as {zxid} set it, and has seen {}", mirrored.machine, evidence.when(mirrored.note), mirrored.seen)
            });
        }
        if let Some(synced) = mirrored.synced.filter(|_| mirrored.mirror.settled).and_then(|synced| evidence.chain.position(synced)) {
            converged(evidence, finding, mirrored, synced, seen);
        }
    }
}

/// Whether each node is shown as it was in some state from the sync to the last one seen.
fn converged(evidence: &Evidence<'_>, finding: &mut Finding, mirrored: &Mirrored<'_>, synced: Position, seen: Position) {
    let (changes, mirror) = (&evidence.chain.changes, mirrored.mirror);
    for path in changes.at_and_below(&mirror.root).filter(|path| mirror.tree || ***path == *mirror.root) {
        let shown = mirror.nodes.iter().find(|(node, _)| **node == **path).and_then(|(_, zxid)| evidence.chain.position(*zxid));
        let at_sync = changes.exists(path, synced).then(|| changes.last_set(path, synced));
        let since = changes.data_between(path, synced, seen + 1);
        let fits = at_sync == shown || since.iter().any(|(position, kind)| shown == (*kind != EventKind::NodeDeleted).then_some(*position));
        if !fits && shown.is_none() && is_overlooked(evidence, mirrored, path, synced) {
            finding.waive();
            continue;
        }
        finding.judge(fits, || {
            let zxid = |position: Option<Position>| position.map(|position| evidence.chain.zxid(position));
            format!(
                "{} at {} shows {path} as {:?} set it; at its last sync, {}, it was {:?}, and then {since:?}",
                mirrored.machine,
                evidence.when(mirrored.note),
                zxid(shown),
                evidence.chain.zxid(synced),
                zxid(at_sync)
            )
        });
    }
}

/// Whether the request was lost that would have told the cache of this node, or of the first one above it that it does not know either.
fn is_overlooked(evidence: &Evidence<'_>, mirrored: &Mirrored<'_>, path: &str, synced: Position) -> bool {
    let is_shown = |path: &str| mirrored.mirror.nodes.iter().any(|(node, _)| node == path);
    let above =
        std::iter::successors(Some(path), |path| path.rsplit_once('/').map(|(parent, _)| parent)).take_while(|path| path.starts_with(&mirrored.mirror.root));
    let Some((child, parent)) = above.clone().zip(above.skip(1)).find(|(_, parent)| is_shown(parent)) else { return false };
    // When this copy knew nothing yet: what the client asked for before is another's.
    let earlier = evidence.clients.recipes.mirrored.iter().filter(|other| other.machine == mirrored.machine && other.note < mirrored.note);
    let (mut begun, mut knew_nothing) = (0, false);
    for other in earlier {
        let knows_nothing = other.mirror.nodes.is_empty();
        if knows_nothing && !knew_nothing {
            begun = other.note;
        }
        knew_nothing = knows_nothing;
    }
    let asked = |is: fn(&Op) -> Option<&str>, path: &str| {
        let path = path.to_owned();
        let own =
            evidence.clients.requests.iter().filter(move |request| request.machine == mirrored.machine && (begun..mirrored.note).contains(&request.invoked));
        own.filter(move |request| is(request.op) == Some(&path))
    };
    let is_lost = |request: &Request<'_>| request.returned.is_none_or(|returned| returned.note > mirrored.note);
    if asked(read_of, child).next_back().is_some_and(is_lost) {
        return true;
    }
    // The first read that showed the children as they are called for a list of them.
    let changed = evidence.chain.changes.last_child_change(parent, synced);
    let shows_them = |zxid| evidence.chain.position(zxid).is_some_and(|position| position >= changed);
    let mut reads = asked(read_of, parent).filter_map(|request| request.returned);
    let Some(shown) = reads.find(|returned| shows_them(returned.zxid)) else { return false };
    let mut lists = asked(list_of, parent).filter(|request| request.invoked > shown.note).peekable();
    lists.peek().is_some() && lists.all(is_lost)
}

fn read_of(op: &Op) -> Option<&str> {
    if let Op::GetData { path, .. } = op { Some(path) } else { None }
}

fn list_of(op: &Op) -> Option<&str> {
    if let Op::GetChildren { path, .. } = op { Some(path) } else { None }
}
