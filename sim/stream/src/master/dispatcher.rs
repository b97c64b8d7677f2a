//! What a leader does with jobs: it finds out which there are, submits the first, runs one after the other, and writes down how each ended before anything of it is removed (Dispatcher, JobResultStore). Never a job run again that has a result.

use std::collections::{BTreeMap, BTreeSet};

use coord::curator::store::{Added, Ensure, Ensured, Fence, ReleaseAll, StateHandleStore};
use coord::curator::{CallId, Told};
use vocab::plan::StreamPlant;
use vocab::service::{Op, Path, Reply};
use vocab::stream::MasterFact;
use vocab::stream::ids::{JobId, LeaderId, WorkerId};
use vocab::stream::master::JobStatus;
use vocab::stream::outside::Author;

use super::cleanup::{Cleanup, Held};
use super::coordinator::archive::Archive;
use super::desk::Desk;
use super::job::{End, JobMaster, Lease};
use super::store::keep::{Keep, Kept};
use super::store::read::{Found, ReadAll, Unreadable};
use super::store::{ExecutionPlan, RESULTS, Root, bytes, node_of_job, plan_blob, result_blob, result_of};
use crate::message::{Answer, Ask, Up};
use crate::outside::{AskId, Lost};
use crate::snapshot::decode;

/// What it is at.
#[derive(Clone, Debug)]
enum Stage {
    /// Which transaction made the latch node?
    Numbering(CallId),
    /// Which results are there?
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
    pub fn start(leader: LeaderId, latch: Path, root: Root, desk: &mut Desk) -> Dispatcher {
        let fence = if desk.is_fenced() { Fence::Everything(latch) } else { Fence::None };
        let plans = root.plans(desk.lots.uuid(), &fence);
        let stage = match fence.of_everything().cloned() {
            Some(path) => Stage::Numbering(desk.turn(|turn| turn.call(Op::Exists { path, watch: false }))),
            None => list_results(desk),
        };
        Dispatcher { leader, root, fence, token: 0, plans, stage, jobs: BTreeMap::new(), dirty: BTreeMap::new(), clean: BTreeSet::new(), held: None }
    }

    /// Whether all is done that the plan wants.
    pub fn is_done(&self) -> bool {
        matches!(self.stage, Stage::Done)
    }

    /// Takes what Curator told.
    pub fn on_told(&mut self, told: &Told, desk: &mut Desk) {
        match &mut self.stage {
            Stage::Numbering(call) => match told {
                Told::Done { call: ended, answer } if ended == call => match &answer.result {
                    // Whoever led before had a node that was made before: the number behind its name would not do, since an empty row is taken away and begins anew.
                    Ok(Reply::Stat(stat)) => (self.token, self.stage) = (stat.czxid.0, list_results(desk)),
                    result => desk.exit(format!("the latch node cannot be read: {result:?}")),
                },
                _ => {}
            },
            Stage::Ensuring(ensure) => match desk.turn(|turn| ensure.on(told, turn)) {
                None => {}
                Some(Ensured::There) => self.stage = Stage::ReadingPlans(ReadAll::start(&self.plans, Unreadable::Fails, self.leader, desk)),
                Some(Ensured::Failed(failure)) => desk.exit(format!("the directory of plans cannot be made: {failure:?}")),
            },
            Stage::ReadingPlans(read) => {
                let found = read.on_told(told, desk);
                self.on_plans(found, desk);
            }
            Stage::Submitting(keep, _) => {
                let kept = keep.on_told(told, desk);
                self.on_kept(kept, desk);
            }
            Stage::Running(job) => job.on_told(told, desk),
            Stage::Cleaning(cleanup, _) => cleanup.on_told(told, desk),
            Stage::Listing(_) | Stage::ReadingResults(_) | Stage::Storing { .. } | Stage::Settling | Stage::Done => {}
        }
    }

    /// Takes an answer of the blob store.
    pub fn on_blob(&mut self, id: AskId, result: &Result<Answer, Lost>, desk: &mut Desk) {
        match &mut self.stage {
            Stage::Listing(ask) if *ask == id => self.on_results(result, desk),
            Stage::ReadingResults(asks) => {
                let Some(job) = asks.remove(&id) else { return };
                let is_empty = asks.is_empty();
                let Ok(Answer::Blob(Some(content))) = result else { return desk.exit("a job's result cannot be read") };
                let (_, status): (JobId, JobStatus) = decode(content).expect("a result was written as one");
                self.dirty.insert(job, status);
                if is_empty {
                    self.ensure(desk);
                }
            }
            Stage::ReadingPlans(read) => {
                let found = read.on_blob(id, result);
                self.on_plans(found, desk);
            }
            Stage::Submitting(keep, _) => {
                let kept = keep.on_blob(id, result, desk);
                self.on_kept(kept, desk);
            }
            Stage::Running(job) => job.on_blob(id, result, desk),
            Stage::Cleaning(cleanup, _) => cleanup.on_blob(id, result, desk),
            Stage::Storing { ask, job, status, dirty } if *ask == id => {
                let (job, status, dirty) = (*job, *status, *dirty);
                self.on_stored(job, status, dirty, result, desk);
            }
            Stage::Numbering(_) | Stage::Listing(_) | Stage::Ensuring(_) | Stage::Storing { .. } | Stage::Settling | Stage::Done => {}
        }
    }

    /// Takes what a worker says.
    pub fn on_up(&mut self, call: Up, desk: &mut Desk) {
        if let Stage::Running(job) = &mut self.stage {
            job.on_up(call, desk);
        }
    }

    /// A worker is given up.
    pub fn on_worker_lost(&mut self, worker: WorkerId, desk: &mut Desk) {
        if let Stage::Running(job) = &mut self.stage {
            job.on_worker_lost(worker, desk);
        }
    }

    /// What the time, and all that was learnt in this step, make possible.
    pub fn go_on(&mut self, desk: &mut Desk) {
        match &mut self.stage {
            Stage::Running(job) => {
                let Some(End { status, successor }) = job.go_on(desk) else { return };
                let over = job.plan().job;
                self.jobs.extend(successor.map(|plan| (plan.job, plan)));
                let Stage::Running(job) = std::mem::replace(&mut self.stage, Stage::Done) else { unreachable!("it was just looked at") };
                self.held = Some(job.into_held());
                self.over(over, status, desk);
            }
            Stage::Cleaning(cleanup, status) => {
                cleanup.on_time(desk);
                if cleanup.is_over() {
                    let (job, status) = (cleanup.job(), *status);
                    desk.note(MasterFact::CleanedUp { leader: self.leader, job });
                    self.store(job, status, false, desk);
                }
            }
            Stage::Numbering(_) | Stage::Listing(_) | Stage::ReadingResults(_) | Stage::Ensuring(_) | Stage::ReadingPlans(_) => {}
            Stage::Settling if desk.blobs.pending() == 0 => {
                self.stage = Stage::Done;
                desk.note(MasterFact::Done { leader: self.leader });
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
    pub fn suspend(self, desk: &mut Desk) -> (Option<Archive>, Vec<ReleaseAll>) {
        let mut stores = vec![self.plans];
        let archive = match self.stage {
            Stage::Running(job) => {
                stores.push(job.store().clone());
                job.suspend(desk)
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
        (archive, stores.iter().map(|store| desk.turn(|turn| ReleaseAll::start(store, turn))).collect())
    }

    /// What holds between steps.
    pub fn check(&self) -> Result<(), String> {
        if let Stage::Running(job) = &self.stage { job.check() } else { Ok(()) }
    }

    /// For people.
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

    fn on_results(&mut self, result: &Result<Answer, Lost>, desk: &mut Desk) {
        let Ok(Answer::Names(names)) = result else { return desk.exit("the results cannot be listed") };
        let results: Vec<(JobId, bool)> = names.iter().filter_map(|name| result_of(name)).collect();
        self.clean = results.iter().filter(|(_, dirty)| !dirty).map(|(job, _)| *job).collect();
        let dirty = results.into_iter().filter(|(job, dirty)| *dirty && !self.clean.contains(job));
        let asks: BTreeMap<AskId, JobId> = dirty.map(|(job, _)| (desk.get(&result_blob(job, true), self.leader, super::GET_TRIES), job)).collect();
        if asks.is_empty() {
            self.ensure(desk);
        } else {
            self.stage = Stage::ReadingResults(asks);
        }
    }

    fn ensure(&mut self, desk: &mut Desk) {
        let path = self.root.path("execution-plans");
        self.stage = Stage::Ensuring(desk.turn(|turn| Ensure::start(&self.fence, [path].into_iter(), turn)));
    }

    fn on_plans(&mut self, found: Option<Result<Found, String>>, desk: &mut Desk) {
        match found {
            None => {}
            Some(Err(why)) => desk.exit(why),
            Some(Ok(found)) => {
                for (_, content) in found.into_values() {
                    let plan: ExecutionPlan = content.as_deref().and_then(decode).expect("a plan was written as one");
                    self.jobs.insert(plan.job, plan);
                }
                self.next(desk);
            }
        }
    }

    /// What comes next: to remove what is over, to end what another job goes on with, to run what is left, to submit the first job, or nothing any more.
    fn next(&mut self, desk: &mut Desk) {
        let leftover = self.jobs.keys().find(|job| self.clean.contains(job)).map(|job| (*job, JobStatus::Finished));
        if let Some((job, status)) = self.dirty.iter().next().map(|(job, status)| (*job, *status)).or(leftover) {
            return self.clean_up(job, status, desk);
        }
        let succeeded: BTreeSet<JobId> = self.jobs.values().filter_map(|plan| Some(plan.from.as_ref()?.0)).collect();
        if let Some(job) = self.jobs.keys().find(|job| succeeded.contains(job)).copied() {
            return self.over(job, JobStatus::Finished, desk);
        }
        match self.jobs.values().next().cloned() {
            Some(plan) => self.run(plan, desk),
            None if self.clean.is_empty() => self.submit(desk),
            None => self.stage = Stage::Settling,
        }
    }

    fn submit(&mut self, desk: &mut Desk) {
        let plan = ExecutionPlan { job: JobId(1), kind: desk.plan().job, parallelism: desk.plan().parallelism, from: None, next_step: 0 };
        let (node, blob) = (node_of_job(plan.job), plan_blob(plan.job));
        let keep = Keep::start(Some(self.plans.clone()), node, blob, bytes(&plan), self.leader, desk);
        self.stage = Stage::Submitting(keep, plan);
    }

    fn on_kept(&mut self, kept: Option<Kept>, desk: &mut Desk) {
        let Stage::Submitting(_, plan) = &self.stage else { return };
        match kept {
            None | Some(Kept::Content) => {}
            Some(Kept::Handle(Added::Added | Added::Assumed)) => {
                let plan = plan.clone();
                let (leader, job, kind, parallelism) = (self.leader, plan.job, plan.kind, plan.parallelism);
                desk.note(MasterFact::Submitted { leader, job, kind, parallelism, from: None });
                self.jobs.insert(job, plan.clone());
                self.run(plan, desk);
            }
            // Whoever leads next finds out how it stands.
            Some(Kept::NoContent | Kept::Conflict | Kept::Handle(_)) => desk.exit("the execution plan could not be stored"),
        }
    }

    fn run(&mut self, plan: ExecutionPlan, desk: &mut Desk) {
        let checkpoints = self.root.checkpoints(plan.job, desk.lots.uuid(), &self.fence);
        let lease =
            Lease { leader: self.leader, root: self.root.clone(), fence: self.fence.clone(), token: self.token, plans: self.plans.clone(), checkpoints };
        self.stage = Stage::Running(Box::new(JobMaster::start(plan, lease, desk)));
    }

    /// A job is globally terminal: its result comes before everything else (FLIP-194).
    fn over(&mut self, job: JobId, status: JobStatus, desk: &mut Desk) {
        if desk.has(StreamPlant::NoResultStore) { self.clean_up(job, status, desk) } else { self.store(job, status, true, desk) }
    }

    fn store(&mut self, job: JobId, status: JobStatus, dirty: bool, desk: &mut Desk) {
        let ask = desk.put(&result_blob(job, dirty), bytes(&(job, status)), self.leader, super::PUT_TRIES);
        self.stage = Stage::Storing { ask, job, status, dirty };
    }

    fn on_stored(&mut self, job: JobId, status: JobStatus, dirty: bool, result: &Result<Answer, Lost>, desk: &mut Desk) {
        match result {
            Ok(Answer::Done) => {}
            // Another leader has said how the job ended, and may have cleaned up since: this one leads no more (JobResultStore's IllegalStateException, which ends the process).
            Ok(Answer::Conflict) => return desk.exit("another leader has stored the job's result"),
            Ok(_) | Err(Lost) => return self.store(job, status, dirty, desk),
        }
        desk.note(MasterFact::ResultStored { leader: self.leader, job, status, dirty });
        if dirty {
            return self.clean_up(job, status, desk);
        }
        desk.ask(Ask::Delete { name: result_blob(job, true), by: Author::Leader(self.leader) }, super::DELETE_TRIES);
        self.dirty.remove(&job);
        self.jobs.remove(&job);
        self.clean.insert(job);
        self.next(desk);
    }

    fn clean_up(&mut self, job: JobId, status: JobStatus, desk: &mut Desk) {
        let held = self.held.take();
        let cleanup = Cleanup::start(self.leader, &self.root, self.plans.clone(), job, held, desk);
        self.stage = Stage::Cleaning(Box::new(cleanup), status);
    }
}

fn list_results(desk: &mut Desk) -> Stage {
    Stage::Listing(desk.ask(Ask::List { prefix: RESULTS.into() }, super::GET_TRIES))
}
