//! Counters by check-and-set: read the value, write the next one if nobody else has (setData with the version read). Never a blind write, so that no step is lost.

use zookeeper_words::fact::RecipeFact;
use zookeeper_words::service::{Data, ErrorCode, Op, Path, Reply};

use super::context::{RequestError, Signal, WorkloadContext};
use super::round::Progress;

/// How many counters all clients share: few, so that they meet.
const COUNTERS: u64 = 3;
/// How often a round reads again after a lost race, before it lets the others go first.
const ATTEMPTS_MAX: u32 = 5;

/// Where a round is.
#[derive(Clone, Debug, Default)]
enum Step {
    #[default]
    Idle,
    /// The way to the leader is flushed, so that the read is fresh.
    Syncing,
    Reading,
    Writing {
        from: u64,
    },
}

/// The recipe.
#[derive(Clone, Debug, Default)]
pub(super) struct Counters {
    path: Option<Path>,
    step: Step,
    attempts: u32,
}

/// The nodes that must be there.
pub(super) fn ground() -> Vec<(Path, Data)> {
    let mut nodes = vec![("/counters".into(), None)];
    nodes.extend((0..COUNTERS).map(|n| (path(n), Some(0u64.to_be_bytes().into()))));
    nodes
}

fn path(number: u64) -> Path {
    format!("/counters/c{number}").into()
}

impl Counters {
    pub fn on(&mut self, signal: Signal, context: &mut WorkloadContext) -> Progress {
        match signal {
            Signal::Begin => {
                self.attempts = 0;
                let dice = &mut context.round.dice;
                let path = path(dice.below(COUNTERS));
                self.path = Some(path.clone());
                if dice.chance(250_000) {
                    context.ask(Op::Sync { path });
                    self.step = Step::Syncing;
                    return Progress::Going;
                }
                self.read(context)
            }
            Signal::Answer { outcome, .. } => self.on_answer(outcome, context),
            Signal::Watch(_) | Signal::Detached | Signal::Attached | Signal::Alarm => Progress::Going,
        }
    }

    fn on_answer(&mut self, outcome: Result<&Reply, RequestError>, context: &mut WorkloadContext) -> Progress {
        if outcome == Err(RequestError::Refused(ErrorCode::NoNode)) {
            return Progress::Groundless;
        }
        match std::mem::take(&mut self.step) {
            Step::Idle => unreachable!("a request that nobody sent has ended"),
            Step::Syncing => self.read(context),
            Step::Reading => match outcome {
                Ok(Reply::Data { data, stat }) => {
                    let from = data.as_deref().and_then(|data| data.try_into().ok()).map_or(0, u64::from_be_bytes);
                    self.step = Step::Writing { from };
                    context.ask(Op::SetData { path: self.path(), data: Some((from + 1).to_be_bytes().into()), version: stat.version });
                    Progress::Going
                }
                Err(RequestError::Unknown) => self.read(context),
                Ok(_) | Err(RequestError::Refused(_)) => Progress::Done,
            },
            Step::Writing { from } => match outcome {
                Ok(_) => {
                    context.note(RecipeFact::Counted { path: self.path().to_string(), from, to: from + 1 });
                    Progress::Done
                }
                // A lost race, or nobody knows: look again, and let the version decide.
                Err(RequestError::Refused(ErrorCode::BadVersion) | RequestError::Unknown) => self.read(context),
                Err(RequestError::Refused(_)) => Progress::Done,
            },
        }
    }

    fn read(&mut self, context: &mut WorkloadContext) -> Progress {
        self.attempts += 1;
        if self.attempts > ATTEMPTS_MAX {
            return Progress::Done;
        }
        context.ask(Op::GetData { path: self.path(), watch: false });
        self.step = Step::Reading;
        Progress::Going
    }

    fn path(&self) -> Path {
        self.path.clone().expect("a round begins by choosing its counter")
    }
}
