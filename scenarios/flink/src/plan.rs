//! A plan with the engine, and the plan of the service within it: the one made of the other. Never a choice.

use flink_words::Plan;
use flink_words::settings::{Settings, StreamPlan};
use harness::System;
use zookeeper_scenarios::Zookeeper;

use crate::Flink;

/// The plan of a service, with an engine beside it.
pub(crate) fn with_engine(service: zookeeper_words::Plan, stream: StreamPlan) -> Plan {
    let zookeeper_words::Plan { format, system: _, family, seed, plants, budget, supervisor_ms, heal, weather, settings, faults } = service;
    let settings = Settings { service: settings, stream };
    Plan { format, system: Flink::NAME.into(), family, seed, plants, budget, supervisor_ms, heal, weather, settings, faults }
}

/// The plan as the service's own machines look at it. Weather and faults are the whole plan's.
pub(crate) fn service_of(plan: &Plan) -> zookeeper_words::Plan {
    let Plan { format, system: _, family, seed, plants, budget, supervisor_ms, heal, weather, settings, faults } = plan.clone();
    let settings = settings.service;
    zookeeper_words::Plan { format, system: Zookeeper::NAME.into(), family, seed, plants, budget, supervisor_ms, heal, weather, settings, faults }
}
