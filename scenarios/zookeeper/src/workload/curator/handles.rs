//! Flink's state handles as a leading JobManager keeps them: whoever leads by the latch reads and locks all of them, adds its own one after another, and removes the oldest beyond those that are retained. Never a fence where the plan has none: then a leader of the past finishes what it had begun, in a new session if need be (FLINK-10333).
//!
//! A handle's number is one above the highest that its author knows, so two leaders may want the same one, as two do that submit one job.

use zookeeper_client::curator::create::{self, Creation, Parents, Spec};
use zookeeper_client::curator::latch::{Config, LeaderLatch, Outcome};
use zookeeper_client::curator::store::{AddAndLock, Added, Everything, Fence, GetAllAndLock, Release, ReleaseAndTryRemove, StateHandleStore};
use zookeeper_client::curator::{CallError, Curator, Notice};
use zookeeper_words::Plan;
use zookeeper_words::service::{CreateMode, ErrorCode, Path};

use super::super::round::{Leave, Progress};
use super::context::CuratorContext;
use super::latches;

const DIRECTORY: &str = "/curator/handles-latch";
const ROOT: &str = "/curator/handles";
/// How many handles are kept (state.checkpoints.num-retained; Flink's default is 1).
const RETAINED: usize = 2;
/// How many a round adds at most.
const ADDS_MAX: u64 = 5;

/// What is under way.
#[derive(Clone, Debug)]
enum Task {
    Idle,
    /// In the row, not leading yet.
    Waiting,
    /// The directory is made, where it is not there.
    Rooting(Creation),
    /// All handles are read and locked.
    Recovering(GetAllAndLock),
    /// Until the next handle is due.
    Pausing,
    Adding(AddAndLock),
    Removing(ReleaseAndTryRemove),
    Releasing(Release),
    /// Out of the row, but a create is under way.
    Leaving,
}

/// The recipe.
#[derive(Clone, Debug)]
pub(super) struct Handles {
    config: Config,
    fences: bool,
    client: usize,
    latch: Option<LeaderLatch>,
    store: Option<StateHandleStore>,
    task: Task,
    /// The handles that are locked, oldest first.
    held: Vec<u64>,
    /// The number of the next one.
    next: u64,
    adds: u64,
    /// No more is begun: it leads no more, or has had its time.
    is_over: bool,
    leave: Option<Leave>,
}

impl Handles {
    pub fn new(plan: &Plan, client: usize) -> Handles {
        Handles {
            config: latches::config(plan, client, DIRECTORY),
            fences: plan.settings.clients[client].curator.fences,
            client,
            latch: None,
            store: None,
            task: Task::Idle,
            held: Vec::new(),
            next: 0,
            adds: 0,
            is_over: false,
            leave: None,
        }
    }

    pub fn is_leading(&self) -> bool {
        self.latch.as_ref().is_some_and(|latch| latch.leads().is_some())
    }

    pub fn check(&self, curator: &Curator) -> Result<(), String> {
        self.latch.as_ref().map_or(Ok(()), |latch| latch.check(curator))
    }

    pub fn take_leave(&mut self) -> Option<Leave> {
        self.leave.take()
    }

    pub fn begin(&mut self, context: &mut CuratorContext) -> Progress {
        self.adds = context.round.dice.between(1, ADDS_MAX);
        self.held.clear();
        self.is_over = false;
        self.latch.insert(LeaderLatch::new(self.config.clone())).start(&mut context.curator);
        self.task = Task::Waiting;
        Progress::Going
    }

    pub fn on(&mut self, notice: &Notice, context: &mut CuratorContext) -> Progress {
        let Some(latch) = &mut self.latch else { return Progress::Going };
        for outcome in latch.on(notice, &mut context.curator) {
            match outcome {
                Outcome::Granted { node } if matches!(self.task, Task::Waiting) => self.lead(&node, context),
                Outcome::Granted { .. } => {}
                // What is under way goes on all the same: nobody stops a request that Curator sends again.
                Outcome::Revoked { .. } => self.is_over = true,
            }
        }
        self.on_task(notice, context)
    }

    pub fn on_alarm(&mut self, context: &mut CuratorContext) -> Progress {
        self.is_over |= context.is_late();
        match self.task {
            Task::Pausing if !self.is_over => {
                self.add(context);
                Progress::Going
            }
            Task::Pausing => self.let_go(context),
            Task::Waiting if self.is_over => self.leave_row(context),
            Task::Idle | Task::Waiting | Task::Rooting(_) | Task::Recovering(_) => Progress::Going,
            Task::Adding(_) | Task::Removing(_) | Task::Releasing(_) | Task::Leaving => Progress::Going,
        }
    }

    fn lead(&mut self, node: &Path, context: &mut CuratorContext) {
        let lock = context.curator.uuid();
        self.store = Some(StateHandleStore { root: ROOT.into(), lock, fence: if self.fences { Fence::Additions(node.clone()) } else { Fence::None } });
        let spec = Spec { path: ROOT.into(), data: None, mode: CreateMode::Persistent, protection: None, parents: Parents::Containers };
        self.task = Task::Rooting(Creation::start(spec, &mut context.curator));
    }

    fn on_task(&mut self, notice: &Notice, context: &mut CuratorContext) -> Progress {
        match &mut self.task {
            Task::Idle | Task::Waiting => Progress::Going,
            Task::Pausing if self.is_over => self.let_go(context),
            Task::Pausing => Progress::Going,
            Task::Rooting(creation) => match creation.on(notice, &mut context.curator) {
                None => Progress::Going,
                Some(create::Outcome::Created { .. } | create::Outcome::Failed { error: CallError::Refused(ErrorCode::NodeExists), .. }) => {
                    self.task = Task::Recovering(GetAllAndLock::start(self.store.as_ref().expect("who leads has a store"), &mut context.curator));
                    Progress::Going
                }
                Some(create::Outcome::Failed { .. }) => self.exit(context),
            },
            Task::Recovering(read) => match read.on(notice, &mut context.curator) {
                None => Progress::Going,
                Some(Everything::All(all)) => {
                    self.held = all.keys().filter_map(|name| name.parse().ok()).collect();
                    self.next = self.held.last().map_or(1, |last| last + 1);
                    self.pause(context)
                }
                Some(Everything::Failed(_)) => self.exit(context),
            },
            Task::Adding(add) => match add.on(notice, &mut context.curator) {
                None => Progress::Going,
                Some(Added::Added | Added::Assumed) => {
                    self.held.push(self.next);
                    self.next += 1;
                    self.subsume(context)
                }
                Some(Added::Exists | Added::Discarded(_) | Added::Inconsistent(_) | Added::Fenced) => {
                    self.next += 1;
                    self.pause(context)
                }
            },
            // What cannot be removed is forgotten all the same, as in Flink.
            Task::Removing(removal) => match removal.on(notice, &mut context.curator) {
                None => Progress::Going,
                Some(_) => self.subsume(context),
            },
            Task::Releasing(release) => match release.on(notice) {
                None => Progress::Going,
                Some(_) => self.let_go(context),
            },
            Task::Leaving => self.go_on(),
        }
    }

    fn pause(&mut self, context: &mut CuratorContext) -> Progress {
        if self.is_over || self.adds == 0 {
            return self.let_go(context);
        }
        self.adds -= 1;
        let pause_ms = context.while_ms(1);
        context.alarm_in(pause_ms);
        self.task = Task::Pausing;
        Progress::Going
    }

    fn add(&mut self, context: &mut CuratorContext) {
        let store = self.store.as_ref().expect("who leads has a store");
        let data = format!("client {} round {}", self.client, context.round.number);
        self.task = Task::Adding(AddAndLock::start(store, &name(self.next), Some(data.as_bytes().into()), &mut context.curator));
    }

    /// Removes the oldest handle while there are more than are retained.
    fn subsume(&mut self, context: &mut CuratorContext) -> Progress {
        if self.held.len() <= RETAINED {
            return self.pause(context);
        }
        let oldest = name(self.held.remove(0));
        let store = self.store.as_ref().expect("who leads has a store");
        self.task = Task::Removing(ReleaseAndTryRemove::start(store, &oldest, &mut context.curator));
        Progress::Going
    }

    /// Releases the locks one by one, then leaves the row.
    fn let_go(&mut self, context: &mut CuratorContext) -> Progress {
        let Some(handle) = self.held.pop() else { return self.leave_row(context) };
        let store = self.store.as_ref().expect("who holds has a store");
        self.task = Task::Releasing(Release::start(store, &name(handle), &mut context.curator));
        Progress::Going
    }

    /// A JobManager that cannot recover ends as a process; its locks go with its session.
    fn exit(&mut self, context: &mut CuratorContext) -> Progress {
        self.leave = Some(Leave::Close);
        self.leave_row(context)
    }

    fn leave_row(&mut self, context: &mut CuratorContext) -> Progress {
        if let Some(latch) = &mut self.latch {
            latch.close(&mut context.curator);
        }
        self.task = Task::Leaving;
        self.go_on()
    }

    fn go_on(&mut self) -> Progress {
        if self.latch.as_ref().is_some_and(|latch| !latch.is_quiet()) {
            return Progress::Going;
        }
        self.latch = None;
        self.task = Task::Idle;
        Progress::Done
    }
}

/// A handle's name: 19 digits, as Flink's checkpoints have it.
fn name(number: u64) -> String {
    format!("{number:019}")
}
