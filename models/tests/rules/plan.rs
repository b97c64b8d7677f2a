//! The plan of every tale: calm weather, no faults. It is judged by what is told of it, and never run.

use vocab::plan::{Budget, ClientPlan, Cluster, Coordination, DiskWeather, Heal, LinkWeather, PLAN_FORMAT, Plan, Seed, Weather, WorkloadKind};

/// So many replicas, and clients with these workloads.
pub fn plan(replicas: u16, workloads: &[WorkloadKind]) -> Plan {
    let client = |workload| ClientPlan {
        workload,
        session_timeout_ms: 4_000,
        start_ms: 0,
        rounds: 10,
        think_ms: 100,
        curator: Default::default(),
        skip: vec![],
        can_be_read_only: false,
    };
    Plan {
        format: PLAN_FORMAT,
        family: "tale".into(),
        seed: Seed(1),
        cluster: Cluster::of(replicas, 100),
        coordination: Coordination { tick_ms: 1_000, snap_count: 100, snap_chunk: 10, ..Coordination::default() },
        weather: Weather {
            link: LinkWeather { latency_us: 100, jitter_us: 0, tail_ppm: 0, tail_us: 0, loss_ppm: 0, duplicate_ppm: 0 },
            links: vec![],
            disk: DiskWeather { sync_us: 100, jitter_us: 0, tail_ppm: 0, tail_us: 0, other_us: 10 },
            clocks: vec![],
        },
        heal: Heal { at_ms: 10, bound_ms: 60_000, absent: vec![] },
        budget: Budget::Majority,
        clients: workloads.iter().copied().map(client).collect(),
        stream: None,
        faults: vec![],
    }
}
