//! Any plan of the coordination service that its check lets pass, on the settings of a drawn one.

use contract::plan::{Budget, OneLink, Plan, Seed};
use contract::plant::PlantKind;
use harness::System;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use zookeeper_scenarios::Zookeeper;
use zookeeper_words::plant::Plant;
use zookeeper_words::settings::{ClientPlan, CuratorPlan, Settings, WorkloadKind};

use super::faults::{MACHINES, MS, fault, machine};

/// Names as people may write them: quotes, newlines and all.
fn word() -> impl Strategy<Value = String> {
    prop_oneof!["[a-zA-Z-]{0,12}", any::<String>()]
}

fn curator() -> impl Strategy<Value = CuratorPlan> {
    (any::<u32>(), any::<u32>(), any::<u32>(), any::<[bool; 3]>()).prop_map(
        |(retries, retry_wait_ms, expiration_percent, [tolerates_suspended, keeps_node, fences])| CuratorPlan {
            retries,
            retry_wait_ms,
            expiration_percent,
            tolerates_suspended,
            keeps_node,
            fences,
        },
    )
}

fn client() -> impl Strategy<Value = ClientPlan> {
    use WorkloadKind::{Barriers, Counters, Elections, FlinkHa, Handles, Locks, Queues, Registers};
    let workload = select(vec![Registers, Counters, Locks, Elections, Barriers, Queues, FlinkHa, Handles]);
    (workload, any::<u32>(), MS, any::<u32>(), any::<u32>(), vec(any::<u32>(), 0..3), any::<bool>(), curator()).prop_map(
        |(workload, session_timeout_ms, start_ms, rounds, think_ms, skip, reader, curator)| ClientPlan {
            workload,
            session_timeout_ms,
            start_ms,
            rounds,
            think_ms,
            skip,
            can_be_read_only: reader && workload == Registers,
            curator,
        },
    )
}

/// Any settings of three replicas and two clients; with local sessions perhaps, if they are allowed.
pub fn settings(locals: bool) -> impl Strategy<Value = Settings> {
    (any::<u64>(), vec(client(), 2), any::<[bool; 3]>()).prop_map(move |(seed, clients, switches)| {
        let mut settings = Settings { clients, ..drawn(seed).settings };
        settings.cluster.replicas = 3;
        let [local, upgrading, readers] = switches.map(|wanted| wanted && locals);
        settings.coordination.local_sessions = local;
        settings.coordination.local_sessions_upgrading = local && upgrading;
        settings.coordination.read_only_mode = local && readers;
        settings
    })
}

/// A plan whose voters have no weights and no groups, in rough weather.
fn drawn(seed: u64) -> zookeeper_words::Plan {
    super::drawn::<Zookeeper>("weather", seed)
}

/// Any plan of a system with these settings and plants.
pub fn plan_of<X: contract::plan::Settings>(
    system: &'static str,
    settings: impl Strategy<Value = X>,
    plants: Vec<&'static str>,
) -> impl Strategy<Value = Plan<X>> {
    let kinds = X::kinds().expect("both systems say what faults can name");
    let plants = vec(select(plants).prop_map(str::to_string), 0..3);
    let budget = select(vec![Budget::Majority, Budget::Everyone, Budget::Unrestricted]);
    let links = vec((machine(), machine()), 0..3);
    let shared = (any::<u64>(), word(), plants, budget, any::<u32>(), vec(fault(&kinds), 0..6));
    (shared, settings, (option::of(machine()), MS, MS), links).prop_map(move |(shared, settings, (absent, at_ms, bound_ms), links)| {
        let (seed, family, plants, budget, supervisor_ms, faults) = shared;
        let Plan { format, mut weather, mut heal, .. } = drawn(seed);
        weather.clocks.retain(|clock| clock.machine.0 < MACHINES);
        let weather_of_link = weather.link;
        weather.links = links.into_iter().map(|(from, to)| OneLink { from, to, weather: weather_of_link }).collect();
        (heal.at_ms, heal.bound_ms, heal.absent) = (at_ms, bound_ms, absent.into_iter().collect());
        Plan { format, system: system.into(), family, seed: Seed(seed), plants, budget, supervisor_ms, heal, weather, settings, faults }
    })
}

/// Any plan of the service alone.
pub fn plan() -> impl Strategy<Value = zookeeper_words::Plan> {
    plan_of(Zookeeper::NAME, settings(true), Plant::ALL.iter().map(|plant| plant.name()).collect())
}
