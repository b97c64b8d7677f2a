//! Watch events. Data; never who watches.

use serde::{Deserialize, Serialize};

use super::Path;

/// What a watch saw (ZooKeeper's EventType).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// 1.
    NodeCreated,
    /// 2.
    NodeDeleted,
    /// 3.
    NodeDataChanged,
    /// 4.
    NodeChildrenChanged,
}

/// A watch event (ZooKeeper's WatcherEvent; from 3.9 on its header carries the zxid of the change).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WatchEvent {
    /// What happened.
    pub kind: EventKind,
    /// Where.
    pub path: Path,
}
