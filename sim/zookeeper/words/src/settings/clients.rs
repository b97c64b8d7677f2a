//! What a plan says of each client: its recipe, its session, its pace, how it uses Curator.

use serde::{Deserialize, Serialize};

use super::is_no;

/// What a client does.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientPlan {
    /// The recipe.
    pub workload: WorkloadKind,
    /// The session timeout that it asks for, in ms.
    pub session_timeout_ms: u32,
    /// When it starts, in ms.
    pub start_ms: u64,
    /// How many rounds of the recipe; those after the heal are not counted.
    pub rounds: u32,
    /// The pause between two rounds in ms, about.
    pub think_ms: u32,
    /// Rounds to leave out, for shrinking.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skip: Vec<u32>,
    /// canBeReadOnly: whether it makes do with a replica that has no quorum, until it finds one that has.
    #[serde(default, skip_serializing_if = "is_no")]
    pub can_be_read_only: bool,
    /// How it uses Curator; of no effect on recipes without it.
    #[serde(default, skip_serializing_if = "CuratorPlan::is_usual")]
    pub curator: CuratorPlan,
}

/// What an application sets of Curator, and of Flink upon it. What is left out is as in Flink 2.3.0, with a retry wait
/// for short storms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CuratorPlan {
    /// How often a request is retried (high-availability.zookeeper.client.max-retry-attempts).
    pub retries: u32,
    /// The unit of the waits between two tries in ms; the longest wait doubles with every try
    /// (high-availability.zookeeper.client.retry-wait).
    pub retry_wait_ms: u32,
    /// How much of the session timeout SUSPENDED may last before LOST, in percent; 0 waits for the service's word.
    pub expiration_percent: u32,
    /// Leadership outlasts SUSPENDED and ends with LOST
    /// (high-availability.zookeeper.client.tolerate-suspended-connections).
    pub tolerates_suspended: bool,
    /// A latch that is reconnected looks whether its node is there (CURATOR-644) instead of making another one.
    pub keeps_node: bool,
    /// A handle is added only while its author's latch node is there. Flink does not ask for that (FLINK-10333).
    pub fences: bool,
}

impl Default for CuratorPlan {
    fn default() -> CuratorPlan {
        CuratorPlan { retries: 3, retry_wait_ms: 500, expiration_percent: 100, tolerates_suspended: false, keeps_node: false, fences: false }
    }
}

impl CuratorPlan {
    fn is_usual(&self) -> bool {
        *self == CuratorPlan::default()
    }
}

/// The recipes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WorkloadKind {
    /// Reads, blind and conditional writes, creates and deletes over a few shared nodes; watches; multis.
    Registers,
    /// Counters by check-and-set.
    Counters,
    /// Locks by ephemeral sequential nodes (ZooKeeper's recipe, no herd).
    Locks,
    /// Leader elections by ephemeral sequential nodes, with a watch on the predecessor.
    Elections,
    /// Double barriers.
    Barriers,
    /// Queues of persistent sequential nodes.
    Queues,
    /// The requests that real Flink 2.3.0 processes sent to ZooKeeper, recorded.
    FlinkHa,
    /// Reconfigurations: replicas leave, join again, and change their roles.
    Reconfigs,
    /// Nodes that only their owner may touch, and everybody's attempts to touch those of others.
    Vaults,
    /// Containers and nodes with a time to live, which the leader takes away.
    Containers,
    /// Leader elections by Curator's LeaderLatch.
    CuratorLatches,
    /// Curator's SharedValue, and Flink's checkpoint id counter upon it.
    CuratorCounters,
    /// Flink's state handles: whoever leads by a latch adds, reads and removes them.
    Handles,
    /// Curator's cache of a small tree that others change.
    Caches,
}

impl WorkloadKind {
    /// Whether its clients have Curator's behaviour.
    pub fn has_curator(self) -> bool {
        match self {
            WorkloadKind::CuratorLatches | WorkloadKind::CuratorCounters | WorkloadKind::Handles | WorkloadKind::Caches => true,
            WorkloadKind::Registers | WorkloadKind::Counters | WorkloadKind::Locks | WorkloadKind::Elections | WorkloadKind::Barriers => false,
            WorkloadKind::Queues | WorkloadKind::FlinkHa | WorkloadKind::Reconfigs | WorkloadKind::Vaults | WorkloadKind::Containers => false,
        }
    }
}
