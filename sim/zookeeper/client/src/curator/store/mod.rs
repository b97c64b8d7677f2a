//! Flink's store of state handles (ZooKeeperStateHandleStore): a node a handle, below it a node of locks, below that
//! one ephemeral lock a store that needs it. Never a handle removed that somebody else has locked.
//!
//! Each operation is a core of its own, so that several can be under way. Nothing of Flink's fences a deposed leader's
//! write: see [`Fence`].

mod add;
mod ensure;
mod fence;
mod lock;
mod release_all;
mod remove;

use std::sync::Arc;

use zookeeper_words::service::{CreateMode, Data, ErrorCode, Op, Path};

use super::path::join;
use super::{CallError, Uuid};
pub use add::{AddAndLock, Added};
pub use ensure::{Ensure, Ensured};
pub use fence::Fence;
pub use lock::{Everything, GetAllAndLock, GetAndLock, Got, SCANS_MAX};
pub use release_all::ReleaseAll;
pub use remove::{Release, ReleaseAndTryRemove, Removed};

/// What Flink's locks hold: Curator's default data, the client's address.
const LOCK_DATA: &[u8] = b"127.0.0.1";

/// Where handles are kept, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateHandleStore {
    /// The directory: `…/checkpoints`.
    pub root: Path,
    /// The name of this store's own locks.
    pub lock: Uuid,
    /// What a write of this store checks first.
    pub fence: Fence,
}

impl StateHandleStore {
    /// A handle's node.
    pub fn path(&self, name: &str) -> Path {
        join(&self.root, name)
    }

    /// The node of its locks.
    fn locks(&self, name: &str) -> Path {
        format!("{}/locks", self.path(name)).into()
    }

    /// This store's own lock on it.
    fn own_lock(&self, name: &str) -> Path {
        format!("{}/{}", self.locks(name), self.lock).into()
    }

    /// The transaction that adds a handle: always three creates, behind a check if there is a fence.
    fn add(&self, name: &str, data: &Data) -> Op {
        let check = self.fence.of_additions().into_iter().map(Fence::check);
        let creates = [
            Op::create(self.path(name), data.clone(), CreateMode::Persistent),
            Op::create(self.locks(name), Some(Arc::from(LOCK_DATA)), CreateMode::Persistent),
            Op::create(self.own_lock(name), Some(Arc::from(LOCK_DATA)), CreateMode::Ephemeral),
        ];
        Op::Multi(check.chain(creates).collect())
    }
}

/// Whether an error says that nothing was written (PRE_COMMIT_EXCEPTIONS): then what the handle refers to can be
/// discarded. After any other it must be kept, as nobody knows (PossibleInconsistentStateException).
pub fn is_before_commit(error: CallError) -> bool {
    match error {
        CallError::ConnectionLoss | CallError::Closed | CallError::Fenced => false,
        CallError::AuthFailed => true,
        CallError::Refused(code) => match code {
            ErrorCode::NodeExists | ErrorCode::BadArguments | ErrorCode::NoNode | ErrorCode::NoAuth | ErrorCode::BadVersion => true,
            ErrorCode::AuthFailed | ErrorCode::InvalidAcl | ErrorCode::SessionMoved | ErrorCode::NotReadOnly => true,
            ErrorCode::Ok | ErrorCode::RuntimeInconsistency | ErrorCode::MarshallingError | ErrorCode::Unimplemented => false,
            ErrorCode::NewConfigNoQuorum | ErrorCode::ReconfigInProgress | ErrorCode::ReconfigDisabled | ErrorCode::NoWatcher => false,
            ErrorCode::NoChildrenForEphemerals | ErrorCode::NotEmpty | ErrorCode::SessionExpired | ErrorCode::EphemeralOnLocalSession => false,
        },
    }
}
