//! Removing what the service and the blob store hold of a job that is over, in Flink's order: checkpoints, counter, the
//! job's directory, at last the plan. Never before the job's result is durable, and never a savepoint.

use std::collections::VecDeque;

use flink_words::plant::StreamPlant;
use outside::codec::decode;
use outside::{AskId, Lost};
use outside_words::ids::{BlobName, JobId, LeaderId};
use outside_words::message::{Answer, Ask};
use zookeeper_client::curator::store::{Fence, ReleaseAndTryRemove, Removed, StateHandleStore};
use zookeeper_client::curator::{CallError, CallId, Notice};
use zookeeper_words::service::{ErrorCode, Op, Path, Reply};

use super::context::{GET_TRIES, MasterContext};
use super::coordinator::archive::{Completed, files};
use super::coordinator::registry::shared;
use super::store::read::{Found, ReadAll, Unreadable};
use super::store::{Root, node_of, node_of_job, steps_prefix};
use crate::snapshot::Metadata;

/// How long after a removal that failed all is tried again (cleanup-strategy): somebody may still have a lock, which
/// dies with a session.
const AGAIN_MS: u64 = 1_000;

/// A checkpoint to be removed: its node, and its files.
type Item = (String, Vec<BlobName>);

/// What the master of a job that is over leaves: its store, and what is in it.
#[derive(Clone, Debug)]
pub(super) struct Held {
    /// The store, under whose name all is locked.
    pub store: StateHandleStore,
    /// The checkpoints in it.
    pub completed: Vec<Completed>,
    /// The files that several of them share.
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
    pub fn start(leader: LeaderId, root: &Root, plans: StateHandleStore, job: JobId, held: Option<Held>, context: &mut MasterContext) -> Cleanup {
        let checkpoints = match &held {
            Some(held) => held.store.clone(),
            None => root.checkpoints(job, context.lots.uuid(), &plans.fence),
        };
        let nodes = vec![checkpoints.root.clone(), root.counter(job), root.job(job)];
        let fence = plans.fence.clone();
        let (items, shared) = (VecDeque::new(), Vec::new());
        let mut cleanup = Cleanup { leader, job, checkpoints, plans, fence, nodes, left: Vec::new(), items, shared, step: Step::Over };
        match held {
            Some(Held { completed, shared, .. }) => {
                cleanup.items = completed.iter().map(|checkpoint| (node_of(checkpoint.metadata.checkpoint), files(checkpoint))).collect();
                cleanup.shared = shared;
                cleanup.next_checkpoint(context);
            }
            None => cleanup.read(context),
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

    /// The state as plain data, for people.
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

    /// Does what is due by now.
    pub fn on_time(&mut self, context: &mut MasterContext) {
        if matches!(self.step, Step::Waiting(until_ns) if context.now.mono_ns >= until_ns) {
            self.read(context);
        }
    }

    /// Takes a notice of Curator's.
    pub fn on_notice(&mut self, notice: &Notice, context: &mut MasterContext) {
        match &mut self.step {
            Step::Reading(read) => {
                let found = read.on_notice(notice, context);
                self.on_found(found, context);
            }
            Step::Checkpoint(removal, item) => {
                let item = item.clone();
                let Some(removed) = context.recipe(|recipe| removal.on(notice, recipe)) else { return };
                self.checkpoint_removed(&removed, item, context);
            }
            Step::Node(call) => {
                let Notice::Done { call: ended, answer } = notice else { return };
                if ended == call {
                    match answer.result {
                        Ok(_) | Err(CallError::Refused(ErrorCode::NoNode)) => self.next_node(context),
                        Err(CallError::Refused(ErrorCode::NotEmpty)) => self.list(context),
                        Err(error) => self.failed(error, context),
                    }
                }
            }
            Step::Listing(call) => {
                let Notice::Done { call: ended, answer } = notice else { return };
                if ended != call {
                    return;
                }
                match &answer.result {
                    // Handles that a leader of the past has half removed, or added when it led no more.
                    Ok(Reply::Children { names, .. }) if !names.is_empty() => {
                        self.items = names.iter().map(|name| (name.to_string(), Vec::new())).collect();
                        self.next_checkpoint(context);
                    }
                    Ok(_) | Err(_) => self.wait(context),
                }
            }
            Step::Plan(removal) => match context.recipe(|recipe| removal.on(notice, recipe)) {
                None => {}
                Some(Removed::Removed { data }) => {
                    // A name that was deleted cannot be written again: the plant submits the job once more.
                    let name: Option<BlobName> = data.flatten().as_deref().and_then(decode).filter(|_| !context.has(StreamPlant::NoResultStore));
                    context.discard(name.into_iter().collect(), self.job, self.leader);
                    self.step = Step::Steps(context.ask(Ask::List { prefix: steps_prefix(self.job) }, GET_TRIES));
                }
                Some(Removed::Failed(failure)) => self.failed(failure, context),
                Some(Removed::StillLocked) => self.wait(context),
            },
            Step::Steps(_) | Step::Waiting(_) | Step::Over => {}
        }
    }

    /// Takes an answer of the blob store.
    pub fn on_blob(&mut self, id: AskId, result: &Result<Answer, Lost>, context: &mut MasterContext) {
        match &mut self.step {
            Step::Reading(read) => {
                let found = read.on_blob(id, result);
                self.on_found(found, context);
            }
            Step::Steps(ask) if *ask == id => {
                if let Ok(Answer::Names(names)) = result {
                    context.discard(names.clone(), self.job, self.leader);
                }
                self.step = Step::Over;
            }
            Step::Checkpoint(..) | Step::Node(_) | Step::Listing(_) | Step::Plan(_) | Step::Steps(_) | Step::Waiting(_) | Step::Over => {}
        }
    }

    fn read(&mut self, context: &mut MasterContext) {
        self.step = Step::Reading(ReadAll::start(&self.checkpoints, Unreadable::Kept, self.leader, context));
    }

    fn on_found(&mut self, found: Option<Result<Found, String>>, context: &mut MasterContext) {
        match found {
            None => {}
            Some(Err(_)) => self.wait(context),
            Some(Ok(found)) => {
                for (node, (name, content)) in found {
                    let Some(metadata) = content.as_deref().and_then(decode::<Metadata>) else {
                        self.items.push_back((node, vec![name]));
                        continue;
                    };
                    self.shared.extend(metadata.subtasks.values().flat_map(shared).cloned());
                    self.items.push_back((node, files(&Completed { name, metadata: metadata.into() })));
                }
                self.next_checkpoint(context);
            }
        }
    }

    fn next_checkpoint(&mut self, context: &mut MasterContext) {
        match self.items.pop_front() {
            Some(item) => self.step = Step::Checkpoint(context.recipe(|recipe| ReleaseAndTryRemove::start(&self.checkpoints, &item.0, recipe)), item),
            None => {
                self.left = self.nodes.iter().rev().cloned().collect();
                self.next_node(context);
            }
        }
    }

    fn list(&mut self, context: &mut MasterContext) {
        let op = Op::GetChildren { path: self.checkpoints.root.clone(), watch: false, stat: false };
        self.step = Step::Listing(context.recipe(|recipe| recipe.call(op)));
    }

    fn checkpoint_removed(&mut self, removed: &Removed, (_, mut files): Item, context: &mut MasterContext) {
        if let Removed::Removed { data: Some(Some(handle)) } = removed {
            files.extend(decode::<BlobName>(handle));
        }
        // Unfenced, the files go whatever the service says, as in Flink.
        if matches!(removed, Removed::Removed { .. }) || !context.is_fenced() {
            context.discard(files, self.job, self.leader);
            self.next_checkpoint(context);
        } else {
            self.items.clear();
            match removed {
                Removed::Failed(error) => self.failed(*error, context),
                Removed::Removed { .. } | Removed::StillLocked => self.wait(context),
            }
        }
    }

    /// A write did not succeed: it is tried again later, unless the latch by which this master leads is gone. Then it
    /// does not lead, whatever it believes, and no write of its will ever succeed.
    fn failed(&mut self, error: CallError, context: &mut MasterContext) {
        match error {
            CallError::Fenced => context.exit("the fence is gone: another leads, or nobody"),
            _ => self.wait(context),
        }
    }

    fn next_node(&mut self, context: &mut MasterContext) {
        let Some(path) = self.left.pop() else {
            context.discard(std::mem::take(&mut self.shared), self.job, self.leader);
            self.step = Step::Plan(context.recipe(|recipe| ReleaseAndTryRemove::start(&self.plans, &node_of_job(self.job), recipe)));
            return;
        };
        let op = self.fence.guard(Op::Delete { path, version: -1 });
        self.step = Step::Node(context.recipe(|recipe| recipe.call(op)));
    }

    fn wait(&mut self, context: &MasterContext) {
        self.step = Step::Waiting(context.after_ms(AGAIN_MS));
    }
}
