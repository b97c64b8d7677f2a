//! An ensemble: which replicas vote, which observe, and what a vote weighs (ZooKeeper's dynamic configuration). Data;
//! never what makes a quorum of it.

use std::collections::{BTreeMap, BTreeSet};

use contract::ids::MachineId;
use serde::{Deserialize, Serialize};

use crate::ids::Zxid;

/// A configuration of an ensemble. A replica that is in neither set is no member: it may learn, and counts for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ensemble {
    /// The transaction that made it; zero for the first, which no transaction made.
    pub version: Zxid,
    /// Who votes and acknowledges (participants).
    pub voters: BTreeSet<MachineId>,
    /// Who only learns (observers).
    pub observers: BTreeSet<MachineId>,
    /// Weights of voters other than 1.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub weights: BTreeMap<MachineId, u32>,
    /// Disjoint groups of the voters, each voter in one of them; none where a simple majority decides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<BTreeSet<MachineId>>,
}
