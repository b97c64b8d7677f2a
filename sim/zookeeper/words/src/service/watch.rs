//! Watch events. Data; never who watches.

use serde::{Deserialize, Serialize};

use super::Path;

/// What a watch saw (ZooKeeper's EventType).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// A node was made (type 1).
    NodeCreated,
    /// It was deleted (type 2).
    NodeDeleted,
    /// Its content was set (type 3).
    NodeDataChanged,
    /// A child of it was made or deleted (type 4).
    NodeChildrenChanged,
}

/// A watch event (ZooKeeper's WatcherEvent; from 3.9 on its header carries the zxid of the change).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WatchEvent {
    /// What happened.
    pub kind: EventKind,
    /// The node that it is about.
    pub path: Path,
}
