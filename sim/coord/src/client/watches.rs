//! The watches of a session as its client keeps them (ZKWatchManager), to have them again after a re-attachment. Never what an application does about an event.

use std::collections::BTreeSet;

use vocab::ids::Zxid;
use vocab::service::{ErrorCode, EventKind, Op, Path, Reply, WatchEvent};

/// One-shot watches by path; each path once, however often it was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Watches {
    data: BTreeSet<Path>,
    exist: BTreeSet<Path>,
    child: BTreeSet<Path>,
}

impl Watches {
    /// Takes note of the watch that a request left, judging by its outcome.
    pub(super) fn register(&mut self, op: &Op, result: &Result<Reply, ErrorCode>) {
        match op {
            Op::Exists { path, watch: true } if *result == Err(ErrorCode::NoNode) => {
                self.exist.insert(path.clone());
            }
            Op::Exists { path, watch: true } | Op::GetData { path, watch: true } if result.is_ok() => {
                self.data.insert(path.clone());
            }
            Op::GetChildren { path, watch: true, .. } if result.is_ok() => {
                self.child.insert(path.clone());
            }
            Op::Exists { .. } | Op::GetData { .. } | Op::GetChildren { .. } => {}
            Op::Create { .. } | Op::Delete { .. } | Op::SetData { .. } | Op::Check { .. } | Op::Multi(_) => {}
            Op::Sync { .. } | Op::SetWatches { .. } | Op::CloseSession => {}
        }
    }

    /// Forgets the watches that an event used up (ZKWatchManager.materialize).
    pub(super) fn fire(&mut self, event: &WatchEvent) {
        match event.kind {
            EventKind::NodeCreated | EventKind::NodeDataChanged => {
                self.data.remove(&event.path);
                self.exist.remove(&event.path);
            }
            EventKind::NodeChildrenChanged => {
                self.child.remove(&event.path);
            }
            EventKind::NodeDeleted => {
                self.data.remove(&event.path);
                self.exist.remove(&event.path);
                self.child.remove(&event.path);
            }
        }
    }

    /// The setWatches that a re-attached session begins with, if it has watches.
    pub(super) fn rearm(&self, seen: Zxid) -> Option<Op> {
        let list = |paths: &BTreeSet<Path>| paths.iter().cloned().collect::<Vec<_>>();
        let is_empty = self.data.is_empty() && self.exist.is_empty() && self.child.is_empty();
        (!is_empty).then(|| Op::SetWatches { relative: seen, data: list(&self.data), exist: list(&self.exist), child: list(&self.child) })
    }

    pub(super) fn look(&self) -> String {
        let list = |paths: &BTreeSet<Path>| paths.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(" ");
        format!("data [{}], exist [{}], child [{}]", list(&self.data), list(&self.exist), list(&self.child))
    }
}
