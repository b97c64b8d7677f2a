//! A plan: what will happen in a run, as data, written before the run starts. It can be saved, edited, shrunk; nothing here runs it or draws it.
//!
//! `file` reads and writes it, with errors that name the place; `check` says what a plan must satisfy beyond its shape; `fault` holds the blows, `setup` the rest.

mod check;
mod client;
mod fault;
mod file;
mod quorums;
mod plant;
mod setup;
mod span;
mod stream;
mod check_local;
mod check_stream;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::ensemble::Ensemble;
use crate::ids::{MachineId, Zxid};

pub use check::Flaw;
pub use client::{ClientPlan, CuratorPlan, WorkloadKind};
pub use fault::{Fault, Moment, Ring, Shape, Target, What, When};
pub use file::{Format, PlanError, line_at};
pub use plant::{Plant, StreamPlant};
pub use setup::{Budget, ClockWeather, Cluster, Compat, Coordination, DiskWeather, Heal, LinkWeather, OneLink, Seed, Weather, Weight};

pub use stream::{CheckpointPlan, Fencing, HaPlan, InputPlan, NetworkPlan, RestartPlan, SinkKind, StepAction, StepPlan, StreamMachines, StreamPlan};

/// The format of plans that this build reads and writes.
pub const PLAN_FORMAT: u32 = 1;

/// What will happen in a run.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// [`PLAN_FORMAT`].
    pub format: u32,
    /// The family that drew it; of no effect on the run.
    pub family: String,
    /// Decides every dice stream of the run.
    pub seed: Seed,
    /// How many machines.
    pub cluster: Cluster,
    /// The coordination service's settings.
    pub coordination: Coordination,
    /// The ordinary badness of links, disks and clocks.
    pub weather: Weather,
    /// When the storm ends, and for whom.
    pub heal: Heal,
    /// What the faults may destroy.
    pub budget: Budget,
    /// What each client does, in the order of their machines.
    #[serde(default)]
    pub clients: Vec<ClientPlan>,
    /// The stream engine and what it talks to, if it takes part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<StreamPlan>,
    /// The blows, in the order of their numbers.
    #[serde(default)]
    pub faults: Vec<Fault>,
}

impl Plan {
    /// How many replicas vote at first: the first machines.
    pub fn voters(&self) -> u16 {
        self.cluster.replicas
    }

    /// How many replicas there are: the voters, then the observers.
    pub fn replicas(&self) -> u16 {
        self.cluster.replicas + self.cluster.observers
    }

    /// All machines: the replicas, then the clients, then the stream engine's masters and workers, the log, the ledger and the blob store.
    pub fn machines(&self) -> u16 {
        self.replicas() + self.clients.len() as u16 + self.stream_machines().map_or(0, StreamMachines::count)
    }

    /// The machines of the stream engine, if it takes part.
    pub fn stream_machines(&self) -> Option<StreamMachines> {
        let first = self.replicas() + self.clients.len() as u16;
        self.stream.as_ref().map(|stream| StreamMachines::new(first, stream))
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
