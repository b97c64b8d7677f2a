//! What a leader's writes check first: that the latch node by which it leads is still there. Never a check of anything
//! else; and without a fence never another request than Flink 2.3.0's, by which a deposed leader still writes
//! (FLINK-10333).

use zookeeper_words::service::{Op, Path};

/// Which writes carry the check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Fence {
    /// None: Flink 2.3.0's way.
    #[default]
    None,
    /// Those that add a handle.
    Additions(Path),
    /// All of them: locks, removals and directories too.
    Everything(Path),
}

impl Fence {
    /// A write as it is sent: behind the check, if every write has one.
    pub fn guard(&self, op: Op) -> Op {
        match self {
            Fence::None | Fence::Additions(_) => op,
            Fence::Everything(path) => Op::Multi(vec![Fence::check(path), op]),
        }
    }

    /// The node that must be there for a handle to be added.
    pub(super) fn of_additions(&self) -> Option<&Path> {
        match self {
            Fence::None => None,
            Fence::Additions(path) | Fence::Everything(path) => Some(path),
        }
    }

    /// The node that must be there for any write.
    pub fn of_everything(&self) -> Option<&Path> {
        match self {
            Fence::None | Fence::Additions(_) => None,
            Fence::Everything(path) => Some(path),
        }
    }

    pub(super) fn check(path: &Path) -> Op {
        Op::Check { path: path.clone(), version: -1 }
    }
}
