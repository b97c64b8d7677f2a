//! What a task begins from: the blobs of a checkpoint are fetched, then cut and merged into this subtask's state. Never
//! a part of it: one blob that cannot be had fails the task.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use flink_words::ids::{ChannelId, KeyGroup};
use flink_words::plant::StreamPlant;
use outside::codec::decode;
use outside_words::fact::Author;
use outside_words::ids::{BlobName, Subtask};
use outside_words::message::{Answer, Ask};

use super::context::{Errand, TaskContext};
use super::files::Base;
use super::sink::Origin;
use super::snapshotting::base_of;
use crate::job::Placement;
use crate::message::{Element, Restore};
use crate::snapshot::{Handle, SubtaskSnapshot, Unkeyed};
use crate::state::deal::{deal, redistribute};
use crate::state::{GroupState, OperatorState};

/// A state on its way to its task.
#[derive(Clone, Debug)]
pub struct Restoring {
    wanted: BTreeSet<BlobName>,
    blobs: BTreeMap<BlobName, Arc<[u8]>>,
}

/// A task's state, as it begins.
#[derive(Clone, Debug, Default)]
pub struct Restored {
    /// The operator's. Its lists are in here too.
    pub state: OperatorState,
    /// What else is not keyed.
    pub unkeyed: Unkeyed,
    /// Channel state of inputs.
    pub inputs: Vec<(ChannelId, Vec<Element>)>,
    /// Channel state of outputs.
    pub outputs: Vec<(ChannelId, Vec<Element>)>,
    /// Files that may be referred to again.
    pub base: Option<Base>,
    /// Sinks' subtasks of another job whose heir it is.
    pub origins: Vec<Origin>,
}

impl Restoring {
    /// Asks for all that a state consists of.
    pub fn begin(restore: Option<&Restore>, placement: Placement, context: &mut TaskContext) -> Restoring {
        let mut wanted: BTreeSet<BlobName> = BTreeSet::new();
        for restore in restore.iter().filter(|restore| !restore.finished) {
            for (subtask, state) in &restore.states {
                wanted.extend(handles(restore, *subtask, state, placement).filter_map(Handle::blob).cloned());
            }
        }
        for name in &wanted {
            context.ask(Errand::Restore(name.clone()), Ask::Get { name: name.clone(), by: Author::Task(context.attempt) });
        }
        Restoring { wanted, blobs: BTreeMap::new() }
    }

    /// The blob store answered; `None` if it did not, however often it was asked.
    pub fn on_blob(&mut self, name: &BlobName, answer: Option<Answer>) -> Result<(), String> {
        match answer {
            Some(Answer::Blob(Some(bytes))) => {
                self.wanted.remove(name);
                self.blobs.insert(name.clone(), bytes);
                Ok(())
            }
            Some(Answer::Blob(None)) => Err(format!("Could not restore: {name} does not exist (FileNotFoundException).")),
            Some(_) | None => Err(format!("Could not restore: {name} cannot be read.")),
        }
    }

    /// Whether everything is here.
    pub fn is_complete(&self) -> bool {
        self.wanted.is_empty()
    }

    /// The subtask's part of what is here.
    pub fn merge(&self, restore: &Restore, placement: Placement, context: &TaskContext) -> Result<Restored, String> {
        let mut restored = Restored::default();
        let is_cut = restore.parallelism != placement.parallelism;
        let (mut former, mut splits) = (Vec::new(), Vec::new());
        for (subtask, snapshot) in &restore.states {
            let unkeyed: Unkeyed = match &snapshot.unkeyed {
                Some(handle) => self.content(handle)?,
                None => Unkeyed::default(),
            };
            let is_own = subtask.index == placement.index;
            if is_cut || is_own {
                splits.extend(unkeyed.splits);
            }
            // Transactions go to an heir as a whole, by the index of who made them.
            if if is_cut { subtask.index % placement.parallelism == placement.index } else { is_own } {
                restored.unkeyed.committables.extend(unkeyed.committables);
                inherit(restore, *subtask, unkeyed.next_txn, &mut restored, context);
            }
            if !is_cut && is_own && !context.has_plant(StreamPlant::ChannelStateLost) {
                restored.inputs = self.channels(&snapshot.inputs)?;
                restored.outputs = self.channels(&snapshot.outputs)?;
            }
            let Unkeyed { list, union, broadcast, watermark, .. } = unkeyed;
            let groups = if is_cut || is_own { self.groups(snapshot)? } else { BTreeMap::new() };
            former.push((subtask.index, OperatorState { groups, list, union, broadcast, watermark }));
        }
        // Whoever made them: the older checkpoint's are committed first (TXN-VISIBLE).
        restored.unkeyed.committables.sort_by_key(|committable| committable.checkpoint);
        restored.state = redistribute(former, restore.parallelism, placement);
        splits.sort();
        restored.unkeyed.splits = if is_cut { deal(&splits, placement.index, placement.parallelism) } else { splits };
        let own = restore.states.iter().find(|(subtask, _)| subtask.index == placement.index);
        let is_same = !is_cut && restore.job == context.attempt.job;
        restored.base = own.filter(|_| is_same).and_then(|(_, snapshot)| base_of(&snapshot.keyed, &restored.state.groups));
        Ok(restored)
    }

    fn channels(&self, states: &[(ChannelId, Handle)]) -> Result<Vec<(ChannelId, Vec<Element>)>, String> {
        states.iter().map(|(channel, handle)| Ok((*channel, self.content(handle)?))).collect()
    }

    /// The groups of a subtask, each out of the file that holds its present state.
    fn groups(&self, snapshot: &SubtaskSnapshot) -> Result<BTreeMap<KeyGroup, GroupState>, String> {
        let mut all = BTreeMap::new();
        for file in &snapshot.keyed {
            let mut groups: BTreeMap<KeyGroup, GroupState> = self.content(&file.handle)?;
            groups.retain(|group, _| file.groups.contains(group));
            all.extend(groups);
        }
        Ok(all)
    }

    fn content<T: serde::de::DeserializeOwned>(&self, handle: &Handle) -> Result<T, String> {
        let bytes = match handle {
            Handle::Inline(bytes) => bytes,
            Handle::Blob { name, digest, .. } => {
                let bytes = self.blobs.get(name).ok_or_else(|| format!("Could not restore: {name} was not fetched."))?;
                if outside::codec::digest(bytes) != *digest {
                    return Err(format!("Could not restore: {name} has another content than the checkpoint says."));
                }
                bytes
            }
        };
        decode(bytes).ok_or_else(|| "Could not restore: a state file cannot be decoded.".into())
    }
}

/// What is fetched of a subtask's state: of another one, as long as the parallelism is the same, nothing but where
/// union list state may be.
fn handles<'a>(restore: &Restore, subtask: Subtask, state: &'a SubtaskSnapshot, placement: Placement) -> impl Iterator<Item = &'a Handle> {
    let is_whole = restore.parallelism != placement.parallelism || subtask.index == placement.index;
    state.handles().filter(move |handle| is_whole || state.unkeyed.as_ref() == Some(*handle))
}

/// Whose transactional ids go on: one's own, or as an heir those of another job's subtask.
fn inherit(restore: &Restore, subtask: Subtask, next: u64, restored: &mut Restored, context: &TaskContext) {
    if restore.job == context.attempt.job {
        restored.unkeyed.next_txn = next;
    } else {
        restored.origins.push(Origin { job: restore.job, subtask, next });
    }
}
