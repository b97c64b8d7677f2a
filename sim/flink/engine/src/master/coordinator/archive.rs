//! The completed checkpoints of a job, and the work of an io thread that adds one and removes the oldest
//! (DefaultCompletedCheckpointStore, CheckpointsCleaner). Never a word to a task, and never stopped by a revocation:
//! what is under way goes on, as it does in Flink, and only a fence keeps it from doing harm (FLINK-10333).

use std::collections::VecDeque;
use std::sync::Arc;

use flink_words::fact::MasterFact;
use flink_words::master::AddOutcome;
use flink_words::plant::StreamPlant;
use flink_words::state::SnapshotKind;
use outside::{AskId, Lost};
use outside_words::ids::{BlobName, CheckpointId, JobId, LeaderId};
use outside_words::message::Answer;
use zookeeper_client::curator::Notice;
use zookeeper_client::curator::store::{Added, Release, ReleaseAndTryRemove, Removed, StateHandleStore};

use super::super::context::MasterContext;
use super::super::store::keep::{Keep, Kept};
use super::super::store::{bytes, metadata_blob, node_of};
use super::failures::Reason;
use super::registry::{Registry, private, shared};
use crate::snapshot::Metadata;

/// A completed checkpoint or savepoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::master) struct Completed {
    /// The blob of its metadata.
    pub name: BlobName,
    /// The checkpoint's metadata.
    pub metadata: Arc<Metadata>,
}

/// What the coordinator learns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::master) enum Outcome {
    /// The metadata is durable, nothing else is yet.
    Finalized(Completed),
    /// It is complete.
    Completed(Completed),
    /// It came to nothing.
    Failed(CheckpointId, SnapshotKind, Reason),
    /// It may be in the store, or it can be in no store any more: the process must not go on leading.
    Doubtful(CheckpointId),
}

/// The archive.
#[derive(Clone, Debug)]
pub(in crate::master) struct Archive {
    leader: LeaderId,
    job: JobId,
    store: StateHandleStore,
    retained: usize,
    /// Those in the store, oldest first.
    completed: Vec<Completed>,
    /// Those whose nodes could not be removed.
    lingering: Vec<Completed>,
    /// Which files are shared among them.
    pub registry: Registry,
    queue: VecDeque<Completed>,
    adding: Option<(Keep, Completed)>,
    subsumed: VecDeque<Completed>,
    removing: Option<(ReleaseAndTryRemove, Completed)>,
    /// After a revocation: what is still locked is released, one by one.
    is_over: bool,
}

impl Archive {
    /// The archive of a job with what was found in its store.
    pub fn new(leader: LeaderId, job: JobId, store: StateHandleStore, retained: u16, completed: Vec<Completed>) -> Archive {
        let mut registry = Registry::default();
        for checkpoint in &completed {
            for state in checkpoint.metadata.subtasks.values() {
                registry.register(checkpoint.metadata.checkpoint, state);
            }
        }
        Archive {
            leader,
            job,
            store,
            retained: retained.into(),
            completed,
            lingering: Vec::new(),
            registry,
            queue: VecDeque::new(),
            adding: None,
            subsumed: VecDeque::new(),
            removing: None,
            is_over: false,
        }
    }

    /// The latest in the store.
    pub fn latest(&self) -> Option<&Completed> {
        self.completed.last()
    }

    /// Subsumed checkpoints that are still being removed.
    pub fn cleaning(&self) -> usize {
        self.subsumed.len() + usize::from(self.removing.is_some())
    }

    /// Whether a checkpoint is on its way into the store: what the latest is, is not certain before it is there.
    pub fn is_adding(&self) -> bool {
        self.adding.is_some() || !self.queue.is_empty()
    }

    /// Checkpoints on their way into the store.
    pub fn adding(&self) -> usize {
        self.queue.len() + usize::from(self.adding.is_some())
    }

    /// Whether nothing is under way.
    pub fn is_idle(&self) -> bool {
        !self.is_adding() && self.cleaning() == 0
    }

    /// A checkpoint that all have acknowledged is to be made durable.
    pub fn add(&mut self, metadata: Metadata, context: &mut MasterContext) {
        let name = metadata_blob(self.job, metadata.checkpoint, metadata.kind, self.leader);
        self.queue.push_back(Completed { name, metadata: Arc::new(metadata) });
        self.go_on(context);
    }

    /// All that is in the store, which is the owner's from here on: the job is over.
    pub fn take(&mut self) -> Vec<Completed> {
        // What is half removed is removed once more: a removal that is cut off leaves a node without locks
        // (FLINK-26284).
        let removing = self.removing.take().map(|(_, checkpoint)| checkpoint);
        self.lingering.drain(..).chain(removing).chain(self.subsumed.drain(..)).chain(self.completed.drain(..)).collect()
    }

    /// The leadership is over. What waits is dropped, what is under way goes on, and what is locked is released.
    pub fn revoke(&mut self, context: &mut MasterContext) -> Vec<CheckpointId> {
        self.is_over = true;
        // They stay in the store, so what they share with others is still needed.
        self.lingering.extend(self.subsumed.drain(..));
        let dropped = self.queue.drain(..).map(|waiting| waiting.metadata.checkpoint).collect();
        if self.adding.is_none() {
            self.release(context);
        }
        dropped
    }

    /// Takes an answer of the blob store.
    pub fn on_blob(&mut self, id: AskId, result: &Result<Answer, Lost>, context: &mut MasterContext) -> Vec<Outcome> {
        let Some((keep, checkpoint)) = &mut self.adding else { return Vec::new() };
        let checkpoint = checkpoint.clone();
        match keep.on_blob(id, result, context) {
            None | Some(Kept::Handle(_)) => Vec::new(),
            Some(Kept::Content) => self.finalized(checkpoint, context),
            Some(Kept::NoContent | Kept::Conflict) => {
                self.adding = None;
                let why = Reason::Finalize("the metadata could not be written".into());
                self.forget(&checkpoint, &why, true, context);
                if self.is_over {
                    self.release(context);
                }
                self.go_on(context);
                vec![Outcome::Failed(checkpoint.metadata.checkpoint, checkpoint.metadata.kind, why)]
            }
        }
    }

    /// Takes a notice of Curator's.
    pub fn on_notice(&mut self, notice: &Notice, context: &mut MasterContext) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        if let Some((keep, checkpoint)) = &mut self.adding
            && let Some(Kept::Handle(added)) = keep.on_notice(notice, context)
        {
            let checkpoint = checkpoint.clone();
            self.adding = None;
            outcomes.extend(self.added(checkpoint, &added, context));
        }
        if let Some((removal, checkpoint)) = &mut self.removing
            && let Some(removed) = context.recipe(|recipe| removal.on(notice, recipe))
        {
            let checkpoint = checkpoint.clone();
            self.removing = None;
            self.removed(checkpoint, &removed, context);
        }
        self.go_on(context);
        outcomes
    }

    /// The metadata is durable: a savepoint is complete by that.
    fn finalized(&mut self, checkpoint: Completed, context: &mut MasterContext) -> Vec<Outcome> {
        let (leader, job, metadata) = (self.leader, self.job, &checkpoint.metadata);
        let blobs = metadata.blobs();
        context.note(MasterFact::Finalized { leader, job, checkpoint: metadata.checkpoint, metadata: checkpoint.name.clone(), blobs });
        if metadata.kind.is_savepoint() {
            self.adding = None;
            let outcome = self.complete(checkpoint, context);
            self.go_on(context);
            return vec![outcome];
        }
        vec![Outcome::Finalized(checkpoint)]
    }

    fn complete(&mut self, checkpoint: Completed, context: &mut MasterContext) -> Outcome {
        let (leader, job, mono_ms) = (self.leader, self.job, context.mono_ms());
        let (id, kind) = (checkpoint.metadata.checkpoint, checkpoint.metadata.kind);
        context.note(MasterFact::Completed { leader, job, checkpoint: id, kind, mono_ms });
        Outcome::Completed(checkpoint)
    }

    fn added(&mut self, checkpoint: Completed, added: &Added, context: &mut MasterContext) -> Vec<Outcome> {
        let (leader, job, id) = (self.leader, self.job, checkpoint.metadata.checkpoint);
        let outcome = match added {
            Added::Added => AddOutcome::Added,
            Added::Assumed => AddOutcome::Assumed,
            Added::Exists | Added::Discarded(_) => AddOutcome::Discarded,
            Added::Inconsistent(_) => AddOutcome::Inconsistent,
            Added::Fenced => AddOutcome::Fenced,
        };
        context.note(MasterFact::Added { leader, job, checkpoint: id, outcome });
        let outcome = match outcome {
            AddOutcome::Added | AddOutcome::Assumed => {
                self.completed.push(checkpoint.clone());
                let surplus = self.completed.len().saturating_sub(self.retained);
                self.subsumed.extend(self.completed.drain(..surplus));
                // What could not be removed before is tried once more.
                self.subsumed.extend(self.lingering.drain(..));
                self.complete(checkpoint, context)
            }
            AddOutcome::Discarded => {
                let why = Reason::Finalize("the store refused it".into());
                self.forget(&checkpoint, &why, true, context);
                Outcome::Failed(id, SnapshotKind::Checkpoint, why)
            }
            // The files stay: it may be in the store (PossibleInconsistentStateException).
            AddOutcome::Inconsistent | AddOutcome::Fenced => {
                let why = Reason::Finalize(format!("nobody knows whether it is in the store: {added:?}"));
                self.forget(&checkpoint, &why, false, context);
                if context.is_fenced() { Outcome::Doubtful(id) } else { Outcome::Failed(id, SnapshotKind::Checkpoint, why) }
            }
        };
        let is_there = matches!(outcome, Outcome::Completed(_));
        let mut outcomes = vec![outcome];
        if is_there {
            outcomes.extend(self.subsume_waiting(id, context));
        }
        if self.is_over && self.subsumed.is_empty() {
            self.release(context);
        }
        outcomes
    }

    /// Older checkpoints whose last acknowledgement came while this one was on its way into the store come to nothing:
    /// the latest must be the newest (dropSubsumedCheckpoints).
    fn subsume_waiting(&mut self, newest: CheckpointId, context: &mut MasterContext) -> Vec<Outcome> {
        let is_older = |waiting: &Completed| waiting.metadata.checkpoint < newest && !waiting.metadata.kind.is_savepoint();
        let (older, rest): (VecDeque<_>, VecDeque<_>) = std::mem::take(&mut self.queue).into_iter().partition(is_older);
        self.queue = rest;
        older.iter().for_each(|waiting| self.forget(waiting, &Reason::Subsumed, true, context));
        older.into_iter().map(|waiting| Outcome::Failed(waiting.metadata.checkpoint, waiting.metadata.kind, Reason::Subsumed)).collect()
    }

    /// A node is gone, or is not. Unfenced, the files go all the same (zk_protocol.md, section 4).
    fn removed(&mut self, checkpoint: Completed, removed: &Removed, context: &mut MasterContext) {
        let (leader, job, id) = (self.leader, self.job, checkpoint.metadata.checkpoint);
        let is_gone = matches!(removed, Removed::Removed { .. });
        context.note(MasterFact::Subsumed { leader, job, checkpoint: id, removed: is_gone });
        if is_gone || !context.is_fenced() {
            let lowest = self.completed.iter().chain(&self.lingering).chain(&self.subsumed).map(|kept| kept.metadata.checkpoint).min();
            let mut blobs = files(&checkpoint);
            blobs.extend(lowest.map(|lowest| self.registry.give_up_before(lowest)).unwrap_or_default());
            if context.has(StreamPlant::SharedFileDropped) {
                let made_here = |file: &&crate::snapshot::KeyedFile| file.shared && file.created == id;
                blobs.extend(
                    checkpoint.metadata.subtasks.values().flat_map(|state| &state.keyed).filter(made_here).filter_map(|file| file.handle.blob().cloned()),
                );
            }
            context.discard(blobs, job, leader);
        } else {
            self.lingering.push(checkpoint);
        }
        if self.is_over && self.subsumed.is_empty() {
            self.release(context);
        }
    }

    /// A checkpoint on its way into the store comes to nothing.
    fn forget(&self, checkpoint: &Completed, why: &Reason, discards: bool, context: &mut MasterContext) {
        let (leader, job, id) = (self.leader, self.job, checkpoint.metadata.checkpoint);
        context.note(MasterFact::Aborted { leader, job, checkpoint: id, why: why.words() });
        if discards {
            context.discard(files(checkpoint), job, leader);
        }
    }

    fn go_on(&mut self, context: &mut MasterContext) {
        if self.adding.is_none()
            && let Some(next) = self.queue.pop_front()
        {
            let store = (!next.metadata.kind.is_savepoint()).then(|| self.store.clone());
            let content = bytes(&*next.metadata);
            let keep = Keep::start(store, node_of(next.metadata.checkpoint), next.name.clone(), content, self.leader, context);
            self.adding = Some((keep, next));
        }
        if self.removing.is_none()
            && let Some(next) = self.subsumed.pop_front()
        {
            let removal = context.recipe(|recipe| ReleaseAndTryRemove::start(&self.store, &node_of(next.metadata.checkpoint), recipe));
            self.removing = Some((removal, next));
        }
    }

    /// Lets go of all that this store has locked (FLINK-10011).
    fn release(&mut self, context: &mut MasterContext) {
        for checkpoint in self.completed.drain(..).chain(self.lingering.drain(..)) {
            let node = node_of(checkpoint.metadata.checkpoint);
            context.recipe(|recipe| Release::start(&self.store, &node, recipe));
        }
    }
}

/// The files that go with a checkpoint: its metadata and what it shares with no other.
pub(in crate::master) fn files(checkpoint: &Completed) -> Vec<BlobName> {
    let states = checkpoint.metadata.subtasks.values();
    let is_shared: Vec<&BlobName> = states.clone().flat_map(shared).collect();
    let own = states.flat_map(private).filter(|name| !is_shared.contains(&name));
    own.chain([checkpoint.name.clone()]).collect()
}
