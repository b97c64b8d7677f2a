//! Queues of persistent sequential nodes (ZooKeeper's recipe): who puts in creates the next node, who takes out deletes the lowest it can. Never an element taken that its delete was not confirmed for.

use vocab::fact::RecipeFact;
use vocab::service::{CreateMode, Data, ErrorCode, Op, Path, Reply};

use super::desk::{Desk, Failure, Heard, Progress, sequence};

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
    pub fn on(&mut self, heard: Heard, desk: &mut Desk) -> Progress {
        match heard {
            Heard::Begin => {
                self.waited = false;
                if desk.round.dice.chance(550_000) { self.create(desk) } else { self.list(desk) }
            }
            Heard::Answer { outcome, .. } => self.on_answer(outcome, desk),
            Heard::Watch(event) if matches!(self.step, Step::Waiting) && *event.path == *QUEUE => self.list(desk),
            Heard::Alarm if matches!(self.step, Step::Waiting) => {
                self.step = Step::Idle;
                Progress::Done
            }
            Heard::Watch(_) | Heard::Alarm | Heard::Detached | Heard::Attached => Progress::Going,
        }
    }

    fn on_answer(&mut self, outcome: Result<&Reply, Failure>, desk: &mut Desk) -> Progress {
        match std::mem::take(&mut self.step) {
            Step::Creating => match outcome {
                Ok(Reply::Created { path, .. }) => {
                    desk.note(RecipeFact::Queued { node: path.to_string() });
                    Progress::Done
                }
                Err(Failure::Unknown) => {
                    desk.ask(Op::GetChildren { path: QUEUE.into(), watch: false, stat: false });
                    self.step = Step::Searching;
                    Progress::Going
                }
                Err(Failure::Error(ErrorCode::NoNode)) => Progress::Groundless,
                Ok(_) | Err(Failure::Error(_)) => Progress::Done,
            },
            Step::Searching => {
                // Not there: it was taken already, or never came, or is still to come. Only the service knows.
                if let Ok(Reply::Children { names, .. }) = outcome
                    && let Some(name) = names.iter().find(|name| name.starts_with(&self.prefix))
                {
                    desk.note(RecipeFact::Queued { node: format!("{QUEUE}/{name}") });
                }
                Progress::Done
            }
            Step::Listing => match outcome {
                Ok(Reply::Children { names, .. }) => self.on_children(names, desk),
                Err(Failure::Unknown) => self.list(desk),
                Err(Failure::Error(ErrorCode::NoNode)) => Progress::Groundless,
                Ok(_) | Err(Failure::Error(_)) => Progress::Done,
            },
            Step::Getting => match outcome {
                Ok(_) => {
                    let path = self.heads.last().expect("what was got is the head").clone();
                    desk.ask(Op::Delete { path, version: -1 });
                    self.step = Step::Deleting;
                    Progress::Going
                }
                Err(Failure::Error(ErrorCode::NoNode) | Failure::Unknown) => self.next(desk),
                Err(Failure::Error(_)) => Progress::Done,
            },
            Step::Deleting => {
                let node = self.heads.last().expect("what was deleted is the head").to_string();
                match outcome {
                    Ok(_) => {
                        desk.note(RecipeFact::Taken { node });
                        Progress::Done
                    }
                    // Another consumer was faster.
                    Err(Failure::Error(ErrorCode::NoNode)) => self.next(desk),
                    // Perhaps taken, perhaps not: at most once is what this recipe promises.
                    Err(Failure::Unknown | Failure::Error(_)) => Progress::Done,
                }
            }
            Step::Idle | Step::Waiting => unreachable!("a request that nobody sent has ended"),
        }
    }

    fn create(&mut self, desk: &mut Desk) -> Progress {
        self.prefix = desk.tag() + "item-";
        let length = desk.round.dice.below(100) as usize;
        let data = Some(self.prefix.bytes().cycle().take(length).collect());
        desk.ask(Op::create(format!("{QUEUE}/{}", self.prefix).into(), data, CreateMode::PersistentSequential));
        self.step = Step::Creating;
        Progress::Going
    }

    fn list(&mut self, desk: &mut Desk) -> Progress {
        if desk.is_late() {
            return Progress::Done;
        }
        desk.ask(Op::GetChildren { path: QUEUE.into(), watch: true, stat: false });
        self.step = Step::Listing;
        Progress::Going
    }

    fn on_children(&mut self, names: &[std::sync::Arc<str>], desk: &mut Desk) -> Progress {
        let mut places: Vec<(u64, &str)> = names.iter().filter_map(|name| Some((sequence(name)?, name.as_ref()))).collect();
        places.sort_unstable();
        places.truncate(TRIES_MAX);
        self.heads = places.iter().rev().map(|(_, name)| format!("{QUEUE}/{name}").into()).collect();
        if !self.heads.is_empty() {
            return self.get(desk);
        }
        if self.waited {
            return Progress::Done;
        }
        self.waited = true;
        self.step = Step::Waiting;
        desk.alarm_in(WAIT_MS);
        Progress::Going
    }

    fn get(&mut self, desk: &mut Desk) -> Progress {
        let path = self.heads.last().expect("only a queue with elements is read").clone();
        desk.ask(Op::GetData { path, watch: false });
        self.step = Step::Getting;
        Progress::Going
    }

    fn next(&mut self, desk: &mut Desk) -> Progress {
        self.heads.pop();
        if self.heads.is_empty() { self.list(desk) } else { self.get(desk) }
    }
}
