//! How a leader takes a job up: directories, the checkpoints in the store, the counter, the savepoint that it begins
//! from, the steps that are done. Never a task started before all of that is known.

use flink_words::fact::MasterFact;
use flink_words::plant::StreamPlant;
use outside::codec::decode;
use outside::{AskId, Lost};
use outside_words::ids::{CheckpointId, JobId};
use outside_words::message::{Answer, Ask};
use zookeeper_client::curator::store::{Ensure, Ensured, Fence};
use zookeeper_client::curator::{Notice, counter};

use super::super::context::{GET_TRIES, MasterContext};
use super::super::coordinator::Coordinator;
use super::super::coordinator::archive::{Archive, Completed};
use super::super::store::read::{Found, ReadAll, Unreadable};
use super::super::store::{Root, steps_prefix};
use super::JobMaster;
use crate::snapshot::Metadata;

/// How far it is.
#[derive(Clone, Debug)]
pub(super) enum Stage {
    /// The job's directories.
    Ensuring(Ensure),
    /// The store of its checkpoints.
    Reading(ReadAll),
    /// The counter.
    Counting,
    /// The savepoint that it begins from.
    Savepoint(AskId),
    /// Which steps are done.
    Steps(AskId),
    /// It is known; the job goes.
    Going,
}

impl Stage {
    pub fn start(root: &Root, fence: &Fence, job: JobId, context: &mut MasterContext) -> Stage {
        let directories = [root.path("jobs"), root.job(job), format!("{}/checkpoints", root.job(job)).into()];
        Stage::Ensuring(context.recipe(|recipe| Ensure::start(fence, directories.into_iter(), recipe)))
    }
}

impl JobMaster {
    /// Whether recovery is over.
    pub(super) fn is_going(&self) -> bool {
        matches!(self.stage, Stage::Going)
    }

    pub(super) fn on_recover_told(&mut self, notice: &Notice, context: &mut MasterContext) {
        match &mut self.stage {
            Stage::Ensuring(ensure) => match context.recipe(|recipe| ensure.on(notice, recipe)) {
                None => {}
                Some(Ensured::There) => {
                    let unreadable = if context.has(StreamPlant::SkipUnreadable) { Unreadable::Skipped } else { Unreadable::Fails };
                    self.stage = Stage::Reading(ReadAll::start(&self.checkpoints, unreadable, self.leader, context));
                }
                Some(Ensured::Failed(error)) => context.exit(format!("the job's directories cannot be made: {error:?}")),
            },
            Stage::Reading(read) => {
                let found = read.on_notice(notice, context);
                self.on_found(found, context);
            }
            Stage::Counting | Stage::Savepoint(_) | Stage::Steps(_) | Stage::Going => {}
        }
    }

    pub(super) fn on_recover_blob(&mut self, id: AskId, result: &Result<Answer, Lost>, context: &mut MasterContext) {
        match &mut self.stage {
            Stage::Reading(read) => {
                let found = read.on_blob(id, result);
                self.on_found(found, context);
            }
            Stage::Savepoint(ask) if *ask == id => {
                let name = self.plan.from.as_ref().expect("a savepoint was asked for").2.clone();
                match result {
                    Ok(Answer::Blob(Some(bytes))) if let Some(metadata) = decode::<Metadata>(bytes) => {
                        self.savepoint = Some(Completed { name, metadata: std::sync::Arc::new(metadata) });
                        self.list_steps(context);
                    }
                    _ => context.exit(format!("the savepoint {name} cannot be read")),
                }
            }
            Stage::Steps(ask) if *ask == id => match result {
                Ok(Answer::Names(names)) => {
                    let prefix = steps_prefix(self.plan.job);
                    let done = names.iter().filter_map(|name| name.strip_prefix(&*prefix)?.parse::<usize>().ok()).max();
                    self.steps.skip(done.map_or(0, |step| step + 1));
                    self.stage = Stage::Going;
                }
                _ => context.exit("the steps that are done cannot be read"),
            },
            Stage::Ensuring(_) | Stage::Counting | Stage::Savepoint(_) | Stage::Steps(_) | Stage::Going => {}
        }
    }

    /// Whether it does not go yet.
    pub(super) fn is_recovering(&self) -> bool {
        !matches!(self.stage, Stage::Going)
    }

    /// Numbers go on after that of the savepoint: what it has prepared is committed with the first checkpoint of a
    /// higher one.
    pub(super) fn on_counter_started(&mut self, context: &mut MasterContext) {
        let first = self.plan.from.as_ref().map_or(counter::FIRST_ID, |(_, savepoint, _)| i32::try_from(savepoint.0).expect("ids are of 31 bits") + 1);
        let counter = &mut self.counter;
        if let Some(outcome) = context.recipe(|recipe| counter.raise(first, recipe)) {
            self.on_counter(outcome, context);
        }
    }

    pub(super) fn on_counter_raised(&mut self, context: &mut MasterContext) {
        match self.plan.from.clone() {
            Some((_, _, name)) => self.stage = Stage::Savepoint(context.get(&name, self.leader, GET_TRIES)),
            None => self.list_steps(context),
        }
    }

    fn list_steps(&mut self, context: &mut MasterContext) {
        self.stage = Stage::Steps(context.ask(Ask::List { prefix: steps_prefix(self.plan.job) }, GET_TRIES));
    }

    fn on_found(&mut self, found: Option<Result<Found, String>>, context: &mut MasterContext) {
        let found = match found {
            None => return,
            Some(Err(why)) => return context.exit(why),
            Some(Ok(found)) => found,
        };
        let mut completed = Vec::new();
        for (node, (name, content)) in found {
            match content.as_deref().and_then(decode::<Metadata>) {
                Some(metadata) => completed.push(Completed { name, metadata: std::sync::Arc::new(metadata) }),
                None => return context.exit(format!("the checkpoint {node} is not what it should be")),
            }
        }
        let (leader, job) = (self.leader, self.plan.job);
        let checkpoints: Vec<CheckpointId> = completed.iter().map(|checkpoint| checkpoint.metadata.checkpoint).collect();
        let from = self.plan.from.as_ref().map(|(job, checkpoint, _)| (*job, *checkpoint));
        context.note(MasterFact::Recovered { leader, job, parallelism: self.plan.parallelism, from, checkpoints });
        let archive = Archive::new(leader, job, self.checkpoints.clone(), context.plan().checkpoints.retained, completed);
        self.coordinator = Some(Coordinator::new(leader, job, self.plan.parallelism, archive, context));
        self.stage = Stage::Counting;
        let counter = &mut self.counter;
        context.recipe(|recipe| counter.start(recipe));
    }
}
