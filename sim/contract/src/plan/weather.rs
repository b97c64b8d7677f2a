//! The weather of a plan: the ordinary badness of links, disks and clocks. Never a fault.

use serde::{Deserialize, Serialize};

use crate::ids::MachineId;

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
    /// How often in a million a datagram is lost. On a stream a loss costs a retransmission: twice the latency and the
    /// tail.
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

/// A disk answers a sync after `sync_us`, plus up to `jitter_us`, plus, `tail_ppm` times in a million, up to `tail_us`;
/// other operations take `other_us`.
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
