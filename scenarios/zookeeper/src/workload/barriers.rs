//! Double barriers (ZooKeeper's recipe): nobody begins before all are there, nobody leaves before all have gone. Each round has a barrier of its own. Never a wait without an end: a client whose companions do not come goes away without having passed.

use std::collections::BTreeSet;

use zookeeper_words::fact::RecipeFact;
use zookeeper_words::service::{CreateMode, Data, ErrorCode, Op, Path, Reply};

use super::context::{RequestError, Signal, WorkloadContext};
use super::round::Progress;

const READY: &str = "ready";

/// Where a round is. `Wait…` steps wait for a watch, all others for a reply.
#[derive(Clone, Debug, Default)]
enum Step {
    #[default]
    Idle,
    Making,
    /// Is the barrier open? And a watch, if not.
    Looking,
    Entering,
    Counting,
    WaitOpen,
    Opening,
    /// Who is still there?
    Leaving,
    Deleting {
        then: Then,
    },
    Watching {
        other: Path,
    },
    WaitOther {
        other: Path,
    },
    Sweeping {
        dirty: Vec<Path>,
    },
}

/// What follows when the own node is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// Others are still there: wait for them.
    WaitForOthers,
    /// It was the last one.
    Sweep,
    /// It gave up.
    Stop,
}

/// The recipe.
#[derive(Clone, Debug)]
pub(super) struct Barriers {
    /// How many clients must come.
    size: u32,
    step: Step,
    directory: Path,
    own: Path,
    /// It was open when this client went in: all have been there.
    is_open: bool,
    present: u32,
}

/// The nodes that must be there.
pub(super) fn ground() -> Vec<(Path, Data)> {
    vec![("/barriers".into(), None)]
}

impl Barriers {
    pub fn new(size: u32) -> Barriers {
        Barriers { size, step: Step::Idle, directory: "/".into(), own: "/".into(), is_open: false, present: 0 }
    }

    pub fn on(&mut self, signal: Signal, context: &mut WorkloadContext) -> Progress {
        match signal {
            Signal::Begin => {
                self.directory = format!("/barriers/{}", context.round.number).into();
                // The session is part of the name: the node of a client's last life must not be taken for its own.
                self.own = format!("{}/p{}-{:x}", self.directory, context.me.0, context.client.session().0).into();
                self.is_open = false;
                self.present = 0;
                self.make(context)
            }
            Signal::Answer { outcome, .. } => self.on_answer(outcome, context),
            Signal::Watch(event) if matches!(self.step, Step::WaitOpen) && *event.path == *self.ready() => self.count(context),
            Signal::Watch(event) if matches!(&self.step, Step::WaitOther { other } if *other == event.path) => self.leave(context),
            Signal::Alarm if matches!(self.step, Step::WaitOpen | Step::WaitOther { .. }) && context.is_late() => self.delete(Then::Stop, context),
            Signal::Watch(_) | Signal::Alarm | Signal::Detached | Signal::Attached => Progress::Going,
        }
    }

    fn on_answer(&mut self, outcome: Result<&Reply, RequestError>, context: &mut WorkloadContext) -> Progress {
        let step = std::mem::take(&mut self.step);
        if let Err(RequestError::Refused(code)) = outcome
            && !matches!(code, ErrorCode::NoNode | ErrorCode::NodeExists | ErrorCode::NotEmpty)
        {
            // The session is over, or about to be.
            return Progress::Done;
        }
        let is_missing = outcome == Err(RequestError::Refused(ErrorCode::NoNode));
        let is_unknown = outcome == Err(RequestError::Unknown);
        match step {
            Step::Making if is_missing => Progress::Groundless,
            Step::Making if is_unknown => self.make(context),
            Step::Making => self.look(context),
            Step::Looking if is_unknown => self.look(context),
            Step::Looking => {
                self.is_open = !is_missing;
                self.enter(context)
            }
            Step::Entering if is_missing => Progress::Done, // The last of its round has swept it away.
            Step::Entering if is_unknown => self.enter(context),
            Step::Entering => self.count(context),
            Step::Counting => match outcome {
                Ok(Reply::Children { names, .. }) => self.on_count(names, context),
                Err(RequestError::Unknown) => self.count(context),
                Ok(_) | Err(RequestError::Refused(_)) => Progress::Done,
            },
            Step::Opening if is_unknown => self.open(context),
            Step::Opening => {
                self.is_open = true;
                self.leave(context)
            }
            Step::Leaving => match outcome {
                Ok(Reply::Children { names, .. }) => self.on_leave(names, context),
                Err(RequestError::Unknown) => self.leave(context),
                Ok(_) | Err(RequestError::Refused(_)) => self.passed(context),
            },
            Step::Deleting { then } if is_unknown => self.delete(then, context),
            Step::Deleting { then: Then::WaitForOthers } => self.leave(context),
            Step::Deleting { then: Then::Sweep } => {
                self.step = Step::Sweeping { dirty: vec![self.directory.clone()] };
                let ready = self.ready();
                context.ask(Op::Delete { path: ready, version: -1 });
                Progress::Going
            }
            Step::Deleting { then: Then::Stop } => Progress::Done,
            Step::Watching { .. } if outcome.is_err() => self.leave(context),
            Step::Watching { other } => {
                self.step = Step::WaitOther { other };
                if context.is_late() { self.delete(Then::Stop, context) } else { Progress::Going }
            }
            Step::Sweeping { mut dirty } => match dirty.pop() {
                Some(path) => {
                    context.ask(Op::Delete { path, version: -1 });
                    self.step = Step::Sweeping { dirty };
                    Progress::Going
                }
                None => self.passed(context),
            },
            Step::Idle | Step::WaitOpen | Step::WaitOther { .. } => unreachable!("a request that nobody sent has ended"),
        }
    }

    fn on_count(&mut self, names: &[std::sync::Arc<str>], context: &mut WorkloadContext) -> Progress {
        // A client may be there twice, with the session of its last life: it counts once.
        let clients: BTreeSet<&str> = names.iter().filter_map(|name| Some(name.split_once('-')?.0)).collect();
        self.present = clients.len() as u32;
        self.is_open |= names.iter().any(|name| **name == *READY);
        if self.is_open {
            return self.leave(context);
        }
        if self.present >= self.size {
            return self.open(context);
        }
        self.step = Step::WaitOpen;
        if context.is_late() { self.delete(Then::Stop, context) } else { Progress::Going }
    }

    fn on_leave(&mut self, names: &[std::sync::Arc<str>], context: &mut WorkloadContext) -> Progress {
        let full = |name: &str| -> Path { format!("{}/{name}", self.directory).into() };
        let mut inside: Vec<Path> = names.iter().filter(|name| ***name != *READY).map(|name| full(name)).collect();
        inside.sort();
        let (Some(lowest), Some(highest)) = (inside.first().cloned(), inside.last().cloned()) else { return self.passed(context) };
        if context.is_late() {
            return self.delete(Then::Stop, context);
        }
        if lowest == self.own && highest == self.own {
            return self.delete(Then::Sweep, context);
        }
        if lowest == self.own {
            return self.watch(highest, context);
        }
        if inside.contains(&self.own) { self.delete(Then::WaitForOthers, context) } else { self.watch(lowest, context) }
    }

    fn make(&mut self, context: &mut WorkloadContext) -> Progress {
        self.ask(Op::create(self.directory.clone(), None, CreateMode::Persistent), Step::Making, context)
    }

    fn look(&mut self, context: &mut WorkloadContext) -> Progress {
        self.ask(Op::Exists { path: self.ready(), watch: true }, Step::Looking, context)
    }

    fn enter(&mut self, context: &mut WorkloadContext) -> Progress {
        self.ask(Op::create(self.own.clone(), None, CreateMode::Ephemeral), Step::Entering, context)
    }

    fn count(&mut self, context: &mut WorkloadContext) -> Progress {
        self.ask(Op::GetChildren { path: self.directory.clone(), watch: false, stat: false }, Step::Counting, context)
    }

    fn open(&mut self, context: &mut WorkloadContext) -> Progress {
        self.ask(Op::create(self.ready(), None, CreateMode::Persistent), Step::Opening, context)
    }

    fn leave(&mut self, context: &mut WorkloadContext) -> Progress {
        self.ask(Op::GetChildren { path: self.directory.clone(), watch: false, stat: false }, Step::Leaving, context)
    }

    fn watch(&mut self, other: Path, context: &mut WorkloadContext) -> Progress {
        self.ask(Op::Exists { path: other.clone(), watch: true }, Step::Watching { other }, context)
    }

    fn delete(&mut self, then: Then, context: &mut WorkloadContext) -> Progress {
        self.ask(Op::Delete { path: self.own.clone(), version: -1 }, Step::Deleting { then }, context)
    }

    fn ask(&mut self, op: Op, step: Step, context: &mut WorkloadContext) -> Progress {
        context.ask(op);
        self.step = step;
        Progress::Going
    }

    fn passed(&mut self, context: &mut WorkloadContext) -> Progress {
        context.note(RecipeFact::Passed { path: self.directory.to_string(), present: if self.is_open { self.present.max(self.size) } else { self.present } });
        Progress::Done
    }

    fn ready(&self) -> Path {
        format!("{}/{READY}", self.directory).into()
    }
}
