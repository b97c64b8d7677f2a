//! Directories that must be there before a handle can be (Flink's ensurePath): each is asked for, and made where it is
//! missing. Never a directory removed.

use std::sync::Arc;

use zookeeper_words::service::{CreateMode, ErrorCode, Op, Path};

use super::Fence;
use crate::curator::{CallError, CallId, Notice, RecipeContext};

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ensured {
    /// All are there.
    There,
    /// They could not be made.
    Failed(CallError),
}

/// The operation at work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ensure {
    fence: Fence,
    /// Still to be asked for, the deepest first.
    paths: Vec<Path>,
    call: CallId,
    is_making: bool,
}

impl Ensure {
    /// Begins with the first of `paths`, of which each is below the one before, or beside it. Panics when there are
    /// none.
    pub fn start(fence: &Fence, paths: impl DoubleEndedIterator<Item = Path>, context: &mut RecipeContext) -> Ensure {
        let paths: Vec<Path> = paths.rev().collect();
        let first = paths.last().expect("there must be a directory to ask for").clone();
        let call = context.call(Op::Exists { path: first, watch: false });
        Ensure { fence: fence.clone(), paths, call, is_making: false }
    }

    /// Takes a notice of the owner's Curator.
    pub fn on(&mut self, notice: &Notice, context: &mut RecipeContext) -> Option<Ensured> {
        let Notice::Done { call, answer } = notice else { return None };
        if *call != self.call {
            return None;
        }
        match &answer.result {
            Ok(_) | Err(CallError::Refused(ErrorCode::NodeExists)) => self.next(context),
            Err(CallError::Refused(ErrorCode::NoNode)) if !self.is_making => {
                let path = self.paths.last().expect("a directory was asked for").clone();
                self.call = context.call(self.fence.guard(Op::create(path, Some(Arc::from([])), CreateMode::Persistent)));
                self.is_making = true;
                None
            }
            Err(error) => Some(Ensured::Failed(*error)),
        }
    }

    fn next(&mut self, context: &mut RecipeContext) -> Option<Ensured> {
        self.paths.pop();
        let Some(path) = self.paths.last() else { return Some(Ensured::There) };
        self.call = context.call(Op::Exists { path: path.clone(), watch: false });
        self.is_making = false;
        None
    }
}
