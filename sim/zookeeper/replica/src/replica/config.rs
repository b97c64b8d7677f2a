//! Which replica this is, of which ensemble, and by which settings. Data that no step changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use contract::ids::MachineId;
use contract::plan::{Budget, PlanView};
use contract::plant::Plants;
use contract::time::{MILLISECOND, Now};
use zookeeper_words::ensemble::Ensemble;
use zookeeper_words::plant::Plant;
use zookeeper_words::settings::{Coordination, Settings};

/// Which replica this is, and of which ensemble.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// This replica.
    pub me: MachineId,
    /// The first configuration of the ensemble, this replica in it.
    pub ensemble: Ensemble,
    /// Whether an observer makes a durable claim too, because it may come to vote.
    pub observers_claim: bool,
    /// The settings.
    pub coordination: Coordination,
    /// Known bugs that are switched on.
    pub plants: Plants<Plant>,
    /// Addresses of machines, where they are not [`MachineId::address`].
    pub addresses: BTreeMap<MachineId, Arc<str>>,
}

impl ServerConfig {
    /// A replica of an ensemble of voters, whose machines have their own addresses.
    pub fn new(me: MachineId, voters: Vec<MachineId>, coordination: Coordination) -> ServerConfig {
        let ensemble = Ensemble { voters: voters.into_iter().collect(), ..Ensemble::default() };
        ServerConfig { me, ensemble, observers_claim: false, coordination, plants: Plants::none(), addresses: BTreeMap::new() }
    }

    /// A replica of a plan.
    pub fn of(plan: PlanView<'_, Settings>, me: MachineId) -> ServerConfig {
        ServerConfig {
            me,
            ensemble: plan.settings.ensemble(),
            observers_claim: plan.budget == Budget::Everyone,
            coordination: plan.settings.coordination.clone(),
            plants: Plants::among(plan.plants),
            addresses: BTreeMap::new(),
        }
    }

    /// The address of a machine, as the ip scheme of ACLs knows it.
    pub fn address(&self, machine: MachineId) -> Arc<str> {
        self.addresses.get(&machine).cloned().unwrap_or_else(|| machine.address().into())
    }

    /// So many ticks in ns.
    pub fn ticks_ns(&self, ticks: u32) -> u64 {
        u64::from(self.coordination.tick_ms) * u64::from(ticks) * MILLISECOND
    }

    /// When a leader that looks now for containers and TTL nodes that are due looks again; never, if it is to look
    /// every 0 ms.
    pub fn next_reaping_ns(&self, now: Now) -> u64 {
        match self.coordination.container_check_ms {
            0 => u64::MAX,
            check_ms => now.mono_ns + u64::from(check_ms) * MILLISECOND,
        }
    }

    /// Whether a known bug is switched on.
    pub fn has(&self, plant: Plant) -> bool {
        self.plants.has(plant)
    }
}
