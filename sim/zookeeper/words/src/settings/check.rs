//! What the service's part of a plan must satisfy beyond its shape: sizes and times. Each flaw names its place and what
//! to do.

use contract::plan::{Flaw, MS_MAX, PlanView, within};

use super::{Settings, local, quorums};

/// The most replicas that a plan may have.
const REPLICAS_MAX: u16 = 101;
/// The most observers that a plan may have.
const OBSERVERS_MAX: u16 = 100;
/// The longest tick in ms: an hour.
const TICK_MS_MAX: u32 = 3_600_000;
/// The most ticks of a limit.
const TICKS_MAX: u32 = 1_000;

/// Says what cannot be run, the first flaw first.
pub(super) fn check(plan: PlanView<'_, Settings>) -> Result<(), Flaw> {
    let settings = plan.settings;
    let replicas = settings.cluster.replicas;
    if replicas == 0 || replicas > REPLICAS_MAX || replicas.is_multiple_of(2) {
        return Err(Flaw::new(&["cluster", "replicas"], format!("{replicas} replicas"), format!("give an odd number from 1 to {REPLICAS_MAX}")));
    }
    if settings.cluster.observers > OBSERVERS_MAX {
        let what = format!("{} observers", settings.cluster.observers);
        return Err(Flaw::new(&["cluster", "observers"], what, format!("give at most {OBSERVERS_MAX}")));
    }
    let coordination = &settings.coordination;
    for (key, value) in [
        ("tick_ms", coordination.tick_ms),
        ("init_limit", coordination.init_limit),
        ("sync_limit", coordination.sync_limit),
        ("snap_count", coordination.snap_count),
        ("snap_retain", coordination.snap_retain),
        ("snap_chunk", coordination.snap_chunk),
        ("commit_log_count", coordination.commit_log_count),
    ] {
        if value == 0 {
            return Err(Flaw::new(&["coordination", key], format!("{key} is 0"), "give at least 1"));
        }
    }
    within(&["coordination", "tick_ms"], coordination.tick_ms.into(), TICK_MS_MAX.into())?;
    within(&["coordination", "init_limit"], coordination.init_limit.into(), TICKS_MAX.into())?;
    within(&["coordination", "sync_limit"], coordination.sync_limit.into(), TICKS_MAX.into())?;
    for (i, client) in settings.clients.iter().enumerate() {
        within(&["clients", &i.to_string(), "start_ms"], client.start_ms, MS_MAX)?;
    }
    quorums::check(plan)?;
    local::check(settings)
}
