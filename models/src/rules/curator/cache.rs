//! Caches: what one shows was there, and its client was shown it. It need not be the latest; but once its client has synced and nothing more is under way, it has all that the sync showed, whatever its watch missed in the storm.

use vocab::service::EventKind;

use crate::case::Case;
use crate::case::clients::Mirrored;
use crate::case::course::Position;
use crate::rules::{Finding, Footing, Rule};

pub const RULE: Rule = Rule {
    id: "curator.cache",
    law: "A cache shows nodes as they were in states that its client has been shown; one that is settled shows every node as it was in a state not older than its session's last sync.",
    source: "Curator 5: CuratorCacheImpl, PersistentWatcher (what is missed between two connections is read anew); CURATOR-144",
    footing: Footing::Chain,
    check,
};

fn check(case: &Case<'_>, finding: &mut Finding) {
    for mirrored in &case.clients.mirrored {
        let Some(seen) = case.course.position(mirrored.seen) else {
            finding.waive();
            continue;
        };
        for (path, zxid) in &mirrored.mirror.nodes {
            let set = case.course.position(*zxid).filter(|set| *set <= seen);
            let was_so = set.is_some_and(|set| case.course.changes.exists(path, set) && case.course.changes.last_set(path, set) == set);
            finding.judge(was_so, || {
                format!("{} at {} shows {path} as {zxid} set it, and has seen {}", mirrored.machine, case.when(mirrored.note), mirrored.seen)
            });
        }
        if let Some(synced) = mirrored.synced.filter(|_| mirrored.mirror.settled).and_then(|synced| case.course.position(synced)) {
            converged(case, finding, mirrored, synced, seen);
        }
    }
}

/// Whether each node is shown as it was in some state from the sync to the last one seen.
fn converged(case: &Case<'_>, finding: &mut Finding, mirrored: &Mirrored<'_>, synced: Position, seen: Position) {
    let (changes, mirror) = (&case.course.changes, mirrored.mirror);
    for path in changes.at_and_below(&mirror.root).filter(|path| mirror.tree || ***path == *mirror.root) {
        let shown = mirror.nodes.iter().find(|(node, _)| **node == **path).and_then(|(_, zxid)| case.course.position(*zxid));
        let at_sync = changes.exists(path, synced).then(|| changes.last_set(path, synced));
        let since = changes.data_between(path, synced, seen + 1);
        let fits = at_sync == shown || since.iter().any(|(position, kind)| shown == (*kind != EventKind::NodeDeleted).then_some(*position));
        finding.judge(fits, || {
            let zxid = |position: Option<Position>| position.map(|position| case.course.zxid(position));
            format!(
                "{} at {} shows {path} as {:?} set it; at its last sync, {}, it was {:?}, and then {since:?}",
                mirrored.machine,
                case.when(mirrored.note),
                zxid(shown),
                case.course.zxid(synced),
                zxid(at_sync)
            )
        });
    }
}
