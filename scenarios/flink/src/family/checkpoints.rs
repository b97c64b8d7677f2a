//! Checkpoints: their messages are lost, late and cut off, barriers crawl over slow links and through few buffers,
//! uploads fail; tasks die between any two of their steps.

use harness::family::Idle;
use zookeeper_scenarios::family::SETTLED;
use zookeeper_scenarios::family::setup::Taste;

use super::setup::StreamTaste;
use super::{EngineFamily, QUIET, cuts, machines, messages, outside, paint};

pub(super) const FAMILY: EngineFamily = EngineFamily {
    name: "checkpoints",
    about: "Checkpoints in quick succession, aligned, unaligned, concurrent and incremental, whose messages are lost, late or cut off while tasks die between their steps.",
    idle: IDLE,
    number: 21,
    service: Taste { rough_ppm: 200_000, ..QUIET },
    service_faults: |_| {},
    engine: WITH,
    faults: |storm| paint(storm, &[messages::CLASS, cuts::CLASS, machines::WORKERS, outside::CLASS], 600_000, 1),
};

const WITH: StreamTaste = StreamTaste {
    interval_ms: &[((500, 800), 3), ((800, 2_000), 2)],
    retained: &[(1, 2), (2, 3), (3, 3)],
    unaligned_ppm: 500_000,
    incremental_ppm: 500_000,
    tight_ppm: 400_000,
    off_ppm: 10_000,
    savepoints_max: 2,
    steps_ppm: 200_000,
    ..StreamTaste::USUAL
};

const IDLE: &[Idle] = &[SETTLED, Idle { what: "sp.stop-atomic", reason: "no job is stopped with a savepoint" }];
