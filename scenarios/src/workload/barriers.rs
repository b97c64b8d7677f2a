//! Double barriers (ZooKeeper's recipe): nobody begins before all are there, nobody leaves before all have gone. Each round has a barrier of its own. Never a wait without an end: a client whose companions do not come goes away without having passed.

use std::collections::BTreeSet;

use vocab::fact::RecipeFact;
use vocab::service::{CreateMode, Data, ErrorCode, Op, Path, Reply};

use super::desk::{Desk, Failure, Heard, Progress};

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

    pub fn on(&mut self, heard: Heard, desk: &mut Desk) -> Progress {
        match heard {
            Heard::Begin => {
                self.directory = format!("/barriers/{}", desk.round.number).into();
                // The session is part of the name: the node of a client's last life must not be taken for its own.
                self.own = format!("{}/p{}-{:x}", self.directory, desk.me.0, desk.client.session().0).into();
                self.is_open = false;
                self.present = 0;
                self.make(desk)
            }
            Heard::Answer { outcome, .. } => self.on_answer(outcome, desk),
            Heard::Watch(event) if matches!(self.step, Step::WaitOpen) && *event.path == *self.ready() => self.count(desk),
            Heard::Watch(event) if matches!(&self.step, Step::WaitOther { other } if *other == event.path) => self.leave(desk),
            Heard::Alarm if matches!(self.step, Step::WaitOpen | Step::WaitOther { .. }) && desk.is_late() => self.delete(Then::Stop, desk),
            Heard::Watch(_) | Heard::Alarm | Heard::Detached | Heard::Attached => Progress::Going,
        }
    }

    fn on_answer(&mut self, outcome: Result<&Reply, Failure>, desk: &mut Desk) -> Progress {
        let step = std::mem::take(&mut self.step);
        if let Err(Failure::Error(code)) = outcome
            && !matches!(code, ErrorCode::NoNode | ErrorCode::NodeExists | ErrorCode::NotEmpty)
        {
            // The session is over, or about to be.
            return Progress::Done;
        }
        let is_missing = outcome == Err(Failure::Error(ErrorCode::NoNode));
        let is_unknown = outcome == Err(Failure::Unknown);
        match step {
            Step::Making if is_missing => Progress::Groundless,
            Step::Making if is_unknown => self.make(desk),
            Step::Making => self.look(desk),
            Step::Looking if is_unknown => self.look(desk),
            Step::Looking => {
                self.is_open = !is_missing;
                self.enter(desk)
            }
            Step::Entering if is_missing => Progress::Done, // The last of its round has swept it away.
            Step::Entering if is_unknown => self.enter(desk),
            Step::Entering => self.count(desk),
            Step::Counting => match outcome {
                Ok(Reply::Children { names, .. }) => self.on_count(names, desk),
                Err(Failure::Unknown) => self.count(desk),
                Ok(_) | Err(Failure::Error(_)) => Progress::Done,
            },
            Step::Opening if is_unknown => self.open(desk),
            Step::Opening => {
                self.is_open = true;
                self.leave(desk)
            }
            Step::Leaving => match outcome {
                Ok(Reply::Children { names, .. }) => self.on_leave(names, desk),
                Err(Failure::Unknown) => self.leave(desk),
                Ok(_) | Err(Failure::Error(_)) => self.passed(desk),
            },
            Step::Deleting { then } if is_unknown => self.delete(then, desk),
            Step::Deleting { then: Then::WaitForOthers } => self.leave(desk),
            Step::Deleting { then: Then::Sweep } => {
                self.step = Step::Sweeping { dirty: vec![self.directory.clone()] };
                let ready = self.ready();
                desk.ask(Op::Delete { path: ready, version: -1 });
                Progress::Going
            }
            Step::Deleting { then: Then::Stop } => Progress::Done,
            Step::Watching { .. } if outcome.is_err() => self.leave(desk),
            Step::Watching { other } => {
                self.step = Step::WaitOther { other };
                if desk.is_late() { self.delete(Then::Stop, desk) } else { Progress::Going }
            }
            Step::Sweeping { mut dirty } => match dirty.pop() {
                Some(path) => {
                    desk.ask(Op::Delete { path, version: -1 });
                    self.step = Step::Sweeping { dirty };
                    Progress::Going
                }
                None => self.passed(desk),
            },
            Step::Idle | Step::WaitOpen | Step::WaitOther { .. } => unreachable!("a request that nobody sent has ended"),
        }
    }

    fn on_count(&mut self, names: &[std::sync::Arc<str>], desk: &mut Desk) -> Progress {
        // A client may be there twice, with the session of its last life: it counts once.
        let clients: BTreeSet<&str> = names.iter().filter_map(|name| Some(name.split_once('-')?.0)).collect();
        self.present = clients.len() as u32;
        self.is_open |= names.iter().any(|name| **name == *READY);
        if self.is_open {
            return self.leave(desk);
        }
        if self.present >= self.size {
            return self.open(desk);
        }
        self.step = Step::WaitOpen;
        if desk.is_late() { self.delete(Then::Stop, desk) } else { Progress::Going }
    }

    fn on_leave(&mut self, names: &[std::sync::Arc<str>], desk: &mut Desk) -> Progress {
        let full = |name: &str| -> Path { format!("{}/{name}", self.directory).into() };
        let mut inside: Vec<Path> = names.iter().filter(|name| ***name != *READY).map(|name| full(name)).collect();
        inside.sort();
        let (Some(lowest), Some(highest)) = (inside.first().cloned(), inside.last().cloned()) else { return self.passed(desk) };
        if desk.is_late() {
            return self.delete(Then::Stop, desk);
        }
        if lowest == self.own && highest == self.own {
            return self.delete(Then::Sweep, desk);
        }
        if lowest == self.own {
            return self.watch(highest, desk);
        }
        if inside.contains(&self.own) { self.delete(Then::WaitForOthers, desk) } else { self.watch(lowest, desk) }
    }

    fn make(&mut self, desk: &mut Desk) -> Progress {
        self.ask(Op::create(self.directory.clone(), None, CreateMode::Persistent), Step::Making, desk)
    }

    fn look(&mut self, desk: &mut Desk) -> Progress {
        self.ask(Op::Exists { path: self.ready(), watch: true }, Step::Looking, desk)
    }

    fn enter(&mut self, desk: &mut Desk) -> Progress {
        self.ask(Op::create(self.own.clone(), None, CreateMode::Ephemeral), Step::Entering, desk)
    }

    fn count(&mut self, desk: &mut Desk) -> Progress {
        self.ask(Op::GetChildren { path: self.directory.clone(), watch: false, stat: false }, Step::Counting, desk)
    }

    fn open(&mut self, desk: &mut Desk) -> Progress {
        self.ask(Op::create(self.ready(), None, CreateMode::Persistent), Step::Opening, desk)
    }

    fn leave(&mut self, desk: &mut Desk) -> Progress {
        self.ask(Op::GetChildren { path: self.directory.clone(), watch: false, stat: false }, Step::Leaving, desk)
    }

    fn watch(&mut self, other: Path, desk: &mut Desk) -> Progress {
        self.ask(Op::Exists { path: other.clone(), watch: true }, Step::Watching { other }, desk)
    }

    fn delete(&mut self, then: Then, desk: &mut Desk) -> Progress {
        self.ask(Op::Delete { path: self.own.clone(), version: -1 }, Step::Deleting { then }, desk)
    }

    fn ask(&mut self, op: Op, step: Step, desk: &mut Desk) -> Progress {
        desk.ask(op);
        self.step = step;
        Progress::Going
    }

    fn passed(&mut self, desk: &mut Desk) -> Progress {
        desk.note(RecipeFact::Passed { path: self.directory.to_string(), present: if self.is_open { self.present.max(self.size) } else { self.present } });
        Progress::Done
    }

    fn ready(&self) -> Path {
        format!("{}/{READY}", self.directory).into()
    }
}
