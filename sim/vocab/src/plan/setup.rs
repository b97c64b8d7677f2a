//! The parts of a plan that are not blows: machines, settings, weather, heal, budget.

use std::fmt;
use std::sync::Arc;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Plant;
use crate::ids::MachineId;

/// A seed: any u64. In files a number, or a string where it is too large for TOML's integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seed(pub u64);

impl Serialize for Seed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match i64::try_from(self.0) {
            Ok(small) => serializer.serialize_i64(small),
            Err(_) => serializer.serialize_str(&self.0.to_string()),
        }
    }
}

impl<'de> Deserialize<'de> for Seed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Seed, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = Seed;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a seed: a whole number from 0 to 18446744073709551615, quoted if it is above 9223372036854775807")
            }
            fn visit_u64<E: Error>(self, seed: u64) -> Result<Seed, E> {
                Ok(Seed(seed))
            }
            fn visit_i64<E: Error>(self, seed: i64) -> Result<Seed, E> {
                u64::try_from(seed).map(Seed).map_err(|_| E::invalid_value(serde::de::Unexpected::Signed(seed), &self))
            }
            fn visit_str<E: Error>(self, seed: &str) -> Result<Seed, E> {
                seed.parse().map(Seed).map_err(|_| E::invalid_value(serde::de::Unexpected::Str(seed), &self))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// How many machines. Clients are counted by the plan's `clients`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// Replicas of the coordination service that vote at first; an odd number from 1.
    pub replicas: u16,
    /// Replicas that observe at first; their machines follow those of the voters.
    #[serde(default)]
    pub observers: u16,
    /// How long a supervisor waits before it starts a process again that left by itself, in ms.
    pub supervisor_ms: u32,
    /// Groups of the voters, for quorums of groups (ZooKeeper's hierarchical quorums). Each voter is in one of them; without any, all are one group.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Vec<MachineId>>,
    /// What votes weigh that do not weigh 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weights: Vec<Weight>,
}

impl Cluster {
    /// Voters without groups, weights and observers.
    pub fn of(replicas: u16, supervisor_ms: u32) -> Cluster {
        Cluster { replicas, observers: 0, supervisor_ms, groups: vec![], weights: vec![] }
    }
}

/// What a voter's vote weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weight {
    /// Whose.
    pub machine: MachineId,
    /// How much; a voter of weight 0 never leads.
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
    /// txnLogSizeLimitInKb, in bytes: a log file that is longer is the last of its name, and the next transaction begins another. 0 is no limit, as in ZooKeeper.
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
    /// Whether a reconfig is spared the look at the ACL of `/zookeeper/config`, which at first allows nobody to write (what ZooKeeper's skipACL does for everything).
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
    /// localSessionsUpgradingEnabled: whether such a session is made known to all when it wants an ephemeral, or is refused it.
    #[serde(default, skip_serializing_if = "is_no")]
    pub local_sessions_upgrading: bool,
    /// readonlymode.enabled: whether a replica that looks for a leader in vain serves those who only want to read.
    #[serde(default, skip_serializing_if = "is_no")]
    pub read_only_mode: bool,
    /// DigestAuthenticationProvider.superDigest: user and hash of whoever passes all lists by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub super_digest: Option<Arc<str>>,
    /// A known bug switched on for this run, to prove that a rule sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plant: Option<Plant>,
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
            plant: None,
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
    /// 3.8.0: exists asks for no permission, a create2 in a multi answers without its stat, a session has one watch mode a path and table.
    #[serde(rename = "3.8")]
    V3_8,
    /// 3.9.3: exists needs READ, a create2 in a multi answers with its stat, watch modes stack (ZOOKEEPER-4466), a version skips -1 (ZOOKEEPER-4743).
    #[default]
    #[serde(rename = "3.9")]
    V3_9,
}

/// The ordinary badness of links, disks and clocks.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weather {
    /// All links but those of `links`, unless a fault says otherwise.
    pub link: LinkWeather,
    /// Links with a weather of their own, one way each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<OneLink>,
    /// All disks.
    pub disk: DiskWeather,
    /// Clocks that are off, by machine; the others are right.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clocks: Vec<ClockWeather>,
}

/// The weather of what one machine sends to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneLink {
    /// The sender.
    pub from: MachineId,
    /// The receiver.
    pub to: MachineId,
    /// The link's own weather.
    pub weather: LinkWeather,
}

/// A link's latency is `latency_us`, plus up to `jitter_us`, plus, `tail_ppm` times in a million, up to `tail_us`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkWeather {
    /// The least latency in µs.
    pub latency_us: u32,
    /// Uniform addition in µs.
    pub jitter_us: u32,
    /// How often in a million a message takes the tail.
    pub tail_ppm: u32,
    /// The longest tail in µs.
    pub tail_us: u32,
    /// How often in a million a datagram is lost. On a stream a loss costs a retransmission: twice the latency and the tail.
    pub loss_ppm: u32,
    /// How often in a million a datagram arrives twice. Streams never duplicate.
    pub duplicate_ppm: u32,
}

impl LinkWeather {
    /// The chances in it, by name, each out of a million.
    pub fn chances(&self) -> [(&'static str, u32); 3] {
        [("tail_ppm", self.tail_ppm), ("loss_ppm", self.loss_ppm), ("duplicate_ppm", self.duplicate_ppm)]
    }
}

/// A disk answers a sync after `sync_us`, plus up to `jitter_us`, plus, `tail_ppm` times in a million, up to `tail_us`; other operations take `other_us`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiskWeather {
    /// The least latency of a sync in µs.
    pub sync_us: u32,
    /// Uniform addition in µs.
    pub jitter_us: u32,
    /// How often in a million a sync takes the tail.
    pub tail_ppm: u32,
    /// The longest tail in µs.
    pub tail_us: u32,
    /// What a read or a list takes, in µs.
    pub other_us: u32,
}

/// A clock that is off from the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockWeather {
    /// Whose.
    pub machine: MachineId,
    /// The wall clock's offset in ms.
    pub offset_ms: i64,
    /// How much faster than the world both clocks run, in parts per million; within ±200 000.
    pub drift_ppm: i32,
}

/// The end of the storm.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heal {
    /// When, in ms.
    pub at_ms: u64,
    /// How long after it everything must be done, in ms.
    pub bound_ms: u64,
    /// Machines that stay down; a minority of the replicas at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub absent: Vec<MachineId>,
}

/// What the faults of a plan may destroy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Budget {
    /// Nothing that is not intact on a majority of the other replicas: a blow that would is deferred, and spared in the end.
    #[default]
    Majority,
    /// Nothing that is not intact on all other replicas that have something to lose: where quorums are no majorities, or change.
    Everyone,
    /// Anything. Rules on durability are waived, and the report says how often.
    Unrestricted,
}
