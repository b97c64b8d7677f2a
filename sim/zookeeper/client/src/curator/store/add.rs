//! Adding a handle (addAndLock). Never twice by the same call; whether once, a lost reply may leave open.

use zookeeper_words::fact::Belief;
use zookeeper_words::service::{Data, ErrorCode, Op, Reply};

use super::{ReleaseAndTryRemove, Removed, StateHandleStore, is_before_commit};
use crate::curator::{Answer, CallError, CallId, Notice, RecipeContext};

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Added {
    /// The handle is there and locked.
    Added,
    /// The node was there already when the transaction came, so Flink takes it for its own: a retried transaction
    /// cannot tell (FLINK-24543). Another author's content would be taken for its own, too.
    Assumed,
    /// The node was there before anything was sent (AlreadyExistException).
    Exists,
    /// Nothing was written. Flink discards what the handle refers to: a lie if an earlier try took effect.
    Discarded(CallError),
    /// Nobody knows (PossibleInconsistentStateException). What the handle refers to is kept.
    Inconsistent(CallError),
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
    /// Begins to add a handle.
    pub fn start(store: &StateHandleStore, name: &str, data: Data, context: &mut RecipeContext) -> AddAndLock {
        let call = context.call(Op::Exists { path: store.path(name), watch: false });
        AddAndLock { store: store.clone(), name: name.into(), data, step: Step::Asking { call } }
    }

    /// Takes a notice of the owner's Curator.
    pub fn on(&mut self, notice: &Notice, context: &mut RecipeContext) -> Option<Added> {
        if let Step::Removing(removal) = &mut self.step {
            return match removal.on(notice, context)? {
                Removed::Removed { .. } => self.write(context),
                // Somebody has locked it meanwhile.
                Removed::StillLocked => Some(Added::Exists),
                Removed::Failed(CallError::Fenced) => Some(Added::Fenced),
                Removed::Failed(error) => Some(Added::Discarded(error)),
            };
        }
        let Notice::Done { call: ended, answer } = notice else { return None };
        match self.step {
            Step::Asking { call } if call == *ended => match &answer.result {
                Ok(Reply::Stat(stat)) if stat.num_children > 0 => Some(Added::Exists),
                Ok(_) => {
                    self.step = Step::Removing(ReleaseAndTryRemove::start(&self.store, &self.name, context));
                    None
                }
                Err(CallError::Refused(ErrorCode::NoNode)) => self.write(context),
                Err(error) => Some(Added::Discarded(*error)),
            },
            Step::Writing { call } if call == *ended => Some(self.written(answer, context)),
            Step::Asking { .. } | Step::Writing { .. } | Step::Removing(_) => None,
        }
    }

    fn write(&mut self, context: &mut RecipeContext) -> Option<Added> {
        self.step = Step::Writing { call: context.call(self.store.add(&self.name, &self.data)) };
        None
    }

    /// What Flink makes of the transaction's outcome.
    fn written(&self, answer: &Answer, context: &mut RecipeContext) -> Added {
        let (belief, added) = match answer.result {
            Ok(_) => (Belief::Applied, Added::Added),
            Err(CallError::Refused(ErrorCode::NodeExists)) => (Belief::Assumed, Added::Assumed),
            Err(CallError::Fenced) => (Belief::Undecided, Added::Fenced),
            Err(error) if is_before_commit(error) => (Belief::NotApplied, Added::Discarded(error)),
            Err(error) => (Belief::Undecided, Added::Inconsistent(error)),
        };
        context.conclude(&self.store.path(&self.name), &answer.tries, belief);
        added
    }
}
