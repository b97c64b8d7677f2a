//! Reads: what a replica answers from its own tree. Never a change of it, nor of a watch table.

use vocab::service::{ErrorCode, EventKind, Op, Path, Reply, WatchEvent};

use super::Tree;

impl Tree {
    /// Answers a read. Paths are looked up as they are: a malformed one names no node, and the empty one the root. Panics on a write, a sync or setWatches, which are not reads of a tree.
    pub fn read(&self, op: &Op) -> Result<Reply, ErrorCode> {
        match op {
            Op::Exists { path, .. } if path.contains('\0') => Err(ErrorCode::BadArguments),
            Op::Exists { path, .. } => self.node(path).map(|node| Reply::Stat(node.stat())).ok_or(ErrorCode::NoNode),
            Op::GetData { path, .. } => {
                let node = self.node(path).ok_or(ErrorCode::NoNode)?;
                Ok(Reply::Data { data: node.data.clone(), stat: node.stat() })
            }
            Op::GetChildren { path, stat, .. } => {
                let node = self.node(path).ok_or(ErrorCode::NoNode)?;
                Ok(Reply::Children { names: node.children.iter().cloned().collect(), stat: stat.then(|| node.stat()) })
            }
            Op::Create { .. }
            | Op::Delete { .. }
            | Op::SetData { .. }
            | Op::Check { .. }
            | Op::Multi(_)
            | Op::CloseSession
            | Op::Sync { .. }
            | Op::SetWatches { .. } => {
                unreachable!("{} is not answered from a tree", op.name())
            }
        }
    }

    /// What a setWatches finds changed since `relative`: the events due at once. Watches on all other paths are to be armed again.
    pub fn missed(&self, relative: vocab::ids::Zxid, data: &[Path], exist: &[Path], child: &[Path]) -> Vec<WatchEvent> {
        let mut events = Vec::new();
        let mut due = |kind, path: &Path| events.push(WatchEvent { kind, path: path.clone() });
        for path in data {
            match self.node(path) {
                None => due(EventKind::NodeDeleted, path),
                Some(node) if node.mzxid > relative => due(EventKind::NodeDataChanged, path),
                Some(_) => {}
            }
        }
        for path in exist {
            if self.node(path).is_some() {
                due(EventKind::NodeCreated, path);
            }
        }
        for path in child {
            match self.node(path) {
                None => due(EventKind::NodeDeleted, path),
                Some(node) if node.pzxid > relative => due(EventKind::NodeChildrenChanged, path),
                Some(_) => {}
            }
        }
        events
    }
}
