//! The reads of the reference; they validate no path and change nothing.

use vocab::service::{ErrorCode, Op, Reply};

use super::{Reference, path};

impl Reference {
    /// What a read, a sync or a setWatches answers from this state; `None` for a write, which is not answered from a state.
    pub fn read(&self, op: &Op) -> Option<Result<Reply, ErrorCode>> {
        let node = |path: &str| self.nodes.get(path::key(path)).ok_or(ErrorCode::NoNode);
        match op {
            Op::Exists { path, .. } if path.contains('\0') => Some(Err(ErrorCode::BadArguments)),
            Op::Exists { path, .. } => Some(node(path).map(|node| Reply::Stat(node.stat()))),
            Op::GetData { path, .. } => Some(node(path).map(|node| Reply::Data { data: node.data.clone(), stat: node.stat() })),
            Op::GetChildren { path, stat, .. } => {
                Some(node(path).map(|node| Reply::Children { names: node.children.iter().cloned().collect(), stat: stat.then(|| node.stat()) }))
            }
            Op::Sync { path } => Some(Ok(Reply::Synced { path: path.clone() })),
            Op::SetWatches { .. } => Some(Ok(Reply::Done)),
            Op::Create { .. } | Op::Delete { .. } | Op::SetData { .. } | Op::Check { .. } | Op::Multi(_) | Op::CloseSession => None,
        }
    }
}
