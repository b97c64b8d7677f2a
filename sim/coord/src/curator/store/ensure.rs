//! Directories that must be there before a handle can be (Flink's ensurePath): each is asked for, and made where it is missing. Never a directory removed.

use std::sync::Arc;

use vocab::service::{CreateMode, ErrorCode, Op, Path};

use super::Fence;
use crate::curator::{CallId, Failure, Told, Turn};

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ensured {
    /// All are there.
    There,
    /// They could not be made.
    Failed(Failure),
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
    /// Begins with the first of `paths`, of which each is below the one before, or beside it. Panics when there are none.
    pub fn start(fence: &Fence, paths: impl DoubleEndedIterator<Item = Path>, turn: &mut Turn) -> Ensure {
        let paths: Vec<Path> = paths.rev().collect();
        let first = paths.last().expect("there must be a directory to ask for").clone();
        let call = turn.call(Op::Exists { path: first, watch: false });
        Ensure { fence: fence.clone(), paths, call, is_making: false }
    }

    /// Takes what the owner was told.
    pub fn on(&mut self, told: &Told, turn: &mut Turn) -> Option<Ensured> {
        let Told::Done { call, answer } = told else { return None };
        if *call != self.call {
            return None;
        }
        match &answer.result {
            Ok(_) | Err(Failure::Error(ErrorCode::NodeExists)) => self.next(turn),
            Err(Failure::Error(ErrorCode::NoNode)) if !self.is_making => {
                let path = self.paths.last().expect("a directory was asked for").clone();
                self.call = turn.call(self.fence.guard(Op::create(path, Some(Arc::from([])), CreateMode::Persistent)));
                self.is_making = true;
                None
            }
            Err(failure) => Some(Ensured::Failed(*failure)),
        }
    }

    fn next(&mut self, turn: &mut Turn) -> Option<Ensured> {
        self.paths.pop();
        let Some(path) = self.paths.last() else { return Some(Ensured::There) };
        self.call = turn.call(Op::Exists { path: path.clone(), watch: false });
        self.is_making = false;
        None
    }
}
