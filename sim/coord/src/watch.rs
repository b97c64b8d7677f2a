//! One-shot watches of the connections to one replica (ZooKeeper's WatchManager): who waits for what, and whom a change reaches. Never kept beyond a connection.

use std::collections::{BTreeMap, BTreeSet};

use vocab::ids::ConnId;
use vocab::service::{EventKind, Path};

use crate::tree::Change;

/// The two kinds of one-shot watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchKind {
    /// Left by exists and getData.
    Data,
    /// Left by getChildren.
    Child,
}

/// The tables.
#[derive(Clone, Debug, Default)]
pub struct Watches {
    data: BTreeMap<Path, BTreeSet<ConnId>>,
    child: BTreeMap<Path, BTreeSet<ConnId>>,
    held: BTreeMap<ConnId, BTreeSet<Path>>,
}

impl Watches {
    /// Leaves a watch; a second one of the same kind at the same place is the same watch.
    pub fn add(&mut self, kind: WatchKind, path: &Path, conn: ConnId) {
        let table = match kind {
            WatchKind::Data => &mut self.data,
            WatchKind::Child => &mut self.child,
        };
        table.entry(path.clone()).or_default().insert(conn);
        self.held.entry(conn).or_default().insert(path.clone());
    }

    /// Whom a change reaches, once each; their watches are gone. A deletion takes both kinds and is told once.
    pub fn trigger(&mut self, change: &Change) -> BTreeSet<ConnId> {
        if self.held.is_empty() {
            return BTreeSet::new();
        }
        let mut reached = BTreeSet::new();
        if matches!(change.kind, EventKind::NodeCreated | EventKind::NodeDeleted | EventKind::NodeDataChanged) {
            reached.extend(self.data.remove(&change.path).into_iter().flatten());
        }
        if matches!(change.kind, EventKind::NodeDeleted | EventKind::NodeChildrenChanged) {
            reached.extend(self.child.remove(&change.path).into_iter().flatten());
        }
        reached
    }

    /// The connection is gone, and its watches with it.
    pub fn drop_conn(&mut self, conn: ConnId) {
        for path in self.held.remove(&conn).into_iter().flatten() {
            for table in [&mut self.data, &mut self.child] {
                if let Some(conns) = table.get_mut(&path) {
                    conns.remove(&conn);
                    if conns.is_empty() {
                        table.remove(&path);
                    }
                }
            }
        }
    }
}
