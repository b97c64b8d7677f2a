//! Locks and elections by ephemeral sequential nodes (ZooKeeper's recipes, Curator's LockInternals and LeaderLatch): the lowest node holds, every other one watches the one before it, so that no herd wakes. Never two creates for one round: a lost reply is looked up by the node's own name.
//!
//! A lock is kept while the connection is away, until the session is known to be over; a leader steps back as soon as it is detached, as LeaderLatch does on SUSPENDED.

use zookeeper_words::fact::RecipeFact;
use zookeeper_words::service::{CreateMode, Data, ErrorCode, Op, Path, Reply, acl};

use super::context::{RequestError, Signal, WorkloadContext, sequence};
use super::round::Progress;

/// How many locks all clients share: few, so that they meet.
const LOCKS: u64 = 2;
/// How often a round creates when every outcome is unknown, before it ends.
const CREATES_MAX: u32 = 3;

/// What the lowest node means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// It holds a lock.
    Lock,
    /// It leads.
    Election,
}

/// Where a round is.
#[derive(Clone, Debug, Default)]
enum Step {
    #[default]
    Idle,
    Creating,
    Listing,
    /// The watch on the node before is asked for.
    Watching {
        before: Path,
    },
    /// It is set.
    Waiting {
        before: Path,
    },
    /// The lowest: until the alarm.
    Holding,
    /// The lowest, at work: a write that succeeds only while the own node is there.
    Working,
    Deleting {
        node: Path,
    },
}

/// The recipe.
#[derive(Clone, Debug)]
pub(super) struct Latches {
    style: Style,
    directory: Path,
    prefix: String,
    step: Step,
    /// Its own nodes, lowest first: one, or more when a create took effect after it was given up.
    mine: Vec<Path>,
    held: Option<Path>,
    creates: u32,
}

impl Latches {
    pub fn new(style: Style) -> Latches {
        Latches { style, directory: "/".into(), prefix: String::new(), step: Step::Idle, mine: Vec::new(), held: None, creates: 0 }
    }

    /// The nodes that must be there.
    pub fn ground(style: Style) -> Vec<(Path, Data)> {
        match style {
            Style::Lock => {
                let mut nodes: Vec<(Path, Data)> = vec![("/locks".into(), None), ("/resources".into(), None)];
                nodes.extend((0..LOCKS).flat_map(|n| [(format!("/locks/{n}").into(), None), (format!("/resources/{n}").into(), None)]));
                nodes
            }
            Style::Election => vec![("/election".into(), None), ("/election/candidates".into(), None), ("/election/leader".into(), None)],
        }
    }

    pub fn style(&self) -> Style {
        self.style
    }

    /// Whether it believes to hold the lock, or to lead.
    pub fn is_holding(&self) -> bool {
        self.held.is_some()
    }

    pub fn on(&mut self, signal: Signal, context: &mut WorkloadContext) -> Progress {
        match signal {
            Signal::Begin => self.begin(context),
            Signal::Answer { outcome, .. } => self.on_answer(outcome, context),
            Signal::Watch(event) => match &self.step {
                Step::Waiting { before } if *before == event.path => self.list(context),
                Step::Idle
                | Step::Creating
                | Step::Listing
                | Step::Watching { .. }
                | Step::Waiting { .. }
                | Step::Holding
                | Step::Working
                | Step::Deleting { .. } => Progress::Going,
            },
            Signal::Detached => {
                if self.style == Style::Election && self.held.is_some() {
                    self.let_go(context);
                    if matches!(self.step, Step::Holding) {
                        return self.release(context);
                    }
                }
                Progress::Going
            }
            Signal::Alarm => match self.step {
                Step::Holding => self.work(context),
                Step::Waiting { .. } if context.is_late() => self.release(context),
                Step::Idle | Step::Creating | Step::Listing | Step::Watching { .. } | Step::Waiting { .. } | Step::Working | Step::Deleting { .. } => {
                    Progress::Going
                }
            },
            Signal::Attached => Progress::Going,
        }
    }

    /// The session is over, and with it its nodes.
    pub fn over(&mut self, context: &mut WorkloadContext) {
        self.let_go(context);
        self.step = Step::Idle;
    }

    fn begin(&mut self, context: &mut WorkloadContext) -> Progress {
        let lock = context.round.dice.below(LOCKS);
        let kind;
        (self.directory, kind) = match self.style {
            Style::Lock => (format!("/locks/{lock}").into(), "lock-"),
            Style::Election => ("/election/candidates".into(), "latch-"),
        };
        self.prefix = context.tag() + kind;
        self.mine.clear();
        self.creates = 0;
        self.create(context)
    }

    fn create(&mut self, context: &mut WorkloadContext) -> Progress {
        self.creates += 1;
        if self.creates > CREATES_MAX {
            return self.release(context);
        }
        let path = format!("{}/{}", self.directory, self.prefix).into();
        context.ask(Op::Create { path, data: None, mode: CreateMode::EphemeralSequential, acl: acl::open(), stat: self.style == Style::Election });
        self.step = Step::Creating;
        Progress::Going
    }

    fn list(&mut self, context: &mut WorkloadContext) -> Progress {
        context.ask(Op::GetChildren { path: self.directory.clone(), watch: false, stat: self.style == Style::Election });
        self.step = Step::Listing;
        Progress::Going
    }

    fn on_answer(&mut self, outcome: Result<&Reply, RequestError>, context: &mut WorkloadContext) -> Progress {
        match std::mem::take(&mut self.step) {
            Step::Creating => match outcome {
                Ok(Reply::Created { path, .. }) => {
                    self.mine = vec![path.clone()];
                    self.list(context)
                }
                // The node may be there all the same: its name will tell.
                Err(RequestError::Unknown) => self.list(context),
                Err(RequestError::Refused(ErrorCode::NoNode)) => Progress::Groundless,
                Ok(_) | Err(RequestError::Refused(_)) => self.give_up(context),
            },
            Step::Listing => match outcome {
                Ok(Reply::Children { names, .. }) => self.on_children(names, context),
                Err(RequestError::Unknown) => self.list(context),
                Err(RequestError::Refused(ErrorCode::NoNode)) => Progress::Groundless,
                Ok(_) | Err(RequestError::Refused(_)) => self.give_up(context),
            },
            Step::Watching { before } => match outcome {
                Ok(_) => {
                    self.step = Step::Waiting { before };
                    if context.is_late() { self.release(context) } else { Progress::Going }
                }
                // It has gone meanwhile, or nobody knows: look who is first now.
                Err(RequestError::Refused(ErrorCode::NoNode) | RequestError::Unknown) => self.list(context),
                Err(RequestError::Refused(_)) => self.give_up(context),
            },
            Step::Working => self.release(context),
            Step::Deleting { node } => match outcome {
                Ok(_) | Err(RequestError::Refused(ErrorCode::NoNode)) => self.release(context),
                Err(RequestError::Unknown) => {
                    self.mine.push(node);
                    self.release(context)
                }
                Err(RequestError::Refused(_)) => self.give_up(context),
            },
            Step::Idle | Step::Waiting { .. } | Step::Holding => unreachable!("a request that nobody sent has ended"),
        }
    }

    /// The service refuses the session, which is over or about to be: its nodes go with it.
    fn give_up(&mut self, context: &mut WorkloadContext) -> Progress {
        self.let_go(context);
        Progress::Done
    }

    fn on_children(&mut self, names: &[std::sync::Arc<str>], context: &mut WorkloadContext) -> Progress {
        let mut places: Vec<(u64, &str)> = names.iter().filter_map(|name| Some((sequence(name)?, name.as_ref()))).collect();
        places.sort_unstable();
        let full = |name: &str| -> Path { format!("{}/{name}", self.directory).into() };
        let own: Vec<(u64, &str)> = places.iter().copied().filter(|(_, name)| name.starts_with(&self.prefix)).collect();
        let Some((place, name)) = own.first().copied() else {
            if self.mine.is_empty() && !context.is_late() {
                return self.create(context);
            }
            // It was there and is no more: somebody ended the session.
            return Progress::Done;
        };
        self.mine = own.iter().map(|(_, name)| full(name)).collect();
        let Some((_, before)) = places.iter().rfind(|(other, _)| *other < place) else {
            let node = full(name);
            context.note(RecipeFact::Acquired { path: self.directory.to_string(), node: node.to_string() });
            self.held = Some(node);
            self.step = Step::Holding;
            let hold_ms = context.round.dice.between(0, u64::from(context.think_ms));
            context.alarm_in(hold_ms);
            return Progress::Going;
        };
        let before = full(before);
        context.ask(match self.style {
            Style::Lock => Op::Exists { path: before.clone(), watch: true },
            Style::Election => Op::GetData { path: before.clone(), watch: true },
        });
        self.step = Step::Watching { before };
        Progress::Going
    }

    /// Does what only the holder may: the write carries a check of its node, so that a holder of the past cannot.
    fn work(&mut self, context: &mut WorkloadContext) -> Progress {
        let node = self.mine.first().expect("who holds has a node").clone();
        let path = match self.style {
            Style::Lock => self.directory.replace("/locks", "/resources").into(),
            Style::Election => "/election/leader".into(),
        };
        context.ask(Op::Multi(vec![Op::Check { path: node.clone(), version: 0 }, Op::SetData { path, data: Some(node.as_bytes().into()), version: -1 }]));
        self.step = Step::Working;
        Progress::Going
    }

    /// Gives up what it holds and deletes its nodes, one after another.
    fn release(&mut self, context: &mut WorkloadContext) -> Progress {
        self.let_go(context);
        let Some(node) = self.mine.pop() else { return Progress::Done };
        context.ask(Op::Delete { path: node.clone(), version: -1 });
        self.step = Step::Deleting { node };
        Progress::Going
    }

    fn let_go(&mut self, context: &mut WorkloadContext) {
        if let Some(node) = self.held.take() {
            context.note(RecipeFact::Released { path: self.directory.to_string(), node: node.to_string() });
        }
    }
}
