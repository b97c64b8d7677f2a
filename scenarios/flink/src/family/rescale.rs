//! Rescale: jobs are stopped with a savepoint and go on with another parallelism, while machines die and links are cut
//! at every step of it.

use flink_words::job::JobKind;
use harness::family::Idle;
use zookeeper_scenarios::family::SETTLED;

use super::setup::StreamTaste;
use super::{EngineFamily, QUIET, all_around};

pub(super) const FAMILY: EngineFamily = EngineFamily {
    name: "rescale",
    about: "Jobs with state, timers, lists and broadcasts are stopped with a savepoint and go on with another parallelism, once or twice, under faults at every step.",
    idle: IDLE,
    number: 25,
    service: QUIET,
    service_faults: |_| {},
    engine: WITH,
    faults: all_around,
};

const WITH: StreamTaste = StreamTaste {
    workers: &[(3, 6), (4, 3), (2, 1)],
    jobs: &[
        (JobKind::Counters, 5),
        (JobKind::Q3, 2),
        (JobKind::Q4, 1),
        (JobKind::Q5, 2),
        (JobKind::Q6, 1),
        (JobKind::Q7, 2),
        (JobKind::Q8, 2),
        (JobKind::Q11, 2),
        (JobKind::WordCount, 2),
        (JobKind::IntervalJoin, 2),
        (JobKind::Q1, 1),
    ],
    savepoints_max: 1,
    rescales_max: 2,
    steps_ppm: 1_000_000,
    ..StreamTaste::USUAL
};

const IDLE: &[Idle] = &[SETTLED];
