//! Queues of persistent sequential nodes (ZooKeeper's recipe): who puts in creates the next node, who takes out deletes the lowest it can. Never an element taken that its delete was not confirmed for.

use zookeeper_words::fact::RecipeFact;
use zookeeper_words::service::{CreateMode, Data, ErrorCode, Op, Path, Reply};

use super::context::{RequestError, Signal, WorkloadContext, sequence};
use super::round::Progress;

const QUEUE: &str = "/queue";
/// How long a consumer waits for an element, in ms; then the round ends, so that consumers alone do not stand still.
const WAIT_MS: u64 = 3_000;
/// How many elements a consumer tries to take before it lists again: those at the head are what all consumers want.
const TRIES_MAX: usize = 5;

/// Where a round is.
#[derive(Clone, Debug, Default)]
enum Step {
    #[default]
    Idle,
    Creating,
    /// Looking for the own element after a lost reply.
    Searching,
    Listing,
    /// The queue was empty; a child watch is set.
    Waiting,
    Getting,
    Deleting,
}

/// The recipe.
#[derive(Clone, Debug, Default)]
pub(super) struct Queues {
    step: Step,
    prefix: String,
    /// What the last listing showed and was not tried, the lowest last.
    heads: Vec<Path>,
    waited: bool,
}

/// The nodes that must be there.
pub(super) fn ground() -> Vec<(Path, Data)> {
    vec![(QUEUE.into(), None)]
}

impl Queues {
    pub fn on(&mut self, signal: Signal, context: &mut WorkloadContext) -> Progress {
        match signal {
            Signal::Begin => {
                self.waited = false;
                if context.round.dice.chance(550_000) { self.create(context) } else { self.list(context) }
            }
            Signal::Answer { outcome, .. } => self.on_answer(outcome, context),
            Signal::Watch(event) if matches!(self.step, Step::Waiting) && *event.path == *QUEUE => self.list(context),
            Signal::Alarm if matches!(self.step, Step::Waiting) => {
                self.step = Step::Idle;
                Progress::Done
            }
            Signal::Watch(_) | Signal::Alarm | Signal::Detached | Signal::Attached => Progress::Going,
        }
    }

    fn on_answer(&mut self, outcome: Result<&Reply, RequestError>, context: &mut WorkloadContext) -> Progress {
        match std::mem::take(&mut self.step) {
            Step::Creating => match outcome {
                Ok(Reply::Created { path, .. }) => {
                    context.note(RecipeFact::Queued { node: path.to_string() });
                    Progress::Done
                }
                Err(RequestError::Unknown) => {
                    context.ask(Op::GetChildren { path: QUEUE.into(), watch: false, stat: false });
                    self.step = Step::Searching;
                    Progress::Going
                }
                Err(RequestError::Refused(ErrorCode::NoNode)) => Progress::Groundless,
                Ok(_) | Err(RequestError::Refused(_)) => Progress::Done,
            },
            Step::Searching => {
                // Not there: it was taken already, or never came, or is still to come. Only the service knows.
                if let Ok(Reply::Children { names, .. }) = outcome
                    && let Some(name) = names.iter().find(|name| name.starts_with(&self.prefix))
                {
                    context.note(RecipeFact::Queued { node: format!("{QUEUE}/{name}") });
                }
                Progress::Done
            }
            Step::Listing => match outcome {
                Ok(Reply::Children { names, .. }) => self.on_children(names, context),
                Err(RequestError::Unknown) => self.list(context),
                Err(RequestError::Refused(ErrorCode::NoNode)) => Progress::Groundless,
                Ok(_) | Err(RequestError::Refused(_)) => Progress::Done,
            },
            Step::Getting => match outcome {
                Ok(_) => {
                    let path = self.heads.last().expect("what was got is the head").clone();
                    context.ask(Op::Delete { path, version: -1 });
                    self.step = Step::Deleting;
                    Progress::Going
                }
                Err(RequestError::Refused(ErrorCode::NoNode) | RequestError::Unknown) => self.next(context),
                Err(RequestError::Refused(_)) => Progress::Done,
            },
            Step::Deleting => {
                let node = self.heads.last().expect("what was deleted is the head").to_string();
                match outcome {
                    Ok(_) => {
                        context.note(RecipeFact::Taken { node });
                        Progress::Done
                    }
                    // Another consumer was faster.
                    Err(RequestError::Refused(ErrorCode::NoNode)) => self.next(context),
                    // Perhaps taken, perhaps not: at most once is what this recipe promises.
                    Err(RequestError::Unknown | RequestError::Refused(_)) => Progress::Done,
                }
            }
            Step::Idle | Step::Waiting => unreachable!("a request that nobody sent has ended"),
        }
    }

    fn create(&mut self, context: &mut WorkloadContext) -> Progress {
        self.prefix = context.tag() + "item-";
        let length = context.round.dice.below(100) as usize;
        let data = Some(self.prefix.bytes().cycle().take(length).collect());
        context.ask(Op::create(format!("{QUEUE}/{}", self.prefix).into(), data, CreateMode::PersistentSequential));
        self.step = Step::Creating;
        Progress::Going
    }

    fn list(&mut self, context: &mut WorkloadContext) -> Progress {
        if context.is_late() {
            return Progress::Done;
        }
        context.ask(Op::GetChildren { path: QUEUE.into(), watch: true, stat: false });
        self.step = Step::Listing;
        Progress::Going
    }

    fn on_children(&mut self, names: &[std::sync::Arc<str>], context: &mut WorkloadContext) -> Progress {
        let mut places: Vec<(u64, &str)> = names.iter().filter_map(|name| Some((sequence(name)?, name.as_ref()))).collect();
        places.sort_unstable();
        places.truncate(TRIES_MAX);
        self.heads = places.iter().rev().map(|(_, name)| format!("{QUEUE}/{name}").into()).collect();
        if !self.heads.is_empty() {
            return self.get(context);
        }
        if self.waited {
            return Progress::Done;
        }
        self.waited = true;
        self.step = Step::Waiting;
        context.alarm_in(WAIT_MS);
        Progress::Going
    }

    fn get(&mut self, context: &mut WorkloadContext) -> Progress {
        let path = self.heads.last().expect("only a queue with elements is read").clone();
        context.ask(Op::GetData { path, watch: false });
        self.step = Step::Getting;
        Progress::Going
    }

    fn next(&mut self, context: &mut WorkloadContext) -> Progress {
        self.heads.pop();
        if self.heads.is_empty() { self.list(context) } else { self.get(context) }
    }
}
