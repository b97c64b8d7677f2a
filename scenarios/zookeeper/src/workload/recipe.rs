//! The recipes by their names: which nodes each needs, and to whom what a client hears is handed. Never a recipe's own logic.

use zookeeper_words::Plan;
use zookeeper_words::service::{Data, Path};
use zookeeper_words::settings::{ClientPlan, WorkloadKind};

use super::barriers::{self, Barriers};
use super::containers::{self, Containers};
use super::context::{Signal, WorkloadContext};
use super::counters::{self, Counters};
use super::flink::Flink;
use super::latches::{Latches, Style};
use super::queues::{self, Queues};
use super::reconfigs::Reconfigs;
use super::registers::{self, Registers};
use super::round::{Leave, Progress};
use super::vaults::{self, Vaults};

/// A recipe at work.
#[derive(Clone, Debug)]
pub(super) enum Recipe {
    Registers(Registers),
    Counters(Counters),
    Latches(Latches),
    Barriers(Barriers),
    Queues(Queues),
    Flink(Flink),
    Vaults(Vaults),
    Containers(Containers),
    Reconfigs(Reconfigs),
}

impl Recipe {
    /// What the plan wants of its client number `client`.
    pub fn new(plan: &Plan, client: usize) -> Recipe {
        match plan.settings.clients[client].workload {
            WorkloadKind::Registers => Recipe::Registers(Registers::default()),
            WorkloadKind::Reconfigs => Recipe::Reconfigs(Reconfigs::new(plan.settings.replicas())),
            WorkloadKind::Counters => Recipe::Counters(Counters::default()),
            WorkloadKind::Locks => Recipe::Latches(Latches::new(Style::Lock)),
            WorkloadKind::Elections => Recipe::Latches(Latches::new(Style::Election)),
            WorkloadKind::Barriers => {
                let size = plan.settings.clients.iter().filter(|client| client.workload == WorkloadKind::Barriers).count();
                Recipe::Barriers(Barriers::new(size as u32))
            }
            WorkloadKind::Queues => Recipe::Queues(Queues::default()),
            WorkloadKind::FlinkHa => Recipe::Flink(Flink::new(plan, client)),
            WorkloadKind::Vaults => {
                let others = |clients: &[ClientPlan]| clients.iter().filter(|client| client.workload == WorkloadKind::Vaults).count();
                let me = others(&plan.settings.clients[..client]);
                Recipe::Vaults(Vaults::new(me, others(&plan.settings.clients), me == 0 && plan.settings.coordination.super_digest.is_some()))
            }
            WorkloadKind::Containers => Recipe::Containers(Containers::default()),
            WorkloadKind::CuratorLatches | WorkloadKind::CuratorCounters | WorkloadKind::Handles | WorkloadKind::Caches => {
                panic!("a client with Curator is a CuratorProcess")
            }
        }
    }

    /// The nodes that every round needs, parents first.
    pub fn ground(&self) -> Vec<(Path, Data)> {
        match self {
            Recipe::Registers(_) => registers::ground(),
            Recipe::Counters(_) => counters::ground(),
            Recipe::Latches(latches) => Latches::ground(latches.style()),
            Recipe::Barriers(_) => barriers::ground(),
            Recipe::Queues(_) => queues::ground(),
            Recipe::Vaults(_) => vaults::ground(),
            Recipe::Containers(_) => containers::ground(),
            Recipe::Reconfigs(_) => Vec::new(), // The configuration is always there.
            Recipe::Flink(_) => Vec::new(),     // Real Flink makes its own.
        }
    }

    /// Goes on with the round.
    pub fn on(&mut self, signal: Signal, context: &mut WorkloadContext) -> Progress {
        match self {
            Recipe::Registers(registers) => registers.on(signal, context),
            Recipe::Counters(counters) => counters.on(signal, context),
            Recipe::Latches(latches) => latches.on(signal, context),
            Recipe::Barriers(barriers) => barriers.on(signal, context),
            Recipe::Queues(queues) => queues.on(signal, context),
            Recipe::Flink(flink) => flink.on(signal, context),
            Recipe::Vaults(vaults) => vaults.on(signal, context),
            Recipe::Containers(containers) => containers.on(signal, context),
            Recipe::Reconfigs(reconfigs) => reconfigs.on(signal, context),
        }
    }

    /// The session is over, and the round with it. Every recipe begins afresh with its next round; who held something has lost it.
    pub fn over(&mut self, context: &mut WorkloadContext) {
        match self {
            Recipe::Latches(latches) => latches.over(context),
            Recipe::Flink(flink) => flink.over(),
            Recipe::Registers(_) | Recipe::Counters(_) | Recipe::Barriers(_) | Recipe::Queues(_) => {}
            Recipe::Vaults(_) | Recipe::Containers(_) | Recipe::Reconfigs(_) => {}
        }
    }

    /// How the recipe wants its session to end after a round, if it does.
    pub fn take_leave(&mut self) -> Option<Leave> {
        match self {
            Recipe::Flink(flink) => flink.take_leave(),
            Recipe::Registers(_) | Recipe::Counters(_) | Recipe::Latches(_) | Recipe::Barriers(_) | Recipe::Queues(_) => None,
            Recipe::Vaults(_) | Recipe::Containers(_) | Recipe::Reconfigs(_) => None,
        }
    }

    /// Whether it believes to hold a lock or to lead; only during a round.
    pub fn is_holding(&self) -> bool {
        match self {
            Recipe::Latches(latches) => latches.is_holding(),
            Recipe::Registers(_) | Recipe::Counters(_) | Recipe::Barriers(_) | Recipe::Queues(_) | Recipe::Flink(_) => false,
            Recipe::Vaults(_) | Recipe::Containers(_) | Recipe::Reconfigs(_) => false,
        }
    }
}
