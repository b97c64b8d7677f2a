//! What a snapshot holds and what a channel has carried, as numbers that can be compared: counts and digests. Never the state itself.

use serde::{Deserialize, Serialize};

use crate::ids::{ChannelId, KeyGroup};
use outside_words::data::EventTime;
use outside_words::ids::{SplitId, TxnId};

/// Checkpoint or savepoint, and what becomes of the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SnapshotKind {
    /// A checkpoint: the system's own, kept in the completed-checkpoint store until it is subsumed.
    Checkpoint,
    /// A savepoint: somebody else's, never removed by the system.
    Savepoint,
    /// A savepoint after which the job ends (stop-with-savepoint --suspend).
    Suspend,
    /// A savepoint after all of the sources' watermarks have gone to the end, after which the job ends (stop-with-savepoint --drain).
    Drain,
}

impl SnapshotKind {
    /// Whether it is a savepoint of any kind.
    pub fn is_savepoint(self) -> bool {
        self != SnapshotKind::Checkpoint
    }

    /// Whether the job ends after it.
    pub fn stops(self) -> bool {
        matches!(self, SnapshotKind::Suspend | SnapshotKind::Drain)
    }
}

/// How far a channel has come since its two attempts began: how many elements, and a running digest over them in their order (XXH3 of the digest before and the element).
/// Barriers do not count; records, watermarks and idleness do. Two ends that agree on a prefix agree on its mark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ChannelMark {
    /// Elements.
    pub count: u64,
    /// The digest over them.
    pub digest: u64,
}

/// What a task's snapshot says of one of its input channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct InputCut {
    /// The channel.
    pub channel: ChannelId,
    /// What the operator had taken from it when its state was snapshotted.
    pub consumed: ChannelMark,
    /// What was taken and persisted together: with an unaligned barrier what was in flight ahead of the barrier is channel state.
    pub persisted: ChannelMark,
}

/// What a task's snapshot says of one of its output channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OutputCut {
    /// The channel.
    pub channel: ChannelId,
    /// All that the operator had emitted into it when its state was snapshotted; with an unaligned barrier the last of it is channel state of the sender.
    pub emitted: ChannelMark,
    /// How many of the last of them are persisted by the sender, since the barrier has overtaken them.
    pub persisted: u64,
}

/// One operator's keyed state of one key group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GroupDigest {
    /// The group.
    pub group: KeyGroup,
    /// Its keys with state.
    pub entries: u32,
    /// Its timers.
    pub timers: u32,
    /// Over all of it, in order.
    pub digest: u64,
}

/// A task's state in a snapshot or after a restore.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StateSummary {
    /// Keyed state, by key group; groups without any are left out.
    pub groups: Vec<GroupDigest>,
    /// List state: a digest an element.
    pub list: Vec<u64>,
    /// Union list state: a digest an element; after a restore everybody has all of it.
    pub union: Vec<u64>,
    /// Broadcast state: one digest over all of it, the same everywhere.
    pub broadcast: Option<u64>,
    /// The splits that a source reader has, and the offset of the next record of each.
    pub splits: Vec<(SplitId, u64)>,
    /// The transactions that a sink has prepared up to this snapshot and not committed yet.
    pub committables: Vec<TxnId>,
}

/// Why a timer was heard, or a window closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeDomain {
    /// The watermark has passed it.
    EventTime,
    /// The machine's wall clock has.
    ProcessingTime,
}

/// Timers that fired together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Fired {
    /// Of which time.
    pub domain: TimeDomain,
    /// The first one's time.
    pub first: EventTime,
    /// The last one's.
    pub last: EventTime,
    /// How many.
    pub count: u32,
    /// The watermark, or the wall clock in ms, that let them.
    pub by: EventTime,
    /// Whether they came in the order of their times.
    pub in_order: bool,
}
