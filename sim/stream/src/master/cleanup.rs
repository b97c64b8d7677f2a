//! Removing what the service and the blob store hold of a job that is over, in Flink's order: checkpoints, counter, the job's directory, at last the plan. Never before the job's result is durable, and never a savepoint.

use std::collections::VecDeque;

use coord::curator::store::{Fence, ReleaseAndTryRemove, Removed, StateHandleStore};
use coord::curator::{CallId, Failure, Told};
use vocab::plan::StreamPlant;
use vocab::service::{ErrorCode, Op, Path, Reply};
use vocab::stream::ids::{BlobName, JobId, LeaderId};

use super::coordinator::archive::{Completed, files};
use super::coordinator::registry::shared;
use super::desk::Desk;
use super::store::read::{Found, ReadAll, Unreadable};
use super::store::{Root, node_of, node_of_job, steps_prefix};
use crate::message::{Answer, Ask};
use crate::outside::{AskId, Lost};
use crate::snapshot::{Metadata, decode};

/// How long after a removal that failed all is tried again (cleanup-strategy): somebody may still have a lock, which dies with a session.
const AGAIN_MS: u64 = 1_000;

/// A checkpoint to be removed: its node, and its files.
type Item = (String, Vec<BlobName>);

/// What the master of a job that is over leaves: its store, and what is in it.
#[derive(Clone, Debug)]
pub(super) struct Held {
    /// The store, under whose name all is locked.
    pub store: StateHandleStore,
    /// What is in it.
    pub completed: Vec<Completed>,
    /// Shared files.
    pub shared: Vec<BlobName>,
}

/// How far it is.
#[derive(Clone, Debug)]
enum Step {
    /// What is in the checkpoint store?
    Reading(ReadAll),
    Checkpoint(ReleaseAndTryRemove, Item),
    /// The directories and the counter, one by one.
    Node(CallId),
    /// What is left below a directory that is not empty?
    Listing(CallId),
    Plan(ReleaseAndTryRemove),
    /// Which steps of the job are written down?
    Steps(AskId),
    /// Something failed: all over again.
    Waiting(u64),
    Over,
}

/// The removal at work.
#[derive(Clone, Debug)]
pub(super) struct Cleanup {
    leader: LeaderId,
    job: JobId,
    checkpoints: StateHandleStore,
    plans: StateHandleStore,
    fence: Fence,
    /// Nodes below the job, deepest first.
    nodes: Vec<Path>,
    /// Those of them still to be deleted, last first.
    left: Vec<Path>,
    items: VecDeque<Item>,
    /// Files that several checkpoints share: they go when all of these are gone.
    shared: Vec<BlobName>,
    step: Step,
}

impl Cleanup {
    /// Begins, with what the job master had in its store if it was this one's.
    pub fn start(leader: LeaderId, root: &Root, plans: StateHandleStore, job: JobId, held: Option<Held>, desk: &mut Desk) -> Cleanup {
        let checkpoints = match &held {
            Some(held) => held.store.clone(),
            None => root.checkpoints(job, desk.lots.uuid(), &plans.fence),
        };
        let nodes = vec![checkpoints.root.clone(), root.counter(job), root.job(job)];
        let fence = plans.fence.clone();
        let (items, shared) = (VecDeque::new(), Vec::new());
        let mut cleanup = Cleanup { leader, job, checkpoints, plans, fence, nodes, left: Vec::new(), items, shared, step: Step::Over };
        match held {
            Some(Held { completed, shared, .. }) => {
                cleanup.items = completed.iter().map(|checkpoint| (node_of(checkpoint.metadata.checkpoint), files(checkpoint))).collect();
                cleanup.shared = shared;
                cleanup.next_checkpoint(desk);
            }
            None => cleanup.read(desk),
        }
        cleanup
    }

    /// The store in whose name checkpoints are locked: its leader leads no more, and what is locked is let go of.
    pub fn into_store(self) -> StateHandleStore {
        self.checkpoints
    }

    /// The job.
    pub fn job(&self) -> JobId {
        self.job
    }

    /// Whether all is gone.
    pub fn is_over(&self) -> bool {
        matches!(self.step, Step::Over)
    }

    /// For people.
    pub fn look(&self) -> String {
        let step = match &self.step {
            Step::Reading(_) => "reads its checkpoints".into(),
            Step::Checkpoint(_, (node, _)) => format!("removes {node}"),
            Step::Node(_) => format!("removes its nodes, {} more", self.left.len()),
            Step::Listing(_) => "lists its checkpoints".into(),
            Step::Plan(_) => "removes its plan".into(),
            Step::Steps(_) => "lists its steps".into(),
            Step::Waiting(_) => "waits before it tries again".into(),
            Step::Over => "over".into(),
        };
        format!("cleans up job {}: {step}", self.job.0)
    }

    /// When it must act by itself.
    pub fn wake_ns(&self) -> Option<u64> {
        if let Step::Waiting(until_ns) = self.step { Some(until_ns) } else { None }
    }

    /// What the time demands.
    pub fn on_time(&mut self, desk: &mut Desk) {
        if matches!(self.step, Step::Waiting(until_ns) if desk.now.mono_ns >= until_ns) {
            self.read(desk);
        }
    }

    /// Takes what Curator told.
    pub fn on_told(&mut self, told: &Told, desk: &mut Desk) {
        match &mut self.step {
            Step::Reading(read) => {
                let found = read.on_told(told, desk);
                self.on_found(found, desk);
            }
            Step::Checkpoint(removal, item) => {
                let item = item.clone();
                let Some(removed) = desk.turn(|turn| removal.on(told, turn)) else { return };
                self.checkpoint_removed(&removed, item, desk);
            }
            Step::Node(call) => {
                let Told::Done { call: ended, answer } = told else { return };
                if ended == call {
                    match answer.result {
                        Ok(_) | Err(Failure::Error(ErrorCode::NoNode)) => self.next_node(desk),
                        Err(Failure::Error(ErrorCode::NotEmpty)) => self.list(desk),
                        Err(failure) => self.failed(failure, desk),
                    }
                }
            }
            Step::Listing(call) => {
                let Told::Done { call: ended, answer } = told else { return };
                if ended != call {
                    return;
                }
                match &answer.result {
                    // Handles that a leader of the past has half removed, or added when it led no more.
                    Ok(Reply::Children { names, .. }) if !names.is_empty() => {
                        self.items = names.iter().map(|name| (name.to_string(), Vec::new())).collect();
                        self.next_checkpoint(desk);
                    }
                    Ok(_) | Err(_) => self.wait(desk),
                }
            }
            Step::Plan(removal) => match desk.turn(|turn| removal.on(told, turn)) {
                None => {}
                Some(Removed::Removed { data }) => {
                    // A name that was deleted cannot be written again: the plant submits the job once more.
                    let name: Option<BlobName> = data.flatten().as_deref().and_then(decode).filter(|_| !desk.has(StreamPlant::NoResultStore));
                    desk.discard(name.into_iter().collect(), self.job, self.leader);
                    self.step = Step::Steps(desk.ask(Ask::List { prefix: steps_prefix(self.job) }, super::GET_TRIES));
                }
                Some(Removed::Failed(failure)) => self.failed(failure, desk),
                Some(Removed::StillLocked) => self.wait(desk),
            },
            Step::Steps(_) | Step::Waiting(_) | Step::Over => {}
        }
    }

    /// Takes an answer of the blob store.
    pub fn on_blob(&mut self, id: AskId, result: &Result<Answer, Lost>, desk: &mut Desk) {
        match &mut self.step {
            Step::Reading(read) => {
                let found = read.on_blob(id, result);
                self.on_found(found, desk);
            }
            Step::Steps(ask) if *ask == id => {
                if let Ok(Answer::Names(names)) = result {
                    desk.discard(names.clone(), self.job, self.leader);
                }
                self.step = Step::Over;
            }
            Step::Checkpoint(..) | Step::Node(_) | Step::Listing(_) | Step::Plan(_) | Step::Steps(_) | Step::Waiting(_) | Step::Over => {}
        }
    }

    fn read(&mut self, desk: &mut Desk) {
        self.step = Step::Reading(ReadAll::start(&self.checkpoints, Unreadable::Kept, self.leader, desk));
    }

    fn on_found(&mut self, found: Option<Result<Found, String>>, desk: &mut Desk) {
        match found {
            None => {}
            Some(Err(_)) => self.wait(desk),
            Some(Ok(found)) => {
                for (node, (name, content)) in found {
                    let Some(metadata) = content.as_deref().and_then(decode::<Metadata>) else {
                        self.items.push_back((node, vec![name]));
                        continue;
                    };
                    self.shared.extend(metadata.subtasks.values().flat_map(shared).cloned());
                    self.items.push_back((node, files(&Completed { name, metadata: metadata.into() })));
                }
                self.next_checkpoint(desk);
            }
        }
    }

    fn next_checkpoint(&mut self, desk: &mut Desk) {
        match self.items.pop_front() {
            Some(item) => self.step = Step::Checkpoint(desk.turn(|turn| ReleaseAndTryRemove::start(&self.checkpoints, &item.0, turn)), item),
            None => {
                self.left = self.nodes.iter().rev().cloned().collect();
                self.next_node(desk);
            }
        }
    }

    fn list(&mut self, desk: &mut Desk) {
        let op = Op::GetChildren { path: self.checkpoints.root.clone(), watch: false, stat: false };
        self.step = Step::Listing(desk.turn(|turn| turn.call(op)));
    }

    fn checkpoint_removed(&mut self, removed: &Removed, (_, mut files): Item, desk: &mut Desk) {
        if let Removed::Removed { data: Some(Some(handle)) } = removed {
            files.extend(decode::<BlobName>(handle));
        }
        // Unfenced, the files go whatever the service says, as in Flink.
        if matches!(removed, Removed::Removed { .. }) || !desk.is_fenced() {
            desk.discard(files, self.job, self.leader);
            self.next_checkpoint(desk);
        } else {
            self.items.clear();
            match removed {
                Removed::Failed(failure) => self.failed(*failure, desk),
                Removed::Removed { .. } | Removed::StillLocked => self.wait(desk),
            }
        }
    }

    /// A write did not succeed: it is tried again later, unless the latch by which this master leads is gone. Then it does not lead, whatever it believes, and no write of its will ever succeed.
    fn failed(&mut self, failure: Failure, desk: &mut Desk) {
        match failure {
            Failure::Fenced => desk.exit("the fence is gone: another leads, or nobody"),
            _ => self.wait(desk),
        }
    }

    fn next_node(&mut self, desk: &mut Desk) {
        let Some(path) = self.left.pop() else {
            desk.discard(std::mem::take(&mut self.shared), self.job, self.leader);
            self.step = Step::Plan(desk.turn(|turn| ReleaseAndTryRemove::start(&self.plans, &node_of_job(self.job), turn)));
            return;
        };
        let op = self.fence.guard(Op::Delete { path, version: -1 });
        self.step = Step::Node(desk.turn(|turn| turn.call(op)));
    }

    fn wait(&mut self, desk: &Desk) {
        self.step = Step::Waiting(desk.after_ms(AGAIN_MS));
    }
}
