//! The coordination service's part of a plan: replicas, settings by ZooKeeper's names, clients. Data; `check` says what
//! it must satisfy.

mod check;
mod clients;
mod local;
mod quorums;

use std::collections::BTreeSet;
use std::sync::Arc;

use contract::ids::MachineId;
use contract::kinds::Kinds;
use contract::plan::{Flaw, PlanView};
use contract::roster::Roster;
use serde::{Deserialize, Serialize};

use crate::ensemble::Ensemble;
use crate::ids::Zxid;
pub use clients::{ClientPlan, CuratorPlan, WorkloadKind};

/// The coordination service's part of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The replicas.
    pub cluster: Cluster,
    /// How they are set.
    pub coordination: Coordination,
    /// What each client does, in the order of their machines.
    pub clients: Vec<ClientPlan>,
}

impl Default for Settings {
    /// Three replicas with ZooKeeper's own numbers, and nobody who uses them.
    fn default() -> Settings {
        Settings { cluster: Cluster::of(3), coordination: Coordination::default(), clients: vec![] }
    }
}

impl Settings {
    /// How many replicas vote at first: the first machines.
    pub fn voters(&self) -> u16 {
        self.cluster.replicas
    }

    /// How many replicas there are: the voters, then the observers.
    pub fn replicas(&self) -> u16 {
        self.cluster.replicas + self.cluster.observers
    }

    /// How many machines the service and its clients have.
    pub fn machines(&self) -> u16 {
        self.replicas() + self.clients.len() as u16
    }

    /// The first configuration of the ensemble.
    pub fn ensemble(&self) -> Ensemble {
        let voters: BTreeSet<MachineId> = (0..self.voters()).map(MachineId).collect();
        let mut groups: Vec<BTreeSet<MachineId>> = self.cluster.groups.iter().map(|group| group.iter().copied().collect()).collect();
        if groups.is_empty() && !self.cluster.weights.is_empty() {
            groups.push(voters.clone());
        }
        Ensemble {
            version: Zxid::ZERO,
            voters,
            observers: (self.voters()..self.replicas()).map(MachineId).collect(),
            weights: self.cluster.weights.iter().map(|weight| (weight.machine, weight.weight)).filter(|(_, weight)| *weight != 1).collect(),
            groups,
        }
    }
}

impl contract::plan::Settings for Settings {
    fn roster(&self) -> Roster {
        Roster::new().with("replica", self.replicas()).with("client", u16::try_from(self.clients.len()).unwrap_or(u16::MAX))
    }

    fn check(plan: PlanView<'_, Self>) -> Result<(), Flaw> {
        check::check(plan)
    }

    fn kinds() -> Option<Kinds> {
        Some(crate::kinds::kinds())
    }
}

/// Settings of a system that is the service, or contains it. The service's machines are the first ones.
pub trait HasService: contract::plan::Settings {
    /// The service's part of them.
    fn service(&self) -> &Settings;
}

impl HasService for Settings {
    fn service(&self) -> &Settings {
        self
    }
}

/// The replicas, and how they vote.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// Replicas of the coordination service that vote at first; an odd number from 1.
    pub replicas: u16,
    /// Replicas that observe at first; their machines follow those of the voters.
    #[serde(default)]
    pub observers: u16,
    /// Groups of the voters, for quorums of groups (ZooKeeper's hierarchical quorums). Each voter is in one of them;
    /// without any, all are one group.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Vec<MachineId>>,
    /// What votes weigh that do not weigh 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weights: Vec<Weight>,
}

impl Cluster {
    /// Voters without groups, weights and observers.
    pub fn of(replicas: u16) -> Cluster {
        Cluster { replicas, observers: 0, groups: vec![], weights: vec![] }
    }
}

/// What a voter's vote weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weight {
    /// The voter.
    pub machine: MachineId,
    /// Its weight; a voter of weight 0 never leads.
    pub weight: u32,
}

/// The coordination service's settings, by ZooKeeper's names and units.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coordination {
    /// tickTime in ms.
    pub tick_ms: u32,
    /// initLimit in ticks.
    pub init_limit: u32,
    /// syncLimit in ticks.
    pub sync_limit: u32,
    /// snapCount: transactions between two snapshots, about.
    pub snap_count: u32,
    /// How many snapshots (with the logs they need) are kept.
    pub snap_retain: u32,
    /// How many znodes of a fuzzy snapshot are written at a time.
    pub snap_chunk: u32,
    /// txnLogSizeLimitInKb, in bytes: a log file that is longer is the last of its name, and the next transaction
    /// begins another. 0 is no limit, as in ZooKeeper.
    #[serde(default)]
    pub log_limit_bytes: u32,
    /// commitLogCount: how many committed transactions a leader keeps in memory for DIFF.
    pub commit_log_count: u32,
    /// Which ZooKeeper it is: where the two differ in what clients see.
    #[serde(default)]
    pub compat: Compat,
    /// zookeeper.extendedTypesEnabled: whether nodes may have a time to live. ZooKeeper's default is false.
    #[serde(default = "yes")]
    pub extended_types: bool,
    /// reconfigEnabled. ZooKeeper's default is false.
    #[serde(default = "yes")]
    pub reconfig_enabled: bool,
    /// Whether a reconfig is spared the look at the ACL of `/zookeeper/config`, which at first allows nobody to write
    /// (what ZooKeeper's skipACL does for everything).
    #[serde(default = "yes")]
    pub skip_reconfig_acl: bool,
    /// znode.container.checkIntervalMs: how often a leader looks for containers and TTL nodes that are due.
    #[serde(default = "container_check_ms")]
    pub container_check_ms: u32,
    /// jute.maxbuffer: the longest request in bytes; a longer one ends its connection.
    #[serde(default = "jute_max_buffer")]
    pub jute_max_buffer: u32,
    /// localSessionsEnabled: whether a new session is known to its replica alone, and costs no transaction.
    #[serde(default, skip_serializing_if = "is_no")]
    pub local_sessions: bool,
    /// localSessionsUpgradingEnabled: whether such a session is made known to all when it wants an ephemeral, or is
    /// refused it.
    #[serde(default, skip_serializing_if = "is_no")]
    pub local_sessions_upgrading: bool,
    /// readonlymode.enabled: whether a replica that looks for a leader in vain serves those who only want to read.
    #[serde(default, skip_serializing_if = "is_no")]
    pub read_only_mode: bool,
    /// DigestAuthenticationProvider.superDigest: user and hash of whoever passes all lists by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub super_digest: Option<Arc<str>>,
}

impl Default for Coordination {
    /// ZooKeeper's own numbers; what it leaves switched off, and the service can do, is switched on.
    fn default() -> Coordination {
        Coordination {
            tick_ms: 2_000,
            init_limit: 10,
            sync_limit: 5,
            snap_count: 100_000,
            snap_retain: 3,
            snap_chunk: 100,
            log_limit_bytes: 0,
            commit_log_count: 500,
            compat: Compat::default(),
            extended_types: yes(),
            reconfig_enabled: yes(),
            skip_reconfig_acl: yes(),
            container_check_ms: container_check_ms(),
            jute_max_buffer: jute_max_buffer(),
            local_sessions: false,
            local_sessions_upgrading: false,
            read_only_mode: false,
            super_digest: None,
        }
    }
}

fn yes() -> bool {
    true
}
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
pub(super) fn is_no(switch: &bool) -> bool {
    !*switch
}
fn container_check_ms() -> u32 {
    60_000
}
fn jute_max_buffer() -> u32 {
    0xf_ffff
}

/// A version of ZooKeeper to be compatible with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Compat {
    /// 3.8.0: exists asks for no permission, a create2 in a multi answers without its stat, a session has one watch
    /// mode a path and table.
    #[serde(rename = "3.8")]
    V3_8,
    /// 3.9.3: exists needs READ, a create2 in a multi answers with its stat, watch modes stack (ZOOKEEPER-4466), a
    /// version skips -1 (ZOOKEEPER-4743).
    #[default]
    #[serde(rename = "3.9")]
    V3_9,
}
