//! What the stream engine's part of a plan must satisfy. Each flaw names its place and what to do.

use contract::plan::{Flaw, MS_MAX, PlanView, within};

use super::{NetworkPlan, Settings, StepAction, StreamPlan};

/// The most masters that a plan may have.
const MASTERS_MAX: u16 = 9;
/// The most workers that a plan may have.
const WORKERS_MAX: u16 = 64;
/// Flink's upper bound of max parallelism (UPPER_BOUND_MAX_PARALLELISM).
const MAX_PARALLELISM_MAX: u16 = 32_768;
/// The most records of input: the judge holds all of them.
const RECORDS_MAX: u32 = 1_000_000;
/// The least buffers a way: fewer cannot carry one record from one task to another.
const BUFFERS_MIN: u32 = 2;

/// Says what cannot be run, the first flaw first: of the engine, then of the service under it.
pub(super) fn check(plan: PlanView<'_, Settings>) -> Result<(), Flaw> {
    let Settings { service, stream } = plan.settings;
    check_stream(stream)?;
    if service.coordination.local_sessions {
        let what = "a stream engine whose leaders' sessions are not known to all";
        return Err(Flaw::new(&["coordination", "local_sessions"], what, "leave local_sessions out, or run the service without the engine"));
    }
    within(&["stream", "input", "until_ms"], stream.input.until_ms, MS_MAX)?;
    for (i, step) in stream.steps.iter().enumerate() {
        within(&["stream", "steps", &i.to_string(), "at_ms"], step.at_ms, MS_MAX)?;
    }
    <zookeeper_words::settings::Settings as contract::plan::Settings>::check(plan.part(service))
}

/// Says what cannot be run of the stream engine's part, the first flaw first.
fn check_stream(stream: &StreamPlan) -> Result<(), Flaw> {
    let flaw = |at: &[&str], what: String, remedy: String| {
        Err(Flaw { at: std::iter::once("stream").chain(at.iter().copied()).map(ToString::to_string).collect(), what, remedy })
    };
    let between = |key: &str, value: u64, least: u64, most: u64| match value {
        value if value < least || value > most => flaw(&[key], format!("{key} is {value}"), format!("give {least} to {most}")),
        _ => Ok(()),
    };
    between("masters", stream.masters.into(), 1, MASTERS_MAX.into())?;
    between("workers", stream.workers.into(), 1, WORKERS_MAX.into())?;
    between("slots", stream.slots.into(), 1, 64)?;
    between("max_parallelism", stream.max_parallelism.into(), 1, MAX_PARALLELISM_MAX.into())?;
    let slots = u64::from(stream.workers) * u64::from(stream.slots);
    let most = slots.min(stream.max_parallelism.into());
    let fits = |at: &[&str], parallelism: u16| {
        if parallelism > 0 && u64::from(parallelism) <= most {
            return Ok(());
        }
        let remedy = format!("give 1 to {most}: there are {slots} slots and {} key groups", stream.max_parallelism);
        flaw(at, format!("a parallelism of {parallelism}"), remedy)
    };
    fits(&["parallelism"], stream.parallelism)?;
    for (i, step) in stream.steps.iter().enumerate() {
        match step.action {
            StepAction::Savepoint => {}
            StepAction::Rescale { parallelism } => fits(&["steps", &i.to_string(), "action"], parallelism)?,
        }
    }
    if stream.input.records > RECORDS_MAX || stream.input.partitions == 0 {
        let what = format!("{} records in {} partitions", stream.input.records, stream.input.partitions);
        return flaw(&["input"], what, format!("give at most {RECORDS_MAX} records and at least 1 partition"));
    }
    for (key, value) in [
        ("interval_ms", stream.checkpoints.interval_ms),
        ("timeout_ms", stream.checkpoints.timeout_ms),
        ("max_concurrent", stream.checkpoints.max_concurrent.into()),
        ("retained", stream.checkpoints.retained.into()),
    ] {
        if value == 0 {
            return flaw(&["checkpoints", key], format!("{key} is 0"), "give at least 1".into());
        }
    }
    if stream.checkpoints.unaligned && stream.checkpoints.max_concurrent > 1 {
        let remedy = "give 1, as Flink demands, or leave unaligned out";
        return flaw(&["checkpoints", "max_concurrent"], format!("{} with unaligned checkpoints", stream.checkpoints.max_concurrent), remedy.into());
    }
    check_network(&stream.network)?;
    if stream.heartbeat_interval_ms == 0 || stream.heartbeat_timeout_ms <= stream.heartbeat_interval_ms {
        let remedy = "give a heartbeat_timeout_ms above heartbeat_interval_ms, and that at least 1";
        return flaw(&["heartbeat_timeout_ms"], format!("a timeout of {} ms", stream.heartbeat_timeout_ms), remedy.into());
    }
    let is_name = |name: &str| !matches!(name, "" | "." | "..") && !name.chars().any(char::is_control);
    let is_path = stream.ha.root.strip_prefix('/').is_some_and(|names| names.split('/').all(is_name));
    if !is_path || stream.ha.root.starts_with("/zookeeper") {
        return flaw(&["ha", "root"], format!("{:?} is no znode's path", stream.ha.root), "give a path such as /flink".into());
    }
    if stream.ha.session_timeout_ms == 0 {
        return flaw(&["ha", "session_timeout_ms"], "a session timeout of 0".into(), "give at least 1 ms; the service takes 2 to 20 ticks".into());
    }
    Ok(())
}

/// Shares are percentages, and enough must be left of them.
fn check_network(network: &NetworkPlan) -> Result<(), Flaw> {
    let flaw = |key: &str, what: String, remedy: String| Err(Flaw { at: vec!["stream".into(), "network".into(), key.into()], what, remedy });
    for (key, percent) in [
        ("network_percent", network.network_percent),
        ("consumer_percent", network.consumer_percent),
        ("consumer_offheap_percent", network.consumer_offheap_percent),
    ] {
        if percent > 100 {
            return flaw(key, format!("{percent} percent"), "give at most 100".into());
        }
    }
    if network.segments > 1_000_000 || network.buffer_records == 0 {
        let what = format!("{} segments, {} records a buffer", network.segments, network.buffer_records);
        return flaw("segments", what, "give at most 1000000 segments and at least 1 record a buffer".into());
    }
    let (sending, receiving) = network.buffers();
    if sending < BUFFERS_MIN || receiving < BUFFERS_MIN {
        let what = format!("{sending} buffers to send and {receiving} to receive come of these shares");
        return flaw("network_percent", what, format!("give each way at least {BUFFERS_MIN}: a larger share or more segments"));
    }
    Ok(())
}
