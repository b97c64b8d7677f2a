//! How a leader takes a job up: directories, the checkpoints in the store, the counter, the savepoint that it begins from, the steps that are done. Never a task started before all of that is known.

use coord::curator::store::{Ensure, Ensured, Fence};
use coord::curator::{Told, counter};
use vocab::plan::StreamPlant;
use vocab::stream::MasterFact;
use vocab::stream::ids::{CheckpointId, JobId};

use super::super::coordinator::Coordinator;
use super::super::coordinator::archive::{Archive, Completed};
use super::super::desk::Desk;
use super::super::store::read::{Found, ReadAll, Unreadable};
use super::super::store::{Root, steps_prefix};
use super::JobMaster;
use crate::message::{Answer, Ask};
use crate::outside::{AskId, Lost};
use crate::snapshot::{Metadata, decode};

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
    pub fn start(root: &Root, fence: &Fence, job: JobId, desk: &mut Desk) -> Stage {
        let directories = [root.path("jobs"), root.job(job), format!("{}/checkpoints", root.job(job)).into()];
        Stage::Ensuring(desk.turn(|turn| Ensure::start(fence, directories.into_iter(), turn)))
    }
}

impl JobMaster {
    /// Whether recovery is over.
    pub(super) fn is_going(&self) -> bool {
        matches!(self.stage, Stage::Going)
    }

    pub(super) fn on_recover_told(&mut self, told: &Told, desk: &mut Desk) {
        match &mut self.stage {
            Stage::Ensuring(ensure) => match desk.turn(|turn| ensure.on(told, turn)) {
                None => {}
                Some(Ensured::There) => {
                    let unreadable = if desk.has(StreamPlant::SkipUnreadable) { Unreadable::Skipped } else { Unreadable::Fails };
                    self.stage = Stage::Reading(ReadAll::start(&self.checkpoints, unreadable, self.leader, desk));
                }
                Some(Ensured::Failed(failure)) => desk.exit(format!("the job's directories cannot be made: {failure:?}")),
            },
            Stage::Reading(read) => {
                let found = read.on_told(told, desk);
                self.on_found(found, desk);
            }
            Stage::Counting | Stage::Savepoint(_) | Stage::Steps(_) | Stage::Going => {}
        }
    }

    pub(super) fn on_recover_blob(&mut self, id: AskId, result: &Result<Answer, Lost>, desk: &mut Desk) {
        match &mut self.stage {
            Stage::Reading(read) => {
                let found = read.on_blob(id, result);
                self.on_found(found, desk);
            }
            Stage::Savepoint(ask) if *ask == id => {
                let name = self.plan.from.as_ref().expect("a savepoint was asked for").2.clone();
                match result {
                    Ok(Answer::Blob(Some(bytes))) if let Some(metadata) = decode::<Metadata>(bytes) => {
                        self.savepoint = Some(Completed { name, metadata: std::sync::Arc::new(metadata) });
                        self.list_steps(desk);
                    }
                    _ => desk.exit(format!("the savepoint {name} cannot be read")),
                }
            }
            Stage::Steps(ask) if *ask == id => match result {
                Ok(Answer::Names(names)) => {
                    let prefix = steps_prefix(self.plan.job);
                    let done = names.iter().filter_map(|name| name.strip_prefix(&*prefix)?.parse::<usize>().ok()).max();
                    self.steps.skip(done.map_or(0, |step| step + 1));
                    self.stage = Stage::Going;
                }
                _ => desk.exit("the steps that are done cannot be read"),
            },
            Stage::Ensuring(_) | Stage::Counting | Stage::Savepoint(_) | Stage::Steps(_) | Stage::Going => {}
        }
    }

    /// Whether it does not go yet.
    pub(super) fn is_recovering(&self) -> bool {
        !matches!(self.stage, Stage::Going)
    }

    /// Numbers go on after that of the savepoint: what it has prepared is committed with the first checkpoint of a higher one.
    pub(super) fn on_counter_started(&mut self, desk: &mut Desk) {
        let first = self.plan.from.as_ref().map_or(counter::FIRST_ID, |(_, savepoint, _)| i32::try_from(savepoint.0).expect("ids are of 31 bits") + 1);
        let counter = &mut self.counter;
        if let Some(outcome) = desk.turn(|turn| counter.raise(first, turn)) {
            self.on_counter(outcome, desk);
        }
    }

    pub(super) fn on_counter_raised(&mut self, desk: &mut Desk) {
        match self.plan.from.clone() {
            Some((_, _, name)) => self.stage = Stage::Savepoint(desk.get(&name, self.leader, crate::master::GET_TRIES)),
            None => self.list_steps(desk),
        }
    }

    fn list_steps(&mut self, desk: &mut Desk) {
        self.stage = Stage::Steps(desk.ask(Ask::List { prefix: steps_prefix(self.plan.job) }, crate::master::GET_TRIES));
    }

    fn on_found(&mut self, found: Option<Result<Found, String>>, desk: &mut Desk) {
        let found = match found {
            None => return,
            Some(Err(why)) => return desk.exit(why),
            Some(Ok(found)) => found,
        };
        let mut completed = Vec::new();
        for (node, (name, content)) in found {
            match content.as_deref().and_then(decode::<Metadata>) {
                Some(metadata) => completed.push(Completed { name, metadata: std::sync::Arc::new(metadata) }),
                None => return desk.exit(format!("the checkpoint {node} is not what it should be")),
            }
        }
        let (leader, job) = (self.leader, self.plan.job);
        let checkpoints: Vec<CheckpointId> = completed.iter().map(|checkpoint| checkpoint.metadata.checkpoint).collect();
        let from = self.plan.from.as_ref().map(|(job, checkpoint, _)| (*job, *checkpoint));
        desk.note(MasterFact::Recovered { leader, job, parallelism: self.plan.parallelism, from, checkpoints });
        let archive = Archive::new(leader, job, self.checkpoints.clone(), desk.plan().checkpoints.retained, completed);
        self.coordinator = Some(Coordinator::new(leader, job, self.plan.parallelism, archive, desk));
        self.stage = Stage::Counting;
        let counter = &mut self.counter;
        desk.turn(|turn| counter.start(turn));
    }
}
