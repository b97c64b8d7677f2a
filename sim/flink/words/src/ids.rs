//! Identities within the stream engine, with Flink's names: edges, channels, key groups, lives of workers. Those that the outside sees too are its own (`outside_words::ids`).

use contract::ids::MachineId;
use serde::{Deserialize, Serialize};

/// An edge of a job's graph. Its place among the graph's edges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EdgeId(pub u16);

/// A channel between two subtasks: a subpartition at its sender, an input channel at its receiver. In the name of two attempts it is a stream of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ChannelId {
    /// The edge.
    pub edge: EdgeId,
    /// The sender's index.
    pub from: u16,
    /// The receiver's index.
    pub to: u16,
}

/// A life of a worker's process (ResourceID): it registers anew in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WorkerId {
    /// Its machine.
    pub machine: MachineId,
    /// When the life began, by the machine's monotonic clock in ns.
    pub born_ns: u64,
}

/// A key group: the unit in which keyed state is distributed and moved. `murmur(hash of the key) % max parallelism`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyGroup(pub u16);
