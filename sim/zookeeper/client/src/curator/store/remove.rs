//! Letting go of a handle (release), and removing it if nobody else needs it (releaseAndTryRemove): the own lock, the
//! node of the locks, the node. Never a node whose locks are not gone: NotEmpty says that somebody else has one.

use zookeeper_words::service::{Data, ErrorCode, Op, Path, Reply};

use super::StateHandleStore;
use crate::curator::{CallError, CallId, Notice, RecipeContext};

/// The own lock of a handle, on its way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    call: CallId,
}

impl Release {
    /// Begins. No fence guards it: who leads no more must let go of what is his, or his living session keeps everybody
    /// from removing it (FLINK-10011).
    pub fn start(store: &StateHandleStore, name: &str, context: &mut RecipeContext) -> Release {
        Release { call: context.call(Op::Delete { path: store.own_lock(name), version: -1 }) }
    }

    /// Takes a notice of the owner's Curator; says how it ended. A lock that is not there is none to release.
    pub fn on(&mut self, notice: &Notice) -> Option<Result<(), CallError>> {
        match notice {
            Notice::Done { call, answer } if *call == self.call => Some(gone(&answer.result)),
            Notice::Done { .. } | Notice::Connection(_) | Notice::Watched(_) | Notice::Closed => None,
        }
    }
}

/// How a removal ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removed {
    /// The handle is gone. What it referred to can be discarded, if it could be read.
    Removed {
        /// The node's content.
        data: Option<Data>,
    },
    /// Somebody else has a lock (false in Flink, where the caller that ignores it deletes the files all the same).
    StillLocked,
    /// Nobody knows how far it got. It can be done again.
    Failed(CallError),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Reading,
    Lock,
    Locks,
    Node,
}

/// The operation at work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseAndTryRemove {
    store: StateHandleStore,
    name: String,
    step: Step,
    call: CallId,
    data: Option<Data>,
}

impl ReleaseAndTryRemove {
    /// Begins, by reading what the handle refers to.
    pub fn start(store: &StateHandleStore, name: &str, context: &mut RecipeContext) -> ReleaseAndTryRemove {
        let call = context.call(Op::GetData { path: store.path(name), watch: false });
        ReleaseAndTryRemove { store: store.clone(), name: name.into(), step: Step::Reading, call, data: None }
    }

    /// Takes a notice of the owner's Curator.
    pub fn on(&mut self, notice: &Notice, context: &mut RecipeContext) -> Option<Removed> {
        let Notice::Done { call, answer } = notice else { return None };
        if *call != self.call {
            return None;
        }
        match self.step {
            Step::Reading => {
                // A handle that cannot be read is removed all the same.
                if let Ok(Reply::Data { data, .. }) = &answer.result {
                    self.data = Some(data.clone());
                }
                self.delete(Step::Lock, self.store.own_lock(&self.name), context)
            }
            Step::Lock => match gone(&answer.result) {
                Ok(()) => self.delete(Step::Locks, self.store.locks(&self.name), context),
                Err(error) => Some(Removed::Failed(error)),
            },
            Step::Locks => match gone(&answer.result) {
                Ok(()) => self.delete(Step::Node, self.store.path(&self.name), context),
                Err(CallError::Refused(ErrorCode::NotEmpty)) => Some(Removed::StillLocked),
                Err(error) => Some(Removed::Failed(error)),
            },
            Step::Node => match gone(&answer.result) {
                Ok(()) => Some(Removed::Removed { data: self.data.take() }),
                Err(error) => Some(Removed::Failed(error)),
            },
        }
    }

    fn delete(&mut self, step: Step, path: Path, context: &mut RecipeContext) -> Option<Removed> {
        self.call = context.call(self.store.fence.guard(Op::Delete { path, version: -1 }));
        self.step = step;
        None
    }
}

/// A delete's outcome, where NoNode is as good as a delete (deleteIfExists): after a retry it may be the own.
fn gone(result: &Result<Reply, CallError>) -> Result<(), CallError> {
    match result {
        Ok(_) | Err(CallError::Refused(ErrorCode::NoNode)) => Ok(()),
        Err(error) => Err(*error),
    }
}
