//! The end of a plan's storm, and what its faults may destroy until then.

use serde::{Deserialize, Serialize};

use crate::ids::MachineId;

/// The end of the storm.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heal {
    /// When, in ms.
    pub at_ms: u64,
    /// How long after it everything must be done, in ms.
    pub bound_ms: u64,
    /// Machines that stay down. A system says which may.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub absent: Vec<MachineId>,
}

/// What the faults of a plan may destroy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Budget {
    /// Nothing that is not intact on a majority of all machines with durable claims: a fault that would destroy more is
    /// deferred, and spared in the end.
    #[default]
    Majority,
    /// Nothing that is not intact on all other machines with durable claims: where quorums are no majorities, or
    /// change.
    Everyone,
    /// Anything. Rules on durability are waived, and the report says how often.
    Unrestricted,
}
