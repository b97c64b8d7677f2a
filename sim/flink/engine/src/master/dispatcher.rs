//! What a leader does with jobs: it finds out which there are, submits the first, runs one after the other, and writes
//! down how each ended before anything of it is removed (Dispatcher, JobResultStore). Never a job run again that has a
//! result.

use std::collections::{BTreeMap, BTreeSet};

use flink_words::fact::MasterFact;
use flink_words::ids::WorkerId;
use flink_words::master::JobStatus;
use flink_words::plant::StreamPlant;
use outside::codec::decode;
use outside::{AskId, Lost};
use outside_words::fact::Author;
use outside_words::ids::{JobId, LeaderId};
use outside_words::message::{Answer, Ask};
use zookeeper_client::curator::store::{Added, Ensure, Ensured, Fence, ReleaseAll, StateHandleStore};
use zookeeper_client::curator::{CallId, Notice};
use zookeeper_words::service::{Op, Path, Reply};

use super::cleanup::{Cleanup, Held};
use super::context::{DELETE_TRIES, GET_TRIES, MasterContext, PUT_TRIES};
use super::coordinator::archive::Archive;
use super::job::{End, JobMaster, Lease};
use super::store::keep::{Keep, Kept};
use super::store::read::{Found, ReadAll, Unreadable};
use super::store::{ExecutionPlan, RESULTS, Root, bytes, node_of_job, plan_blob, result_blob, result_of};
use crate::message::Up;

/// How far it is.
#[derive(Clone, Debug)]
enum Stage {
    /// Which transaction made the latch node?
    Numbering(CallId),
    /// It asks for the names of the results that are there.
    Listing(AskId),
    /// How did the jobs end whose data is still there?
    ReadingResults(BTreeMap<AskId, JobId>),
    /// The directory of plans.
    Ensuring(Ensure),
    ReadingPlans(ReadAll),
    Submitting(Keep, ExecutionPlan),
    Running(Box<JobMaster>),
    /// The result of a job is written: the first time dirty, then clean.
    Storing {
        ask: AskId,
        job: JobId,
        status: JobStatus,
        dirty: bool,
    },
    Cleaning(Box<Cleanup>, JobStatus),
    /// Nothing is left but what the blob store has not answered yet.
    Settling,
    Done,
}

/// The dispatcher of a grant.
#[derive(Clone, Debug)]
pub(super) struct Dispatcher {
    leader: LeaderId,
    root: Root,
    fence: Fence,
    /// See [`Deployment`](crate::message::Deployment).
    token: u64,
    plans: StateHandleStore,
    stage: Stage,
    /// Plans that have no clean result.
    jobs: BTreeMap<JobId, ExecutionPlan>,
    /// Jobs that are over and whose data is still to be removed.
    dirty: BTreeMap<JobId, JobStatus>,
    /// Jobs that are over.
    clean: BTreeSet<JobId>,
    /// What the master of the job that is over had in its store.
    held: Option<Held>,
}

impl Dispatcher {
    /// Begins with finding out what is there.
    pub fn start(leader: LeaderId, latch: Path, root: Root, context: &mut MasterContext) -> Dispatcher {
        let fence = if context.is_fenced() { Fence::Everything(latch) } else { Fence::None };
        let plans = root.plans(context.lots.uuid(), &fence);
        let stage = match fence.of_everything().cloned() {
            Some(path) => Stage::Numbering(context.recipe(|recipe| recipe.call(Op::Exists { path, watch: false }))),
            None => list_results(context),
        };
        Dispatcher { leader, root, fence, token: 0, plans, stage, jobs: BTreeMap::new(), dirty: BTreeMap::new(), clean: BTreeSet::new(), held: None }
    }

    /// Whether all is done that the plan wants.
    pub fn is_done(&self) -> bool {
        matches!(self.stage, Stage::Done)
    }

    /// Takes a notice of Curator's.
    pub fn on_notice(&mut self, notice: &Notice, context: &mut MasterContext) {
        match &mut self.stage {
            Stage::Numbering(call) => match notice {
                Notice::Done { call: ended, answer } if ended == call => match &answer.result {
                    // Whoever led before had a node that was made before: the number behind its name would not do,
                    // since an empty row is taken away and begins anew.
                    Ok(Reply::Stat(stat)) => (self.token, self.stage) = (stat.czxid.0, list_results(context)),
                    result => context.exit(format!("the latch node cannot be read: {result:?}")),
                },
                _ => {}
            },
            Stage::Ensuring(ensure) => match context.recipe(|recipe| ensure.on(notice, recipe)) {
                None => {}
                Some(Ensured::There) => self.stage = Stage::ReadingPlans(ReadAll::start(&self.plans, Unreadable::Fails, self.leader, context)),
                Some(Ensured::Failed(error)) => context.exit(format!("the directory of plans cannot be made: {error:?}")),
            },
            Stage::ReadingPlans(read) => {
                let found = read.on_notice(notice, context);
                self.on_plans(found, context);
            }
            Stage::Submitting(keep, _) => {
                let kept = keep.on_notice(notice, context);
                self.on_kept(kept, context);
            }
            Stage::Running(job) => job.on_notice(notice, context),
            Stage::Cleaning(cleanup, _) => cleanup.on_notice(notice, context),
            Stage::Listing(_) | Stage::ReadingResults(_) | Stage::Storing { .. } | Stage::Settling | Stage::Done => {}
        }
    }

    /// Takes an answer of the blob store.
    pub fn on_blob(&mut self, id: AskId, result: &Result<Answer, Lost>, context: &mut MasterContext) {
        match &mut self.stage {
            Stage::Listing(ask) if *ask == id => self.on_results(result, context),
            Stage::ReadingResults(asks) => {
                let Some(job) = asks.remove(&id) else { return };
                let is_empty = asks.is_empty();
                let Ok(Answer::Blob(Some(content))) = result else { return context.exit("a job's result cannot be read") };
                let (_, status): (JobId, JobStatus) = decode(content).expect("a result was written as one");
                self.dirty.insert(job, status);
                if is_empty {
                    self.ensure(context);
                }
            }
            Stage::ReadingPlans(read) => {
                let found = read.on_blob(id, result);
                self.on_plans(found, context);
            }
            Stage::Submitting(keep, _) => {
                let kept = keep.on_blob(id, result, context);
                self.on_kept(kept, context);
            }
            Stage::Running(job) => job.on_blob(id, result, context),
            Stage::Cleaning(cleanup, _) => cleanup.on_blob(id, result, context),
            Stage::Storing { ask, job, status, dirty } if *ask == id => {
                let (job, status, dirty) = (*job, *status, *dirty);
                self.on_stored(job, status, dirty, result, context);
            }
            Stage::Numbering(_) | Stage::Listing(_) | Stage::Ensuring(_) | Stage::Storing { .. } | Stage::Settling | Stage::Done => {}
        }
    }

    /// Takes what a worker says.
    pub fn on_up(&mut self, call: Up, context: &mut MasterContext) {
        if let Stage::Running(job) = &mut self.stage {
            job.on_up(call, context);
        }
    }

    /// A worker is given up.
    pub fn on_worker_lost(&mut self, worker: WorkerId, context: &mut MasterContext) {
        if let Stage::Running(job) = &mut self.stage {
            job.on_worker_lost(worker, context);
        }
    }

    /// What the time, and all that was learnt in this step, make possible.
    pub fn go_on(&mut self, context: &mut MasterContext) {
        match &mut self.stage {
            Stage::Running(job) => {
                let Some(End { status, successor }) = job.go_on(context) else { return };
                let over = job.plan().job;
                self.jobs.extend(successor.map(|plan| (plan.job, plan)));
                let Stage::Running(job) = std::mem::replace(&mut self.stage, Stage::Done) else { unreachable!("it was just looked at") };
                self.held = Some(job.into_held());
                self.over(over, status, context);
            }
            Stage::Cleaning(cleanup, status) => {
                cleanup.on_time(context);
                if cleanup.is_over() {
                    let (job, status) = (cleanup.job(), *status);
                    context.note(MasterFact::CleanedUp { leader: self.leader, job });
                    self.store(job, status, false, context);
                }
            }
            Stage::Numbering(_) | Stage::Listing(_) | Stage::ReadingResults(_) | Stage::Ensuring(_) | Stage::ReadingPlans(_) => {}
            Stage::Settling if context.blobs.pending() == 0 => {
                self.stage = Stage::Done;
                context.note(MasterFact::Done { leader: self.leader });
            }
            Stage::Submitting(..) | Stage::Storing { .. } | Stage::Settling | Stage::Done => {}
        }
    }

    /// When it must act by itself.
    pub fn wake_ns(&self, now_ns: u64) -> Option<u64> {
        match &self.stage {
            Stage::Running(job) => job.wake_ns(now_ns),
            Stage::Cleaning(cleanup, _) => cleanup.wake_ns(),
            Stage::Numbering(_) | Stage::Listing(_) | Stage::ReadingResults(_) | Stage::Ensuring(_) | Stage::ReadingPlans(_) => None,
            Stage::Submitting(..) | Stage::Storing { .. } | Stage::Settling | Stage::Done => None,
        }
    }

    /// The leadership is over: all locks are released (FLINK-10011), and what is on its way into a store goes on.
    pub fn suspend(self, context: &mut MasterContext) -> (Option<Archive>, Vec<ReleaseAll>) {
        let mut stores = vec![self.plans];
        let archive = match self.stage {
            Stage::Running(job) => {
                stores.push(job.store().clone());
                job.suspend(context)
            }
            Stage::Cleaning(cleanup, _) => {
                stores.push(cleanup.into_store());
                None
            }
            Stage::Storing { .. } => {
                stores.extend(self.held.map(|held| held.store));
                None
            }
            Stage::Numbering(_) | Stage::Listing(_) | Stage::ReadingResults(_) | Stage::Ensuring(_) | Stage::ReadingPlans(_) => None,
            Stage::Submitting(..) | Stage::Settling | Stage::Done => None,
        };
        (archive, stores.iter().map(|store| context.recipe(|recipe| ReleaseAll::start(store, recipe))).collect())
    }

    /// What must hold between steps.
    pub fn check(&self) -> Result<(), String> {
        if let Stage::Running(job) = &self.stage { job.check() } else { Ok(()) }
    }

    /// The state as plain data, for people.
    pub fn look(&self) -> Vec<(&'static str, String)> {
        let stage = match &self.stage {
            Stage::Running(job) => return job.look(),
            Stage::Numbering(_) => "reads its latch node".into(),
            Stage::Listing(_) | Stage::ReadingResults(_) => "reads results".into(),
            Stage::Ensuring(_) | Stage::ReadingPlans(_) => "reads plans".into(),
            Stage::Submitting(_, plan) => format!("submits job {}", plan.job.0),
            Stage::Storing { job, dirty, .. } => format!("stores the result of job {}, dirty {dirty}", job.0),
            Stage::Cleaning(cleanup, _) => cleanup.look(),
            Stage::Settling => "settles".into(),
            Stage::Done => "done".into(),
        };
        vec![("dispatcher", stage)]
    }

    fn on_results(&mut self, result: &Result<Answer, Lost>, context: &mut MasterContext) {
        let Ok(Answer::Names(names)) = result else { return context.exit("the results cannot be listed") };
        let results: Vec<(JobId, bool)> = names.iter().filter_map(|name| result_of(name)).collect();
        self.clean = results.iter().filter(|(_, dirty)| !dirty).map(|(job, _)| *job).collect();
        let dirty = results.into_iter().filter(|(job, dirty)| *dirty && !self.clean.contains(job));
        let asks: BTreeMap<AskId, JobId> = dirty.map(|(job, _)| (context.get(&result_blob(job, true), self.leader, GET_TRIES), job)).collect();
        if asks.is_empty() {
            self.ensure(context);
        } else {
            self.stage = Stage::ReadingResults(asks);
        }
    }

    fn ensure(&mut self, context: &mut MasterContext) {
        let path = self.root.path("execution-plans");
        self.stage = Stage::Ensuring(context.recipe(|recipe| Ensure::start(&self.fence, [path].into_iter(), recipe)));
    }

    fn on_plans(&mut self, found: Option<Result<Found, String>>, context: &mut MasterContext) {
        match found {
            None => {}
            Some(Err(why)) => context.exit(why),
            Some(Ok(found)) => {
                for (_, content) in found.into_values() {
                    let plan: ExecutionPlan = content.as_deref().and_then(decode).expect("a plan was written as one");
                    self.jobs.insert(plan.job, plan);
                }
                self.next(context);
            }
        }
    }

    /// What comes next: to remove what is over, to end what another job goes on with, to run what is left, to submit
    /// the first job, or nothing any more.
    fn next(&mut self, context: &mut MasterContext) {
        let leftover = self.jobs.keys().find(|job| self.clean.contains(job)).map(|job| (*job, JobStatus::Finished));
        if let Some((job, status)) = self.dirty.iter().next().map(|(job, status)| (*job, *status)).or(leftover) {
            return self.clean_up(job, status, context);
        }
        let succeeded: BTreeSet<JobId> = self.jobs.values().filter_map(|plan| Some(plan.from.as_ref()?.0)).collect();
        if let Some(job) = self.jobs.keys().find(|job| succeeded.contains(job)).copied() {
            return self.over(job, JobStatus::Finished, context);
        }
        match self.jobs.values().next().cloned() {
            Some(plan) => self.run(plan, context),
            None if self.clean.is_empty() => self.submit(context),
            None => self.stage = Stage::Settling,
        }
    }

    fn submit(&mut self, context: &mut MasterContext) {
        let plan = ExecutionPlan { job: JobId(1), kind: context.plan().job, parallelism: context.plan().parallelism, from: None, next_step: 0 };
        let (node, blob) = (node_of_job(plan.job), plan_blob(plan.job));
        let keep = Keep::start(Some(self.plans.clone()), node, blob, bytes(&plan), self.leader, context);
        self.stage = Stage::Submitting(keep, plan);
    }

    fn on_kept(&mut self, kept: Option<Kept>, context: &mut MasterContext) {
        let Stage::Submitting(_, plan) = &self.stage else { return };
        match kept {
            None | Some(Kept::Content) => {}
            Some(Kept::Handle(Added::Added | Added::Assumed)) => {
                let plan = plan.clone();
                let (leader, job, kind, parallelism) = (self.leader, plan.job, plan.kind, plan.parallelism);
                context.note(MasterFact::Submitted { leader, job, kind, parallelism, from: None });
                self.jobs.insert(job, plan.clone());
                self.run(plan, context);
            }
            // Whoever leads next finds out how it stands.
            Some(Kept::NoContent | Kept::Conflict | Kept::Handle(_)) => context.exit("the execution plan could not be stored"),
        }
    }

    fn run(&mut self, plan: ExecutionPlan, context: &mut MasterContext) {
        let checkpoints = self.root.checkpoints(plan.job, context.lots.uuid(), &self.fence);
        let lease =
            Lease { leader: self.leader, root: self.root.clone(), fence: self.fence.clone(), token: self.token, plans: self.plans.clone(), checkpoints };
        self.stage = Stage::Running(Box::new(JobMaster::start(plan, lease, context)));
    }

    /// A job is globally terminal: its result comes before everything else (FLIP-194).
    fn over(&mut self, job: JobId, status: JobStatus, context: &mut MasterContext) {
        if context.has(StreamPlant::NoResultStore) { self.clean_up(job, status, context) } else { self.store(job, status, true, context) }
    }

    fn store(&mut self, job: JobId, status: JobStatus, dirty: bool, context: &mut MasterContext) {
        let ask = context.put(&result_blob(job, dirty), bytes(&(job, status)), self.leader, PUT_TRIES);
        self.stage = Stage::Storing { ask, job, status, dirty };
    }

    fn on_stored(&mut self, job: JobId, status: JobStatus, dirty: bool, result: &Result<Answer, Lost>, context: &mut MasterContext) {
        match result {
            Ok(Answer::Done) => {}
            // Another leader has said how the job ended, and may have cleaned up since: this one leads no more
            // (JobResultStore's IllegalStateException, which ends the process).
            Ok(Answer::Conflict) => return context.exit("another leader has stored the job's result"),
            Ok(_) | Err(Lost) => return self.store(job, status, dirty, context),
        }
        context.note(MasterFact::ResultStored { leader: self.leader, job, status, dirty });
        if dirty {
            return self.clean_up(job, status, context);
        }
        context.ask(Ask::Delete { name: result_blob(job, true), by: Author::Leader(self.leader) }, DELETE_TRIES);
        self.dirty.remove(&job);
        self.jobs.remove(&job);
        self.clean.insert(job);
        self.next(context);
    }

    fn clean_up(&mut self, job: JobId, status: JobStatus, context: &mut MasterContext) {
        let held = self.held.take();
        let cleanup = Cleanup::start(self.leader, &self.root, self.plans.clone(), job, held, context);
        self.stage = Stage::Cleaning(Box::new(cleanup), status);
    }
}

fn list_results(context: &mut MasterContext) -> Stage {
    Stage::Listing(context.ask(Ask::List { prefix: RESULTS.into() }, GET_TRIES))
}
