//! What a setWatches tells at once of what its client missed, and the watches that it leaves, worked out from one state (DataTree.setWatches). Never the tables.

use std::collections::BTreeMap;

use zookeeper_words::service::{EventKind, Op, Path, WatchEvent};

use crate::evidence::chain::{Chain, Position};
use crate::evidence::clients::Clients;
use crate::znode::watches::{Mode, Table};

/// What one setWatches comes to.
pub struct Missed {
    pub request: usize,
    pub position: Position,
    /// How often each may come, and has.
    events: BTreeMap<(Path, EventKind), (u32, u32)>,
    /// The watches that it leaves: in one table, or as addWatch leaves them.
    pub left: Vec<(Path, Option<Table>, Mode)>,
}

impl Missed {
    /// Works it out for this state.
    pub fn at(chain: &Chain<'_>, clients: &Clients<'_>, request: usize, position: Position) -> Missed {
        let mut missed = Missed { request, position, events: BTreeMap::new(), left: vec![] };
        let Op::SetWatches { relative, data, exist, child, persistent, recursive } = clients.requests[request].op else { return missed };
        let changes = &chain.changes;
        let changed = |at: Position| chain.zxid(at) > *relative;
        let data = data.iter().map(|path| {
            let event = match changes.exists(path, position) {
                false => Some(EventKind::NodeDeleted),
                true => changed(changes.last_set(path, position)).then_some(EventKind::NodeDataChanged),
            };
            (path, Table::Data, event)
        });
        let exist = exist.iter().map(|path| (path, Table::Data, changes.exists(path, position).then_some(EventKind::NodeCreated)));
        let child = child.iter().map(|path| {
            let event = match changes.exists(path, position) {
                false => Some(EventKind::NodeDeleted),
                true => {
                    let last = changes.created(path, position).max(changes.last_child_change(path, position));
                    changed(last).then_some(EventKind::NodeChildrenChanged)
                }
            };
            (path, Table::Child, event)
        });
        for (path, table, event) in data.chain(exist).chain(child) {
            match event {
                Some(kind) => missed.events.entry((Path::clone(path), kind)).or_default().0 += 1,
                None => missed.left.push((Path::clone(path), Some(table), Mode::OneShot)),
            }
        }
        missed.left.extend(persistent.iter().map(|path| (Path::clone(path), None, Mode::Persistent)));
        missed.left.extend(recursive.iter().map(|path| (Path::clone(path), None, Mode::Recursive)));
        missed
    }

    /// Whether this event is one of them; it is counted then.
    pub fn is_told(&mut self, position: Position, event: &WatchEvent) -> bool {
        match self.events.get_mut(&(Path::clone(&event.path), event.kind)) {
            Some((most, seen)) if self.position == position && *seen < *most => {
                *seen += 1;
                true
            }
            _ => false,
        }
    }

    /// Events that have not come.
    pub fn untold(&self) -> impl Iterator<Item = WatchEvent> {
        self.events.iter().filter(|(_, (_, seen))| *seen == 0).map(|((path, kind), _)| WatchEvent { kind: *kind, path: Path::clone(path) })
    }
}
