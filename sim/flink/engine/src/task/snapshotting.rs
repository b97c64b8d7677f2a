//! The asynchronous part of a task's snapshots: blobs are uploaded, channel state is awaited, then the checkpoint is
//! acknowledged. Never what the state is: it was fixed before (KS-SNAPSHOT-ISO).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use flink_words::fact::WorkerFact;
use flink_words::ids::{ChannelId, KeyGroup};
use flink_words::state::{InputCut, SnapshotKind};
use outside::codec::{digest, encode};
use outside_words::fact::Author;
use outside_words::ids::{AttemptId, BlobName, CheckpointId};
use outside_words::message::{Answer, Ask};

use super::context::{Errand, TaskContext};
use super::files::{self, Base};
use crate::message::{Barrier, Element, Up};
use crate::snapshot::{Handle, KeyedFile, SubtaskSnapshot, Unkeyed};
use crate::state::GroupState;

/// A snapshot on its way.
#[derive(Clone, Debug)]
struct Upload {
    kind: SnapshotKind,
    snapshot: SubtaskSnapshot,
    /// Blobs that are not durable yet, and those that are.
    pending: BTreeSet<BlobName>,
    durable: Vec<BlobName>,
    cuts: Vec<InputCut>,
    /// Channel state of the inputs is still to come.
    awaits_inputs: bool,
}

/// What a task fixed of itself.
#[derive(Clone, Debug, Default)]
pub struct Fixed {
    /// Keyed state.
    pub groups: BTreeMap<KeyGroup, GroupState>,
    /// All other state.
    pub unkeyed: Unkeyed,
    /// Channel state of the outputs.
    pub outputs: Vec<(ChannelId, Vec<Element>)>,
    /// The inputs' cuts.
    pub cuts: Vec<InputCut>,
    /// Channel state of the inputs is still to come.
    pub awaits_inputs: bool,
}

/// A task's snapshots.
#[derive(Clone, Debug, Default)]
pub struct Snapshots {
    uploads: BTreeMap<CheckpointId, Upload>,
    /// The newest checkpoint that is known to be complete, or that the task began from.
    base: Option<Base>,
    /// What each acknowledged checkpoint would be as a base.
    candidates: BTreeMap<CheckpointId, Base>,
}

/// Acknowledged checkpoints that wait for the word on them. A master that says nothing of so many is gone.
const CANDIDATES_MAX: usize = 16;

impl Snapshots {
    /// The files that a task began from may be referred to again.
    pub fn restore(&mut self, base: Base) {
        self.base = Some(base);
    }

    /// Begins to make a snapshot durable.
    pub fn begin(&mut self, barrier: Barrier, fixed: Fixed, context: &mut TaskContext) {
        let checkpoint = barrier.checkpoint;
        let upload = Upload {
            kind: barrier.kind,
            snapshot: SubtaskSnapshot::default(),
            pending: BTreeSet::new(),
            durable: Vec::new(),
            cuts: fixed.cuts,
            awaits_inputs: fixed.awaits_inputs,
        };
        self.uploads.insert(checkpoint, upload);
        self.keep_keyed(barrier, &fixed.groups, context);
        if fixed.unkeyed != Unkeyed::default() {
            let handle = self.put(checkpoint, "state", encode(&fixed.unkeyed), false, context);
            self.upload(checkpoint).snapshot.unkeyed = Some(handle);
        }
        for (channel, elements) in fixed.outputs {
            let what = format!("out-{}-{}", channel.edge.0, channel.to);
            let handle = self.put(checkpoint, &what, encode(&elements), false, context);
            self.upload(checkpoint).snapshot.outputs.push((channel, handle));
        }
        self.acknowledge_if_durable(checkpoint, context);
    }

    /// All channel state of the inputs is here.
    pub fn on_inputs(&mut self, checkpoint: CheckpointId, cuts: Vec<InputCut>, inputs: Vec<(ChannelId, Vec<Element>)>, context: &mut TaskContext) {
        for (channel, elements) in inputs {
            let what = format!("in-{}-{}", channel.edge.0, channel.from);
            let handle = self.put(checkpoint, &what, encode(&elements), false, context);
            self.upload(checkpoint).snapshot.inputs.push((channel, handle));
        }
        let upload = self.upload(checkpoint);
        upload.cuts = cuts;
        upload.awaits_inputs = false;
        self.acknowledge_if_durable(checkpoint, context);
    }

    /// Checkpoints whose channel state is awaited.
    pub fn awaiting(&self) -> impl Iterator<Item = CheckpointId> {
        self.uploads.iter().filter(|(_, upload)| upload.awaits_inputs).map(|(checkpoint, _)| *checkpoint)
    }

    /// The blob store answered; `None` if it did not, however often it was asked.
    pub fn on_put(&mut self, checkpoint: CheckpointId, name: &BlobName, answer: Option<Answer>, context: &mut TaskContext) {
        let Some(upload) = self.uploads.get_mut(&checkpoint) else { return };
        upload.pending.remove(name);
        if answer == Some(Answer::Done) {
            upload.durable.push(name.clone());
            return self.acknowledge_if_durable(checkpoint, context);
        }
        let why = "Asynchronous task checkpoint failed.";
        self.abort(checkpoint, why, context);
        context.up(Up::Decline { attempt: context.attempt, checkpoint, why: why.into(), counts: true });
    }

    /// A checkpoint is complete: its files can be relied on.
    pub fn on_complete(&mut self, checkpoint: CheckpointId) {
        let later = self.candidates.split_off(&CheckpointId(checkpoint.0 + 1));
        if let Some(base) = std::mem::replace(&mut self.candidates, later).remove(&checkpoint) {
            self.base = Some(base);
        }
    }

    /// A checkpoint will not be acknowledged: what was uploaded for it is of no use. Says whether it was under way.
    pub fn abort(&mut self, checkpoint: CheckpointId, why: &str, context: &mut TaskContext) -> bool {
        self.candidates.remove(&checkpoint);
        let Some(upload) = self.uploads.remove(&checkpoint) else { return false };
        context.wants.forget.extend(upload.pending);
        context.wants.discards.extend(upload.durable);
        context.note(WorkerFact::SnapshotAborted { attempt: context.attempt, checkpoint, why: why.into() });
        true
    }

    /// Whether nothing is under way.
    pub fn is_idle(&self) -> bool {
        self.uploads.is_empty()
    }

    /// Checkpoints under way.
    pub fn under_way(&self) -> Vec<CheckpointId> {
        self.uploads.keys().copied().collect()
    }

    /// Older files may be referred to in a checkpoint alone: a savepoint stands for itself.
    fn keep_keyed(&mut self, barrier: Barrier, groups: &BTreeMap<KeyGroup, GroupState>, context: &mut TaskContext) {
        let checkpoint = barrier.checkpoint;
        let shared = context.plan.checkpoints.incremental && !barrier.kind.is_savepoint();
        let now = files::digests(groups);
        // A group that had another state in a later snapshot and has its old one again is written anew: the later one
        // may be complete by now, and the old file gone with what it subsumed.
        let later: Vec<&Base> = self.candidates.values().collect();
        let base = self.base.as_ref().filter(|_| shared).map(|base| base.without_changed(&later));
        let (mut kept, written) = files::difference(groups, &now, base.as_ref());
        if let Some(written) = written {
            let handle = self.put(checkpoint, "keyed", written.bytes, shared, context);
            kept.push(files::file(written.groups, handle, checkpoint, shared));
        }
        if shared {
            self.candidates.insert(checkpoint, Base { files: kept.clone(), groups: now });
            if self.candidates.len() > CANDIDATES_MAX {
                self.candidates.pop_first();
            }
        }
        self.upload(checkpoint).snapshot.keyed = kept;
    }

    /// Where bytes are kept: with the metadata if they are few, else in a blob that is asked for now.
    fn put(&mut self, checkpoint: CheckpointId, what: &str, bytes: Vec<u8>, shared: bool, context: &mut TaskContext) -> Handle {
        if bytes.len() < context.plan.checkpoints.inline_bytes as usize {
            return Handle::Inline(bytes.into());
        }
        let upload = self.upload(checkpoint);
        let name = name_of(context.attempt, checkpoint, upload.kind, what, shared);
        let handle = Handle::Blob { name: name.clone(), bytes: bytes.len() as u32, digest: digest(&bytes) };
        upload.pending.insert(name.clone());
        let bytes: Arc<[u8]> = bytes.into();
        context.ask(Errand::Upload { checkpoint, name: name.clone() }, Ask::Put { name, bytes, by: Author::Task(context.attempt) });
        handle
    }

    fn acknowledge_if_durable(&mut self, checkpoint: CheckpointId, context: &mut TaskContext) {
        let is_durable = |upload: &Upload| upload.pending.is_empty() && !upload.awaits_inputs;
        if !self.uploads.get(&checkpoint).is_some_and(is_durable) {
            return;
        }
        let upload = self.uploads.remove(&checkpoint).expect("it was just there");
        context.note(WorkerFact::Acknowledged { attempt: context.attempt, checkpoint, inputs: upload.cuts });
        context.up(Up::Acknowledge { attempt: context.attempt, checkpoint, state: upload.snapshot });
    }

    fn upload(&mut self, checkpoint: CheckpointId) -> &mut Upload {
        self.uploads.get_mut(&checkpoint).expect("it is under way")
    }
}

/// A blob's name: no two snapshots ever share one.
fn name_of(attempt: AttemptId, checkpoint: CheckpointId, kind: SnapshotKind, what: &str, shared: bool) -> BlobName {
    let AttemptId { job, subtask, leader, number } = attempt;
    let (vertex, index, n) = (subtask.vertex.0, subtask.index, checkpoint.0);
    if kind.is_savepoint() {
        format!("savepoint-{job}-{n}/{vertex}-{index}-{number}-{what}").into()
    } else if shared {
        format!("job-{job}/shared/{vertex}-{index}-{:08x}-{number}-{n}-{what}", leader.0 >> 96).into()
    } else {
        format!("job-{job}/chk-{n}/{vertex}-{index}-{number}-{what}").into()
    }
}

/// The files of a state that a task begins from, if they may be referred to again: those that are shared.
pub fn base_of(keyed: &[KeyedFile], groups: &BTreeMap<KeyGroup, GroupState>) -> Option<Base> {
    let is_shared = !keyed.is_empty() && keyed.iter().all(|file| file.shared);
    is_shared.then(|| Base { files: keyed.to_vec(), groups: files::digests(groups) })
}
