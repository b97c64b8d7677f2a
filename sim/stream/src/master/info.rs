//! The node that says who leads (connection_info): made by the leader, kept true while it leads (ZooKeeperLeaderElectionDriver). Never written by anybody who does not lead, nor again when it is true already (FLINK-27848).

use coord::curator::create::{self, Creation, Parents, Spec};
use coord::curator::{CallId, Failure, Told};
use vocab::fact::ConnectionState;
use vocab::service::{CreateMode, Data, ErrorCode, Op, Path, Reply};

use super::desk::Desk;

/// After which time a failed look or write is made good.
const AGAIN_MS: u64 = 500;

/// What is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// Nothing: it was true when it was looked at last, and a watch tells if that changes.
    Rest,
    /// Whose is it, and what does it say?
    Looking(CallId),
    Creating(Box<Creation>),
    /// The own session's is set, another's removed.
    Mending(CallId),
    /// Something failed.
    Waiting(u64),
}

/// What a leader publishes.
#[derive(Clone, Debug)]
pub(super) struct Info {
    path: Path,
    data: Data,
    step: Step,
}

impl Info {
    /// Publishes.
    pub fn start(path: Path, data: Data, desk: &mut Desk) -> Info {
        let mut info = Info { path, data, step: Step::Rest };
        info.look(desk);
        info
    }

    /// Takes what Curator told.
    pub fn on(&mut self, told: &Told, desk: &mut Desk) {
        match told {
            // A create that is under way ends with a look of its own.
            Told::Watched(event) if event.path == self.path && !matches!(self.step, Step::Creating(_)) => self.look(desk),
            Told::Connection(ConnectionState::Connected | ConnectionState::Reconnected) if self.step == Step::Rest => self.look(desk),
            Told::Watched(_) | Told::Connection(_) | Told::Closed => {}
            Told::Done { call, answer } => match &mut self.step {
                Step::Looking(look) if look == call => match &answer.result {
                    Ok(Reply::Data { data, stat }) => {
                        let is_own = stat.ephemeral_owner == desk.curator.session();
                        let is_true = is_own && *data == self.data;
                        self.mend(is_own, is_true, desk);
                    }
                    Err(Failure::Error(ErrorCode::NoNode)) => self.create(desk),
                    Ok(_) | Err(_) => self.wait(desk),
                },
                Step::Mending(mend) if mend == call => match &answer.result {
                    Ok(_) | Err(Failure::Error(ErrorCode::NoNode)) => self.look(desk),
                    Err(_) => self.wait(desk),
                },
                Step::Creating(creation) => match desk.turn(|turn| creation.on(told, turn)) {
                    None => {}
                    Some(create::Outcome::Created { .. } | create::Outcome::Failed { failure: Failure::Error(ErrorCode::NodeExists), .. }) => self.look(desk),
                    Some(create::Outcome::Failed { .. }) => self.wait(desk),
                },
                Step::Looking(_) | Step::Mending(_) | Step::Rest | Step::Waiting(_) => {}
            },
        }
    }

    /// What the time demands.
    pub fn on_time(&mut self, desk: &mut Desk) {
        if matches!(self.step, Step::Waiting(until_ns) if desk.now.mono_ns >= until_ns) {
            self.look(desk);
        }
    }

    /// When [`Info::on_time`] is due.
    pub fn wake_ns(&self) -> Option<u64> {
        match self.step {
            Step::Waiting(until_ns) => Some(until_ns),
            Step::Rest | Step::Looking(_) | Step::Creating(_) | Step::Mending(_) => None,
        }
    }

    fn look(&mut self, desk: &mut Desk) {
        let op = Op::GetData { path: self.path.clone(), watch: true };
        self.step = Step::Looking(desk.turn(|turn| turn.call(op)));
    }

    fn mend(&mut self, is_own: bool, is_true: bool, desk: &mut Desk) {
        let path = self.path.clone();
        self.step = match (is_own, is_true) {
            (_, true) => Step::Rest,
            (true, false) => Step::Mending(desk.turn(|turn| turn.call(Op::SetData { path, data: self.data.clone(), version: -1 }))),
            (false, false) => Step::Mending(desk.turn(|turn| turn.call(Op::Delete { path, version: -1 }))),
        };
    }

    fn create(&mut self, desk: &mut Desk) {
        let (path, data) = (self.path.clone(), self.data.clone());
        let spec = Spec { path, data, mode: CreateMode::Ephemeral, protection: None, parents: Parents::Persistent };
        self.step = Step::Creating(Box::new(desk.turn(|turn| Creation::start(spec, turn))));
    }

    fn wait(&mut self, desk: &Desk) {
        self.step = Step::Waiting(desk.after_ms(AGAIN_MS));
    }
}
