//! Any plan of the stream engine that its check lets pass, over any service without local sessions.

use contract::plan::Plan;
use contract::plant::PlantKind;
use flink_scenarios::Flink;
use flink_words::job::JobKind;
use flink_words::plant::StreamPlant;
use flink_words::settings::{CheckpointPlan, Fencing, HaPlan, InputPlan, NetworkPlan, RestartPlan, Settings, SinkKind, StepAction, StepPlan, StreamPlan};
use harness::System;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use zookeeper_words::plant::Plant;

use super::faults::MS;
use super::service;

fn restart() -> impl Strategy<Value = RestartPlan> {
    let number = || any::<u32>();
    prop_oneof![
        Just(RestartPlan::Off),
        (number(), number()).prop_map(|(attempts, delay_ms)| RestartPlan::FixedDelay { attempts, delay_ms }),
        (number(), number(), number()).prop_map(|(failures_max, interval_ms, delay_ms)| RestartPlan::FailureRate { failures_max, interval_ms, delay_ms }),
        (number(), number(), number()).prop_map(|(initial_ms, max_ms, reset_ms)| RestartPlan::ExponentialDelay { initial_ms, max_ms, reset_ms }),
    ]
}

fn checkpoints() -> impl Strategy<Value = CheckpointPlan> {
    (any::<[u32; 4]>(), 1..u32::MAX, 1..u32::MAX, 1..u16::MAX, 1..u16::MAX, any::<[bool; 2]>()).prop_map(
        |([min_pause_ms, tolerable_failures, aligned_timeout_ms, inline_bytes], interval_ms, timeout_ms, concurrent, retained, [unaligned, incremental])| {
            let max_concurrent = if unaligned { 1 } else { concurrent };
            CheckpointPlan {
                interval_ms,
                timeout_ms,
                min_pause_ms,
                max_concurrent,
                tolerable_failures,
                retained,
                unaligned,
                aligned_timeout_ms,
                incremental,
                inline_bytes,
            }
        },
    )
}

/// Shares of which enough is left either way.
fn network() -> impl Strategy<Value = NetworkPlan> {
    (1_000..1_000_000u32, 10..=100u32, 10..=90u32, 0..=100u32, 1..u16::MAX, any::<u32>()).prop_map(
        |(segments, network_percent, consumer_percent, consumer_offheap_percent, buffer_records, buffer_timeout_ms)| NetworkPlan {
            segments,
            network_percent,
            consumer_percent,
            consumer_offheap_percent,
            buffer_records,
            buffer_timeout_ms,
        },
    )
}

fn ha() -> impl Strategy<Value = HaPlan> {
    (1..u32::MAX, "/[a-z=#' ]{1,9}(/[a-z0-9é-]{1,9}){0,3}", any::<u32>(), any::<u32>(), any::<bool>()).prop_map(
        |(session_timeout_ms, root, retries, retry_wait_ms, tolerates_suspended)| HaPlan {
            session_timeout_ms,
            root,
            retries,
            retry_wait_ms,
            tolerates_suspended,
        },
    )
}

fn input() -> impl Strategy<Value = InputPlan> {
    (0..=1_000_000u32, 1..u16::MAX, MS, any::<u32>(), any::<u32>()).prop_map(|(records, partitions, until_ms, disorder_ms, idle_ms)| InputPlan {
        records,
        partitions,
        until_ms,
        disorder_ms,
        idle_ms,
    })
}

/// Any stream engine that a plan may have, its parallelism no more than one worker can bear.
fn stream() -> impl Strategy<Value = StreamPlan> {
    let step = (MS, option::of(1..=8u16)).prop_map(|(at_ms, parallelism)| {
        let action = parallelism.map_or(StepAction::Savepoint, |parallelism| StepAction::Rescale { parallelism });
        StepPlan { at_ms, action }
    });
    let cast = (select(JobKind::ALL.to_vec()), 1..=9u16, 1..=64u16, 8..=64u16, 1..=8u16, 8..=32_768u16);
    let flags = any::<[bool; 2]>();
    let parts = (input(), checkpoints(), restart(), network(), ha(), vec(step, 0..4));
    (cast, flags, parts, 1..u32::MAX - 1, any::<u32>()).prop_map(|(cast, [unfenced, idempotent], parts, heartbeat_interval_ms, txn_timeout_ms)| {
        let (job, masters, workers, slots, parallelism, max_parallelism) = cast;
        let (input, checkpoints, restart, network, ha, steps) = parts;
        StreamPlan {
            job,
            masters,
            workers,
            slots,
            parallelism,
            max_parallelism,
            fencing: if unfenced { Fencing::Unfenced } else { Fencing::Fenced },
            sink: if idempotent { SinkKind::Idempotent } else { SinkKind::TwoPhase },
            input,
            checkpoints,
            restart,
            network,
            ha,
            heartbeat_interval_ms,
            heartbeat_timeout_ms: heartbeat_interval_ms + 1,
            txn_timeout_ms,
            steps,
        }
    })
}

/// Any plan of the engine.
pub fn plan() -> impl Strategy<Value = Plan<Settings>> {
    let settings = (service::settings(false), stream()).prop_map(|(service, stream)| Settings { service, stream });
    let plants = Plant::ALL.iter().map(|plant| plant.name()).chain(StreamPlant::ALL.iter().map(|plant| plant.name()));
    service::plan_of(Flink::NAME, settings, plants.collect())
}
