//! What a task begins from: the blobs of a checkpoint are fetched, then cut and merged into this subtask's state. Never a part of it: one blob that cannot be had fails the task.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use vocab::plan::StreamPlant;
use vocab::stream::ids::{BlobName, ChannelId, KeyGroup, Subtask};
use vocab::stream::outside::Author;

use super::desk::{Desk, Errand};
use super::files::Base;
use super::sink::Origin;
use super::snapshotting::base_of;
use crate::job::partition::range_of;
use crate::message::{Answer, Ask, Element, Restore};
use crate::operator::Placement;
use crate::snapshot::{Handle, SubtaskSnapshot, Unkeyed, decode};
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
    pub fn begin(restore: Option<&Restore>, desk: &mut Desk) -> Restoring {
        let states = restore.iter().filter(|restore| !restore.finished).flat_map(|restore| &restore.states);
        let wanted: BTreeSet<BlobName> = states.flat_map(|(_, state)| state.handles()).filter_map(Handle::blob).cloned().collect();
        for name in &wanted {
            desk.ask(Errand::Restore(name.clone()), Ask::Get { name: name.clone(), by: Author::Task(desk.attempt) });
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
    pub fn merge(&self, restore: &Restore, placement: Placement, desk: &Desk) -> Result<Restored, String> {
        let mut restored = Restored::default();
        let range = range_of(placement.index, placement.parallelism, placement.max_parallelism);
        let is_cut = restore.parallelism != placement.parallelism;
        let is_mine = |place: usize| !is_cut || place % usize::from(placement.parallelism) == usize::from(placement.index);
        let (mut list, mut splits, mut watermarks) = (Vec::new(), Vec::new(), Vec::new());
        for (subtask, snapshot) in &restore.states {
            self.merge_keyed(snapshot, |group| range.contains(&group.0), &mut restored.state)?;
            let unkeyed: Unkeyed = match &snapshot.unkeyed {
                Some(handle) => self.content(handle)?,
                None => Unkeyed::default(),
            };
            list.extend(unkeyed.list);
            splits.extend(unkeyed.splits);
            watermarks.extend(unkeyed.watermark);
            restored.state.union.extend(unkeyed.union);
            restored.state.broadcast = restored.state.broadcast.take().or(unkeyed.broadcast);
            if is_mine(usize::from(subtask.index)) {
                restored.unkeyed.committables.extend(unkeyed.committables);
                self.inherit(restore, *subtask, unkeyed.next_txn, &mut restored, desk);
            }
            if desk.has_plant(StreamPlant::ChannelStateLost) || is_cut {
                continue;
            }
            for (states, into) in [(&snapshot.inputs, &mut restored.inputs), (&snapshot.outputs, &mut restored.outputs)] {
                for (channel, handle) in states {
                    into.push((*channel, self.content(handle)?));
                }
            }
        }
        splits.sort();
        restored.state.list = share(list, is_mine);
        restored.unkeyed.splits = share(splits, is_mine);
        restored.state.watermark = watermarks.into_iter().min();
        let is_same = !is_cut && restore.job == desk.attempt.job;
        restored.base = restore.states.first().filter(|_| is_same).and_then(|(_, snapshot)| base_of(&snapshot.keyed, &restored.state.groups));
        Ok(restored)
    }

    /// Whose transactional ids go on: one's own, or as an heir those of another job's subtask.
    fn inherit(&self, restore: &Restore, subtask: Subtask, next: u64, restored: &mut Restored, desk: &Desk) {
        if restore.job == desk.attempt.job {
            restored.unkeyed.next_txn = next;
        } else {
            restored.origins.push(Origin { job: restore.job, subtask, next });
        }
    }

    fn merge_keyed(&self, snapshot: &SubtaskSnapshot, is_mine: impl Fn(KeyGroup) -> bool, state: &mut OperatorState) -> Result<(), String> {
        for file in &snapshot.keyed {
            let mut groups: BTreeMap<KeyGroup, GroupState> = self.content(&file.handle)?;
            groups.retain(|group, _| file.groups.contains(group) && is_mine(*group));
            state.groups.extend(groups);
        }
        Ok(())
    }

    fn content<T: serde::de::DeserializeOwned>(&self, handle: &Handle) -> Result<T, String> {
        let bytes = match handle {
            Handle::Inline(bytes) => bytes,
            Handle::Blob { name, digest, .. } => {
                let bytes = self.blobs.get(name).ok_or_else(|| format!("Could not restore: {name} was not fetched."))?;
                if crate::snapshot::digest(bytes) != *digest {
                    return Err(format!("Could not restore: {name} has another content than the checkpoint says."));
                }
                bytes
            }
        };
        decode(bytes).ok_or_else(|| "Could not restore: a state file cannot be decoded.".into())
    }
}

/// Every so-manieth element.
fn share<T>(elements: Vec<T>, is_mine: impl Fn(usize) -> bool) -> Vec<T> {
    elements.into_iter().enumerate().filter(|(place, _)| is_mine(*place)).map(|(_, element)| element).collect()
}
