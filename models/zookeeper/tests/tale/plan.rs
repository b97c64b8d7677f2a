//! The plan of every tale: calm weather, no faults. It is judged by what is told of it, and never run.

use contract::plan::{Budget, DiskWeather, Heal, LinkWeather, PLAN_FORMAT, Plan, Seed, Weather};
use zookeeper_words::settings::{ClientPlan, Cluster, Coordination, CuratorPlan, Settings, WorkloadKind};

/// The service's settings: so many replicas, and clients with these workloads.
pub fn settings(replicas: u16, workloads: &[WorkloadKind]) -> Settings {
    let client = |workload| ClientPlan {
        workload,
        session_timeout_ms: 4_000,
        start_ms: 0,
        rounds: 10,
        think_ms: 100,
        curator: CuratorPlan::default(),
        skip: vec![],
        can_be_read_only: false,
    };
    Settings {
        cluster: Cluster::of(replicas),
        coordination: Coordination { tick_ms: 1_000, snap_count: 100, snap_chunk: 10, ..Coordination::default() },
        clients: workloads.iter().copied().map(client).collect(),
    }
}

/// A plan with these settings of a system.
pub fn plan<X>(system: &str, settings: X) -> Plan<X> {
    Plan {
        format: PLAN_FORMAT,
        system: system.into(),
        family: "tale".into(),
        seed: Seed(1),
        plants: vec![],
        budget: Budget::Majority,
        supervisor_ms: 100,
        heal: Heal { at_ms: 10, bound_ms: 60_000, absent: vec![] },
        weather: Weather {
            link: LinkWeather { latency_us: 100, jitter_us: 0, tail_ppm: 0, tail_us: 0, loss_ppm: 0, duplicate_ppm: 0 },
            links: vec![],
            disk: DiskWeather { sync_us: 100, jitter_us: 0, tail_ppm: 0, tail_us: 0, other_us: 10 },
            clocks: vec![],
        },
        settings,
        faults: vec![],
    }
}
