//! What a checkpoint consists of, as it is acknowledged, stored and restored: handles of state by subtask, and the
//! metadata over all of them. Data; never where a blob is kept, nor when one is deleted.

use std::collections::BTreeMap;
use std::sync::Arc;

use flink_words::ids::{ChannelId, KeyGroup};
use flink_words::state::SnapshotKind;
use outside_words::data::EventTime;
use outside_words::ids::{BlobName, CheckpointId, JobId, SplitId, Subtask, VertexId};
use outside_words::message::Committable;
use serde::{Deserialize, Serialize};

/// Where a piece of state is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Handle {
    /// In the metadata itself: less than the inline threshold.
    Inline(Arc<[u8]>),
    /// A blob of the blob store.
    Blob {
        /// Its name.
        name: BlobName,
        /// Its length in bytes.
        bytes: u32,
        /// XXH3 of its content.
        digest: u64,
    },
}

impl Handle {
    /// The blob that it refers to, if it is one.
    pub fn blob(&self) -> Option<&BlobName> {
        match self {
            Handle::Inline(_) => None,
            Handle::Blob { name, .. } => Some(name),
        }
    }
}

/// A file of keyed state. In an incremental checkpoint several make up the state, some of them of earlier checkpoints.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct KeyedFile {
    /// The key groups whose present state is in it; what it holds of others is out of date.
    pub groups: Vec<KeyGroup>,
    /// The file: `BTreeMap<KeyGroup, state::GroupState>`.
    pub handle: Handle,
    /// The checkpoint that wrote it.
    pub created: CheckpointId,
    /// It may be part of later checkpoints too, and is deleted when none needs it.
    pub shared: bool,
}

/// What an operator, a source reader or a sink keeps that is not keyed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Unkeyed {
    /// List state, to be dealt out anew when the parallelism changes (split redistribute).
    pub list: Vec<Vec<u8>>,
    /// Union list state: everybody gets all of it.
    pub union: Vec<Vec<u8>>,
    /// Broadcast state: the same everywhere.
    pub broadcast: Option<Vec<u8>>,
    /// A source reader's splits, with the offset of the next record of each.
    pub splits: Vec<(SplitId, u64)>,
    /// A sink's prepared transactions.
    pub committables: Vec<Committable>,
    /// The number of the sink's next transaction.
    pub next_txn: u64,
    /// A watermark that is stored, by the operators that store theirs.
    pub watermark: Option<EventTime>,
}

/// The state of a subtask in a checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SubtaskSnapshot {
    /// Keyed state.
    pub keyed: Vec<KeyedFile>,
    /// All other state: an [`Unkeyed`].
    pub unkeyed: Option<Handle>,
    /// Channel state of inputs: a `Vec` of [`Element`](crate::message::Element)s.
    pub inputs: Vec<(ChannelId, Handle)>,
    /// Channel state of outputs.
    pub outputs: Vec<(ChannelId, Handle)>,
}

impl SubtaskSnapshot {
    /// All handles, shared ones included.
    pub fn handles(&self) -> impl Iterator<Item = &Handle> {
        let keyed = self.keyed.iter().map(|file| &file.handle);
        keyed.chain(&self.unkeyed).chain(self.inputs.iter().chain(&self.outputs).map(|(_, handle)| handle))
    }
}

/// A whole checkpoint or savepoint (`_metadata`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Metadata {
    /// The job that it is of.
    pub job: JobId,
    /// Its number.
    pub checkpoint: CheckpointId,
    /// Checkpoint or savepoint.
    pub kind: SnapshotKind,
    /// The job's parallelism.
    pub parallelism: u16,
    /// Its max parallelism.
    pub max_parallelism: u16,
    /// The state of each subtask that acknowledged.
    pub subtasks: BTreeMap<Subtask, SubtaskSnapshot>,
    /// Subtasks that had finished before: they have no state any more, and nothing to do.
    pub finished: Vec<Subtask>,
    /// Splits that an enumerator held unassigned, with their offsets, by source vertex.
    pub unassigned: BTreeMap<VertexId, Vec<(SplitId, u64)>>,
}

impl Metadata {
    /// The names of all blobs that it refers to, sorted and without repetition.
    pub fn blobs(&self) -> Vec<BlobName> {
        let mut blobs: Vec<BlobName> = self.subtasks.values().flat_map(SubtaskSnapshot::handles).filter_map(|handle| handle.blob().cloned()).collect();
        blobs.sort();
        blobs.dedup();
        blobs
    }
}
