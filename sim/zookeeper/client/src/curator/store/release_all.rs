//! Letting go of all handles of a store (releaseAll): its own lock on each, whoever else has one. Never a handle, nor
//! another's lock.
//!
//! With a fence its node goes first. A lock that was asked for over a former connection, or is asked for once more, may
//! come at any time before that, and after it never. Flink's has no fence: a lock that comes late stays as long as the
//! session.

use std::sync::Arc;

use zookeeper_words::ids::SessionId;
use zookeeper_words::service::{ErrorCode, Op, Reply};

use super::StateHandleStore;
use crate::curator::{CallError, CallId, Notice, RecipeContext};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Fencing(CallId),
    Listing(CallId),
    Releasing(CallId),
}

/// The operation at work. It goes on until a whole pass has found nothing to let go of, or the session is another: with
/// the one in which they were made the locks are gone, or will be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseAll {
    store: StateHandleStore,
    session: SessionId,
    step: Step,
    left: Vec<Arc<str>>,
    /// This pass has released something.
    released: bool,
}

impl ReleaseAll {
    /// Begins to let go of all locks.
    pub fn start(store: &StateHandleStore, context: &mut RecipeContext) -> ReleaseAll {
        let step = begin(store, context);
        ReleaseAll { store: store.clone(), session: context.session(), step, left: Vec::new(), released: false }
    }

    /// Takes a notice of the owner's Curator; says whether it is over.
    pub fn on(&mut self, notice: &Notice, context: &mut RecipeContext) -> bool {
        let Notice::Done { call: ended, answer } = notice else { return *notice == Notice::Closed };
        match (self.step, &answer.result) {
            (Step::Fencing(call) | Step::Listing(call) | Step::Releasing(call), _) if call != *ended => return false,
            (Step::Fencing(_), Ok(_) | Err(CallError::Refused(ErrorCode::NoNode))) => {
                self.step = Step::Listing(list(&self.store, context));
                return false;
            }
            (Step::Listing(_), Ok(Reply::Children { names, .. })) => self.left = names.to_vec(),
            (Step::Listing(_), Err(CallError::Refused(ErrorCode::NoNode))) => return true,
            (Step::Releasing(_), Ok(_)) => self.released = true,
            (Step::Releasing(_), Err(CallError::Refused(ErrorCode::NoNode))) => {}
            // Nobody knows: once more, as long as the locks can be there.
            (Step::Fencing(_) | Step::Listing(_) | Step::Releasing(_), _) if context.session() == self.session => {
                self.step = begin(&self.store, context);
                self.left.clear();
                return false;
            }
            (Step::Fencing(_) | Step::Listing(_) | Step::Releasing(_), _) => return true,
        }
        match self.left.pop() {
            Some(name) => self.step = Step::Releasing(context.call(Op::Delete { path: self.store.own_lock(&name), version: -1 })),
            // A lock may have come meanwhile, by a create that was sent again.
            None if std::mem::take(&mut self.released) => self.step = Step::Listing(list(&self.store, context)),
            None => return true,
        }
        false
    }
}

/// The first step, and that of a pass all over again.
fn begin(store: &StateHandleStore, context: &mut RecipeContext) -> Step {
    match store.fence.of_everything() {
        Some(node) => Step::Fencing(context.call(Op::Delete { path: node.clone(), version: -1 })),
        None => Step::Listing(list(store, context)),
    }
}

fn list(store: &StateHandleStore, context: &mut RecipeContext) -> CallId {
    context.call(Op::GetChildren { path: store.root.clone(), watch: false, stat: true })
}
