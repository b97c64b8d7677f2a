//! What a checkpoint consists of, as it is acknowledged, stored and restored: handles of state by subtask, and the metadata over all of them. Data with a codec; never where a blob is kept, nor when one is deleted.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use vocab::stream::data::EventTime;
use vocab::stream::ids::{BlobName, ChannelId, CheckpointId, JobId, KeyGroup, SplitId, Subtask, TxnId, VertexId};
use vocab::stream::state::SnapshotKind;
use xxhash_rust::xxh3::xxh3_64;

/// Where a piece of state is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Handle {
    /// In the metadata itself: less than the inline threshold.
    Inline(Arc<[u8]>),
    /// In the blob store.
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

/// A transaction that a sink has prepared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Committable {
    /// Its id in the ledger.
    pub txn: TxnId,
    /// The producer's epoch.
    pub epoch: u32,
    /// The checkpoint in which it was prepared.
    pub checkpoint: CheckpointId,
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
    /// Channel state of inputs: `Vec<vocab Record or event>` as the task writes it.
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
    /// Whose.
    pub job: JobId,
    /// Its number.
    pub checkpoint: CheckpointId,
    /// What kind.
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

/// The bytes of a value.
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    postcard::to_allocvec(value).expect("what is kept has a length, and memory does not end")
}

/// The value of bytes that [`encode`] gave; `None` if they are of something else.
pub fn decode<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Option<T> {
    postcard::from_bytes(bytes).ok()
}

/// The digest by which contents are compared.
pub fn digest(bytes: &[u8]) -> u64 {
    xxh3_64(bytes)
}
