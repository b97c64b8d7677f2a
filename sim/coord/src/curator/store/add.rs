//! Adding a handle (addAndLock). Never twice by the same call; whether once, a lost reply may leave open.

use vocab::fact::Belief;
use vocab::service::{Data, ErrorCode, Op, Reply};

use super::{ReleaseAndTryRemove, Removed, StateHandleStore, is_before_commit};
use crate::curator::{Answer, CallId, Failure, Told, Turn};

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Added {
    /// The handle is there and locked.
    Added,
    /// The node was there already when the transaction came, so Flink takes it for its own: a retried transaction cannot tell (FLINK-24543). Another author's content would be taken for its own, too.
    Assumed,
    /// The node was there before anything was sent (AlreadyExistException).
    Exists,
    /// Nothing was written. Flink discards what the handle refers to: a lie if an earlier try took effect.
    Discarded(Failure),
    /// Nobody knows (PossibleInconsistentStateException). What the handle refers to is kept.
    Inconsistent(Failure),
    /// The fence was gone: the author leads no more, and nothing was written by this try.
    Fenced,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// Is the node there, and is it locked or merely left over?
    Asking { call: CallId },
    /// A node whose locks are gone is half deleted (isNotMarkedForDeletion): the rest is done first.
    Removing(ReleaseAndTryRemove),
    /// The transaction.
    Writing { call: CallId },
}

/// The operation at work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddAndLock {
    store: StateHandleStore,
    name: String,
    data: Data,
    step: Step,
}

impl AddAndLock {
    /// Begins.
    pub fn start(store: &StateHandleStore, name: &str, data: Data, turn: &mut Turn) -> AddAndLock {
        let call = turn.call(Op::Exists { path: store.path(name), watch: false });
        AddAndLock { store: store.clone(), name: name.into(), data, step: Step::Asking { call } }
    }

    /// Takes what the owner was told.
    pub fn on(&mut self, told: &Told, turn: &mut Turn) -> Option<Added> {
        if let Step::Removing(removal) = &mut self.step {
            return match removal.on(told, turn)? {
                Removed::Removed { .. } => self.write(turn),
                // Somebody has locked it meanwhile.
                Removed::StillLocked => Some(Added::Exists),
                Removed::Failed(Failure::Fenced) => Some(Added::Fenced),
                Removed::Failed(failure) => Some(Added::Discarded(failure)),
            };
        }
        let Told::Done { call: ended, answer } = told else { return None };
        match self.step {
            Step::Asking { call } if call == *ended => match &answer.result {
                Ok(Reply::Stat(stat)) if stat.num_children > 0 => Some(Added::Exists),
                Ok(_) => {
                    self.step = Step::Removing(ReleaseAndTryRemove::start(&self.store, &self.name, turn));
                    None
                }
                Err(Failure::Error(ErrorCode::NoNode)) => self.write(turn),
                Err(failure) => Some(Added::Discarded(*failure)),
            },
            Step::Writing { call } if call == *ended => Some(self.written(answer, turn)),
            Step::Asking { .. } | Step::Writing { .. } | Step::Removing(_) => None,
        }
    }

    fn write(&mut self, turn: &mut Turn) -> Option<Added> {
        self.step = Step::Writing { call: turn.call(self.store.add(&self.name, &self.data)) };
        None
    }

    /// What Flink makes of the transaction's outcome.
    fn written(&self, answer: &Answer, turn: &mut Turn) -> Added {
        let (belief, added) = match answer.result {
            Ok(_) => (Belief::Applied, Added::Added),
            Err(Failure::Error(ErrorCode::NodeExists)) => (Belief::Assumed, Added::Assumed),
            Err(Failure::Fenced) => (Belief::Undecided, Added::Fenced),
            Err(failure) if is_before_commit(failure) => (Belief::NotApplied, Added::Discarded(failure)),
            Err(failure) => (Belief::Undecided, Added::Inconsistent(failure)),
        };
        turn.conclude(&self.store.path(&self.name), &answer.tries, belief);
        added
    }
}
