//! A client that is back asks for all the watches that it had, and for what they missed since its last reply. What the service makes of that, other rules ask.

use std::collections::{BTreeMap, BTreeSet};

use contract::ids::MachineId;
use judging::{Finding, Footing, Rule, Side};
use zookeeper_words::service::{AddWatchMode, ErrorCode, EventKind, Op, Path, WatchEvent, WatcherType};

use crate::Zookeeper;
use crate::evidence::Evidence;
use crate::evidence::clients::{Connection, Item, Request};

pub const RULE: Rule<Zookeeper> = Rule {
    id: "service.rearmed",
    law: "On a new connection a client asks first for every watch that it had and that was not used up or taken off, by its kind, since the last state of which it had a reply.",
    source: "ZooKeeper: ClientCnxn.primeConnection, ZKWatchManager",
    scope: "service",
    side: Side::Safety,
    footing: Footing::Firm,
    check,
};

/// The kinds of watches, in the order of the lists of a setWatches2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Data,
    Exist,
    Child,
    Persistent,
    Recursive,
}

type Kept<'r> = BTreeSet<(Kind, &'r Path)>;

fn check(evidence: &Evidence<'_>, finding: &mut Finding) {
    let mut connections: Vec<_> =
        evidence.clients.connections.iter().filter_map(|connection| connection.attached.map(|attached| (attached, connection))).collect();
    connections.sort_unstable_by_key(|((note, _), _)| *note);
    let mut kept: BTreeMap<(MachineId, u32), Kept<'_>> = BTreeMap::new();
    for ((note, seen), connection) in connections {
        let kept = kept.entry(connection.handle).or_default();
        let (asked, is_since) = asked(evidence, connection, seen);
        finding.judge(asked == *kept && is_since, || {
            let missing: Vec<_> = kept.difference(&asked).collect();
            let invented: Vec<_> = asked.difference(kept).collect();
            format!(
                "{} in {} asks at {} for other watches than it had, or not for what came after {seen}: it leaves out {missing:?} and adds {invented:?}",
                connection.machine,
                connection.session,
                evidence.when(note)
            )
        });
        for item in &connection.items {
            match item {
                Item::Answered { request, .. } => answered(kept, &evidence.clients.requests[*request]),
                Item::Event { event, .. } => fired(kept, event),
                Item::Sent(_) | Item::Unasked { .. } => {}
            }
        }
    }
}

/// What a connection's setWatches ask for, and whether all of them ask since this state.
fn asked<'r>(evidence: &Evidence<'r>, connection: &Connection<'r>, seen: zookeeper_words::ids::Zxid) -> (Kept<'r>, bool) {
    let (mut asked, mut is_since) = (Kept::new(), true);
    for item in &connection.items {
        let Item::Sent(request) = item else { continue };
        if let Op::SetWatches { relative, data, exist, child, persistent, recursive } = evidence.clients.requests[*request].op {
            is_since &= *relative == seen;
            let lists = [(Kind::Data, data), (Kind::Exist, exist), (Kind::Child, child), (Kind::Persistent, persistent), (Kind::Recursive, recursive)];
            asked.extend(lists.into_iter().flat_map(|(kind, paths)| paths.iter().map(move |path| (kind, path))));
        }
    }
    (asked, is_since)
}

/// A reply came: which watches does its client have now?
fn answered<'r>(kept: &mut Kept<'r>, request: &Request<'r>) {
    let Some(returned) = request.returned else { return };
    let is_done = returned.result.is_ok();
    match request.op {
        Op::Exists { path, watch: true } if is_done => drop(kept.insert((Kind::Data, path))),
        Op::Exists { path, watch: true } if *returned.result == Err(ErrorCode::NoNode) => drop(kept.insert((Kind::Exist, path))),
        Op::GetData { path, watch: true } if is_done => drop(kept.insert((Kind::Data, path))),
        Op::GetChildren { path, watch: true, .. } if is_done => drop(kept.insert((Kind::Child, path))),
        Op::AddWatch { path, mode: AddWatchMode::Persistent } if is_done => drop(kept.insert((Kind::Persistent, path))),
        Op::AddWatch { path, mode: AddWatchMode::PersistentRecursive } if is_done => drop(kept.insert((Kind::Recursive, path))),
        Op::RemoveWatches { path, kind, only_ask: false } if is_done => kept.retain(|(of, at)| *at != path || !is_meant(*kind, *of)),
        _ => {}
    }
}

/// Whether a removeWatches of this kind takes such watches off.
fn is_meant(wanted: WatcherType, kind: Kind) -> bool {
    match wanted {
        WatcherType::Any => true,
        WatcherType::Children => kind == Kind::Child,
        WatcherType::Data => matches!(kind, Kind::Data | Kind::Exist),
        WatcherType::Persistent => kind == Kind::Persistent,
        WatcherType::PersistentRecursive => kind == Kind::Recursive,
    }
}

/// An event came: it uses up what fires once.
fn fired(kept: &mut Kept<'_>, event: &WatchEvent) {
    let uses_up = |kind: Kind| match event.kind {
        EventKind::NodeCreated | EventKind::NodeDataChanged => matches!(kind, Kind::Data | Kind::Exist),
        EventKind::NodeChildrenChanged => kind == Kind::Child,
        EventKind::NodeDeleted => matches!(kind, Kind::Data | Kind::Exist | Kind::Child),
    };
    kept.retain(|(kind, path)| **path != event.path || !uses_up(*kind));
}
