//! What a machine of the stream engine knows from its start: the plan's settings and where everybody is. Data; never
//! anything that changes.

use std::sync::Arc;

use contract::ids::MachineId;
use contract::plant::Plants;
use flink_words::plant::StreamPlant;
use flink_words::settings::{StreamMachines, StreamPlan};

/// What a machine of the stream engine knows from its start.
#[derive(Clone, Debug)]
pub struct Config {
    /// This machine.
    pub me: MachineId,
    /// The settings, which all machines share.
    pub plan: Arc<StreamPlan>,
    /// The known bugs that are switched on, on all machines.
    pub plants: Plants<StreamPlant>,
    /// Where masters, workers, log, ledger and blob store are.
    pub machines: StreamMachines,
    /// The replicas of the coordination service, in the order of this machine's connect string.
    pub servers: Vec<MachineId>,
    /// A number that stands for chance: it differs from machine to machine. A life adds when it began.
    pub lot: u64,
}

impl Config {
    /// Where the cluster's HA data is: the cluster's name (high-availability.cluster-id) below zookeeper.znode.parent.
    pub fn root(&self) -> String {
        format!("{}/r1", self.plan.ha.root)
    }
}
