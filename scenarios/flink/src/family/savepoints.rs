//! Savepoints: taken beside checkpoints, kept for ever, now and then the end of one job and the beginning of the next;
//! leaders and workers die around them.

use harness::family::Idle;
use zookeeper_scenarios::family::SETTLED;

use super::setup::StreamTaste;
use super::{EngineFamily, QUIET, all_around};

pub(super) const FAMILY: EngineFamily = EngineFamily {
    name: "savepoints",
    about: "Several savepoints between many checkpoints, now and then one that a job is stopped with and another begins from, while leaders and workers die around them.",
    idle: IDLE,
    number: 26,
    service: QUIET,
    service_faults: |_| {},
    engine: WITH,
    faults: all_around,
};

const WITH: StreamTaste =
    StreamTaste { interval_ms: &[((500, 1_500), 1)], incremental_ppm: 600_000, savepoints_max: 4, rescales_max: 1, steps_ppm: 1_000_000, ..StreamTaste::USUAL };

const IDLE: &[Idle] = &[SETTLED];
