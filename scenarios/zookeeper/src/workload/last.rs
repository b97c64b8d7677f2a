//! What every client must get done once the storm is over: a write, a sync, a read, each answered with success. Never given up: a client that cannot is what a liveness rule is about.

use contract::ids::MachineId;
use zookeeper_words::service::{CreateMode, ErrorCode, Op, Path, Reply};

use super::context::RequestError;

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Create,
    Set,
    Sync,
    Read,
}

/// How far the client is.
#[derive(Clone, Debug)]
pub(super) struct Last {
    path: Path,
    step: Step,
}

impl Last {
    pub fn new(me: MachineId) -> Last {
        Last { path: format!("/last-{}", me.0).into(), step: Step::Create }
    }

    /// The request that is due.
    pub fn op(&self) -> Op {
        let path = self.path.clone();
        let data = Some(b"healed".as_slice().into());
        match self.step {
            Step::Create => Op::create(path, data, CreateMode::Persistent),
            Step::Set => Op::SetData { path, data, version: -1 },
            Step::Sync => Op::Sync { path },
            Step::Read => Op::GetData { path, watch: false },
        }
    }

    /// Takes its outcome, and says whether all is done; if not, [`Last::op`] is due again.
    pub fn on_answer(&mut self, outcome: Result<&Reply, RequestError>) -> bool {
        match (self.step, outcome) {
            // Made by a try whose reply was lost, or in another life of this client.
            (Step::Create, Err(RequestError::Refused(ErrorCode::NodeExists))) => self.step = Step::Set,
            (Step::Create | Step::Set, Ok(_)) => self.step = Step::Sync,
            (Step::Sync, Ok(_)) => self.step = Step::Read,
            (Step::Read, Ok(_)) => return true,
            (Step::Create | Step::Set | Step::Sync | Step::Read, Err(_)) => {}
        }
        false
    }
}
