//! Letting go of a handle (release), and removing it if nobody else needs it (releaseAndTryRemove): the own lock, the node of the locks, the node. Never a node whose locks are not gone: NotEmpty says that somebody else has one.

use vocab::service::{Data, ErrorCode, Op, Path, Reply};

use super::StateHandleStore;
use crate::curator::{CallId, Failure, Told, Turn};

/// The own lock of a handle, on its way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    call: CallId,
}

impl Release {
    /// Begins. No fence guards it: who leads no more must let go of what is his, or his living session keeps everybody from removing it (FLINK-10011).
    pub fn start(store: &StateHandleStore, name: &str, turn: &mut Turn) -> Release {
        Release { call: turn.call(Op::Delete { path: store.own_lock(name), version: -1 }) }
    }

    /// Takes what the owner was told; says how it ended. A lock that is not there is none to release.
    pub fn on(&mut self, told: &Told) -> Option<Result<(), Failure>> {
        match told {
            Told::Done { call, answer } if *call == self.call => Some(gone(&answer.result)),
            Told::Done { .. } | Told::Connection(_) | Told::Watched(_) | Told::Closed => None,
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
    Failed(Failure),
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
    pub fn start(store: &StateHandleStore, name: &str, turn: &mut Turn) -> ReleaseAndTryRemove {
        let call = turn.call(Op::GetData { path: store.path(name), watch: false });
        ReleaseAndTryRemove { store: store.clone(), name: name.into(), step: Step::Reading, call, data: None }
    }

    /// Takes what the owner was told.
    pub fn on(&mut self, told: &Told, turn: &mut Turn) -> Option<Removed> {
        let Told::Done { call, answer } = told else { return None };
        if *call != self.call {
            return None;
        }
        match self.step {
            Step::Reading => {
                // A handle that cannot be read is removed all the same.
                if let Ok(Reply::Data { data, .. }) = &answer.result {
                    self.data = Some(data.clone());
                }
                self.delete(Step::Lock, self.store.own_lock(&self.name), turn)
            }
            Step::Lock => match gone(&answer.result) {
                Ok(()) => self.delete(Step::Locks, self.store.locks(&self.name), turn),
                Err(failure) => Some(Removed::Failed(failure)),
            },
            Step::Locks => match gone(&answer.result) {
                Ok(()) => self.delete(Step::Node, self.store.path(&self.name), turn),
                Err(Failure::Error(ErrorCode::NotEmpty)) => Some(Removed::StillLocked),
                Err(failure) => Some(Removed::Failed(failure)),
            },
            Step::Node => match gone(&answer.result) {
                Ok(()) => Some(Removed::Removed { data: self.data.take() }),
                Err(failure) => Some(Removed::Failed(failure)),
            },
        }
    }

    fn delete(&mut self, step: Step, path: Path, turn: &mut Turn) -> Option<Removed> {
        self.call = turn.call(self.store.fence.guard(Op::Delete { path, version: -1 }));
        self.step = step;
        None
    }
}

/// A delete's outcome, where NoNode is as good as a delete (deleteIfExists): after a retry it may be the own.
fn gone(result: &Result<Reply, Failure>) -> Result<(), Failure> {
    match result {
        Ok(_) | Err(Failure::Error(ErrorCode::NoNode)) => Ok(()),
        Err(failure) => Err(*failure),
    }
}
