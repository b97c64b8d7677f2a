//! The node that says who leads (connection_info): made by the leader, kept true while it leads
//! (ZooKeeperLeaderElectionDriver). Never written by anybody who does not lead, nor again when it is true already
//! (FLINK-27848).

use zookeeper_client::curator::create::{self, Creation, Parents, Spec};
use zookeeper_client::curator::{CallError, CallId, Notice};
use zookeeper_words::fact::ConnectionState;
use zookeeper_words::service::{CreateMode, Data, ErrorCode, Op, Path, Reply};

use super::context::MasterContext;

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
    /// Begins to publish.
    pub fn start(path: Path, data: Data, context: &mut MasterContext) -> Info {
        let mut info = Info { path, data, step: Step::Rest };
        info.look(context);
        info
    }

    /// Takes a notice of Curator's.
    pub fn on(&mut self, notice: &Notice, context: &mut MasterContext) {
        match notice {
            // A create that is under way ends with a look of its own.
            Notice::Watched(event) if event.path == self.path && !matches!(self.step, Step::Creating(_)) => self.look(context),
            Notice::Connection(ConnectionState::Connected | ConnectionState::Reconnected) if self.step == Step::Rest => self.look(context),
            Notice::Watched(_) | Notice::Connection(_) | Notice::Closed => {}
            Notice::Done { call, answer } => match &mut self.step {
                Step::Looking(look) if look == call => match &answer.result {
                    Ok(Reply::Data { data, stat }) => {
                        let is_own = stat.ephemeral_owner == context.curator.session();
                        let is_true = is_own && *data == self.data;
                        self.mend(is_own, is_true, context);
                    }
                    Err(CallError::Refused(ErrorCode::NoNode)) => self.create(context),
                    Ok(_) | Err(_) => self.wait(context),
                },
                Step::Mending(mend) if mend == call => match &answer.result {
                    Ok(_) | Err(CallError::Refused(ErrorCode::NoNode)) => self.look(context),
                    Err(_) => self.wait(context),
                },
                Step::Creating(creation) => match context.recipe(|recipe| creation.on(notice, recipe)) {
                    None => {}
                    Some(create::Outcome::Created { .. } | create::Outcome::Failed { error: CallError::Refused(ErrorCode::NodeExists), .. }) => {
                        self.look(context)
                    }
                    Some(create::Outcome::Failed { .. }) => self.wait(context),
                },
                Step::Looking(_) | Step::Mending(_) | Step::Rest | Step::Waiting(_) => {}
            },
        }
    }

    /// Does what is due by now.
    pub fn on_time(&mut self, context: &mut MasterContext) {
        if matches!(self.step, Step::Waiting(until_ns) if context.now.mono_ns >= until_ns) {
            self.look(context);
        }
    }

    /// When [`Info::on_time`] is due.
    pub fn wake_ns(&self) -> Option<u64> {
        match self.step {
            Step::Waiting(until_ns) => Some(until_ns),
            Step::Rest | Step::Looking(_) | Step::Creating(_) | Step::Mending(_) => None,
        }
    }

    fn look(&mut self, context: &mut MasterContext) {
        let op = Op::GetData { path: self.path.clone(), watch: true };
        self.step = Step::Looking(context.recipe(|recipe| recipe.call(op)));
    }

    fn mend(&mut self, is_own: bool, is_true: bool, context: &mut MasterContext) {
        let path = self.path.clone();
        self.step = match (is_own, is_true) {
            (_, true) => Step::Rest,
            (true, false) => Step::Mending(context.recipe(|recipe| recipe.call(Op::SetData { path, data: self.data.clone(), version: -1 }))),
            (false, false) => Step::Mending(context.recipe(|recipe| recipe.call(Op::Delete { path, version: -1 }))),
        };
    }

    fn create(&mut self, context: &mut MasterContext) {
        let (path, data) = (self.path.clone(), self.data.clone());
        let spec = Spec { path, data, mode: CreateMode::Ephemeral, protection: None, parents: Parents::Persistent };
        self.step = Step::Creating(Box::new(context.recipe(|recipe| Creation::start(spec, recipe))));
    }

    fn wait(&mut self, context: &MasterContext) {
        self.step = Step::Waiting(context.after_ms(AGAIN_MS));
    }
}
